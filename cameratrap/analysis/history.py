"""Detection histories for occupancy models: which site saw the taxon on which occasion, and with what effort.

The rules are those of camtrapR's `detectionHistory` (version 3.0.3), including what it calls effort of an occasion
and when an occasion is missing. Two things differ, each at the edge of an occasion, unless the operation matrix was
made ``as_camtrapr``: a record in the first second of an occasion belongs to it and not to the one before, and where
days begin at another hour than midnight, a record after midnight belongs to the last occasion and is not lost.
Where a buffer ends while no camera stood at a station, records stay beside the effort of their days; camtrapR moves
that effort to the first occasion and not the records. And where a record lies exactly at the first occasion's start,
camtrapR takes all of a taxon's records for times without a clock, moves them and warns; here they stay, in either mode.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from statistics import fmean, stdev

from cameratrap.analysis.effort import DAY
from cameratrap.analysis.occasions import Occasions, effort_by_occasion, occasion_names, trim
from cameratrap.analysis.operation import Operation, Row, Site
from cameratrap.errors import AnalysisError

Detections = tuple[int | None, ...]


class Cell(StrEnum):
    """What a detected taxon is written as: 1, the number of its records, or of the individuals on them."""

    BINARY = "binary"
    COUNT = "count"
    INDIVIDUALS = "individuals"


@dataclass(frozen=True, slots=True)
class Detection:
    """A record of the taxon at a station. ``at`` is read as its wall clock says, in the station's standard time."""

    station: str
    at: datetime
    individuals: int = 1


@dataclass(frozen=True, slots=True)
class History:
    """Sites by occasions. A cell is None where there is no occasion, or nothing that could have seen.

    ``outside`` are the detections that no occasion holds: of the buffer, after the most days, at no time of a session.
    """

    sites: tuple[Site, ...]
    occasions: tuple[str, ...]
    detections: tuple[Detections, ...]
    effort: tuple[Row, ...]
    outside: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a scaled effort was made with: ``(days - center) / scale``."""

    center: float
    scale: float


def history(
    detections: Iterable[Detection],
    operation: Operation,
    occasions: Occasions | None = None,
    *,
    cell: Cell = Cell.BINARY,
    dates_as_names: bool = False,
) -> History:
    """The detection history of the taxon whose records are given.

    Where a station has several rows, those of its sessions, a record belongs to the session in which a camera was
    there on its date. Raises ValueError for a record of a station that has no row and for rows of single cameras,
    AnalysisError where occasions reach no day of any site.
    """
    rules = occasions or Occasions()
    trimmed = trim(operation, rules)
    effort = effort_by_occasion(trimmed.rows, rules)
    found: list[defaultdict[int, int]] = [defaultdict(int) for _ in operation.sites]
    outside = []
    for detection, row in _rows_of(detections, operation):
        reach = None if row is None else trimmed.reaches[row]
        if row is None or reach is None or not reach.start <= _wall(detection) < reach.end:
            outside.append(detection)
            continue
        place = _place((_wall(detection) - reach.origin) / (DAY * rules.days), operation)
        found[row][place] += detection.individuals if cell is Cell.INDIVIDUALS else 1
    names = occasion_names(trimmed, rules, operation.start_hour) if dates_as_names else ()
    return History(
        sites=operation.sites,
        occasions=names or tuple(f"o{n + 1}" for n in range(len(effort[0]))),
        detections=tuple(_cells(row, seen, cell) for row, seen in zip(effort, found, strict=True)),
        effort=effort,
        outside=tuple(outside),
    )


def _place(occasions: float, operation: Operation) -> int:
    """Which occasion it is, so many after the first began."""
    return max(0, math.ceil(occasions) - 1) if operation.as_camtrapr else math.floor(occasions)


def _wall(detection: Detection) -> datetime:
    return detection.at.replace(tzinfo=None)


def _cells(effort: Row, seen: Mapping[int, int], cell: Cell) -> Detections:
    return tuple(
        None if not days else min(seen.get(place, 0), 1) if cell is Cell.BINARY else seen.get(place, 0)
        for place, days in enumerate(effort)
    )


def _rows_of(detections: Iterable[Detection], operation: Operation) -> Iterable[tuple[Detection, int | None]]:
    """Each detection with the row it belongs to."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for place, site in enumerate(operation.sites):
        if site.camera:
            raise ValueError(f"a history is of stations, not of single cameras such as {site.name}")
        rows[site.station].append(place)
    columns = {day: place for place, day in enumerate(operation.days)}
    for detection in detections:
        if detection.station not in rows:
            raise ValueError(f"{detection.station} has no row in the operation matrix")
        column = columns.get(detection.at.date())
        yield detection, _session_row(rows[detection.station], operation, column)


def _session_row(rows: list[int], operation: Operation, column: int | None) -> int | None:
    if len(rows) == 1:
        return rows[0]
    there = [row for row in rows if column is not None and operation.cells[row][column] is not None]
    return there[-1] if there else None


def scaled(history: History) -> tuple[History, Scaling]:
    """The same with its effort centred on 0 and scaled to a standard deviation of 1 (scaleEffort).

    Raises AnalysisError where every occasion has the same effort.
    """
    known = [days for row in history.effort for days in row if days is not None]
    if len(set(known)) < 2:
        raise AnalysisError("effort is the same on every occasion and cannot be scaled")
    by = Scaling(fmean(known), stdev(known))
    effort = tuple(
        tuple(None if days is None else (days - by.center) / by.scale for days in row) for row in history.effort
    )
    return replace(history, effort=effort), by


def by_season(history: History) -> History:
    """A row a station and the sessions one after another: what a multi-season model takes (unmarkedMultFrame)."""
    stations = tuple(dict.fromkeys(site.station for site in history.sites))
    sessions = sorted({site.session for site in history.sites})
    rows = {(site.station, site.session): place for place, site in enumerate(history.sites)}
    order = [[rows.get((station, session)) for session in sessions] for station in stations]
    nothing = (None,) * len(history.occasions)
    return History(
        sites=tuple(Site(station) for station in stations),
        occasions=tuple(f"{name}__SESS_{session}" for session in sessions for name in history.occasions),
        detections=tuple(
            tuple(chain.from_iterable(nothing if row is None else history.detections[row] for row in line))
            for line in order
        ),
        effort=tuple(
            tuple(chain.from_iterable(nothing if row is None else history.effort[row] for row in line))
            for line in order
        ),
        outside=history.outside,
    )
