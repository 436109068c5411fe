"""Taking a GPIO pin through gpiozero, and saying what is wrong where it cannot be had."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cameratrap.errors import DeviceError


def claim(pin: int, make: Callable[[Any], Any], *, device: str, what: str, key: str) -> Any:
    """What ``make`` builds of the module gpiozero.

    ``device`` names it in an error, ``what`` is its possessive in a sentence, ``key`` where its pin is configured.
    Raises DeviceError.
    """
    no_library = f"install gpiozero and gpiod on the Raspberry Pi (the extra pi); the pin is {key}"
    try:
        import gpiozero
        from gpiozero.exc import BadPinFactory, GPIOZeroError, PinFactoryFallback
    except ImportError as error:
        raise _cannot(pin, error, device, what, no_library) from error
    try:
        with warnings.catch_warnings(), _pipe_folder():
            # Which of the libraries under gpiozero it could not use is no news where one of them works.
            warnings.simplefilter("ignore", PinFactoryFallback)
            _choose_pins(gpiozero.Device)
            return make(gpiozero)
    except BadPinFactory as error:
        raise _cannot(pin, error, device, what, no_library) from error
    except PermissionError as error:
        hint = "put the user into the group that may use the pins: sudo usermod -aG gpio USER; then log in again"
        raise _cannot(pin, error, device, what, hint) from error
    except (GPIOZeroError, OSError, *_library_errors()) as error:
        raise _cannot(pin, error, device, what, f"{key} is a BCM number that nothing else uses") from error


def _choose_pins(device: Any) -> None:
    """Pins that let the process sleep, on a Raspberry Pi with gpiod; unless others were chosen, here or by the user.

    Where they cannot be had, gpiozero takes the first library that works of lgpio and others.
    """
    if device.pin_factory is not None or "GPIOZERO_PIN_FACTORY" in os.environ:
        return
    try:
        from cameratrap.drivers import gpiod_pins
    except ImportError:
        return
    chip = gpiod_pins.find_chip()
    if chip is not None:
        device.pin_factory = gpiod_pins.GpiodFactory(chip)


@contextmanager
def _pipe_folder() -> Iterator[None]:
    """Let lgpio keep its pipe among the temporary files, and stay in the folder we are in.

    It makes one in the folder it is loaded in. Where a service cannot write, or on a card's FAT, that fails, and
    gpiozero passes over to a library that does not know this kernel's pins. LG_WD names another folder, into which
    lgpio moves the whole process: a card named by a relative path would be another one from then on.
    """
    os.environ.setdefault("LG_WD", tempfile.gettempdir())
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield
    finally:
        os.fchdir(here)
        os.close(here)


def _library_errors() -> tuple[type[Exception], ...]:
    """lgpio's own is neither gpiozero's nor an OSError: "GPIO busy", where another program has the pin."""
    error = getattr(sys.modules.get("lgpio"), "error", None)
    return () if error is None else (error,)


def _cannot(pin: int, error: Exception, device: str, what: str, hint: str) -> DeviceError:
    return DeviceError(f"{what} pin {pin} cannot be used", device=device, why=str(error), hint=hint)
