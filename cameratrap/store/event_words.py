"""Every word that was ever said of an event, whoever said it, and which models have looked at it."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cameratrap.store.event_summaries import Shown


@dataclass(frozen=True, slots=True)
class Told:
    """One word on a sequence of the event: who said what when, and whether it stands or was undone."""

    sequence: str
    method: str
    by: str
    at: datetime
    seen: tuple[Shown, ...]
    kind: str
    stands: bool
    undone: bool


def with_machine(connection: sqlite3.Connection, events: Collection[int]) -> set[int]:
    """Which of these events a model has looked at, whatever it said."""
    rows = connection.execute(
        "SELECT DISTINCT event FROM sequences WHERE machine IS NOT NULL AND event IN (SELECT value FROM json_each(?))",
        (json.dumps(list(events)),),
    )
    return {row["event"] for row in rows}


def machine_names(connection: sqlite3.Connection, event: int) -> list[str]:
    """Which models have said what stands beside a person's word."""
    rows = connection.execute(
        "SELECT DISTINCT w.classified_by FROM sequences s JOIN words w ON w.id = s.machine WHERE s.event = ?"
        " ORDER BY w.classified_by",
        (event,),
    )
    return [row["classified_by"] for row in rows]


def history(connection: sqlite3.Connection, event: int, *, most: int = 100) -> list[Told]:
    """The words on its sequences, newest first, also those that no longer stand."""
    rows = connection.execute(
        """SELECT w.*, s.sequence AS name, s.standing = w.id AS stands, a.kind, COALESCE((
            SELECT u.undone FROM undos u WHERE u.action = w.action ORDER BY u.id DESC LIMIT 1), 0) AS undone
        FROM sequences s JOIN words w ON w.sequence = s.id LEFT JOIN actions a ON a.id = w.action
        WHERE s.event = ? ORDER BY w.id DESC LIMIT ?""",
        (event, most),
    ).fetchall()
    seen = _observations(connection, [row["id"] for row in rows])
    return [
        Told(
            row["name"],
            row["method"],
            row["classified_by"],
            datetime.fromisoformat(row["classified_at"]),
            tuple(seen.get(row["id"], ())),
            row["kind"] or "",
            bool(row["stands"]),
            bool(row["undone"]),
        )
        for row in rows
    ]


def _observations(connection: sqlite3.Connection, words: Collection[int]) -> dict[int, list[Shown]]:
    found: dict[int, list[Shown]] = defaultdict(list)
    for row in connection.execute(
        "SELECT * FROM observations WHERE word IN (SELECT value FROM json_each(?)) ORDER BY taxon",
        (json.dumps(list(words)),),
    ):
        found[row["word"]].append(Shown(row["taxon"], row["count"], row["score"]))
    return found
