"""The incidents of watched taxa: each is told once, or kept from being told, and that is remembered with the reason."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.alerts import Incident
from cameratrap.domain.credits import credits_for
from cameratrap.store.connection import transaction
from cameratrap.store.outbox import ALERT, enqueue


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident with the number of its alert, None where ``reason`` kept it from being told; ``cost`` in credits."""

    incident: Incident
    sequence: int | None
    reason: str
    cost: int


def create_alerts(connection: sqlite3.Connection) -> None:
    """The table; a migration of the card's database."""
    connection.execute(
        """CREATE TABLE alerts (
            id INTEGER PRIMARY KEY,
            sequence INTEGER UNIQUE,
            watched TEXT NOT NULL,
            start TEXT NOT NULL,
            end TEXT NOT NULL,
            taxon TEXT NOT NULL,
            individuals INTEGER NOT NULL,
            score REAL,
            reason TEXT NOT NULL DEFAULT '',
            cost INTEGER NOT NULL DEFAULT 0,
            UNIQUE (watched, start)
        ) STRICT"""
    )


def stored_incidents(connection: sqlite3.Connection) -> list[StoredIncident]:
    """All of them, in the order they were found."""
    return [_stored(row) for row in connection.execute("SELECT * FROM alerts ORDER BY id")]


def next_alert(connection: sqlite3.Connection) -> int:
    """The number of the next alert."""
    return int(connection.execute("SELECT COALESCE(MAX(sequence), 0) + 1 FROM alerts").fetchone()[0])


def raise_alert(
    connection: sqlite3.Connection, incident: Incident, sequence: int, payload: bytes, now: datetime
) -> None:
    """Store an incident and its message together. Raises sqlite3's error where it is stored already."""
    with transaction(connection):
        _insert(connection, incident, sequence, "", credits_for(len(payload)))
        enqueue(connection, day=None, sequence=sequence, part=1, payload=payload, now=now, kind=ALERT)


def suppress_alert(connection: sqlite3.Connection, incident: Incident, reason: str) -> None:
    """Store an incident that is not told."""
    with transaction(connection):
        _insert(connection, incident, None, reason, 0)


def prolong(connection: sqlite3.Connection, stored: Incident, seen: Incident) -> None:
    """Let a stored incident last as long as has been seen now; what was told of it is not told again."""
    with transaction(connection):
        connection.execute(
            "UPDATE alerts SET end = ? WHERE watched = ? AND start = ?",
            (max(stored.end, seen.end).isoformat(), stored.watched, stored.start.isoformat()),
        )


def _insert(connection: sqlite3.Connection, incident: Incident, sequence: int | None, reason: str, cost: int) -> None:
    connection.execute(
        "INSERT INTO alerts (sequence, watched, start, end, taxon, individuals, score, reason, cost)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            sequence,
            incident.watched,
            incident.start.isoformat(),
            incident.end.isoformat(),
            incident.taxon,
            incident.individuals,
            incident.score,
            reason,
            cost,
        ),
    )


def _stored(row: sqlite3.Row) -> StoredIncident:
    incident = Incident(
        row["watched"],
        datetime.fromisoformat(row["start"]),
        datetime.fromisoformat(row["end"]),
        row["taxon"],
        row["individuals"],
        row["score"],
    )
    return StoredIncident(incident, row["sequence"], row["reason"], row["cost"])
