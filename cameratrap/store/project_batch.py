"""Many rows of one deployment added together: every value is told to the index once, and a statement serves many."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from cameratrap.store.project_rows import (
    ADD_DETECTION,
    ADD_MEDIA,
    ADD_OBSERVATION,
    ADD_SEQUENCE,
    ADD_WORD,
    MediaRow,
    SequenceRow,
    WordRow,
    detection_values,
    media_values,
    observation_values,
    sequence_values,
    word_values,
)

_Rows = list[tuple[object, ...]]


class Batch:
    """Adds rows to a deployment within the caller's transaction; each gets its number at once.

    They are in the index after ``flush``. Nobody else adds any while there is a batch: the numbers are counted here.
    """

    def __init__(self, connection: sqlite3.Connection, deployment: int) -> None:
        self._connection, self._deployment = connection, deployment
        self._last = {table: _last(connection, table) for table in ("sequences", "media", "words")}
        # In the order in which they name each other.
        self._rows: dict[str, _Rows] = {
            each: [] for each in (ADD_SEQUENCE, ADD_MEDIA, ADD_WORD, ADD_OBSERVATION, ADD_DETECTION)
        }

    def add_sequence(self, row: SequenceRow) -> int:
        """Returns its number."""
        number = self._number("sequences")
        self._rows[ADD_SEQUENCE].append((number, *sequence_values(self._deployment, row)))
        return number

    def add_media(self, sequence: int, row: MediaRow) -> int:
        """Returns its number."""
        number = self._number("media")
        self._rows[ADD_MEDIA].append((number, *media_values(self._deployment, sequence, row)))
        return number

    def add_word(self, sequence: int, row: WordRow, media: Mapping[int, int], *, replaces: int | None) -> int:
        """Add a statement in place of the word that stood; ``media`` is what its detections name -> the number."""
        word = self._number("words")
        self._rows[ADD_WORD].append((word, *word_values(sequence, row, None, replaces)))
        self._rows[ADD_OBSERVATION] += [(None, *observation_values(word, each)) for each in row.observations]
        self._rows[ADD_DETECTION] += [
            (None, *detection_values(word, replace(each, media=media[each.media]))) for each in row.detections
        ]
        return word

    def flush(self) -> None:
        """Write what was added."""
        for statement, rows in self._rows.items():
            self._connection.executemany(statement, rows)
            rows.clear()

    def _number(self, table: str) -> int:
        self._last[table] += 1
        return self._last[table]


def _last(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0])
