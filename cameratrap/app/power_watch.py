"""Looking at the battery now and then, and what the trap gives up for what is seen.

Each look is stored with the level it led to, in one transaction, so that a trap that was off goes on where it was. The
gauge is read when nothing heavy runs: whoever calls chooses the moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median

from cameratrap.domain.activities import Activity, DaysLeft
from cameratrap.domain.activities import days_left as days_at_rate
from cameratrap.domain.battery import BatteryPolicy, is_last_gasp
from cameratrap.domain.effort import Span
from cameratrap.domain.power_figures import FIGURES
from cameratrap.domain.saving import Saving
from cameratrap.errors import DeviceError
from cameratrap.ports import Clock, PowerGauge, PowerReading
from cameratrap.store import energy
from cameratrap.store.connection import transaction
from cameratrap.store.power_readings import KeptReading, coldest, keep, newest
from cameratrap.store.summaries import is_closed

READINGS = 3  # their median: one of them may fall on a burst of activity
COLDEST_OF = timedelta(days=1)
NOTHING_READ = PowerReading(None, None)


@dataclass(frozen=True, slots=True)
class PowerState:
    """What is given up now, and by which reading.

    ``trouble`` says what the gauge could not tell, "" where it told all; without its volts the level is an old one.
    ``last_gasp``: the last level has been reached, and the day is to be closed and sent at once, while there is energy
    for it. It stays so, also over a restart, until the day is closed, and is so once a day at most.
    """

    saving: Saving = Saving.NOTHING
    reading: PowerReading = NOTHING_READ
    trouble: str = ""
    last_gasp: bool = False


class PowerWatch:
    """The battery of one card's trap. ``open_gauge`` is called for each look, so that a gauge may come and go.

    It is read every ``every_s`` at most, also over a restart.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        open_gauge: Callable[[], PowerGauge],
        policy: BatteryPolicy,
        clock: Clock,
        *,
        boot_id: str,
        every_s: float = 600.0,
    ) -> None:
        self._connection = connection
        self._open_gauge = open_gauge
        self._policy = policy
        self._clock = clock
        self._boot_id = boot_id
        self._every_s = every_s

    def look(self) -> PowerState:
        """The state now: a new reading where one is due, else the newest. Raises StoreError, never DeviceError."""
        before = newest(self._connection)
        since_s = None if before is None else self._since_s(before)
        if before is not None and since_s is not None and since_s < self._every_s:
            return PowerState(before.saving, before.reading, before.trouble, self._owes(before))
        level = Saving.NOTHING if before is None else before.saving
        reading, trouble = self._read()
        at, monotonic_s = self._clock.now(), self._clock.monotonic_s()
        now = self._policy.saving(self._coldest(reading, at), level)
        owes = now is Saving.PICTURES and (is_last_gasp(level, now) or (before is not None and self._owes(before)))
        kept = KeptReading(at, self._boot_id, monotonic_s, reading, now, trouble, owes)
        with transaction(self._connection):
            keep(self._connection, kept)
            if before is not None and before.boot_id == self._boot_id:
                self._note_load(before, kept)
        return PowerState(now, reading, trouble, self._owes(kept))

    def _owes(self, kept: KeptReading) -> bool:
        """Whether the day on which the last level was reached is still to be told for it."""
        return kept.owes_message and not is_closed(self._connection, kept.at.date())

    def _since_s(self, before: KeptReading) -> float | None:
        """Seconds since a look; None where nobody knows, since the clock went back while the trap was off."""
        if before.boot_id == self._boot_id:
            return self._clock.monotonic_s() - before.monotonic_s
        since_s = (self._clock.now() - before.at).total_seconds()
        return since_s if since_s >= 0 else None

    def _read(self) -> tuple[PowerReading, str]:
        """The median of some readings, and what they could not tell."""
        try:
            gauge = self._open_gauge()
            try:
                readings = [gauge.read() for _ in range(READINGS)]
            finally:
                gauge.close()
        except DeviceError as error:
            return NOTHING_READ, str(error)
        reading = _median(readings)
        volts = reading.battery_v
        if volts is None:
            return reading, "the gauge sees no battery"
        doubt = self._policy.doubt(volts)
        if doubt:
            return replace(reading, battery_v=None), doubt
        return reading, next((each.trouble for each in readings if each.trouble), "")

    def _coldest(self, reading: PowerReading, at: datetime) -> PowerReading:
        """The reading at the lowest temperature of a day: what the Pi's work, or noon, warms must not move the steps.

        Else the level would come and go with the work that it allows: the processor's thermometer is warmer by that.
        """
        degrees = [reading.temperature_c, coldest(self._connection, Span(at - COLDEST_OF, at))]
        return replace(reading, temperature_c=min((each for each in degrees if each is not None), default=None))

    def _note_load(self, before: KeptReading, kept: KeptReading) -> None:
        """The load at rest, from one look to the next; a gap in which nobody looked is left out."""
        seconds = kept.monotonic_s - before.monotonic_s
        loads = (before.reading.load_w, kept.reading.load_w)
        if loads[0] is None or loads[1] is None or not 0 < seconds <= 2 * self._every_s:
            return
        joules = (loads[0] + loads[1]) / 2 * seconds
        energy.add_measured(self._connection, kept.at.date(), Activity.IDLE, seconds, joules)


def days_left(
    connection: sqlite3.Connection,
    usable_wh: float | None,
    today: date,
    *,
    standby_w: float = FIGURES["controller_w"].value,
    converter_loss: float = FIGURES["converter_loss"].value,
) -> DaysLeft | None:
    """How long the battery lasts at the rate so far; None where its size is not known, or no whole day is over."""
    if usable_wh is None:
        return None
    spent = energy.spent_by_day(connection)
    return days_at_rate(usable_wh, spent, today, standby_w=standby_w, converter_loss=converter_loss)


def _median(readings: Sequence[PowerReading]) -> PowerReading:
    return PowerReading(
        _median_of([each.battery_v for each in readings]),
        _median_of([each.temperature_c for each in readings]),
        None if any(each.trouble for each in readings) else _median_of([each.load_w for each in readings]),
        readings[-1].temperature_from,
    )


def _median_of(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 3) if known else None
