"""Everything that was ever said of a deployment's sequences, and by how much a project has moved their times.

What stands now is ``project_read``'s; this is for whoever asks what stood at some moment, and why that has changed.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cameratrap.domain.events import TriggerCause

_UNDONE = "COALESCE((SELECT u.undone FROM undos u WHERE u.action = w.action ORDER BY u.id DESC LIMIT 1), 0)"
# Adults and young ones of a taxon that a word tells apart were there at once.
_SEEN = """SELECT w.id AS word, o.taxon, SUM(o.count) AS count, MIN(o.first_at) AS first_at, MAX(o.last_at) AS last_at
    FROM sequences s JOIN words w ON w.sequence = s.id JOIN observations o ON o.word = w.id
    WHERE s.deployment = ? GROUP BY w.id, o.taxon ORDER BY w.id, o.taxon"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How many of a taxon a word names, from when to when as the times stand now."""

    taxon: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SaidWord:
    """One word. ``is_acted`` is whether it was said in a project, on the laptop; else it came with the card."""

    is_human: bool
    by: str
    at: datetime
    seen: tuple[Seen, ...]
    is_acted: bool
    is_undone: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """That a correction of the clock has moved a sequence, and what its clock counted as before."""

    made_at: datetime
    undone_at: datetime | None
    offset: timedelta
    clock: str | None

    def stands(self, at: datetime) -> bool:
        """Whether it moved the sequence at that moment."""
        return self.made_at <= at and (self.undone_at is None or self.undone_at > at)


@dataclass(frozen=True, slots=True)
class SaidSequence:
    """A sequence with all its words, oldest first; ``moved`` are the corrections of its clock in order."""

    name: str
    cause: TriggerCause
    start: datetime
    clock: str | None
    words: tuple[SaidWord, ...]
    moved: tuple[Moved, ...] = ()


def said_sequences(connection: sqlite3.Connection, deployment: int) -> list[SaidSequence]:
    """Every sequence of a deployment by its number, in order of time."""
    words, moved = _words(connection, deployment), _moved(connection, deployment)
    rows = connection.execute("SELECT * FROM sequences WHERE deployment = ? ORDER BY start_s, id", (deployment,))
    return [
        SaidSequence(
            name=row["sequence"],
            cause=TriggerCause(row["cause"]),
            start=datetime.fromisoformat(row["start"]),
            clock=row["clock"],
            words=tuple(words[row["id"]]),
            moved=tuple(moved[row["id"]]),
        )
        for row in rows
    ]


def models_named(connection: sqlite3.Connection, deployments: Collection[int]) -> list[tuple[str, str | None]]:
    """Name and sha256 of every model whose word stands beside or instead of a person's in these deployments."""
    rows = connection.execute(
        "SELECT DISTINCT w.classified_by, w.model_sha256 FROM sequences s JOIN words w ON w.id = s.machine"
        " WHERE s.deployment IN (SELECT value FROM json_each(?)) ORDER BY 1, 2",
        (json.dumps(list(deployments)),),
    )
    return [(row["classified_by"], row["model_sha256"]) for row in rows]


def _words(connection: sqlite3.Connection, deployment: int) -> dict[int, list[SaidWord]]:
    seen: defaultdict[int, list[Seen]] = defaultdict(list)
    for row in connection.execute(_SEEN, (deployment,)):
        first_at, last_at = (datetime.fromisoformat(row[name]) for name in ("first_at", "last_at"))
        seen[row["word"]].append(Seen(row["taxon"], row["count"], first_at, last_at))
    words: defaultdict[int, list[SaidWord]] = defaultdict(list)
    for row in connection.execute(
        f"SELECT w.*, {_UNDONE} AS undone FROM sequences s JOIN words w ON w.sequence = s.id"
        " WHERE s.deployment = ? ORDER BY w.id",
        (deployment,),
    ):
        words[row["sequence"]].append(
            SaidWord(
                is_human=row["method"] == "human",
                by=row["classified_by"],
                at=datetime.fromisoformat(row["classified_at"]),
                seen=tuple(seen[row["id"]]),
                is_acted=row["action"] is not None,
                is_undone=bool(row["undone"]),
            )
        )
    return words


def _moved(connection: sqlite3.Connection, deployment: int) -> dict[int, Sequence[Moved]]:
    moved: defaultdict[int, list[Moved]] = defaultdict(list)
    for row in connection.execute(
        """SELECT m.sequence, m.clock, c.made_at, c.detail, u.made_at AS undone_at FROM corrections c
        JOIN moved m ON m.correction = c.id LEFT JOIN corrections u ON u.undoes = c.id
        WHERE c.deployment = ? ORDER BY c.id""",
        (deployment,),
    ):
        moved[row["sequence"]].append(
            Moved(
                made_at=datetime.fromisoformat(row["made_at"]),
                undone_at=None if row["undone_at"] is None else datetime.fromisoformat(row["undone_at"]),
                offset=timedelta(seconds=json.loads(row["detail"])["offset_s"]),
                clock=row["clock"],
            )
        )
    return defaultdict(tuple, moved)
