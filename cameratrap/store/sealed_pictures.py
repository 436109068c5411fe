"""Pictures that are sealed on the card, so that who steals it sees none: CTRP0001.JPG becomes CTRP0001.JPG.sealed.

A picture is sealed after it was looked at. The order is the promise: the sealed file is durable, then its row, and
only then the picture is removed; a cut anywhere between leaves the picture, and the next run seals it again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cameratrap.errors import StoreError
from cameratrap.store.connection import transaction
from cameratrap.store.durable import remove_durably, write_durably
from cameratrap.store.media import sha256_of
from cameratrap.store.picture_keys import fingerprint, seal_to

SUFFIX = ".sealed"


@dataclass(frozen=True, slots=True)
class ToSeal:
    """A picture that lies open on the card and has been looked at."""

    media: int
    path: str
    is_noted: bool


def create_sealed_pictures(connection: sqlite3.Connection) -> None:
    """A migration step: the table of this module. ``sha256`` is of the sealed file, ``opened`` of what is in it."""
    connection.execute(
        """CREATE TABLE sealed (
            media INTEGER PRIMARY KEY REFERENCES media (id),
            key TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            opened TEXT NOT NULL,
            removed INTEGER NOT NULL DEFAULT 0
        ) STRICT"""
    )


def sealed_path(path: Path) -> Path:
    """Where a picture lies when it is sealed."""
    return path.with_name(path.name + SUFFIX)


def sealed_hashes(connection: sqlite3.Connection, media: Collection[int] | None = None) -> Mapping[int, str]:
    """By the picture's number, the sha256 of its sealed file; of ``media`` only, None for all."""
    where = "" if media is None else " WHERE media IN (SELECT value FROM json_each(?))"
    only = () if media is None else (json.dumps(list(media)),)
    rows = connection.execute(f"SELECT media, sha256 FROM sealed{where}", only)
    return {int(row["media"]): str(row["sha256"]) for row in rows}


def to_seal(connection: sqlite3.Connection) -> list[ToSeal]:
    """What is to be sealed, and what was and still lies open; not what is to be blurred or removed first."""
    rows = connection.execute(
        "SELECT m.id, m.path, s.media IS NOT NULL AS noted FROM media m JOIN bursts b ON b.id = m.burst"
        " LEFT JOIN sealed s ON s.media = m.id WHERE b.status = 'analysed' AND NOT COALESCE(s.removed, 0)"
        " AND NOT EXISTS (SELECT 1 FROM treatments t WHERE t.media = m.id"
        " AND (t.outcome IS NULL OR t.outcome <> 'blurred')) ORDER BY m.id"
    )
    return [ToSeal(row["id"], row["path"], bool(row["noted"])) for row in rows]


def seal_picture(connection: sqlite3.Connection, card: Path, each: ToSeal, public: bytes) -> None:
    """Seal one picture. Raises StoreError where the card does not let it; the picture is there then."""
    path = card / each.path
    try:
        if not each.is_noted:
            jpeg = path.read_bytes()
            sealed = seal_to(public, jpeg)
            write_durably(sealed_path(path), sealed)
            _note(connection, each.media, fingerprint(public), sha256_of(sealed), sha256_of(jpeg))
        remove_durably(path)
    except OSError as error:
        raise StoreError(f"{each.path} cannot be sealed", why=error.strerror or str(error)) from error
    with transaction(connection):
        connection.execute("UPDATE sealed SET removed = 1 WHERE media = ?", (each.media,))


def _note(connection: sqlite3.Connection, media: int, key: str, sha256: str, opened: str) -> None:
    with transaction(connection):
        connection.execute(
            "INSERT INTO sealed (media, key, sha256, opened) VALUES (?, ?, ?, ?)", (media, key, sha256, opened)
        )
