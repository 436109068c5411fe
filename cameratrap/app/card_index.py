"""A card's index taken over into a project's: every burst, picture and word, each once, however often it is done.

A card that has grown since, or on which somebody has corrected something, is read again: what is new is added, what
was moved or opened follows, and what was said in the project stays.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.judged import Fate
from cameratrap.store.bursts import Picture, pictures_of
from cameratrap.store.card import Card
from cameratrap.store.project_clock import follow, move, offsets
from cameratrap.store.project_rows import (
    DetectionRow,
    MediaRow,
    MediaState,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_media,
    add_sequence,
    add_word,
)
from cameratrap.store.sealed_pictures import SUFFIX, sealed_hashes
from cameratrap.store.treatments import Outcome

# Bursts that have no picture and no word on them are triggers of which nothing came: they are in the effort.
_BURSTS = """SELECT b.*, t.first_frame_s, COALESCE(v.infrared, t.lamp) AS infrared FROM bursts b
    LEFT JOIN timings t ON t.burst = b.id LEFT JOIN views v ON v.burst = b.id
    WHERE EXISTS (SELECT 1 FROM media m WHERE m.burst = b.id)
    OR EXISTS (SELECT 1 FROM classifications c WHERE c.burst = b.id) ORDER BY b.started_at, b.id"""


@dataclass
class Indexed:
    """What was new. ``touched`` sequences have a new word; where some are ``new`` or moved, events are made anew."""

    new: list[int] = field(default_factory=list)
    media: int = 0
    words: int = 0
    touched: list[int] = field(default_factory=list)
    has_moved: bool = False

    @property
    def regroups(self) -> bool:
        """Whether the events are not what they were."""
        return bool(self.new or self.media or self.has_moved)


def index_bursts(project: sqlite3.Connection, number: int, card: Card, name: str) -> Indexed:
    """Take over what ``card`` holds into the deployment of this number, called ``name``, within a transaction.

    ``project_events.settle`` the touched sequences afterwards, and ``regroup`` where that is called for.
    """
    taking = _Taking(project, number, card, name)
    for burst in card.connection.execute(_BURSTS).fetchall():
        taking.take(burst)
    follow(project, number, taking.done.new)
    return taking.done


class _Taking:
    """One reading of a card. What the project has already is known by name: of bursts, pictures and words."""

    def __init__(self, project: sqlite3.Connection, number: int, card: Card, name: str) -> None:
        self.done = Indexed()
        self._project, self._number, self._card, self._name = project, number, card.connection, name
        self._sealed = sealed_hashes(card.connection)
        self._offsets = offsets(project, number)
        rows = project.execute("SELECT * FROM sequences WHERE deployment = ?", (number,))
        self._sequences: Mapping[str, sqlite3.Row] = {str(row["sequence"]): row for row in rows}
        held = project.execute("SELECT id, media FROM media WHERE deployment = ?", (number,))
        self._media = {str(row["media"]): int(row["id"]) for row in held}

    def take(self, burst: sqlite3.Row) -> None:
        """Take one burst over, with its pictures and what was said of it."""
        pictures = pictures_of(self._card, burst["id"])
        row = _sequence(burst, pictures)
        known = self._sequences.get(row.sequence)
        if known is None:
            sequence, moved = add_sequence(self._project, self._number, row), timedelta(0)
            self.done.new.append(sequence)
        else:
            sequence, moved = int(known["id"]), self._offsets.get(known["id"], timedelta(0))
            self._tell_anew(known, row, moved)
        for picture in pictures:
            self._take_picture(sequence, picture, moved, burst["infrared"])
        self._take_words(sequence, burst["id"], moved)

    def _tell_anew(self, known: sqlite3.Row, row: SequenceRow, moved: timedelta) -> None:
        """Its times may have been corrected on the card since; what was moved here stays moved, from there."""
        by = row.start + moved - datetime.fromisoformat(known["start"])
        if by:
            move(self._project, [known["id"]], by)
            self.done.has_moved = True
        clock = known["clock"] if known["id"] in self._offsets else row.clock
        self._project.execute(
            "UPDATE sequences SET end_s = ?, status = ?, clock = ?, first_frame_s = ? WHERE id = ?",
            ((row.end + moved).timestamp(), row.status, clock, row.first_frame_s, known["id"]),
        )

    def _take_picture(self, sequence: int, picture: Picture, moved: timedelta, infrared: int | None) -> None:
        row = self._media_row(picture, moved, infrared)
        known = self._media.get(row.media)
        if known is None:
            self._media[row.media] = add_media(self._project, self._number, sequence, row)
            self.done.media += 1
            return
        self._project.execute(
            "UPDATE media SET path = ?, width = ?, height = ?, sha256 = ?, state = ?, infrared = ? WHERE id = ?",
            (row.path, row.width, row.height, row.sha256, row.state, row.infrared, known),
        )

    def _media_row(self, picture: Picture, moved: timedelta, infrared: int | None) -> MediaRow:
        state = _state(picture, is_sealed=picture.id in self._sealed)
        sealed = state == "sealed"
        return MediaRow(
            media=f"{self._name}/{picture.path}",
            path=picture.path + (SUFFIX if sealed else ""),
            captured_at=picture.captured_at + moved,
            width=picture.width,
            height=picture.height,
            sha256=self._sealed[picture.id] if sealed else picture.sha256_now,
            state=state,
            infrared=None if infrared is None else bool(infrared),
        )

    def _take_words(self, sequence: int, burst: str, moved: timedelta) -> None:
        """What the card says and the project has not heard; words with an action were said in a project."""
        told = "SELECT method, classified_by, classified_at FROM words WHERE sequence = ? AND action IS NULL"
        held = Counter(tuple(row) for row in self._project.execute(told, (sequence,)))
        rows = self._card.execute("SELECT * FROM classifications WHERE burst = ? ORDER BY id", (burst,)).fetchall()
        for row in rows:
            name = (row["method"], row["classified_by"], row["classified_at"])
            if held[name]:
                held[name] -= 1
                continue
            add_word(self._project, sequence, self._word(row, moved))
            self.done.words += 1
            self.done.touched.append(sequence)

    def _word(self, row: sqlite3.Row, moved: timedelta) -> WordRow:
        observations = self._card.execute(
            "SELECT * FROM observations WHERE classification = ? ORDER BY id", (row["id"],)
        )
        return WordRow(
            method="human" if row["method"] == "human" else "machine",
            classified_by=row["classified_by"],
            classified_at=datetime.fromisoformat(row["classified_at"]),
            observations=tuple(_observation(each, moved) for each in observations),
            detections=tuple(self._detections(row["id"])),
            model_sha256=row["model_sha256"],
            score_threshold=row["score_threshold"],
        )

    def _detections(self, classification: int) -> Iterator[DetectionRow]:
        rows = self._card.execute(
            "SELECT d.*, m.path FROM detections d JOIN media m ON m.id = d.media WHERE d.classification = ?"
            " ORDER BY d.id",
            (classification,),
        )
        for row in rows:
            yield DetectionRow(
                media=self._media[f"{self._name}/{row['path']}"],
                taxon=row["taxon"],
                model_label=row["model_label"],
                score=row["score"],
                bbox=BBox(row["x"], row["y"], row["width"], row["height"]),
                fate=Fate(row["fate"]),
                counted_as=row["counted_as"],
            )


def _sequence(burst: sqlite3.Row, pictures: list[Picture]) -> SequenceRow:
    """From the first picture to the last: between the trigger and the first the clock may have been set."""
    start = pictures[0].captured_at if pictures else datetime.fromisoformat(burst["started_at"])
    return SequenceRow(
        sequence=burst["id"],
        cause=TriggerCause(burst["cause"]),
        start=start,
        end=max((each.captured_at for each in pictures), default=start),
        status=burst["status"],
        clock=burst["clock"],
        first_frame_s=burst["first_frame_s"],
    )


def _state(picture: Picture, *, is_sealed: bool) -> MediaState:
    if picture.is_removed or picture.outcome is Outcome.DROPPED:
        return "removed"
    if is_sealed:
        return "sealed"
    return "blurred" if picture.outcome is Outcome.BLURRED else "present"


def _observation(row: sqlite3.Row, moved: timedelta) -> ObservationRow:
    return ObservationRow(
        taxon=row["taxon"],
        count=row["count"],
        first_at=datetime.fromisoformat(row["first_at"]) + moved,
        last_at=datetime.fromisoformat(row["last_at"]) + moved,
        count_low=row["count_low"],
        count_high=row["count_high"],
        score=row["score"],
    )
