"""Pictures at full minutes of the day, whatever moves."""

from __future__ import annotations

from datetime import datetime, timedelta

from cameratrap.domain.events import TriggerCause
from cameratrap.ports import Clock, Trigger


class Timelapse:
    """A trigger at each full ``minutes`` after the station's midnight.

    A clock that jumps, or a burst that takes long, costs at most one late picture and never two for one moment: a
    trigger comes as soon as the clock shows another interval, but at least half an interval after the one before.
    """

    def __init__(self, clock: Clock, minutes: int, *, boot_id: str) -> None:
        self._clock = clock
        self._boot_id = boot_id
        self._every = timedelta(minutes=minutes)
        self._taken = self._began(clock.now())  # the interval that runs began without us
        self._taken_s = clock.monotonic_s() - self._every.total_seconds()

    def due(self) -> Trigger | None:
        """The trigger of the interval that runs; None where it was given."""
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        began = self._began(now)
        if began == self._taken or now_s - self._taken_s < self._every.total_seconds() / 2:
            return None
        self._taken, self._taken_s = began, now_s
        return Trigger(f"{self._boot_id}:{round(now_s * 1e9)}:timelapse", now, TriggerCause.TIMELAPSE, now_s)

    def left_s(self) -> float:
        """Until the next interval begins by the clock as it is now: never more than one interval."""
        now = self._clock.now()
        return (self._began(now) + self._every - now).total_seconds()

    def _began(self, now: datetime) -> datetime:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + (now - midnight) // self._every * self._every
