"""A card's index taken over into a project's: every burst, picture and word, each once, however often it is done.

A card that has grown since, or on which somebody has corrected something, is read again: what is new is added, what
was moved or opened follows, and what was said in the project stays.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cameratrap.app.card_bursts import CardBurst, card_bursts
from cameratrap.store.card import Card
from cameratrap.store.project_batch import Batch
from cameratrap.store.project_clock import follow, move, offsets
from cameratrap.store.project_rows import MediaRow, SequenceRow, WordRow

# Of what is known, only what is not the same any more is written.
_TELL_SEQUENCE = """UPDATE sequences SET end_s = :end_s, status = :status, clock = :clock, first_frame_s = :first_s
    WHERE id = :id AND (end_s, status, clock, first_frame_s) IS NOT (:end_s, :status, :clock, :first_s)"""
_TELL_MEDIA = """UPDATE media SET path = :path, width = :width, height = :height, sha256 = :sha256, state = :state,
    infrared = :infrared WHERE id = :id
    AND (path, width, height, sha256, state, infrared) IS NOT (:path, :width, :height, :sha256, :state, :infrared)"""

# Words with an action were said in a project.
_HEARD = """SELECT w.sequence, w.method, w.classified_by, w.classified_at FROM words w
    JOIN sequences s ON s.id = w.sequence WHERE s.deployment = ? AND w.action IS NULL"""


@dataclass
class Indexed:
    """What was new. ``touched`` sequences have a new word; where some are ``new`` or ``moved``, events are made anew.

    ``moved`` ones were known, and their times were corrected on the card since.
    """

    new: list[int] = field(default_factory=list)
    media: int = 0
    words: int = 0
    touched: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)

    @property
    def regroups(self) -> bool:
        """Whether the events are not what they were."""
        return bool(self.new or self.media or self.moved)


def index_bursts(project: sqlite3.Connection, number: int, card: Card, name: str) -> Indexed:
    """Take over what ``card`` holds into the deployment of this number, called ``name``, within a transaction.

    ``project_events.settle`` the touched sequences afterwards, and ``regroup`` where that is called for.
    """
    taking = _Taking(project, number)
    for bursts in card_bursts(card, name):
        for burst in bursts:
            taking.take(burst)
        taking.flush()
    follow(project, number, taking.done.new)
    return taking.done


class _Taking:
    """One reading of a card. What the project has already is known by name: of bursts, pictures and words."""

    def __init__(self, project: sqlite3.Connection, number: int) -> None:
        self.done = Indexed()
        self._project, self._batch = project, Batch(project, number)
        self._offsets = offsets(project, number)
        rows = project.execute(
            "SELECT id, sequence, start, clock, standing FROM sequences WHERE deployment = ?", (number,)
        )
        self._sequences: dict[str, sqlite3.Row] = {row["sequence"]: row for row in rows}
        held = project.execute("SELECT media, id FROM media WHERE deployment = ?", (number,))
        self._media: dict[str, int] = dict(map(tuple, held))
        self._heard = Counter(map(tuple, project.execute(_HEARD, (number,))))
        self._anew: dict[str, list[dict[str, object]]] = {_TELL_SEQUENCE: [], _TELL_MEDIA: []}

    def take(self, burst: CardBurst) -> None:
        """Take one burst over, with its pictures and what was said of it."""
        known = self._sequences.get(burst.row.sequence)
        if known is None:
            sequence, moved = self._batch.add_sequence(burst.row), timedelta(0)
            self.done.new.append(sequence)
        else:
            sequence, moved = int(known["id"]), self._offsets.get(known["id"], timedelta(0))
            self._tell_anew(known, burst.row, moved)
        media = {key: self._take_picture(sequence, row, moved) for key, row in burst.media.items()}
        for word in self._unheard(sequence, burst.words):
            standing = None if known is None else known["standing"]
            self._batch.add_word(sequence, _moved(word, moved), media, replaces=standing)
            self.done.words += 1
            self.done.touched.append(sequence)

    def flush(self) -> None:
        """Write what was taken."""
        for statement, rows in self._anew.items():
            self._project.executemany(statement, rows)
            rows.clear()
        self._batch.flush()

    def _tell_anew(self, known: sqlite3.Row, row: SequenceRow, moved: timedelta) -> None:
        """Its times may have been corrected on the card since; what was moved here stays moved, from there."""
        by = row.start + moved - datetime.fromisoformat(known["start"])
        if by:
            move(self._project, [known["id"]], by)
            self.done.moved.append(int(known["id"]))
        clock = known["clock"] if known["id"] in self._offsets else row.clock
        self._anew[_TELL_SEQUENCE].append(
            {
                "id": known["id"],
                "end_s": (row.end + moved).timestamp(),
                "status": row.status,
                "clock": clock,
                "first_s": row.first_frame_s,
            }
        )

    def _take_picture(self, sequence: int, row: MediaRow, moved: timedelta) -> int:
        known = self._media.get(row.media)
        if known is None:
            self.done.media += 1
            return self._batch.add_media(sequence, replace(row, captured_at=row.captured_at + moved) if moved else row)
        names = ("path", "width", "height", "sha256", "state", "infrared")
        self._anew[_TELL_MEDIA].append({"id": known, **{name: getattr(row, name) for name in names}})
        return known

    def _unheard(self, sequence: int, words: Iterable[WordRow]) -> Iterator[WordRow]:
        """What the card says and the project has not heard."""
        for word in words:
            name = (sequence, word.method, word.classified_by, word.classified_at.isoformat())
            if self._heard[name]:
                self._heard[name] -= 1
            else:
                yield word


def _moved(word: WordRow, by: timedelta) -> WordRow:
    if not by:
        return word
    seen = (replace(each, first_at=each.first_at + by, last_at=each.last_at + by) for each in word.observations)
    return replace(word, observations=tuple(seen))
