"""The pictures of a file of results that a project has already, and a further word on their sequences."""

from __future__ import annotations

import json
import posixpath
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from cameratrap.app.megadetector_results import FileResult, Results
from cameratrap.app.megadetector_word import is_said, word_of
from cameratrap.store.project import Project
from cameratrap.store.project_rows import add_word


def known_media(project: Project) -> dict[str, int]:
    """The number of each medium of the project by its whole path."""
    base = project.folder.resolve().as_posix()
    return {
        posixpath.normpath(posixpath.join(base, row["root"], row["path"])): row["id"]
        for row in project.connection.execute(
            "SELECT m.id, m.path, d.root FROM media m JOIN deployments d ON d.id = m.deployment"
        )
    }


def say_of_known(
    connection: sqlite3.Connection, known: Mapping[int, FileResult], results: Results, said_at: datetime
) -> list[int]:
    """Words on sequences that are there; returns on which."""
    by_sequence: dict[int, list[tuple[int, FileResult, datetime]]] = defaultdict(list)
    for number, result in known.items():
        row = connection.execute("SELECT sequence, captured_at FROM media WHERE id = ?", (number,)).fetchone()
        by_sequence[row["sequence"]].append((number, result, datetime.fromisoformat(row["captured_at"])))
    touched = []
    for sequence, members in by_sequence.items():
        word = word_of(results, members, said_at)
        if word is not None and not is_said(connection, sequence, word):
            add_word(connection, sequence, word)
            touched.append(sequence)
    return touched


def deployments_of_sequences(connection: sqlite3.Connection, sequences: Collection[int]) -> set[str]:
    """The names of their deployments."""
    rows = connection.execute(
        "SELECT DISTINCT d.deployment FROM sequences s JOIN deployments d ON d.id = s.deployment"
        " WHERE s.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(sequences)),),
    )
    return {row["deployment"] for row in rows}


def deployments_of_media(connection: sqlite3.Connection, media: Collection[int]) -> set[str]:
    rows = connection.execute(
        "SELECT DISTINCT sequence FROM media WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(media)),)
    )
    return deployments_of_sequences(connection, [row["sequence"] for row in rows])
