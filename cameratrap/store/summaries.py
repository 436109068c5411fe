"""Which days are closed, under which numbers, which messages tell them, and what each says of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cameratrap.store.commands import PendingReport, mark_reported
from cameratrap.store.connection import transaction
from cameratrap.store.outbox import enqueue

_UNTOUCHED = "kind = 'summary' AND state = 'queued' AND attempts = 0"


class TellingState(StrEnum):
    """What became of the messages that tell a day: all of them sent, or not all yet, or one never will be."""

    SENT = "sent"
    QUEUED = "queued"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Telling:
    """That the messages of summary ``sequence`` tell ``day``, and what they say of it.

    ``says`` is ``app.telling.words_of``, "" where it is not known (an old card); ``whole`` is False where taxa were
    merged.
    """

    sequence: int
    day: date
    says: str
    whole: bool = True
    state: TellingState = TellingState.QUEUED

    @property
    def stands(self) -> bool:
        """Whether the day reached the receiver so, or still may."""
        return self.state is not TellingState.GONE


@dataclass(frozen=True, slots=True)
class Composed:
    """A summary's messages, what they tell, and which answers to commands they carry."""

    messages: tuple[bytes, ...] = ()
    told: tuple[Telling, ...] = ()
    reports: tuple[PendingReport, ...] = ()


def create_tellings(connection: sqlite3.Connection) -> None:
    """The table; a migration of the card's database. What an old card's messages say is not known."""
    connection.execute(
        """CREATE TABLE tellings (
            sequence INTEGER NOT NULL,
            day TEXT NOT NULL,
            says TEXT NOT NULL,
            whole INTEGER NOT NULL,
            PRIMARY KEY (sequence, day)
        ) STRICT"""
    )
    connection.execute("INSERT INTO tellings SELECT sequence, day, '', 0 FROM summaries")


def sequences(connection: sqlite3.Connection) -> dict[date, int]:
    """The newest number that each day was closed under."""
    rows = connection.execute("SELECT day, MAX(sequence) AS sequence FROM summaries GROUP BY day")
    return {date.fromisoformat(row["day"]): int(row["sequence"]) for row in rows}


def is_closed(connection: sqlite3.Connection, day: date) -> bool:
    """Whether the day has a number."""
    return connection.execute("SELECT 1 FROM summaries WHERE day = ?", (day.isoformat(),)).fetchone() is not None


def tellings(connection: sqlite3.Connection) -> list[Telling]:
    """Which message tells which day, by number of the message, each with what became of the message."""
    rows = connection.execute(
        "SELECT t.*, COALESCE(SUM(o.state IN ('failed', 'superseded')), 0) AS gone,"
        " COALESCE(SUM(o.state = 'queued'), 0) AS queued FROM tellings t"
        " LEFT JOIN outbox o ON o.kind = 'summary' AND o.sequence = t.sequence"
        " GROUP BY t.sequence, t.day ORDER BY t.sequence, t.day DESC"
    )
    return [
        Telling(row["sequence"], date.fromisoformat(row["day"]), row["says"], bool(row["whole"]), _state(row))
        for row in rows
    ]


def _state(row: sqlite3.Row) -> TellingState:
    if row["gone"]:
        return TellingState.GONE
    return TellingState.QUEUED if row["queued"] else TellingState.SENT


def close(connection: sqlite3.Connection, day: date, sequence: int, composed: Composed, now: datetime) -> None:
    """Store a day's number with its messages, together. A day without messages is left for those of other days."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO summaries (sequence, day, closed_at) VALUES (?, ?, ?)",
            (sequence, day.isoformat(), now.isoformat()),
        )
        _enqueue(connection, day, sequence, composed, now)


def tell(connection: sqlite3.Connection, day: date, sequence: int, composed: Composed, now: datetime) -> None:
    """Store the messages of a day that is closed and has none of its own. Doing it again changes nothing."""
    with transaction(connection):
        if sequence not in spoken(connection):
            _enqueue(connection, day, sequence, composed, now)


def spoken(connection: sqlite3.Connection) -> Collection[int]:
    """The numbers of the summaries that have messages of their own."""
    return {int(row[0]) for row in connection.execute("SELECT sequence FROM outbox WHERE kind = 'summary'")}


def untouched(connection: sqlite3.Connection) -> list[int]:
    """The summaries of which no part has been tried yet, by number."""
    rows = connection.execute(
        f"SELECT DISTINCT sequence FROM outbox o WHERE {_UNTOUCHED} AND NOT EXISTS"
        " (SELECT 1 FROM outbox p WHERE p.kind = o.kind AND p.sequence = o.sequence AND p.attempts > 0)"
        " ORDER BY sequence"
    )
    return [int(row["sequence"]) for row in rows]


def withdraw_tried(connection: sqlite3.Connection, sequences: Collection[int]) -> Collection[int]:
    """Take those of the summaries out of the outbox of which a part has been tried; returns them.

    What they tell counts as never told, so that it is told under another number.
    """
    with transaction(connection):
        tried = set(sequences) - set(untouched(connection))
        connection.executemany(
            "UPDATE outbox SET state = 'superseded', next_attempt_at = NULL"
            " WHERE kind = 'summary' AND state = 'queued' AND sequence = ?",
            [(sequence,) for sequence in tried],
        )
    return tried


def tell_anew(connection: sqlite3.Connection, day: date, sequence: int, composed: Composed, now: datetime) -> bool:
    """Replace a summary's messages, unless an attempt to send one has begun meanwhile: then False, and no change."""
    with transaction(connection):
        if sequence not in untouched(connection):
            return False
        connection.execute(f"DELETE FROM outbox WHERE sequence = ? AND {_UNTOUCHED}", (sequence,))
        connection.execute("DELETE FROM tellings WHERE sequence = ?", (sequence,))
        _enqueue(connection, day, sequence, composed, now)
    return True


def _enqueue(connection: sqlite3.Connection, day: date, sequence: int, composed: Composed, now: datetime) -> None:
    for part, payload in enumerate(composed.messages, start=1):
        enqueue(connection, day=day, sequence=sequence, part=part, payload=payload, now=now)
    connection.executemany(
        "INSERT INTO tellings (sequence, day, says, whole) VALUES (?, ?, ?, ?)",
        [(sequence, each.day.isoformat(), each.says, each.whole) for each in composed.told],
    )
    mark_reported(connection, sequence, composed.reports)
