"""The small pictures by which the scene in front of the camera is known again after a restart: a ring of the newest.

One for each burst, written together with what was found in the burst, so that what the scene has learned is never more
nor less than what the card holds.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from cameratrap.domain.detections import View
from cameratrap.store.connection import path_of, store_error, transaction

# Of each light. One more than are used, so that a burst that is looked at again finds as many before it as at first.
KEPT_VIEWS = 25


@dataclass(frozen=True, slots=True)
class BurstView:
    """A picture of a burst made small. ``media`` is the picture's number; pictures by infrared are kept apart."""

    media: int
    view: View
    infrared: bool


def create_views(connection: sqlite3.Connection) -> None:
    """A migration step: the table of this module."""
    connection.execute(
        """CREATE TABLE views (
            burst TEXT PRIMARY KEY REFERENCES bursts (id),
            media INTEGER NOT NULL REFERENCES media (id),
            infrared INTEGER NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            colour REAL NOT NULL,
            grey BLOB NOT NULL
        ) STRICT"""
    )


def keep_in_memory(connection: sqlite3.Connection) -> None:
    """From now on the views of this connection stay in memory, and go with it: who has the card sees none of them.

    A table of the same name stands before the card's. What the card has already is another matter (``forget_stored``).
    """
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(
        """CREATE TEMP TABLE IF NOT EXISTS views (
            burst TEXT PRIMARY KEY,
            media INTEGER NOT NULL,
            infrared INTEGER NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            colour REAL NOT NULL,
            grey BLOB NOT NULL
        ) STRICT"""
    )


def forget_stored(connection: sqlite3.Connection) -> None:
    """Remove every view that is stored on the card, and what SQLite has left of those it removed. Raises StoreError."""
    if not connection.execute("SELECT EXISTS (SELECT 1 FROM main.views)").fetchone()[0]:
        return
    with transaction(connection):
        connection.execute("DELETE FROM main.views")
    try:
        connection.execute("VACUUM main")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise store_error(error, path_of(connection)) from error


def remember(connection: sqlite3.Connection, burst: str, seen: BurstView | None) -> None:
    """Keep a burst's view, or none, in place of the one it had, and forget the oldest; within the caller's transaction.

    Only the newest ``KEPT_VIEWS`` bursts of each light are kept.
    """
    connection.execute("DELETE FROM views WHERE burst = ?", (burst,))
    if seen is None:
        return
    view = seen.view
    connection.execute(
        "INSERT INTO views (burst, media, infrared, width, height, colour, grey) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (burst, seen.media, seen.infrared, view.width, view.height, view.colour, zlib.compress(view.grey)),
    )
    connection.execute(
        "DELETE FROM views WHERE infrared = ? AND burst NOT IN (SELECT v.burst FROM views v JOIN bursts b"
        " ON b.id = v.burst WHERE v.infrared = ? ORDER BY b.started_at DESC, b.id DESC LIMIT ?)",
        (seen.infrared, seen.infrared, KEPT_VIEWS),
    )


def remembered(connection: sqlite3.Connection) -> frozenset[str]:
    """The bursts whose views are kept."""
    return frozenset(str(row["burst"]) for row in connection.execute("SELECT burst FROM views"))


def remembered_before(connection: sqlite3.Connection, burst: str) -> Sequence[str]:
    """The bursts before this one whose views are kept, oldest first."""
    rows = connection.execute(
        "SELECT b.id FROM views v JOIN bursts b ON b.id = v.burst, (SELECT started_at, id FROM bursts WHERE id = ?) t"
        " WHERE (b.started_at, b.id) < (t.started_at, t.id) ORDER BY b.started_at, b.id",
        (burst,),
    )
    return [str(row["id"]) for row in rows]


def view_of(connection: sqlite3.Connection, burst: str) -> BurstView | None:
    """The view that is kept of a burst; None where none is, or what is kept is damaged and so tells nothing."""
    row = connection.execute("SELECT * FROM views WHERE burst = ?", (burst,)).fetchone()
    if row is None:
        return None
    try:
        view = View(row["width"], row["height"], zlib.decompress(row["grey"]), row["colour"])
    except (zlib.error, ValueError):
        return None
    return BurstView(row["media"], view, bool(row["infrared"]))
