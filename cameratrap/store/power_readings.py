"""What the battery's gauge said, each time it was read, and what the trap gave up for it.

The newest row is also the state that a trap goes on with after it was off.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from cameratrap.domain.effort import Span, day_span
from cameratrap.domain.events import station_day
from cameratrap.domain.saving import Saving
from cameratrap.ports import PowerReading


@dataclass(frozen=True, slots=True)
class KeptReading:
    """One look at the gauge: ``at`` by the wall clock, ``monotonic_s`` by that of the boot.

    ``trouble`` says why it has no voltage, or no load; "" where the gauge told all. ``owes_message``: the last level
    was reached, and its day had not been told for it.
    """

    at: datetime
    boot_id: str
    monotonic_s: float
    reading: PowerReading
    saving: Saving
    trouble: str = ""
    owes_message: bool = False


@dataclass(frozen=True, slots=True)
class DayPower:
    """A day's battery: its last voltage, the lowest and highest temperature, and whether a look saw no voltage."""

    battery_v: float | None
    temperature_min_c: float | None
    temperature_max_c: float | None
    failed: bool


def create_power_readings(connection: sqlite3.Connection) -> None:
    """A migration step: the table of this module."""
    connection.execute(
        """CREATE TABLE power_readings (
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            boot_id TEXT NOT NULL,
            monotonic_s REAL NOT NULL,
            battery_v REAL,
            temperature_c REAL,
            temperature_from TEXT NOT NULL,
            load_w REAL,
            saving INTEGER NOT NULL,
            trouble TEXT NOT NULL,
            owes_message INTEGER NOT NULL
        ) STRICT"""
    )
    connection.execute("CREATE INDEX power_readings_by_time ON power_readings (at)")


def keep(connection: sqlite3.Connection, kept: KeptReading) -> None:
    """Store a look at the gauge, within the caller's transaction."""
    reading = kept.reading
    connection.execute(
        "INSERT INTO power_readings (at, boot_id, monotonic_s, battery_v, temperature_c, temperature_from, load_w,"
        " saving, trouble, owes_message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            kept.at.isoformat(),
            kept.boot_id,
            kept.monotonic_s,
            reading.battery_v,
            reading.temperature_c,
            reading.temperature_from,
            reading.load_w,
            int(kept.saving),
            kept.trouble,
            kept.owes_message,
        ),
    )


def newest(connection: sqlite3.Connection) -> KeptReading | None:
    """The look that was made last, whatever the clock showed then."""
    row = connection.execute("SELECT * FROM power_readings ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else _kept(row)


def day_power(connection: sqlite3.Connection, day: date, zone: timezone) -> DayPower | None:
    """What a station's day says of its battery; None where the gauge was not read on it."""
    kept = _within(connection, day_span(day, zone))
    if not kept:
        return None
    volts = [each.reading.battery_v for each in kept if each.reading.battery_v is not None]
    degrees = [each.reading.temperature_c for each in kept if each.reading.temperature_c is not None]
    return DayPower(
        volts[-1] if volts else None,
        min(degrees, default=None),
        max(degrees, default=None),
        any(each.reading.battery_v is None for each in kept),
    )


def coldest(connection: sqlite3.Connection, span: Span) -> float | None:
    """The lowest temperature that was read within a span; None where none was."""
    degrees = [each.reading.temperature_c for each in _within(connection, span)]
    return min((each for each in degrees if each is not None), default=None)


def _within(connection: sqlite3.Connection, span: Span) -> list[KeptReading]:
    """The looks within a span, in the order they were made."""
    day = timedelta(days=1)  # whatever the offset the times are written with
    near = ((span.start - day).isoformat(), (span.end + day).isoformat())
    rows = connection.execute("SELECT * FROM power_readings WHERE at BETWEEN ? AND ? ORDER BY id", near)
    return [each for each in map(_kept, rows) if span.start <= each.at < span.end]


def days_without_pictures(connection: sqlite3.Connection, zone: timezone) -> set[date]:
    """The days on which the battery was seen to allow no pictures: the trap was on, and only counted."""
    rows = connection.execute("SELECT at FROM power_readings WHERE saving >= ?", (int(Saving.PICTURES),))
    return {station_day(datetime.fromisoformat(row["at"]), zone) for row in rows}


def _kept(row: sqlite3.Row) -> KeptReading:
    return KeptReading(
        datetime.fromisoformat(row["at"]),
        row["boot_id"],
        row["monotonic_s"],
        PowerReading(row["battery_v"], row["temperature_c"], row["load_w"], row["temperature_from"]),
        Saving(row["saving"]),
        row["trouble"],
        bool(row["owes_message"]),
    )
