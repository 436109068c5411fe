"""Seconds of each activity, gathered in memory and written down with a transaction that happens anyway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from sqlite3 import Connection

from cameratrap.domain.activities import Activity, estimated_j
from cameratrap.domain.energy import DAY_S
from cameratrap.ports import Clock
from cameratrap.store import energy

LONGEST_BOOT_S = 120.0  # a process that starts later was started by hand, not by the power


class EnergyCount:
    """What one process has spent since it was last written down. It is idle unless it is said to do something.

    ``watts`` is what each activity takes. ``is_after_boot``: the time before this process was the boot's.
    """

    def __init__(self, clock: Clock, watts: Mapping[Activity, float], *, is_after_boot: bool = False) -> None:
        self._clock = clock
        self._watts = watts
        self._seconds: defaultdict[tuple[date, Activity], float] = defaultdict(float)
        self._current = Activity.IDLE
        self._since_s = clock.monotonic_s()
        if is_after_boot and self._since_s < LONGEST_BOOT_S:
            self.took(Activity.BOOT, self._since_s)

    def took(self, activity: Activity, seconds: float) -> None:
        """Count what came on top of what is done: the lamp."""
        self._seconds[self._clock.now().date(), activity] += seconds

    @contextmanager
    def during(self, activity: Activity) -> Iterator[None]:
        """Do something else for the length of the block, also where it fails, and then go on with what was done."""
        self._settle()
        before, self._current = self._current, activity
        try:
            yield
        finally:
            self._settle()
            self._current = before

    def write(self, connection: Connection) -> None:
        """Add it to its days', within the caller's transaction; call ``written`` when that is durable."""
        self._settle()
        for (day, activity), seconds in self._seconds.items():
            energy.add(connection, day, activity, seconds, estimated_j(activity, seconds, self._watts))

    def written(self) -> None:
        """What was written is not counted again."""
        self._seconds.clear()

    def _settle(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s > self._since_s:
            for day, seconds in _by_day(self._clock.now(), now_s - self._since_s):
                self._seconds[day, self._current] += seconds
        self._since_s = now_s


def _by_day(end: datetime, seconds: float) -> Iterator[tuple[date, float]]:
    """How much of the stretch that ends now was on each day: a day's energy is that of its 24 hours."""
    day, of_day_s = end.date(), (end - datetime.combine(end, time(), end.tzinfo)).total_seconds()
    while seconds > of_day_s:
        yield day, of_day_s
        seconds -= of_day_s
        day, of_day_s = day - timedelta(days=1), DAY_S
    yield day, seconds
