"""What people said of a card before it came into a project: their words, flags and undos, with names and times."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cameratrap.store.project_clock import offsets
from cameratrap.store.project_events import settle
from cameratrap.store.project_rows import ObservationRow, WordRow, add_word


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How many words were new, and on how many sequences something else had been said in the project already."""

    words: int = 0
    contested: int = 0


def take_review(project: sqlite3.Connection, deployment: int, review: sqlite3.Connection) -> Reviewed:
    """Take over what ``review`` has of the one deployment in it, within a transaction.

    Actions and undos are known by their keys, so that they come along once, however often the card is imported.
    """
    taking = _Taking(project, deployment, review)
    for action in review.execute("SELECT * FROM actions ORDER BY id").fetchall():
        taking.take(action)
    for undo in review.execute("SELECT * FROM undos ORDER BY id").fetchall():
        taking.take_undo(undo)
    settle(project, taking.touched)
    return Reviewed(taking.words, len(taking.contested))


class _Taking:
    """One reading of a card's ``review.db``."""

    def __init__(self, project: sqlite3.Connection, deployment: int, review: sqlite3.Connection) -> None:
        self.touched: set[int] = set()
        self.contested: set[int] = set()
        self.words = 0
        self._actions: dict[int, int] = {}
        self._project, self._review = project, review
        rows = project.execute("SELECT id, sequence FROM sequences WHERE deployment = ?", (deployment,))
        numbers = {str(row["sequence"]): int(row["id"]) for row in rows}
        held = review.execute("SELECT id, sequence FROM sequences")
        self._sequences: Mapping[int, int] = {
            int(row["id"]): numbers[row["sequence"]] for row in held if row["sequence"] in numbers
        }
        self._offsets = offsets(project, deployment)
        self._said_here = self._said_besides(deployment)

    def take(self, action: sqlite3.Row) -> None:
        """Take one action over, with what was said by it."""
        known = self._project.execute("SELECT id FROM actions WHERE key = ?", (action["key"],)).fetchone()
        self._actions[action["id"]] = self._new(action) if known is None else int(known["id"])

    def take_undo(self, undo: sqlite3.Row) -> None:
        """Take over that an action was undone, or done again; after all the actions."""
        if self._project.execute("SELECT 1 FROM undos WHERE key = ?", (undo["key"],)).fetchone():
            return
        self._project.execute(
            "INSERT INTO undos (key, action, newest_action, made_at, author, undone) VALUES (?, ?, ?, ?, ?, ?)",
            (undo["key"], self._actions[undo["action"]], self._actions[undo["newest_action"]], undo["made_at"],
             undo["author"], undo["undone"]),
        )  # fmt: skip
        self.touched |= self._said(undo["action"])

    def _new(self, action: sqlite3.Row) -> int:
        cursor = self._project.execute(
            "INSERT INTO actions (key, made_at, author, kind, detail) VALUES (?, ?, ?, ?, ?)",
            (action["key"], action["made_at"], action["author"], action["kind"], action["detail"]),
        )
        number = int(cursor.lastrowid or 0)
        for word in self._review.execute(
            "SELECT * FROM words WHERE action = ? ORDER BY id", (action["id"],)
        ).fetchall():
            if word["sequence"] in self._sequences:
                self._take_word(word, number)
        flags = self._review.execute("SELECT * FROM flags WHERE action = ? ORDER BY id", (action["id"],)).fetchall()
        self._project.executemany(
            "INSERT INTO flags (action, sequence, flagged) VALUES (?, ?, ?)",
            [(number, self._sequences[row["sequence"]], row["flagged"]) for row in flags
             if row["sequence"] in self._sequences],
        )  # fmt: skip
        self.touched |= self._said(action["id"])
        return number

    def _take_word(self, word: sqlite3.Row, action: int) -> None:
        sequence = self._sequences[word["sequence"]]
        moved = self._offsets.get(sequence, timedelta(0))
        rows = self._review.execute("SELECT * FROM observations WHERE word = ? ORDER BY id", (word["id"],))
        said = WordRow(
            method="human" if word["method"] == "human" else "machine",
            classified_by=word["classified_by"],
            classified_at=datetime.fromisoformat(word["classified_at"]),
            observations=tuple(_observation(row, moved) for row in rows),
        )
        add_word(self._project, sequence, said, action=action)
        self.words += 1
        self.contested |= {sequence} & self._said_here

    def _said_besides(self, deployment: int) -> set[int]:
        """The sequences on which a person's word stands that is of no action on the card."""
        keys = {str(row["key"]) for row in self._review.execute("SELECT key FROM actions")}
        rows = self._project.execute(
            "SELECT s.id, a.key FROM sequences s JOIN words w ON w.id = s.standing JOIN actions a ON a.id = w.action"
            " WHERE s.deployment = ?",
            (deployment,),
        )
        return {int(row["id"]) for row in rows if row["key"] not in keys}

    def _said(self, action: int) -> set[int]:
        rows = self._review.execute(
            "SELECT sequence FROM words WHERE action = ? UNION SELECT sequence FROM flags WHERE action = ?",
            (action, action),
        )
        return {self._sequences[row["sequence"]] for row in rows if row["sequence"] in self._sequences}


def _observation(row: sqlite3.Row, moved: timedelta) -> ObservationRow:
    return ObservationRow(
        taxon=row["taxon"],
        count=row["count"],
        first_at=datetime.fromisoformat(row["first_at"]) + moved,
        last_at=datetime.fromisoformat(row["last_at"]) + moved,
        count_low=row["count_low"],
        count_high=row["count_high"],
        score=row["score"],
        attributes=json.loads(row["attributes"]),
    )
