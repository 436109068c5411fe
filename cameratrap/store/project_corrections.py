"""Corrections of what a project says of its deployments: rows that are only added, and what follows from them.

A correction is of what a deployment is (its station, its times, its position) or of its clock. ``deployments`` and the
times of sequences, media and observations carry what stands, so that every reader sees it; what was told first is in
``origins``, and which sequences a clock's correction moved in ``moved``. Taking one back is a row, too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cameratrap.errors import StoreError

CorrectionKind = Literal["deployment", "clock"]
STANDING = "c.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM corrections u WHERE u.undoes = c.id)"


def create_corrections(connection: sqlite3.Connection) -> None:
    """A migration step: the tables of this module. ``clock`` is what a sequence's clock was before it was moved."""
    for statement in (
        """CREATE TABLE corrections (
            id INTEGER PRIMARY KEY,
            deployment INTEGER NOT NULL REFERENCES deployments (id),
            kind TEXT NOT NULL CHECK (kind IN ('deployment', 'clock')),
            made_at TEXT NOT NULL,
            author TEXT NOT NULL,
            detail TEXT NOT NULL,
            undoes INTEGER UNIQUE REFERENCES corrections (id)
        ) STRICT""",
        "CREATE INDEX corrections_by_deployment ON corrections (deployment, id)",
        """CREATE TABLE moved (
            correction INTEGER NOT NULL REFERENCES corrections (id),
            sequence INTEGER NOT NULL REFERENCES sequences (id),
            clock TEXT,
            PRIMARY KEY (correction, sequence)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE origins (
            deployment INTEGER PRIMARY KEY REFERENCES deployments (id),
            name TEXT NOT NULL UNIQUE,
            identity TEXT NOT NULL,
            facts TEXT NOT NULL
        ) STRICT""",
    ):
        connection.execute(statement)


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction; ``undone_at`` is when it was taken back. ``deployment`` is the deployment's number."""

    number: int
    deployment: int
    name: str
    kind: CorrectionKind
    made_at: datetime
    author: str
    detail: Mapping[str, object]
    undone_at: datetime | None


def corrections(connection: sqlite3.Connection, deployment: int | None = None) -> list[Correction]:
    """Every correction, of one deployment or of all, oldest first."""
    rows = connection.execute(
        "SELECT c.*, d.deployment AS name, u.made_at AS undone_at FROM corrections c"
        " JOIN deployments d ON d.id = c.deployment LEFT JOIN corrections u ON u.undoes = c.id"
        " WHERE c.undoes IS NULL AND (? IS NULL OR c.deployment = ?) ORDER BY c.id",
        (deployment, deployment),
    )
    return [_correction(row) for row in rows]


def correction(connection: sqlite3.Connection, number: int) -> Correction:
    """The one of this number, which stands. Raises StoreError where there is none, or it was taken back already."""
    found = next((each for each in corrections(connection) if each.number == number), None)
    hint = "`cameratrap project show --corrections` lists them"
    if found is None:
        raise StoreError(f"there is no correction {number}", hint=hint)
    if found.undone_at is not None:
        raise StoreError(f"correction {number} was taken back already, at {found.undone_at.isoformat()}", hint=hint)
    return found


def add_correction(
    connection: sqlite3.Connection,
    deployment: int,
    kind: CorrectionKind,
    detail: Mapping[str, object],
    *,
    author: str,
    made_at: datetime,
    undoes: int | None = None,
) -> int:
    """Write one down, within the caller's transaction; returns its number."""
    cursor = connection.execute(
        "INSERT INTO corrections (deployment, kind, made_at, author, detail, undoes) VALUES (?, ?, ?, ?, ?, ?)",
        (deployment, kind, made_at.isoformat(), author, json.dumps(dict(detail), ensure_ascii=False), undoes),
    )
    return int(cursor.lastrowid or 0)


def _correction(row: sqlite3.Row) -> Correction:
    return Correction(
        number=row["id"],
        deployment=row["deployment"],
        name=row["name"],
        kind=row["kind"],
        made_at=datetime.fromisoformat(row["made_at"]),
        author=row["author"],
        detail=json.loads(row["detail"]),
        undone_at=None if row["undone_at"] is None else datetime.fromisoformat(row["undone_at"]),
    )
