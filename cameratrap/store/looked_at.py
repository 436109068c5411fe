"""What a model said of each sequence, and what a person says of it: what error rates are reckoned from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cameratrap.domain.events import standard_zone, station_day

_LOOKED = """WITH said AS (
    SELECT word, json_group_object(taxon, count) AS counts FROM (
        SELECT word, taxon, SUM(count) AS count FROM observations GROUP BY word, taxon) GROUP BY word)
    SELECT s.start, d.utc_offset_minutes, e.is_night, w.method = 'human' AS is_verified,
        machine.counts AS machine, standing.counts AS standing
    FROM sequences s JOIN deployments d ON d.id = s.deployment JOIN words w ON w.id = s.standing
    LEFT JOIN events e ON e.id = s.event
    LEFT JOIN said AS machine ON machine.word = s.machine LEFT JOIN said AS standing ON standing.word = s.standing
    WHERE s.machine IS NOT NULL AND s.deployment IN (SELECT value FROM json_each(?)) ORDER BY s.id"""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A sequence that a model has looked at: individuals by taxon, none for a blank.

    ``person`` is None where nobody has verified it, ``is_night`` where nobody knows.
    """

    machine: Mapping[str, int]
    person: Mapping[str, int] | None
    is_night: bool | None


def looked_at(
    connection: sqlite3.Connection, deployments: Collection[int], *, since: date | None, until: date | None
) -> Iterator[LookedAt]:
    """One by one, of these deployments and of these days of theirs."""
    rows = connection.execute(_LOOKED, (json.dumps(list(deployments)),))
    for row in rows:
        day = station_day(datetime.fromisoformat(row["start"]), standard_zone(row["utc_offset_minutes"]))
        if (since or day) <= day <= (until or day):
            yield LookedAt(
                machine=_said(row["machine"]),
                person=_said(row["standing"]) if row["is_verified"] else None,
                is_night=None if row["is_night"] is None else bool(row["is_night"]),
            )


def _said(text: str | None) -> Mapping[str, int]:
    return {} if text is None else json.loads(text)
