"""The receiver's log of commands: each with its number, taken for good before anything is sealed under it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from cameratrap.domain.commands import Command, Order
from cameratrap.store.connection import transaction


@dataclass(frozen=True, slots=True)
class SentCommand:
    """One command. ``posted_at`` is when a gateway took it, as ``gateway_id``; ``detail`` why it did not."""

    station: str
    number: int
    command: str
    expires: date | None
    payload: bytes = field(repr=False)
    made_at: datetime
    posted_at: datetime | None = None
    gateway_id: str = ""
    detail: str = ""


def create_sent_commands(connection: sqlite3.Connection) -> None:
    """A migration of the inbox. Times are ISO 8601 with offset."""
    connection.execute(
        """CREATE TABLE sent_commands (
            fingerprint TEXT NOT NULL,
            number INTEGER NOT NULL,
            station TEXT NOT NULL,
            command TEXT NOT NULL,
            expires TEXT,
            payload BLOB NOT NULL,
            made_at TEXT NOT NULL,
            posted_at TEXT,
            gateway_id TEXT NOT NULL DEFAULT '',
            detail TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (fingerprint, number)
        ) STRICT"""
    )


def next_number(connection: sqlite3.Connection, fingerprint: str, reported: int = 0) -> int:
    """The number after all that were given with this key, and after ``reported``, the highest the trap has answered:
    a log that was restored from a copy knows less than the trap.
    """
    row = connection.execute("SELECT MAX(number) FROM sent_commands WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return max(int(row[0] or 0), reported) + 1


def make_command(
    connection: sqlite3.Connection,
    station: str,
    fingerprint: str,
    command: Command,
    expires: date | None,
    now: datetime,
    *,
    reported: int,
    seal: Callable[[Order], bytes],
) -> SentCommand:
    """Number a command, seal it and log it: durable when this returns. Raises StoreError, CommandRangeError."""
    with transaction(connection):
        order = Order(next_number(connection, fingerprint, reported), command, expires)
        sent = SentCommand(station, order.number, str(command), expires, seal(order), now)
        connection.execute(
            "INSERT INTO sent_commands (fingerprint, number, station, command, expires, payload, made_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(fingerprint, sent.number, station, sent.command),
                *(expires and expires.isoformat(), sent.payload, now.isoformat()),
            ),
        )
    return sent


def note_posted(
    connection: sqlite3.Connection, payload: bytes, *, posted_at: datetime | None, gateway_id: str = "", detail: str
) -> None:
    """Write down what the gateway said. Raises StoreError."""
    with transaction(connection):
        connection.execute(
            "UPDATE sent_commands SET posted_at = ?, gateway_id = ?, detail = ? WHERE payload = ?",
            (posted_at and posted_at.isoformat(), gateway_id, detail, payload),
        )


def sent_commands(connection: sqlite3.Connection, station: str) -> list[SentCommand]:
    """A station's commands, in the order in which they were made."""
    rows = connection.execute("SELECT * FROM sent_commands WHERE station = ? ORDER BY made_at, number", (station,))
    return [
        SentCommand(
            station=row["station"],
            number=row["number"],
            command=row["command"],
            expires=date.fromisoformat(row["expires"]) if row["expires"] else None,
            payload=bytes(row["payload"]),
            made_at=datetime.fromisoformat(row["made_at"]),
            posted_at=datetime.fromisoformat(row["posted_at"]) if row["posted_at"] else None,
            gateway_id=row["gateway_id"],
            detail=row["detail"],
        )
        for row in rows
    ]
