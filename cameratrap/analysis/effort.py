"""Effort by three definitions that the literature uses. Rates differ by them, so every table names the one it used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span, day_span, overlap

DAY = timedelta(days=1)
NOON = time(12)


class EffortDefinition(StrEnum):
    """What counts as effort.

    ``EXACT``: from setup to retrieval without down time, as Camtrap DP and camtraptor have it (which log no down time).
    ``TRAP_NIGHTS``: the same with setup and retrieval put at noon, so that each of the two days is half a one: what
    camtrapR does where it is told dates. ``CALENDAR``: the days from the first to the last picture, both whole and
    whatever failed in between, as AddaxAI counts them.
    """

    EXACT = "exact"
    TRAP_NIGHTS = "trap-nights"
    CALENDAR = "calendar"

    @property
    def meaning(self) -> str:
        """The definition in words, for the line under a table."""
        return _MEANINGS[self]


_MEANINGS = {
    EffortDefinition.EXACT: "from setup to retrieval, minus down time",
    EffortDefinition.TRAP_NIGHTS: "the days of setup and retrieval count half, minus down time",
    EffortDefinition.CALENDAR: "days from the first to the last picture, both included",
}


class EffortUnit(StrEnum):
    """A unit of effort. A month is a twelfth of a year and a year 365.25 days, as in lubridate."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    @property
    def length(self) -> timedelta:
        """How long one is."""
        return _LENGTHS[self]


_YEAR = timedelta(days=365.25)
_LENGTHS = {
    EffortUnit.SECOND: timedelta(seconds=1),
    EffortUnit.MINUTE: timedelta(minutes=1),
    EffortUnit.HOUR: timedelta(hours=1),
    EffortUnit.DAY: DAY,
    EffortUnit.WEEK: timedelta(weeks=1),
    EffortUnit.MONTH: _YEAR / 12,
    EffortUnit.YEAR: _YEAR,
}


def as_counted(deployed: Deployed, definition: EffortDefinition, pictures: Span | None = None) -> Deployed | None:
    """The deployment with the setup, retrieval and down time that ``definition`` counts.

    ``pictures`` is from the first to the last picture that the camera took, animals or none. None where there is no
    picture and the definition asks for them: what was not measured is not 0.
    """
    if definition is EffortDefinition.EXACT:
        return deployed
    if definition is EffortDefinition.TRAP_NIGHTS:
        return replace(deployed, start=_noon(deployed, deployed.start), end=_noon(deployed, deployed.end))
    if pictures is None:
        return None
    first, last = (moment.astimezone(deployed.zone).date() for moment in (pictures.start, pictures.end))
    return replace(deployed, start=day_span(first, deployed.zone).start, end=day_span(last, deployed.zone).end, down=())


def has_no_night(deployed: Deployed) -> bool:
    """Whether it was set up and fetched on one day: it has no trap-nights, and camtrapR refuses it."""
    counted = as_counted(deployed, EffortDefinition.TRAP_NIGHTS)
    return counted is not None and not counted.span.length


def _noon(deployed: Deployed, moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(deployed.zone).date(), NOON, tzinfo=deployed.zone)


def effort(
    deployed: Deployed,
    definition: EffortDefinition = EffortDefinition.EXACT,
    *,
    unit: EffortUnit = EffortUnit.DAY,
    pictures: Span | None = None,
    since: date | None = None,
    until: date | None = None,
) -> float | None:
    """The effort of one deployment in ``unit``s; None where the definition needs pictures and there are none.

    ``since`` and ``until`` are the first and the last of the station's days that count.
    """
    counted = as_counted(deployed, definition, pictures)
    if counted is None:
        return None
    start = counted.start if since is None else max(counted.start, day_span(since, counted.zone).start)
    end = counted.end if until is None else min(counted.end, day_span(until, counted.zone).end)
    span = Span(start, max(start, end))
    return (span.length - overlap([span], counted.down)) / unit.length


def total(efforts: Iterable[float | None]) -> float | None:
    """The sum of what is known; None where nothing is."""
    known = [each for each in efforts if each is not None]
    return sum(known) if known else None
