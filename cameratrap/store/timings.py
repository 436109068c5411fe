"""How quick the trap was, burst by burst: an animal is gone in a second or two, and what was missed must be known."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """How one burst was taken by a camera, in seconds of the monotonic clock.

    ``first_frame_s`` is from the trigger's edge to the first exposure, and negative where the camera was ahead of it;
    ``dead_s`` from the edge until the pictures were safe and the next trigger could be taken up. ``requested`` pictures
    were asked for, ``spacing_s`` apart. ``lamp`` is whether it was lit in any of them, ``brightness`` the mean luma
    of the brightest, 0 to 255; None where the camera does not tell.
    """

    first_frame_s: float
    dead_s: float
    requested: int
    spacing_s: float
    lamp: bool | None = None
    brightness: float | None = None


def create_timings(connection: sqlite3.Connection) -> None:
    """A migration step: the table of this module. A recording's bursts have no row in it."""
    connection.execute(
        """CREATE TABLE timings (
            burst TEXT PRIMARY KEY REFERENCES bursts (id),
            first_frame_s REAL NOT NULL,
            dead_s REAL NOT NULL,
            requested INTEGER NOT NULL,
            spacing_s REAL NOT NULL,
            lamp INTEGER,
            brightness REAL
        ) STRICT"""
    )


def add(connection: sqlite3.Connection, burst: str, timing: Timing) -> None:
    """Store how a burst was taken, within the caller's transaction; the newest word on it stands."""
    connection.execute(
        "INSERT OR REPLACE INTO timings (burst, first_frame_s, dead_s, requested, spacing_s, lamp, brightness)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            burst,
            timing.first_frame_s,
            timing.dead_s,
            timing.requested,
            timing.spacing_s,
            timing.lamp,
            timing.brightness,
        ),
    )


def timings(connection: sqlite3.Connection) -> Mapping[str, Timing]:
    """Burst -> how it was taken."""
    return {str(row["burst"]): _timing(row) for row in connection.execute("SELECT * FROM timings")}


def timed_bursts(connection: sqlite3.Connection, bursts: Collection[str]) -> Mapping[str, sqlite3.Row]:
    """These bursts' rows, with ``first_frame_s`` where it was measured."""
    rows = connection.execute(
        "SELECT b.*, t.first_frame_s FROM bursts b LEFT JOIN timings t ON t.burst = b.id"
        " WHERE b.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(bursts)),),
    )
    return {str(row["id"]): row for row in rows}


def lit_brightness(connection: sqlite3.Connection, most: int) -> list[float]:
    """How bright the newest bursts were in which the lamp was lit, ``most`` of them, oldest first."""
    rows = connection.execute(
        "SELECT t.brightness FROM timings t JOIN bursts b ON b.id = t.burst WHERE t.lamp AND t.brightness IS NOT NULL"
        " ORDER BY b.started_at DESC, b.id DESC LIMIT ?",
        (most,),
    )
    return [float(row["brightness"]) for row in rows][::-1]


def was_lit(connection: sqlite3.Connection, boot_id: str) -> bool:
    """Whether a burst of this boot was."""
    sql = "SELECT EXISTS (SELECT 1 FROM timings t JOIN bursts b ON b.id = t.burst WHERE t.lamp AND b.boot_id = ?)"
    return bool(connection.execute(sql, (boot_id,)).fetchone()[0])


def _timing(row: sqlite3.Row) -> Timing:
    return Timing(
        first_frame_s=row["first_frame_s"],
        dead_s=row["dead_s"],
        requested=row["requested"],
        spacing_s=row["spacing_s"],
        lamp=None if row["lamp"] is None else bool(row["lamp"]),
        brightness=row["brightness"],
    )
