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
    is whether the clock was then set; the offset tells what its earlier times were wrong by.
    """

    at: datetime
    offset_s: float
    quality: ClockQuality
    source: str
    corrected: bool = False


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
            "INSERT INTO clock_readings (at, offset_s, quality, source, corrected) VALUES (?, ?, ?, ?, ?)",
            (reading.at.isoformat(), reading.offset_s, reading.quality.value, reading.source, reading.corrected),
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
    if row is None:
        return None
    return ClockReading(
        at=datetime.fromisoformat(row["at"]),
        offset_s=row["offset_s"],
        quality=ClockQuality(row["quality"]),
        source=row["source"],
        corrected=bool(row["corrected"]),
    )
