"""Corrections of a clock that was wrong: every time of the rows concerned is moved, and what it was is kept.

The rows themselves carry the corrected times, so that every reader sees them; ``clock_originals`` has each time as it
was written, for `media.csv` and for taking the correction back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from cameratrap.domain.events import station_day
from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import StoreError
from cameratrap.store.connection import transaction
from cameratrap.store.row_cuts import CUT, cut_out, join_again
from cameratrap.store.timed_rows import TIMES, RowTimes

_QUALIFIED = ("bursts", "armed", "suppressed")  # these say how far their clock could be trusted
_BY_NETWORK = "network time"  # how the reason of a correction begins that the trap makes by itself


@dataclass(frozen=True, slots=True)
class ClockShift:
    """One correction: what was added to the times of ``rows`` rows, from and to which of their first times."""

    number: int
    made_at: datetime
    offset: timedelta
    why: str
    rows: int
    undone_at: datetime | None


def create_clock_shifts(connection: sqlite3.Connection) -> None:
    """A migration step: the tables of this module, and what rows lacked to be told apart by boot and clock."""
    for statement in (
        """CREATE TABLE clock_shifts (
            id INTEGER PRIMARY KEY,
            made_at TEXT NOT NULL,
            offset_s REAL NOT NULL,
            why TEXT NOT NULL,
            undone_at TEXT
        ) STRICT""",
        """CREATE TABLE clock_originals (
            shift INTEGER NOT NULL REFERENCES clock_shifts (id),
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            field TEXT NOT NULL,
            was TEXT,
            PRIMARY KEY (shift, kind, key, field)
        ) STRICT, WITHOUT ROWID""",
        # Closed days are to be told anew after a correction; a power cut between the two must not forget it.
        "CREATE TABLE clock_untold (shift INTEGER PRIMARY KEY REFERENCES clock_shifts (id)) STRICT",
        "ALTER TABLE armed ADD COLUMN clock TEXT",
        "ALTER TABLE clock_readings ADD COLUMN boot_id TEXT",
        "ALTER TABLE clock_readings ADD COLUMN monotonic_s REAL",
        "ALTER TABLE clock_readings ADD COLUMN used INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE suppressed RENAME TO suppressed_before",
        """CREATE TABLE suppressed (
            id INTEGER PRIMARY KEY,
            hour TEXT NOT NULL,
            boot_id TEXT NOT NULL,
            reason TEXT NOT NULL,
            triggers INTEGER NOT NULL,
            clock TEXT,
            corrected INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        # An hour that was moved onto another one stays a row of its own, so that it can be moved back.
        "CREATE UNIQUE INDEX suppressed_by_hour ON suppressed (hour, boot_id, reason) WHERE NOT corrected",
        "INSERT INTO suppressed (hour, boot_id, reason, triggers) SELECT * FROM suppressed_before",
        "DROP TABLE suppressed_before",
    ):
        connection.execute(statement)


def shift(connection: sqlite3.Connection, rows: Iterable[RowTimes], offset: timedelta, why: str, now: datetime) -> int:
    """Move the times of ``rows`` by ``offset``, all or none; returns the correction's number.

    A row of which only a part moves is cut in two or three. What had no clock to be trusted counts as right
    afterwards. Raises StoreError.
    """
    with transaction(connection):
        cursor = connection.execute(
            "INSERT INTO clock_shifts (made_at, offset_s, why) VALUES (?, ?, ?)",
            (now.isoformat(), offset.total_seconds(), why),
        )
        number = int(cursor.lastrowid or 0)
        for each in rows:
            row = cut_out(connection, number, each) if each.is_part else each
            for field, time in zip(TIMES[row.kind], row.times, strict=True):
                _change(connection, number, row, field, (time + offset).isoformat())
            if row.kind in _QUALIFIED:
                _change(connection, number, row, "clock", ClockQuality.OK.value)
            if row.kind == "suppressed":
                _change(connection, number, row, "corrected", "1")
        connection.execute("INSERT INTO clock_untold (shift) VALUES (?)", (number,))
    return number


def _change(connection: sqlite3.Connection, number: int, row: RowTimes, field: str, value: str) -> None:
    connection.execute(
        f"INSERT OR IGNORE INTO clock_originals SELECT ?, ?, ?, ?, {field} FROM {row.kind} WHERE id = ?",
        (number, row.kind, row.key, field, row.key),
    )
    connection.execute(f"UPDATE {row.kind} SET {field} = ? WHERE id = ?", (value, row.key))


def undo(connection: sqlite3.Connection, number: int, now: datetime) -> int:
    """Give every row of a correction the times back that it had; returns how many values that were.

    Raises StoreError where there is no such correction, it is undone already, or a later one moved the same rows.
    """
    with transaction(connection):
        check_undoable(connection, number)
        join_again(connection, number)
        originals = connection.execute(
            "SELECT * FROM clock_originals WHERE shift = ? AND field <> ?", (number, CUT)
        ).fetchall()
        for each in originals:
            connection.execute(
                f"UPDATE {each['kind']} SET {each['field']} = ? WHERE id = ?", (each["was"], each["key"])
            )
        connection.execute("UPDATE clock_shifts SET undone_at = ? WHERE id = ?", (now.isoformat(), number))
        connection.execute("INSERT OR IGNORE INTO clock_untold (shift) VALUES (?)", (number,))
    return len(originals)


