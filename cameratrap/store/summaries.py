"""Which days have been told, under which numbers, and the messages of them that nobody has tried to send yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from cameratrap.store.connection import transaction
from cameratrap.store.outbox import enqueue

_UNTOUCHED = "kind = 'summary' AND state = 'queued' AND attempts = 0"


def sequences(connection: sqlite3.Connection) -> dict[date, int]:
    """The newest number that each day was told under."""
    rows = connection.execute("SELECT day, MAX(sequence) AS sequence FROM summaries GROUP BY day")
    return {date.fromisoformat(row["day"]): int(row["sequence"]) for row in rows}


def is_told(connection: sqlite3.Connection, day: date) -> bool:
    """Whether the day has a number."""
    return connection.execute("SELECT 1 FROM summaries WHERE day = ?", (day.isoformat(),)).fetchone() is not None


def tell_day(
    connection: sqlite3.Connection, day: date, sequence: int, messages: Sequence[bytes], now: datetime
) -> None:
    """Store a day's number and its messages, together: a number without a message would look like a lost one."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO summaries (sequence, day, closed_at) VALUES (?, ?, ?)",
            (sequence, day.isoformat(), now.isoformat()),
        )
        _enqueue(connection, day, sequence, messages, now)


def untouched(connection: sqlite3.Connection) -> Mapping[int, list[bytes]]:
    """The summaries of which no part has been tried yet: number -> its parts' payloads in order."""
    rows = connection.execute(
        f"SELECT sequence, payload FROM outbox o WHERE {_UNTOUCHED} AND NOT EXISTS"
        " (SELECT 1 FROM outbox p WHERE p.kind = o.kind AND p.sequence = o.sequence AND p.attempts > 0)"
        " ORDER BY sequence, part"
    )
    found: dict[int, list[bytes]] = {}
    for row in rows:
        found.setdefault(int(row["sequence"]), []).append(bytes(row["payload"]))
    return found


def all_summaries(connection: sqlite3.Connection) -> list[list[bytes]]:
    """The messages of every summary, sent or not, by number; each as its parts' payloads in order."""
    rows = connection.execute("SELECT sequence, payload FROM outbox WHERE kind = 'summary' ORDER BY sequence, part")
    found: dict[int, list[bytes]] = {}
    for row in rows:
        found.setdefault(int(row["sequence"]), []).append(bytes(row["payload"]))
    return list(found.values())


def tell_day_anew(
    connection: sqlite3.Connection, day: date, sequence: int, messages: Sequence[bytes], now: datetime
) -> bool:
    """Replace a summary's messages, unless an attempt to send one has begun meanwhile: then False, and no change."""
    with transaction(connection):
        if sequence not in untouched(connection):
            return False
        connection.execute(f"DELETE FROM outbox WHERE sequence = ? AND {_UNTOUCHED}", (sequence,))
        _enqueue(connection, day, sequence, messages, now)
    return True


def _enqueue(
    connection: sqlite3.Connection, day: date, sequence: int, messages: Sequence[bytes], now: datetime
) -> None:
    for part, payload in enumerate(messages, start=1):
        enqueue(connection, day=day, sequence=sequence, part=part, payload=payload, now=now)
