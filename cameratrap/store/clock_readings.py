"""What the trap's clock was found to show, each time it was compared with another one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.summaries import ClockQuality
from cameratrap.store.connection import transaction


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One comparison.

    ``at`` is what the trap's clock showed, ``offset_s`` how many seconds that was ahead of ``source``. ``corrected``
    is whether the clock was then set; the offset tells what its earlier times were wrong by. ``boot_id`` and
    ``monotonic_s`` say when in which boot it was made, so that all times of that boot follow; None in an old card.
    """

    at: datetime
    offset_s: float
    quality: ClockQuality
    source: str
    corrected: bool = False
    boot_id: str | None = None
    monotonic_s: float | None = None


def create_clock_readings(connection: sqlite3.Connection) -> None:
    """The table; a migration of the card's database. Times are ISO 8601 with offset."""
    connection.execute(
        """CREATE TABLE clock_readings (
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            offset_s REAL NOT NULL,
            quality TEXT NOT NULL,
            source TEXT NOT NULL,
            corrected INTEGER NOT NULL DEFAULT 0
        ) STRICT"""
    )


def add_reading(connection: sqlite3.Connection, reading: ClockReading) -> int:
    """Store a comparison, durable when this returns; its number, for ``mark_corrected``."""
    with transaction(connection):
        cursor = connection.execute(
            "INSERT INTO clock_readings (at, offset_s, quality, source, corrected, boot_id, monotonic_s)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                reading.at.isoformat(),
                reading.offset_s,
                reading.quality.value,
                reading.source,
                reading.corrected,
                reading.boot_id,
                reading.monotonic_s,
            ),
        )
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT always has one
    return cursor.lastrowid


def mark_corrected(connection: sqlite3.Connection, number: int) -> None:
    """Note that the clock was set by what a reading found."""
    with transaction(connection):
        connection.execute("UPDATE clock_readings SET corrected = 1 WHERE id = ?", (number,))


def newest_reading(connection: sqlite3.Connection) -> ClockReading | None:
    """The comparison made last, whatever the clock showed then."""
    row = connection.execute("SELECT * FROM clock_readings ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else _reading(row)


def readings(connection: sqlite3.Connection) -> list[ClockReading]:
    """Every comparison, in the order they were made."""
    return [_reading(row) for row in connection.execute("SELECT * FROM clock_readings ORDER BY id")]


def has_unused(connection: sqlite3.Connection) -> bool:
    """Whether a comparison was made since the card's times were last corrected by them."""
    return connection.execute("SELECT 1 FROM clock_readings WHERE NOT used").fetchone() is not None


def mark_used(connection: sqlite3.Connection) -> None:
    """The card's times were corrected by every comparison."""
    with transaction(connection):
        connection.execute("UPDATE clock_readings SET used = 1")


def _reading(row: sqlite3.Row) -> ClockReading:
    return ClockReading(
        at=datetime.fromisoformat(row["at"]),
        offset_s=row["offset_s"],
        quality=ClockQuality(row["quality"]),
        source=row["source"],
        corrected=bool(row["corrected"]),
        boot_id=row["boot_id"],
        monotonic_s=row["monotonic_s"],
    )