def check_undoable(connection: sqlite3.Connection, number: int) -> None:
    """Raises StoreError as ``undo`` would."""
    row = connection.execute("SELECT undone_at FROM clock_shifts WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise StoreError(f"there is no correction {number}", hint="`cameratrap clock show` lists them")
    if row["undone_at"] is not None:
        raise StoreError(
            f"correction {number} was undone already, at {row['undone_at']}",
            hint="`cameratrap clock show` lists them",
        )
    later = connection.execute(
        "SELECT MAX(l.shift) FROM clock_originals l JOIN clock_shifts s ON s.id = l.shift AND s.undone_at IS NULL"
        " JOIN clock_originals o ON (o.kind, o.key) = (l.kind, l.key)"
        " WHERE o.shift = ? AND l.shift > ?",
        (number, number),
    ).fetchone()[0]
    if later is not None:
        why = f"correction {later} moved some of the same rows afterwards"
        raise StoreError(f"correction {number} cannot be undone yet", why=why, hint=f"undo {later} first")


def shifts(connection: sqlite3.Connection) -> list[ClockShift]:
    """Every correction, oldest first."""
    rows = connection.execute(
        "SELECT s.*, (SELECT COUNT(DISTINCT kind || key) FROM clock_originals WHERE shift = s.id) AS rows"
        " FROM clock_shifts s ORDER BY id"
    )
    return [
        ClockShift(
            row["id"],
            datetime.fromisoformat(row["made_at"]),
            timedelta(seconds=row["offset_s"]),
            row["why"],
            row["rows"],
            None if row["undone_at"] is None else datetime.fromisoformat(row["undone_at"]),
        )
        for row in rows
    ]


def refused_rows(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Kind and key of what the trap has corrected by itself and somebody has taken back since."""
    rows = connection.execute(
        "SELECT DISTINCT o.kind, o.key FROM clock_originals o JOIN clock_shifts s ON s.id = o.shift"
        " WHERE s.undone_at IS NOT NULL AND s.why LIKE ? || '%'",
        (_BY_NETWORK,),
    )
    return {(row["kind"], row["key"]) for row in rows}


def by_network_reason(era: str) -> str:
    """Why the times of ``era`` are moved where comparisons with the network's time say so."""
    return f"{_BY_NETWORK}, era {era}"


def originals(connection: sqlite3.Connection, kind: str, field: str, keys: Collection[int]) -> Mapping[str, str]:
    """Row -> the time that was first written, of those of ``keys`` that a correction moved and that are still moved."""
    rows = connection.execute(
        "SELECT o.key, o.was FROM clock_originals o JOIN clock_shifts s ON s.id = o.shift AND s.undone_at IS NULL"
        " WHERE o.kind = ? AND o.field = ? AND o.key IN (SELECT CAST(value AS TEXT) FROM json_each(?))"
        " ORDER BY o.shift DESC",
        (kind, field, json.dumps(list(keys))),
    )
    return {str(row["key"]): str(row["was"]) for row in rows}


def has_untold(connection: sqlite3.Connection) -> bool:
    """Whether rows were moved and no closing of days has seen it yet."""
    return connection.execute("SELECT 1 FROM clock_untold").fetchone() is not None


def mark_told(connection: sqlite3.Connection) -> None:
    """A closing of days has seen every correction."""
    with transaction(connection):
        connection.execute("DELETE FROM clock_untold")


def days_left(connection: sqlite3.Connection, zone: timezone) -> set[date]:
    """The days that corrections, or taking them back, took anything away from."""
    rows = connection.execute(
        "SELECT o.was, s.offset_s, s.undone_at FROM clock_originals o JOIN clock_shifts s ON s.id = o.shift"
        " WHERE o.field NOT IN ('clock', 'corrected', 'cut', 'end_monotonic_s')"
    )
    found = set()
    for row in rows:
        back = timedelta(seconds=row["offset_s"]) if row["undone_at"] else timedelta(0)
        found.add(station_day(datetime.fromisoformat(row["was"]) + back, zone))
    return found


def untimed_bursts(connection: sqlite3.Connection) -> set[str]:
    """The bursts of which the time is not known: their clock was not set, and nothing has corrected it yet."""
    return {str(row["id"]) for row in connection.execute("SELECT id FROM bursts WHERE clock = 'unset'")}


def waiting_days(connection: sqlite3.Connection, zone: timezone) -> set[date]:
    """The days that a clock tells which was not set: nothing of them is so, until it is corrected."""
    rows = connection.execute(
        "SELECT started_at AS at FROM bursts WHERE clock = 'unset' UNION SELECT start FROM armed WHERE clock = 'unset'"
        " UNION SELECT end FROM armed WHERE clock = 'unset' UNION SELECT hour FROM suppressed WHERE clock = 'unset'"
    )
    return {station_day(datetime.fromisoformat(row["at"]), zone) for row in rows}
