"""Which triggers become pictures: none is lost unsaid, each that is held back is counted by its reason.

The cool-down is short on purpose. Five minutes turned 68 % of the events with two foxes into events with one, and a
pause as long as the time between re-triggers (8 to 15 s) biases densities: independence is a matter of the analysis
(``domain.events``). Two seconds only merge the edges of one step. What keeps wind from emptying the battery is the
flood limit: a bucket of ``at_once`` triggers that ``per_hour`` refill. Both hold by monotonic time, whatever the clock
does, and both start afresh with the process: a restart takes at most one bucket more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cameratrap.domain.events import TriggerCause


class Suppression(StrEnum):
    """Why a trigger is counted and not photographed."""

    COOLDOWN = "cooldown"
    FLOOD = "flood"
    SCHEDULE = "schedule"
    ASLEEP = "asleep"
    SETTLING = "settling"
    QUEUE = "queue"
    UNCONFIRMED = "unconfirmed"


class Triggered(Protocol):
    """What of a trigger decides."""

    @property
    def at(self) -> datetime: ...
    @property
    def cause(self) -> TriggerCause: ...
    @property
    def monotonic_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """``cooldown_s`` after a trigger the next is taken; ``at_once`` fill the bucket. ``per_hour`` 0 is no limit."""

    cooldown_s: float = 2.0
    at_once: int = 60
    per_hour: float = 60.0


class Throttle:
    """Admits triggers in their order. ``is_on`` and ``is_asleep`` are asked with the trigger's time."""

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        is_on: Callable[[datetime], bool] = lambda _: True,
        is_asleep: Callable[[datetime], bool] = lambda _: False,
    ) -> None:
        self._limits = limits or Limits()
        self._is_on = is_on
        self._is_asleep = is_asleep
        self._tokens = float(self._limits.at_once)
        self._filled_s: float | None = None
        self._taken_s: float | None = None
        self._suppressed: Counter[str] = Counter()

    def admit(self, trigger: Triggered) -> Suppression | None:
        """Why this trigger is not photographed, which is counted; None where it is."""
        reason = self._reason(trigger)
        if reason is not None:
            self._suppressed[reason] += 1
        return reason

    def recall(self, taken_s: Iterable[float]) -> None:
        """Triggers that earlier processes have taken, in order, by this one's monotonic clock: before it, below 0.

        They have emptied the bucket, so that a trap that is switched on for each of them has the same limit.
        """
        for at_s in taken_s:
            self._take(at_s)

    def suppressed(self) -> dict[str, int]:
        """How many were held back since this was last asked, by reason."""
        counts, self._suppressed = dict(self._suppressed), Counter()
        return counts

    def _reason(self, trigger: Triggered) -> Suppression | None:
        if self._is_asleep(trigger.at):
            return Suppression.ASLEEP
        if not self._is_on(trigger.at):
            return Suppression.SCHEDULE
        if trigger.cause not in (TriggerCause.PIR, TriggerCause.MOTION):
            return None  # time-lapse keeps its own pace, and a person who asks for a picture gets it
        taken_s = self._taken_s
        if taken_s is not None and 0 <= trigger.monotonic_s - taken_s < self._limits.cooldown_s:
            return Suppression.COOLDOWN
        if not self._take(trigger.monotonic_s):
            return Suppression.FLOOD
        self._taken_s = trigger.monotonic_s
        return None

    def _take(self, monotonic_s: float) -> bool:
        """One token of the bucket, if there is one."""
        limits = self._limits
        if limits.per_hour == 0:
            return True
        filled_s = monotonic_s if self._filled_s is None else self._filled_s
        passed_s = max(0.0, monotonic_s - filled_s)
        self._tokens = min(float(limits.at_once), self._tokens + passed_s * limits.per_hour / 3600)
        self._filled_s = filled_s + passed_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
