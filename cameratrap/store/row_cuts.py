"""Cutting the row of a span of time, so that a part of it can be corrected alone; and joining it again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime

from cameratrap.store.timed_rows import RowTimes

CUT = "cut"  # the field of `clock_originals` that says: this row was cut off another one by the correction
# What tells, by each kind of span, the monotonic moment of its start and of its end.
SPANS = {"armed": ("start_monotonic_s", "end_monotonic_s"), "device_faults": ("monotonic_s", None)}


def cut_out(connection: sqlite3.Connection, number: int, part: RowTimes) -> RowTimes:
    """Cut a span's row so that ``part`` is a row of its own, which is returned; within the caller's transaction.

    The first part keeps the row. Correction ``number`` is what cuts: taking it back joins them again.
    """
    row = connection.execute(f"SELECT * FROM {part.kind} WHERE id = ?", (part.key,)).fetchone()
    start, end = part.times
    if end < datetime.fromisoformat(row["end"]):
        _cut(connection, number, part.kind, part.key, end)
    if start > datetime.fromisoformat(row["start"]):
        return replace(part, key=_cut(connection, number, part.kind, part.key, start), is_part=False)
    return replace(part, is_part=False)


def join_again(connection: sqlite3.Connection, number: int) -> None:
    """Remove what correction ``number`` had cut off; the rows it was cut from get their ends back with their times."""
    for row in connection.execute(
        "SELECT kind, key FROM clock_originals WHERE shift = ? AND field = ?", (number, CUT)
    ).fetchall():
        connection.execute(f"DELETE FROM {row['kind']} WHERE id = ?", (row["key"],))


def _cut(connection: sqlite3.Connection, number: int, kind: str, key: str, at: datetime) -> str:
    """End a row at ``at`` and let a new one go on from there; returns the new one's key."""
    row = connection.execute(f"SELECT * FROM {kind} WHERE id = ?", (key,)).fetchone()
    starts, ends = SPANS[kind]
    moment_s = row[starts] + (at - datetime.fromisoformat(row["start"])).total_seconds()
    changed = {"end": at.isoformat()} | ({} if ends is None else {ends: moment_s})
    for field, value in changed.items():
        connection.execute(
            f"INSERT OR IGNORE INTO clock_originals SELECT ?, ?, id, ?, {field} FROM {kind} WHERE id = ?",
            (number, kind, field, key),
        )
        connection.execute(f"UPDATE {kind} SET {field} = ? WHERE id = ?", (value, key))
    tail = dict(row) | {"start": at.isoformat(), starts: moment_s} | ({"resumed": 1} if kind == "armed" else {})
    del tail["id"]
    fields = ", ".join(tail)
    cursor = connection.execute(
        f"INSERT INTO {kind} ({fields}) VALUES ({', '.join('?' for _ in tail)})", tuple(tail.values())
    )
    new = str(cursor.lastrowid)
    connection.execute("INSERT INTO clock_originals VALUES (?, ?, ?, ?, NULL)", (number, kind, new, CUT))
    return new
