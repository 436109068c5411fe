"""What people have said of keys and messages at the receiver: who, when and why. Nothing is ever changed or removed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from cameratrap.store.connection import transaction


@dataclass(frozen=True, slots=True)
class Word:
    """Who said it, when, and why."""

    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Revocation:
    """From a counter on a key proves nothing any more, or from a moment on.

    ``key_id`` and ``epoch`` name the epoch that ``counter`` is of; all three are None where nothing is believed that
    comes after ``newest_message``, the inbox's newest at that time (0 for none), whatever its number.
    """

    station: str
    fingerprint: str
    key_id: int | None
    epoch: bytes | None
    counter: int | None
    newest_message: int
    word: Word


def create_trust(connection: sqlite3.Connection) -> None:
    """A migration of the inbox. Times are ISO 8601 with offset."""
    for statement in (
        """CREATE TABLE revocations (
            id INTEGER PRIMARY KEY,
            station TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            key_id INTEGER,
            epoch TEXT,
            counter INTEGER,
            newest_message INTEGER NOT NULL,
            said_by TEXT NOT NULL,
            said_at TEXT NOT NULL,
            why TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE acceptances (
            id INTEGER PRIMARY KEY,
            message INTEGER NOT NULL REFERENCES messages (id),
            said_by TEXT NOT NULL,
            said_at TEXT NOT NULL,
            why TEXT NOT NULL
        ) STRICT""",
    ):
        connection.execute(statement)


def revoke(connection: sqlite3.Connection, revocation: Revocation) -> None:
    """Write a revocation down. Raises StoreError."""
    each, word = revocation, revocation.word
    epoch = None if each.epoch is None else each.epoch.hex()
    with transaction(connection):
        connection.execute(
            "INSERT INTO revocations (station, fingerprint, key_id, epoch, counter, newest_message, said_by, said_at,"
            " why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(each.station, each.fingerprint, each.key_id, epoch, each.counter, each.newest_message),
                *(word.by, word.at.isoformat(), word.why),
            ),
        )


def revocations(connection: sqlite3.Connection) -> list[Revocation]:
    """Every revocation, the oldest first."""
    return [
        Revocation(
            station=row["station"],
            fingerprint=row["fingerprint"],
            key_id=row["key_id"],
            epoch=None if row["epoch"] is None else bytes.fromhex(row["epoch"]),
            counter=row["counter"],
            newest_message=row["newest_message"],
            word=Word(row["said_by"], datetime.fromisoformat(row["said_at"]), row["why"]),
        )
        for row in connection.execute("SELECT * FROM revocations ORDER BY id")
    ]


def accept(connection: sqlite3.Connection, message: int, word: Word) -> None:
    """Write down that somebody vouches for a message. Raises StoreError."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO acceptances (message, said_by, said_at, why) VALUES (?, ?, ?, ?)",
            (message, word.by, word.at.isoformat(), word.why),
        )


def accepted(connection: sqlite3.Connection) -> frozenset[int]:
    """The ids of the messages that somebody vouches for."""
    return frozenset(int(row["message"]) for row in connection.execute("SELECT message FROM acceptances"))
