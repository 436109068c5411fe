"""A PIR's output on a GPIO pin, through gpiozero: an edge is a trigger, and nothing runs between edges.

This file alone knows how a PIR behaves: it fires by itself for the first minute of its power, holds its output high
for seconds, and may stick. It does not decide which triggers become pictures (``domain.throttle``).
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cameratrap.domain.capture import Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.throttle import Suppression
from cameratrap.drivers.gpio import claim
from cameratrap.ports import Clock, Trigger

if TYPE_CHECKING:
    from gpiozero import DigitalInputDevice

DEVICE = "pir"
# More than a burst of any profile lets by; what comes beyond is a loose contact, not animals.
QUEUE = 64
# A module that is triggered again and again stays high: a herd at a waterhole does that for minutes, not for these.
STUCK_S = 900.0


class PirTriggers:
    """The port TriggerSource over a PIR at a BCM ``pin``, high while it sees something.

    One time high is one trigger, however long. Within ``settle_s`` after boot, which powers the PIR too, an edge is
    counted and is no trigger. Edges come in gpiozero's thread, ``wait`` is called in another. Raises DeviceError.
    """

    def __init__(self, pin: int, clock: Clock, *, boot_id: str, settle_s: float = 60.0) -> None:
        self._clock = clock
        self._boot_id = boot_id
        self._settle_s = settle_s
        self._changed = threading.Condition()
        self._waiting: deque[Trigger] = deque()
        self._suppressed: Counter[str] = Counter()
        self._incidents: list[Incident] = []
        self._is_stuck = False
        self._held_s: float | None = None
        self._rose_s: float | None = None
        self._device = _open(pin)
        self._device.when_activated = self._rise
        self._device.when_deactivated = self._fall
        if self._device.is_active:
            # Its edge was before us: high from the start is no animal until it has been low once.
            self._rose_s = clock.monotonic_s()

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """The next rising edge, or None when ``timeout_s`` passed without one. Asleep until then."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, timeout_s)
            return self._waiting.popleft() if self._waiting else None

    @property
    def held_s(self) -> float | None:
        """For how long the output is high, or was the last time; None where it never was."""
        with self._changed:
            return self._held_s if self._rose_s is None else self._clock.monotonic_s() - self._rose_s

    @property
    def is_high(self) -> bool:
        """Whether it sees something now."""
        return bool(self._device.is_active)

    def suppressed(self) -> dict[str, int]:
        """How many edges were no triggers since this was last asked, by reason."""
        with self._changed:
            counts, self._suppressed = dict(self._suppressed), Counter()
            return counts

    def incidents(self) -> Sequence[Incident]:
        """That it is stuck high, and that it no longer is, each told once."""
        with self._changed:
            now_s = self._clock.monotonic_s()
            if self._rose_s is not None and not self._is_stuck and now_s - self._rose_s >= STUCK_S:
                self._is_stuck = True
                what = f"high for {STUCK_S / 60:.0f} minutes without a break: it triggers nothing"
                self._incidents.append(Incident(DEVICE, what, now_s, recovered=False))
            told, self._incidents = tuple(self._incidents), []
            return told

    def close(self) -> None:
        """Give the pin back. What waits is lost, and whoever waits is let go by the time-out."""
        self._device.close()

    def _rise(self) -> None:
        now_s = self._clock.monotonic_s()
        with self._changed:
            self._rose_s = now_s
            if now_s < self._settle_s:
                self._suppressed[Suppression.SETTLING] += 1
            elif len(self._waiting) >= QUEUE:
                self._suppressed[Suppression.QUEUE] += 1
            else:
                key = f"{self._boot_id}:{round(now_s * 1e9)}:pir"
                self._waiting.append(Trigger(key, self._clock.now(), TriggerCause.PIR, now_s))
                self._changed.notify()

    def _fall(self) -> None:
        now_s = self._clock.monotonic_s()
        with self._changed:
            if self._rose_s is not None:
                self._held_s = now_s - self._rose_s
            self._rose_s = None
            if self._is_stuck:
                self._is_stuck = False
                self._incidents.append(Incident(DEVICE, "low again", now_s, recovered=True))


def _open(pin: int) -> DigitalInputDevice:
    def make(gpiozero: Any) -> DigitalInputDevice:
        return gpiozero.DigitalInputDevice(pin, pull_up=False)  # its output is driven; a wire that fell off reads low

    device: DigitalInputDevice = claim(pin, make, device="PIR", what="the PIR's", key="trigger.pin")
    return device
