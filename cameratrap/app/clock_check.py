"""How far the trap's clock can be trusted: compared with the network's time, and set by it where that is allowed.

Each comparison is durable before the clock is touched. Where the clock is then set, back over times that are recorded
already too, the stored offset tells what those were wrong by.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import DeviceError
from cameratrap.ports import Clock, SatelliteLink
from cameratrap.sbd.network_time import BUILT
from cameratrap.store.clock_readings import ClockReading, add_reading, mark_corrected, newest_reading

SOURCE = "iridium"
READING_S = 5.0  # the modem answers within so much of the moment that it tells
MOST_DRIFT_S_PER_DAY = 30.0  # 350 ppm: no crystal that works is worse; a clock that gained more was set
OK_S = 60.0  # summaries tell hours in tenths; a burst's place in the day is not wrong by more than a minute
UNSET_S = 86400.0  # a clock that names another day was not left to drift
# A crystal of 20 ppm drifts a minute in 35 days, so that what a comparison found holds for a month.
HOLDS = timedelta(days=30)
# A clock that was set drifts by minutes a year. One that differs from the network by more than that was set wrong, or
# the modem counts in an era that this program does not know: neither may set the other.
BELIEVED = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """``set_clock`` sets the machine's clock, None where that is not allowed; it raises DeviceError.

    ``boot_id`` is this boot's: what a comparison says of its other times follows by it.
    """

    deadline_s: float = 30.0
    boot_id: str | None = None
    set_clock: Callable[[datetime], None] | None = None


class ClockNotSetError(DeviceError):
    """The clock was compared, is wrong, and could not be set; ``reading`` is what was found."""

    def __init__(self, reading: ClockReading, error: DeviceError) -> None:
        super().__init__(f"{describe(reading)} and was not set", why=str(error), hint=error.hint, device=error.device)
        self.reading = reading


def check(
    link: SatelliteLink, clock: Clock, connection: sqlite3.Connection, settings: ClockSettings
) -> ClockReading | None:
    """Compare the clock with the network's time, store what was found and set the clock where it is wrong and allowed.

    None where the modem has no time. Raises DeviceError when it does not answer, and ClockNotSetError when the clock
    cannot be set: what was found is stored then.
    """
    network = link.network_time(near=clock.now(), deadline_s=settings.deadline_s)
    if network is None:
        return None
    shown = clock.now()
    offset_s = (shown - network).total_seconds()
    reading = ClockReading(
        shown,
        offset_s,
        judge(shown, offset_s),
        SOURCE,
        boot_id=settings.boot_id,
        monotonic_s=clock.monotonic_s() if settings.boot_id else None,
    )
    number = add_reading(connection, reading)
    if settings.set_clock is None or not _may_correct(reading):
        return reading
    try:
        settings.set_clock(clock.now() - timedelta(seconds=offset_s))
    except DeviceError as error:
        raise ClockNotSetError(reading, error) from error
    mark_corrected(connection, number)
    return replace(reading, corrected=True)


def judge(shown: datetime, offset_s: float) -> ClockQuality:
    """What a clock is that shows ``shown`` and is ``offset_s`` ahead of the network."""
    if shown < BUILT or abs(offset_s) > UNSET_S:
        return ClockQuality.UNSET
    return ClockQuality.OK if abs(offset_s) <= OK_S else ClockQuality.DRIFTING


def _may_correct(reading: ClockReading) -> bool:
    if reading.quality is ClockQuality.OK:
        return False
    return is_believable(reading)


def is_believable(reading: ClockReading) -> bool:
    """Whether the clock and the network differ by so little, or the clock by so much, that the network is right."""
    return reading.at < BUILT or abs(reading.offset_s) <= BELIEVED.total_seconds()


def clock_quality(connection: sqlite3.Connection, now: datetime) -> ClockQuality | None:
    """What is known of the clock at ``now``; None where it was not compared for a month, or never."""
    newest = newest_reading(connection)
    if newest is None:
        return None
    if now < BUILT:
        return ClockQuality.UNSET
    true = newest.at - timedelta(seconds=newest.offset_s)
    since = abs(now - true) if newest.corrected else min(abs(now - true), abs(now - newest.at))
    if since > HOLDS:
        return None
    return ClockQuality.OK if newest.corrected else newest.quality


def not_fast(connection: sqlite3.Connection, now: datetime) -> datetime:
    """``now``, less what the newest comparison found the clock to be ahead by.

    ``now`` itself where the clock was set back since, was not compared for a month, or differs too much to be
    believed; and where it was slow: that somebody has set it forward since does not show.
    """
    newest = newest_reading(connection)
    if newest is None or newest.corrected or newest.offset_s <= 0 or not is_believable(newest):
        return now
    holds = timedelta(0) <= now - newest.at <= HOLDS
    return now - timedelta(seconds=newest.offset_s) if holds else now


def drift_s_per_day(compared: Sequence[ClockReading]) -> float | None:
    """How many seconds a day the clock gained on the network, by the longest time in which nobody set it.

    None where it was not compared twice, a day or more apart, without being set between: the clock then gained more
    than a clock drifts.
    """
    longest, rate = 0.0, None
    start: ClockReading | None = None
    for before, after in pairwise(compared):
        if _was_set(before, after):
            start = None
            continue
        start = start or before
        days = _days(start, after)
        if days >= 1 and days >= longest:
            longest, rate = days, (after.offset_s - start.offset_s) / days
    return rate


def _was_set(before: ClockReading, after: ClockReading) -> bool:
    days = _days(before, after)
    gained_s = abs(after.offset_s - before.offset_s)
    return before.corrected or days < 0 or gained_s > MOST_DRIFT_S_PER_DAY * days + READING_S


def _days(before: ClockReading, after: ClockReading) -> float:
    """How long it was between two comparisons by the network's time."""
    return ((after.at - before.at).total_seconds() - (after.offset_s - before.offset_s)) / 86400


def describe(reading: ClockReading) -> str:
    """What was found and done, in a sentence for a person."""
    size = abs(reading.offset_s)
    if size <= OK_S:
        return f"the clock is right to {max(1, round(size))} s"
    direction = "fast" if reading.offset_s > 0 else "slow"
    by = f"{size:.0f} s" if size < UNSET_S else f"{size / 86400:.1f} days"
    if reading.corrected:
        return f"the clock was {by} {direction} and was set by the network's time"
    if not is_believable(reading):
        return f"the clock and the network differ by {by}, which is too much to believe either"
    return f"the clock is {by} {direction}"
