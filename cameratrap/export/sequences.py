"""A deployment's sequences with their media and what was said of them, read in order and never held whole."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cameratrap.domain.events import TriggerCause
from cameratrap.store.project_read import detection_of
from cameratrap.store.project_rows import MediaRow, ObservationRow, SequenceRow, WordRow

AT_A_TIME = 500  # sequences that are held: the memory of an export, whatever the project's size
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ReadSequence:
    """One sequence. ``media`` are its pictures and clips by their numbers in the index, in order of time.

    ``event`` is the number of the event that it belongs to. ``standing`` is the word that holds, ``machine`` the
    newest of a model: the same where no person spoke, None where there is none.
    """

    event: int | None
    flagged: bool
    row: SequenceRow
    media: dict[int, MediaRow]
    standing: WordRow | None
    machine: WordRow | None


def read_sequences(connection: sqlite3.Connection, deployment: int) -> Iterator[ReadSequence]:
    """The sequences of one deployment, by its number, in order of time."""
    after = (float("-inf"), 0)
    while True:
        rows = connection.execute(
            "SELECT * FROM sequences WHERE deployment = ? AND (start_s, id) > (?, ?) ORDER BY start_s, id LIMIT ?",
            (deployment, *after, AT_A_TIME),
        ).fetchall()
        if not rows:
            return
        after = (rows[-1]["start_s"], rows[-1]["id"])
        media = _grouped(connection, "media", "sequence", [row["id"] for row in rows], "captured_s, id", _numbered)
        words = _words(connection, [row[kind] for row in rows for kind in ("standing", "machine") if row[kind]])
        for row in rows:
            yield ReadSequence(
                row["event"],
                bool(row["flagged"]),
                _sequence(row),
                dict(media.get(row["id"], ())),
                words.get(row["standing"]),
                words.get(row["machine"]),
            )


def _words(connection: sqlite3.Connection, numbers: Collection[int]) -> dict[int, WordRow]:
    observations = _grouped(connection, "observations", "word", numbers, "id", _observation)
    detections = _grouped(connection, "detections", "word", numbers, "id", detection_of)
    rows = connection.execute(
        "SELECT * FROM words WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(numbers)),)
    )
    return {
        row["id"]: WordRow(
            row["method"],
            row["classified_by"],
            datetime.fromisoformat(row["classified_at"]),
            tuple(observations.get(row["id"], ())),
            tuple(detections.get(row["id"], ())),
            row["model_sha256"],
            row["score_threshold"],
        )
        for row in rows
    }


def _grouped(
    connection: sqlite3.Connection,
    table: str,
    key: str,
    numbers: Collection[int],
    order: str,
    build: Callable[[sqlite3.Row], _T],
) -> dict[int, list[_T]]:
    """The rows of a table by what they belong to."""
    found: dict[int, list[_T]] = defaultdict(list)
    statement = f"SELECT * FROM {table} WHERE {key} IN (SELECT value FROM json_each(?)) ORDER BY {order}"  # noqa: S608 - of constants
    for row in connection.execute(statement, (json.dumps(list(numbers)),)):
        found[row[key]].append(build(row))
    return found


def _sequence(row: sqlite3.Row) -> SequenceRow:
    start = datetime.fromisoformat(row["start"])
    end = datetime.fromtimestamp(row["end_s"], UTC).astimezone(start.tzinfo)
    cause = TriggerCause(row["cause"])
    return SequenceRow(row["sequence"], cause, start, end, row["status"], row["clock"], row["first_frame_s"])


def _numbered(row: sqlite3.Row) -> tuple[int, MediaRow]:
    return row["id"], MediaRow(
        media=row["media"],
        path=row["path"],
        captured_at=datetime.fromisoformat(row["captured_at"]),
        mediatype=row["mediatype"],
        width=row["width"],
        height=row["height"],
        size=row["bytes"],
        sha256=row["sha256"],
        state=row["state"],
        infrared=None if row["infrared"] is None else bool(row["infrared"]),
        attributes=json.loads(row["attributes"]),
    )


def _observation(row: sqlite3.Row) -> ObservationRow:
    return ObservationRow(
        taxon=row["taxon"],
        count=row["count"],
        first_at=datetime.fromisoformat(row["first_at"]),
        last_at=datetime.fromisoformat(row["last_at"]),
        count_low=row["count_low"],
        count_high=row["count_high"],
        score=row["score"],
        attributes=json.loads(row["attributes"]),
    )
