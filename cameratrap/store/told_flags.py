"""Flags that another project has told of, taken over as one action: it shows in the history and can be undone."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Collection
from datetime import datetime

_AUTHOR = "import"
_NEVER = "id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM flags f WHERE f.sequence = sequences.id)"


def tell_flags(connection: sqlite3.Connection, sequences: Collection[int], *, made_at: datetime) -> int:
    """Flag these sequences, within the caller's transaction; returns how many were. ``settle`` them afterwards.

    Those that somebody has flagged or unflagged here stay as they are: what was said here is newer.
    """
    rows = connection.execute(f"SELECT id FROM sequences WHERE {_NEVER} ORDER BY id", (json.dumps(list(sequences)),))
    numbers = [int(row["id"]) for row in rows]
    if not numbers:
        return 0
    action = connection.execute(
        "INSERT INTO actions (key, made_at, author, kind, detail) VALUES (?, ?, ?, 'flag', ?)",
        (uuid.uuid4().hex, made_at.isoformat(), _AUTHOR, json.dumps({"sequences": numbers})),
    ).lastrowid
    connection.executemany(
        "INSERT INTO flags (action, sequence, flagged) VALUES (?, ?, 1)", [(action, number) for number in numbers]
    )
    return len(numbers)
