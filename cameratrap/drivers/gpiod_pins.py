"""gpiozero's pins over the kernel's GPIO character device: the process sleeps until the kernel has an edge for it.

lgpio, gpiozero's own choice, looks at its lines every half millisecond once an edge is watched, which keeps an idle
trap's processor awake. Here one thread is blocked on the lines' file descriptors. This file alone knows ``gpiod``, the
Python bindings of libgpiod 2. A line is claimed by its first use and given back by ``close``; PWM is not offered.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import gpiod
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero import exc
from gpiozero.pins.local import LocalPiFactory, LocalPiPin

from cameratrap.drivers.gpiod_edges import EdgeThread, report

DEVICES = Path("/dev")
CHIP_LABELS = frozenset({"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"})
"""The chip that has the header's pins: of a Pi Zero to 3, of a Pi 4, of a Pi 5."""
EVENTS = 1024
"""How many edges the kernel keeps for us, the most it does; beyond them it drops the oldest."""
_BIAS = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}
_EDGES = {"both": Edge.BOTH, "rising": Edge.RISING, "falling": Edge.FALLING, "none": Edge.NONE}
_FLOATING = gpiod.LineSettings(direction=Direction.INPUT, bias=Bias.DISABLED)


def find_chip() -> Path | None:
    """The device of the header's chip; None where there is none. Raises OSError where one may not be opened."""
    for path in sorted(DEVICES.glob("gpiochip*")):
        with gpiod.Chip(str(path)) as chip:
            if chip.get_info().label in CHIP_LABELS:
                return path
    return None


class GpiodFactory(LocalPiFactory):  # type: ignore[misc]  # gpiozero has no types
    """Makes pins of the chip at ``path``. Raises OSError where it cannot be opened."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._chip = gpiod.Chip(str(path))
        self.pin_class = GpiodPin
        self.lock = threading.RLock()
        """Whoever uses the chip or a line of it holds this one: libgpiod's objects bear one caller at a time."""
        self.edges = EdgeThread()

    def close(self) -> None:
        """Give every line back, and end the thread."""
        super().close()
        self.edges.close()
        self._chip.close()

    def request(self, line: int, settings: gpiod.LineSettings) -> gpiod.LineRequest:
        """Claim a line. Raises GPIOPinInUse, OSError."""
        try:
            return self._chip.request_lines({line: settings}, consumer="cameratrap", event_buffer_size=EVENTS)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            user = self._chip.get_line_info(line).consumer or "the kernel"
            raise exc.GPIOPinInUse(f"GPIO{line} is in use by {user}") from error


class GpiodPin(LocalPiPin):  # type: ignore[misc]
    """One line. gpiozero keeps it after ``close``, and uses it again."""

    def __init__(self, factory: GpiodFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._request: gpiod.LineRequest | None = None
        self._reset()

    def _reset(self) -> None:
        self._direction = Direction.AS_IS
        self._level = Value.INACTIVE
        self._pull = "floating"
        self._bounce_s: float | None = None
        self._edges = "both"
        self._is_watched = False

    def close(self) -> None:
        """Let the line float, then give it back: some kernels leave a freed output at its level."""
        self.when_changed = None
        with self.factory.lock:
            request, self._request = self._request, None
            self._reset()
            if request is not None:
                with suppress(OSError):
                    request.reconfigure_lines({self._number: _FLOATING})
                request.release()

    def output_with_state(self, state: bool) -> None:
        """Make it an output that has its level from the first moment."""
        self._level, self._direction = _value(state), Direction.OUTPUT
        self._apply()

    def input_with_pull(self, pull: str) -> None:
        """Make it an input that is pulled from the first moment."""
        self._check_pull(pull)
        self._pull, self._direction = pull, Direction.INPUT
        self._apply()

    def _get_function(self) -> str:
        return "output" if self._direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value == "input":
            self._direction = Direction.INPUT
        elif value == "output":
            self._level, self._direction = _value(self._get_state()), Direction.OUTPUT  # where it is, it stays
        else:
            raise exc.PinInvalidFunction(f'invalid function "{value}" for pin {self!r}')
        self._apply()

    def _get_state(self) -> int:
        with self.factory.lock:
            return int(bool(self._claimed().get_value(self._number)))

    def _set_state(self, value: float) -> None:
        if self._direction is not Direction.OUTPUT:
            raise exc.PinSetInput(f"cannot set state of pin {self!r}")
        self._level = _value(value)
        with self.factory.lock:
            self._claimed().set_value(self._number, self._level)

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        if self._direction is Direction.OUTPUT:
            raise exc.PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        self.input_with_pull(value)

    def _check_pull(self, value: str) -> None:
        if value not in _BIAS:
            raise exc.PinInvalidPull(f'invalid pull "{value}" for pin {self!r}')
        if self.info.pull not in (value, ""):
            raise exc.PinFixedPull(f"{self!r} has a physical pull-{self.info.pull} resistor")

    def _get_bounce(self) -> float | None:
        return self._bounce_s

    def _set_bounce(self, value: float | None) -> None:
        """A level counts as such when it has been there for so many seconds; the kernel sees to it."""
        if value is not None and value < 0:
            raise exc.PinInvalidBounce("bounce must be 0 or greater")
        self._bounce_s = value or None
        self._apply()

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        if value not in _EDGES:
            raise exc.PinInvalidEdges(f'invalid edges "{value}" for pin {self!r}')
        self._edges = value
        self._apply()

    def _enable_event_detect(self) -> None:
        self._is_watched = True
        with self.factory.lock:
            self.factory.edges.add(self._apply().fd, self._deliver)

    def _disable_event_detect(self) -> None:
        self._is_watched = False
        with self.factory.lock:
            if self._request is not None:
                self.factory.edges.remove(self._request.fd)
                self._apply()
                while self._take():
                    pass  # what nobody was told in time is not told to whoever listens next

    def _settings(self) -> gpiod.LineSettings:
        if self._direction is Direction.INPUT:
            return gpiod.LineSettings(
                direction=Direction.INPUT,
                bias=_BIAS[self._pull],
                edge_detection=_EDGES[self._edges] if self._is_watched else Edge.NONE,
                debounce_period=timedelta(seconds=self._bounce_s or 0),
            )
        return gpiod.LineSettings(direction=self._direction, output_value=self._level)

    def _claimed(self) -> gpiod.LineRequest:
        return self._request or self._apply()

    def _apply(self) -> gpiod.LineRequest:
        """Claim the line as it is wanted, or change it without letting go of it."""
        with self.factory.lock:
            if self._request is None:
                self._request = self.factory.request(self._number, self._settings())
            else:
                self._request.reconfigure_lines({self._number: self._settings()})
            return self._request

    def _take(self) -> Sequence[gpiod.EdgeEvent]:
        """The edges that wait. Asked first, as reading none would block."""
        with self.factory.lock:
            request = self._request
            return request.read_edge_events() if request is not None and request.wait_edge_events(0) else ()

    def _deliver(self) -> None:
        for event in self._take():
            listener = self._listener()
            if listener is None:
                return
            try:
                listener(event.timestamp_ns / 1e9, int(event.event_type is event.Type.RISING_EDGE))
            except Exception:  # noqa: BLE001 - a mistake in one listener must not make the trap deaf
                report()

    def _listener(self) -> Callable[[float, int], None] | None:
        with self._when_changed_lock:
            listener: Callable[[float, int], None] | None = self.when_changed
            if listener is None:
                self.when_changed = None  # whoever listened is gone: watch no longer
            return listener


def _value(level: float) -> Value:
    return Value.ACTIVE if level else Value.INACTIVE
