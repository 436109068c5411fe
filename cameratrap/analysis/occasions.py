"""How the days of a study become the occasions of a detection history, by camtrapR's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from cameratrap.analysis.effort import DAY
from cameratrap.analysis.operation import Operation, Row
from cameratrap.errors import AnalysisError, UsageError

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Occasions:
    """How days are put together; the names in brackets are camtrapR's.

    ``days`` an occasion has (occasionLength). ``day1``: the first occasion begins at each station's setup, at the
    survey's, the same for all, or on a date. ``buffer_days`` after setup are left out. ``max_days`` end a station's
    history (maxNumberDays). An occasion with less effort than ``min_active_days`` is not one
    (minActiveDaysPerOccasion). ``only_whole`` keeps those alone of which no day is missing (includeEffort = FALSE).
    The last two are for occasions of several days. Raises UsageError for values that contradict each other.
    """

    days: int = 1
    day1: Literal["station", "survey"] | date = "station"
    buffer_days: int = 0
    max_days: int | None = None
    min_active_days: float | None = None
    only_whole: bool = False

    def __post_init__(self) -> None:
        if self.days < 1:
            raise UsageError(f"an occasion has at least one day, not {self.days}")
        if self.buffer_days < 0:
            raise UsageError(f"a buffer cannot have {self.buffer_days} days")
        if self.buffer_days and isinstance(self.day1, date):
            raise UsageError("occasions that begin on a date have no buffer", hint="choose a later date instead")
        if self.max_days is not None and self.max_days < self.days:
            raise UsageError(f"at most {self.max_days} days do not hold one occasion of {self.days}")
        if self.min_active_days is not None and not 0 < self.min_active_days <= self.days:
            days = f"{self.days} day{'s' if self.days != 1 else ''}"
            raise UsageError(f"an occasion of {days} cannot ask for {self.min_active_days:g} active ones")


@dataclass(frozen=True, slots=True)
class Reach:
    """When one site's history begins and ends, in the station's standard time.

    Records count from ``start`` up to, not including, ``end``, and effort until the day ``last``; occasions are
    counted from ``origin``.
    """

    start: datetime
    end: datetime
    last: date
    origin: datetime


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The operation matrix as far as occasions reach: a row a site, whose first column is the first occasion's first.

    ``names`` are the columns': dates, or numbers from each station's setup. ``last`` is the last date of any. A site
    that has no occasion at all has None for its reach.
    """

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    reaches: tuple[Reach | None, ...]
    last: date


def trim(operation: Operation, occasions: Occasions) -> Trimmed:
    """Cut the matrix to what the occasions reach. Raises AnalysisError where they reach no day of any site."""
    reaches = _reaches(operation, occasions)
    rows = [_within(operation, row, reach) for row, reach in zip(operation.cells, reaches, strict=True)]
    known = [reach for reach in reaches if reach is not None]
    if all(cell is None for row in rows for cell in row):
        raise AnalysisError(
            "no occasion has a day on which a camera was there", hint="let them begin earlier, or with a smaller buffer"
        )
    last = max(reach.last for reach in known)
    if occasions.day1 == "station":
        starts = [_place(operation, reach.start.date()) if reach else 0 for reach in reaches]
        aligned = [_without_end(row[start:]) for row, start in zip(rows, starts, strict=True)]
        width = max(len(row) for row in aligned)
        names = tuple(f"day{n + 1}" for n in range(width))
        return Trimmed(names, tuple(row + (None,) * (width - len(row)) for row in aligned), reaches, last)
    columns = slice(_place(operation, known[0].origin.date()), _place(operation, last) + 1)
    names = tuple(day.isoformat() for day in operation.days[columns])
    return Trimmed(names, tuple(row[columns] for row in rows), reaches, last)


def _place(operation: Operation, day: date) -> int:
    return (day - operation.days[0]).days


