"""Events as a gallery shows them: what stands, what the newest model said, and who said what stands."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cameratrap.domain.events import TriggerCause, standard_zone
from cameratrap.domain.selection import State

_THESE = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Shown:
    """A taxon that an event shows, the most at once in any of its sequences, and the best score a model gave it."""

    taxon: str
    count: int
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Who said the newest word of a person that stands in an event, and when."""

    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One event as a gallery shows it. Times are in the station's standard time.

    ``shown`` is what stands, by taxon; ``machine`` what the newest model said, whatever stands. ``cover`` is the number
    of its first picture. ``is_night`` is None where nobody knows.
    """

    number: int
    deployment: str
    station: str
    cause: TriggerCause
    start: datetime
    end: datetime
    is_night: bool | None
    sequences: int
    media: int
    cover: int | None
    shown: tuple[Shown, ...]
    machine: tuple[Shown, ...]
    score: float | None
    state: State
    is_blank: bool
    is_flagged: bool
    said: Said | None


def summaries(connection: sqlite3.Connection, events: Collection[int]) -> list[EventSummary]:
    """These events as they are now, in the order given; one that is not there any more is left out."""
    asked = (json.dumps(list(events)),)
    standing = _shown(
        connection.execute(f"SELECT event, taxon, count, NULL AS score FROM event_taxa WHERE event {_THESE}", asked)
    )
    machine = _shown(
        connection.execute(
            f"""SELECT s.event, o.taxon, MAX(o.count) AS count, MAX(o.score) AS score FROM sequences s
            JOIN observations o ON o.word = s.machine WHERE s.event {_THESE} GROUP BY s.event, o.taxon""",
            asked,
        )
    )
    said = _said(connection, asked)
    rows = connection.execute(
        f"""SELECT e.*, d.deployment AS name, d.station, d.utc_offset_minutes FROM events e
        JOIN deployments d ON d.id = e.deployment WHERE e.id {_THESE}""",
        asked,
    )
    found = {
        row["id"]: _summary(row, standing.get(row["id"], ()), machine.get(row["id"], ()), said.get(row["id"]))
        for row in rows
    }
    return [found[event] for event in events if event in found]


def _shown(rows: Iterable[sqlite3.Row]) -> dict[int, tuple[Shown, ...]]:
    found: defaultdict[int, list[Shown]] = defaultdict(list)
    for row in rows:
        found[row["event"]].append(Shown(row["taxon"], row["count"], row["score"]))
    return {event: tuple(sorted(each, key=lambda shown: shown.taxon)) for event, each in found.items()}


def _said(connection: sqlite3.Connection, asked: tuple[str]) -> dict[int, Said]:
    rows = connection.execute(
        f"""SELECT s.event, w.classified_by, w.classified_at, MAX(w.id) FROM sequences s
        JOIN words w ON w.id = s.standing WHERE s.event {_THESE} AND w.method = 'human' GROUP BY s.event""",
        asked,
    )
    return {row["event"]: Said(row["classified_by"], datetime.fromisoformat(row["classified_at"])) for row in rows}


def _summary(row: sqlite3.Row, shown: tuple[Shown, ...], machine: tuple[Shown, ...], said: Said | None) -> EventSummary:
    zone = standard_zone(row["utc_offset_minutes"])
    start = datetime.fromisoformat(row["start"]).astimezone(zone)
    state: State = row["state"]
    return EventSummary(
        number=row["id"],
        deployment=row["name"],
        station=row["station"],
        cause=TriggerCause(row["cause"]),
        start=start,
        end=start + timedelta(seconds=row["end_s"] - row["start_s"]),
        is_night=None if row["is_night"] is None else bool(row["is_night"]),
        sequences=row["sequences"],
        media=row["media"],
        cover=row["cover"],
        shown=shown,
        machine=machine,
        score=row["score"],
        state=state,
        is_blank=bool(row["is_blank"]),
        is_flagged=bool(row["flagged"]),
        said=said,
    )
