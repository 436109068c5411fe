"""Correcting the times that a wrong clock told: which rows, by how much, what becomes of them; and doing it.

The trap does by itself what follows from comparisons with the network's time; what only its owner knows (a watch in
the first picture) is corrected by hand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone

from cameratrap.app.clock_check import BELIEVED
from cameratrap.app.clock_eras import EraOfCard, card_eras, known_zeros, newest_point
from cameratrap.domain.eras import WRONG
from cameratrap.domain.events import station_day
from cameratrap.errors import UsageError
from cameratrap.sbd.network_time import BUILT
from cameratrap.store.clock_readings import has_unused, mark_used, newest_reading
from cameratrap.store.clock_shifts import by_network_reason, refused_rows, shift
from cameratrap.store.row_cuts import SPANS
from cameratrap.store.timed_rows import RowTimes, timed_rows

_STRETCH = timedelta(days=1)  # a trap that is armed extends its stretch far more often: a longer step was no time
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # recordings may be old, but no trap stored files on a card before


@dataclass(frozen=True, slots=True)
class Correction:
    """Rows of which every time is to be moved by ``offset``, and why."""

    rows: tuple[RowTimes, ...]
    offset: timedelta
    why: str

    def count(self, kind: str) -> int:
        """How many of a kind of row."""
        return sum(row.kind == kind for row in self.rows)

    @property
    def cuts(self) -> int:
        """Of how many spans of time, armed or of a fault, only a part is moved."""
        return sum(row.is_part for row in self.rows)

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the last time as they are now; None where there is nothing."""
        times = [time for row in self.rows for time in row.times]
        return (min(times), max(times)) if times else None

    @property
    def first_picture(self) -> datetime | None:
        """When its first picture was taken, as it is now."""
        return min((row.times[0] for row in self.rows if row.kind == "media"), default=None)

    def days(self, zone: timezone) -> tuple[set[date], set[date]]:
        """The station's days that lose something, and those that gain it."""
        times = [time for row in self.rows for time in row.times]
        return {station_day(t, zone) for t in times}, {station_day(t + self.offset, zone) for t in times}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows: of a boot or an era (the beginning of its name), and from and to which time, as they are now."""

    boot: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def has(self, time: datetime) -> bool:
        return (self.since is None or self.since <= time) and (self.until is None or time < self.until)


def by_network(connection: sqlite3.Connection) -> list[Correction]:
    """What comparisons with the network's time say was told by a clock that was set wrong. Nothing is changed."""
    return [
        Correction(each.rows, -each.error, by_network_reason(each.name))
        for each in card_eras(connection, list(timed_rows(connection)))
        if each.is_wrong and each.error is not None and each.rows and each.era.first.shown - each.error >= BUILT
    ]


def by_hand(connection: sqlite3.Connection, selection: Selection, offset: timedelta, now: datetime) -> Correction:
    """What ``selection`` names, to be moved by ``offset``; nothing is changed.

    Raises UsageError for a time that cannot be: before any trap, or a year and more after ``now``.
    """
    found = selected(connection, selection, offset)
    _check_possible(found, now)
    return found


def selected(connection: sqlite3.Connection, selection: Selection, offset: timedelta) -> Correction:
    """The same, whatever comes of it."""
    rows = list(timed_rows(connection))
    if selection.boot:
        eras = [each for each in card_eras(connection, rows) if _is_named(each, selection.boot)]
        rows = [row for each in eras for row in each.rows]
    return Correction(tuple(_selected(rows, selection)), offset, f"by hand{_told(selection)}")


def _check_possible(correction: Correction, now: datetime) -> None:
    if correction.span is None:
        return
    try:
        first, last = (time + correction.offset for time in correction.span)
    except OverflowError as error:
        raise UsageError(
            f"no time can be moved by {correction.offset.days} days", why="there is no such year"
        ) from error
    if first < _EARLIEST or last > now + BELIEVED:
        raise UsageError(
            f"the times cannot be moved by {correction.offset.days} days",
            why=f"they would be {first:%Y-%m-%d} to {last:%Y-%m-%d}; it is {now:%Y-%m-%d}",
            hint="check the sign, the amount, and this machine's clock",
        )


def correct(connection: sqlite3.Connection, corrections: Iterable[Correction], now: datetime) -> list[int]:
    """Carry them out; returns their numbers. Raises StoreError: those before the one that failed are done."""
    return [shift(connection, each.rows, each.offset, each.why, now) for each in corrections if each.rows]


def correct_by_network(connection: sqlite3.Connection, now: datetime) -> Sequence[Correction]:
    """What the trap does by itself, once for each comparison with the network's time; returns what was corrected.

    What somebody has taken back is left: only `clock shift --auto` makes that correction again.
    """
    if not has_unused(connection):
        return []
    # Whether anything is wrong at all is seen from the stretches alone: a season's rows are only read where it is.
    corrections = by_network(connection) if any(era.is_wrong for era in card_eras(connection, [])) else []
    refused = refused_rows(connection) if corrections else set()
    corrections = [each for each in corrections if not refused & {(row.kind, row.key) for row in each.rows}]
    correct(connection, corrections, now)
    mark_used(connection)
    return corrections


def true_now(connection: sqlite3.Connection, now: datetime) -> datetime:
    """``now``, less what a clock that is still wrong is known to be ahead: its days are closed by the true time.

    ``now`` is what the clock shows, after the trap's stretch was extended to it. A clock that was set since is right.
    """
    compared, newest = newest_reading(connection), newest_point(connection)
    if compared is None or compared.corrected or newest is None:
        return now
    boot, point = newest
    zero = known_zeros(connection).get(boot)
    was_set = not timedelta(0) <= now - point.shown <= _STRETCH
    if zero is None or was_set or abs(point.zero - zero) <= WRONG:
        return now
    return now - (point.zero - zero)


def _is_named(era: EraOfCard, name: str) -> bool:
    return era.name == name or ("/" not in name and era.boot_id.startswith(name))


def _selected(rows: Iterable[RowTimes], selection: Selection) -> list[RowTimes]:
    """Those that begin in the time named, and of spans the part in it.

    What belongs to a burst goes with it, whatever it shows itself.
    """
    found: list[RowTimes] = []
    bursts: set[str] = set()
    for row in rows:
        if row.kind in SPANS:
            part = _part(row, selection)
            found += [] if part is None else [part]
        elif row.burst in bursts if row.burst is not None else selection.has(row.times[0]):
            found.append(row)
            bursts |= {row.key} if row.kind == "bursts" else set()
    return found


def _part(span: RowTimes, selection: Selection) -> RowTimes | None:
    """What of a span of time lies in the time named; a span of no length lies where it begins."""
    start, end = span.times
    first = start if selection.since is None else max(start, selection.since)
    last = end if selection.until is None else min(end, selection.until)
    if first >= last:
        return span if start >= end and selection.has(start) else None
    return span if (first, last) == (start, end) else replace(span, times=(first, last), is_part=True)


def _told(selection: Selection) -> str:
    parts = [
        f"boot {selection.boot}" if selection.boot else "",
        f"from {selection.since.isoformat()}" if selection.since else "",
        f"to {selection.until.isoformat()}" if selection.until else "",
    ]
    named = ", ".join(part for part in parts if part)
    return f", {named}" if named else ", the whole card"