def _reaches(operation: Operation, occasions: Occasions) -> tuple[Reach | None, ...]:
    """From when to when each site's occasions reach."""
    ranges = [_first_and_last(operation, row) for row in operation.cells]
    known = [each for each in ranges if each is not None]
    if not known:
        return (None,) * len(ranges)
    hour = timedelta(hours=operation.start_hour)
    survey = _midnight(min(first for first, _ in known)) + DAY * occasions.buffer_days + hour
    day1 = occasions.day1
    if isinstance(day1, date) and not min(first for first, _ in known) <= day1 <= max(last for _, last in known):
        raise UsageError(f"no camera had been set up on {day1}, or the last had been fetched")
    after = timedelta(0) if operation.as_camtrapr else hour
    return tuple(None if each is None else _reach(each, occasions, survey, hour, after) for each in ranges)


def _reach(days: tuple[date, date], occasions: Occasions, survey: datetime, hour: timedelta, after: timedelta) -> Reach:
    """``after`` midnight of its last date the last occasion ends; camtrapR leaves out what comes after midnight."""
    first, last = days
    day1 = occasions.day1 if isinstance(occasions.day1, date) else first + DAY * occasions.buffer_days
    start = _midnight(day1) + hour
    end, last_second = _midnight(last) + DAY + after, _midnight(last) + DAY - _SECOND
    if occasions.max_days is not None:
        # With a date camtrapR counts the most days from the survey's first, and so do we.
        since = survey if isinstance(occasions.day1, date) else start
        most = since + DAY * occasions.max_days
        end, last_second = min(end, most), min(last_second, most - _SECOND)
    until = last_second.date() if start <= last_second else start.date() - DAY
    return Reach(start, end, until, survey if occasions.day1 == "survey" else start)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _first_and_last(operation: Operation, row: Row) -> tuple[date, date] | None:
    known = [day for day, cell in zip(operation.days, row, strict=True) if cell is not None]
    return (known[0], known[-1]) if known else None


def _within(operation: Operation, row: Row, reach: Reach | None) -> Row:
    if reach is None:
        return (None,) * len(row)
    first, last = _place(operation, reach.start.date()), _place(operation, reach.last)
    if last + 2 == len(row):  # camtrapR keeps the study's last day where the most days end on the one before
        last += 1
    return tuple(cell if first <= place <= last else None for place, cell in enumerate(row))


def _without_end(row: Row) -> Row:
    """The row up to the last day on which a camera was there."""
    known = [place for place, cell in enumerate(row) if cell is not None]
    return row[: known[-1] + 1] if known else ()


def effort_by_occasion(rows: Sequence[Row], occasions: Occasions) -> tuple[Row, ...]:
    """Camera-days of each site in each occasion; None where there is no occasion.

    Occasions of one day are the days themselves, with 0 where a camera was there and saw nothing.
    """
    if occasions.days == 1:
        return tuple(rows)
    return tuple(
        tuple(_occasion(row[first : first + occasions.days], occasions) for first in range(0, len(row), occasions.days))
        for row in rows
    )


def _occasion(cells: Row, occasions: Occasions) -> float | None:
    active = sum(cell for cell in cells if cell is not None)
    if not active:
        return None
    if occasions.min_active_days is not None:
        return active if active >= occasions.min_active_days else None
    if occasions.only_whole and (len(cells) < occasions.days or not all(cells)):
        return None
    return active


def occasion_names(trimmed: Trimmed, occasions: Occasions, start_hour: int = 0) -> tuple[str, ...]:
    """Each occasion's first and last day, as camtrapR names them with datesAsOccasionNames.

    Where days begin at another hour than midnight, an occasion is named until the day on which it ends.
    """
    days = [f"{name}+{start_hour}h" if start_hour else name for name in trimmed.names]
    firsts = range(0, len(days), occasions.days)
    ends = [days[min(first + occasions.days - (not start_hour), len(days) - 1)] for first in firsts]
    ends[-1] = days[-1] if occasions.day1 == "station" else trimmed.last.isoformat()
    return tuple(f"{days[first]}_{end}" for first, end in zip(firsts, ends, strict=True))
