"""Reading a project: its deployments, and what stands of what was seen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.detections import BBox
from cameratrap.domain.effort import Span, union
from cameratrap.domain.events import Sighting, standard_zone
from cameratrap.domain.judged import Fate
from cameratrap.store.observations import sighting_of
from cameratrap.store.project_rows import DeploymentRow, DetectionRow, Origin


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    """A deployment and its number in the index."""

    number: int
    row: DeploymentRow

    @property
    def zone(self) -> timezone:
        """The station's standard time."""
        return standard_zone(self.row.utc_offset_minutes)


def deployments(connection: sqlite3.Connection) -> list[StoredDeployment]:
    """Every deployment, by station, start and name."""
    rows = connection.execute("SELECT * FROM deployments ORDER BY station, julianday(start), deployment")
    return [StoredDeployment(row["id"], _deployment(row)) for row in rows]


def deployed(connection: sqlite3.Connection, names: Collection[str] | None = None) -> list[Deployed]:
    """The same as analyses take them, with the time in which they could not see; those of ``names`` or all."""
    down: dict[int, list[Span]] = {}
    for row in connection.execute("SELECT deployment, start, end FROM down"):
        span = Span(datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"]))
        down.setdefault(row["deployment"], []).append(span)
    return [
        Deployed(
            each.row.deployment,
            each.row.station,
            each.row.start,
            each.row.end,
            each.zone,
            tuple(union(down.get(each.number, ()))),
            each.row.session,
            each.row.latitude,
            each.row.longitude,
        )
        for each in deployments(connection)
        if names is None or each.row.deployment in names
    ]


def sightings(
    connection: sqlite3.Connection, names: Collection[str] | None = None, *, untimed: bool = False
) -> Iterator[Sighting]:
    """What was seen, as it stands now, in order of time and one by one: a project is never held whole.

    Adults and young ones of a taxon that are told apart in a sequence were there at once: they are one sighting.
    Sequences whose time is not known (their clock was never set) are left out, unless they too are asked for.
    """
    chosen = "" if names is None else " AND d.deployment IN (SELECT value FROM json_each(?))"
    timed = "1" if untimed else "s.clock IS NOT 'unset'"
    rows = connection.execute(
        f"""SELECT o.taxon, SUM(o.count) AS count, MAX(o.score) AS score, MIN(o.first_at) AS first_at,
            MAX(o.last_at) AS last_at, SUM(o.count_low) AS count_low,
            CASE WHEN COUNT(o.count_high) = COUNT(*) THEN SUM(o.count_high) END AS count_high,
            d.deployment AS name, s.sequence AS burst, s.cause, w.method
        FROM sequences s JOIN deployments d ON d.id = s.deployment JOIN words w ON w.id = s.standing
        JOIN observations o ON o.word = w.id
        WHERE {timed}{chosen} GROUP BY w.id, o.taxon ORDER BY julianday(MIN(o.first_at)), MIN(o.id)""",
        () if names is None else (json.dumps(list(names)),),
    )
    return (sighting_of(row, row["name"]) for row in rows)


def detection_of(row: sqlite3.Row) -> DetectionRow:
    """A box of a row that has its columns, of a card's index or of a project's."""
    return DetectionRow(
        media=row["media"],
        taxon=row["taxon"],
        model_label=row["model_label"],
        score=row["score"],
        bbox=BBox(row["x"], row["y"], row["width"], row["height"]),
        fate=Fate(row["fate"]),
        counted_as=row["counted_as"],
    )


def _deployment(row: sqlite3.Row) -> DeploymentRow:
    source: Origin = row["source"]
    return DeploymentRow(
        deployment=row["deployment"],
        station=row["station"],
        utc_offset_minutes=row["utc_offset_minutes"],
        start=datetime.fromisoformat(row["start"]),
        end=datetime.fromisoformat(row["end"]),
        source=source,
        root=row["root"],
        imported_at=datetime.fromisoformat(row["imported_at"]),
        session=row["session"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        coordinate_uncertainty=row["coordinate_uncertainty"],
        setup=_object(row["setup"]),
        made_with=_object(row["made_with"]),
    )


def _object(text: str) -> Mapping[str, object]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}
