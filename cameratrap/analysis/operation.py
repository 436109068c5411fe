"""On which days which stations were able to see: the matrix under effort, rates and detection histories.

Rows are named and days are counted as in camtrapR (`cameraOperation`, version 3.0.3) and camtraptor (`get_cam_op`,
version 0.28.0), which agree on what a cell is and differ on how finely it is told and on two cameras at one station.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cameratrap.analysis.cameras import COMBINED, Cameras
from cameratrap.analysis.effort import DAY, EffortDefinition, as_counted
from cameratrap.analysis.rounding import r_round
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span, by_day, subtract, union

Row = tuple[float | None, ...]
NOON_HOUR = 12
SECOND = timedelta(seconds=1)
CAMTRAPR_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Site:
    """What a row of a matrix stands for: a station, in one session where the study has several, or one camera there."""

    station: str
    session: str = ""
    camera: str = ""

    @property
    def name(self) -> str:
        """As camtrapR and camtraptor write it: ``ridge__SESS_2026__CAM_north``."""
        session = f"__SESS_{self.session}" if self.session else ""
        return self.station + session + (f"__CAM_{self.camera}" if self.camera else "")


@dataclass(frozen=True, slots=True)
class Operation:
    """The part of each day, in camera-days, that each site saw.

    ``cells`` are rows of ``sites`` by ``days``; None where no camera was set up, 0.0 where one was and saw nothing.
    A day begins at ``start_hour`` of its date in the station's standard time and lasts 24 hours. ``as_camtrapr`` says
    that numbers are to equal camtrapR's in what it does at the edges, too.
    """

    sites: tuple[Site, ...]
    days: tuple[date, ...]
    cells: tuple[Row, ...]
    start_hour: int = 0
    as_camtrapr: bool = False


def operation(
    deployed: Iterable[Deployed],
    *,
    definition: EffortDefinition = EffortDefinition.EXACT,
    pictures: Mapping[str, Span] | None = None,
    cameras: Cameras = Cameras.UNION,
    start_hour: int = 0,
    as_camtrapr: bool = False,
) -> Operation:
    """The operation matrix, from the day of the first setup to that of the last retrieval.

    ``pictures`` are the first and the last picture of each deployment, for the definition that counts by them.
    ``as_camtrapr`` ends every stretch one second early and rounds to four decimals, to equal its numbers to the last
    digit where it is told times, and so do histories from it; without it cells are exact.
    """
    if not 0 <= start_hour < 24:
        raise ValueError(f"a day cannot start at hour {start_hour}")
    taken = pictures or {}
    counted = [(each, as_counted(each, definition, taken.get(each.deployment))) for each in deployed]
    # A retrieval of which only the day is told is at noon. Where days begin at noon, too, camtrapR keeps it as a day
    # without effort, lest the records of its morning fall out of the study.
    keep_last = definition is EffortDefinition.TRAP_NIGHTS and start_hour == NOON_HOUR
    reckon = _Reckoning(timedelta(hours=start_hour), keep_last=keep_last, as_camtrapr=as_camtrapr)
    days = _days([known for _, known in counted if known is not None])
    rows: dict[Site, list[Deployed]] = {}
    for each, known in counted:
        rows.setdefault(_site(each, cameras), []).extend([known] if known else [])
    cells = tuple(_row(group, days, reckon, cameras) for group in rows.values())
    return Operation(tuple(rows), days, cells, start_hour, as_camtrapr)


def between(operation: Operation, since: date | None, until: date | None) -> Operation:
    """The same from one day to another, both included, as if cameras had been set up and fetched with them."""
    kept = [n for n, day in enumerate(operation.days) if (not since or day >= since) and (not until or day <= until)]
    columns = slice(kept[0], kept[-1] + 1) if kept else slice(0)
    return replace(operation, days=operation.days[columns], cells=tuple(row[columns] for row in operation.cells))


def _site(deployed: Deployed, cameras: Cameras) -> Site:
    camera = deployed.deployment if cameras is Cameras.SEPARATE else ""
    return Site(deployed.station, deployed.session, camera)


def _days(deployed: Sequence[Deployed]) -> tuple[date, ...]:
    if not deployed:
        return ()
    first = min(each.start.astimezone(each.zone).date() for each in deployed)
    last = max(each.end.astimezone(each.zone).date() for each in deployed)
    return tuple(first + DAY * n for n in range((last - first).days + 1))


@dataclass(frozen=True, slots=True)
class _Reckoning:
    """How a stretch of time becomes cells."""

    start: timedelta
    keep_last: bool
    as_camtrapr: bool

    def cells(self, group: Sequence[Deployed]) -> dict[date, float]:
        """What deployments saw together on each day on which one of them was there."""
        zone = group[0].zone
        places = union(self._shifted(each.span) for each in group)
        seeing = union(
            part for each in group for part in subtract([self._shifted(each.span)], map(self._shifted, each.down))
        )
        there, down = by_day(places, zone), by_day(subtract(places, seeing), zone)
        found = {day: self._fraction(there[day], down.get(day, [])) for day in there}
        if self.keep_last:
            found.setdefault(places[-1].end.astimezone(zone).date(), 0.0)
        return found

    def _shifted(self, span: Span) -> Span:
        """A day that begins at some hour is the calendar's day of a clock that is as much behind."""
        return Span(span.start - self.start, span.end - self.start)

    def _fraction(self, there: Sequence[Span], down: Sequence[Span]) -> float:
        if not self.as_camtrapr:
            return (_length(there) - _length(down)) / DAY
        fractions = [(_length(spans) - len(spans) * SECOND) / DAY for spans in (there, down)]
        return r_round(fractions[0] - fractions[1], CAMTRAPR_DIGITS)


def _length(spans: Iterable[Span]) -> timedelta:
    return sum((span.length for span in spans), timedelta(0))


def _row(group: Sequence[Deployed], days: Sequence[date], reckon: _Reckoning, cameras: Cameras) -> Row:
    if not group:
        return (None,) * len(days)
    combine = COMBINED.get(cameras)
    if combine is None:
        cells = reckon.cells(group)
        return tuple(cells.get(day) for day in days)
    each = [reckon.cells([one]) for one in group]
    return tuple(combine([cells.get(day) for cells in each]) for day in days)
