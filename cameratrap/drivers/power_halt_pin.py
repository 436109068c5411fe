"""Switching off through a pin that tells a circuit to cut the power.

Three ways to wire it, which differ in who drives the pin, and when:

=============  =====================================================================================================
``SIGNAL``     This program raises the pin, then shuts the system down. The circuit latches the edge and waits long
               enough (half a minute) before it cuts: the pin falls when the program ends.
``OVERLAY``    The kernel raises it when the system is down (``dtoverlay=gpio-poweroff,gpiopin=N``). This program only
               shuts down, and does not touch the pin.
``DONE``       The circuit cuts at once, as a TPL5110 does at the rising edge of DONE: what is in memory is written to
               the card first, and the pulse is the last thing that is done.
=============  =====================================================================================================
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any

from cameratrap.drivers.gpio import claim
from cameratrap.drivers.power_systemd import set_or_clear, shut_down
from cameratrap.drivers.rtc_alarm import RtcAlarm
from cameratrap.errors import DeviceError

PULSE_S = 0.1  # TPL5110 (SNAS650A): DONE is high for 100 ns at least
OVERLAY_DRIVER = Path("/sys/bus/platform/drivers/poweroff-gpio")


class HaltMode(Enum):
    """See the table of this module."""

    SIGNAL = auto()
    OVERLAY = auto()
    DONE = auto()


class HaltPin:
    """The port PowerController over BCM ``pin``; None leaves it to the overlay.

    ``wakes_itself``: the circuit has a timer of its own, and so needs no alarm. Raises DeviceError.
    """

    def __init__(
        self,
        mode: HaltMode,
        pin: int | None,
        alarm: RtcAlarm | None,
        *,
        wakes_itself: bool = False,
        overlay_driver: Path = OVERLAY_DRIVER,
        wait: Callable[[float], None] = time.sleep,
        sync: Callable[[], None] = os.sync,
    ) -> None:
        self._mode = mode
        self._alarm = alarm if alarm is not None and alarm.is_there else None
        self._wakes_itself = wakes_itself
        self._wait = wait
        self._sync = sync
        self._pin: Any = None
        if pin is None or mode is HaltMode.OVERLAY:
            _check_overlay(overlay_driver, pin)
        else:
            self._pin = claim(
                pin,
                lambda gpiozero: gpiozero.OutputDevice(pin, initial_value=False),
                device="halt pin",
                what="the halt",
                key="power.pin",
            )

    @property
    def has_alarm(self) -> bool:
        """Whether a clock can wake it, or its circuit does so by itself."""
        return self._alarm is not None or self._wakes_itself

    def power_off(self, wake_at: datetime | None) -> None:
        """Set the alarm, then have the power cut. Raises DeviceError."""
        if self._alarm is not None or not self._wakes_itself:
            set_or_clear(self._alarm, wake_at)
        if self._pin is not None and self._mode is HaltMode.DONE:
            self._sync()
            self._pin.on()
            self._wait(PULSE_S)
            self._pin.off()
            return
        if self._pin is not None:
            self._pin.on()
        shut_down()

    def close(self) -> None:
        """Give the pin back; it floats, and falls."""
        if self._pin is not None:
            self._pin.close()


def _check_overlay(driver: Path, pin: int | None) -> None:
    """The kernel's driver has a device if the overlay is loaded: else nothing would cut the power."""
    bound = [each for each in driver.glob("*") if each.is_symlink() and each.name != "module"]
    if not bound:
        line = f"dtoverlay=gpio-poweroff,gpiopin={26 if pin is None else pin}"
        raise DeviceError(
            "nothing would cut the power after a shutdown",
            device="halt pin",
            why="the kernel's gpio-poweroff is not loaded",
            hint=f'add "{line}" to /boot/firmware/config.txt and restart; or set power.pin_mode',
        )
