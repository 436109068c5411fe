"""Storing what a model said of a burst, whole and at once: boxes, counts, what is remembered, what is to be done."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cameratrap.domain.detections import BBox, Detection
from cameratrap.domain.judged import Fate, JudgedBox
from cameratrap.domain.policy import Treatment
from cameratrap.store.bursts import Picture
from cameratrap.store.connection import transaction
from cameratrap.store.treatments import decide
from cameratrap.store.views import BurstView, remember

# The number of the newest model's word on a burst, NULL where no model has looked at it.
_NEWEST = "SELECT MAX(id) AS id FROM classifications WHERE burst = ? AND method = 'machine'"


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered, and at which threshold."""

    name: str
    version: str
    sha256: str
    score_threshold: float | None

    @property
    def full_name(self) -> str:
        """Name and version, as ``classified_by``."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class PictureAnswer:
    """What was found in one picture, and the picture's upright size in pixels."""

    picture: Picture
    width: int
    height: int
    boxes: tuple[JudgedBox, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """How many of one taxon a burst shows (``domain.counting.TaxonCount``), from when to when; aware times."""

    taxon: str
    count: int
    count_low: int
    count_high: int
    score: float | None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Analysis:
    """A model's word on one burst.

    ``treatments`` says, by the picture's number, what is done with each picture that is not kept as it is; ``view`` is
    the small picture that the scene learns from.
    """

    answers: tuple[PictureAnswer, ...] = ()
    observations: tuple[Observation, ...] = ()
    treatments: Mapping[int, Treatment] = field(default_factory=dict)
    view: BurstView | None = None

    @property
    def discards(self) -> bool:
        """Whether nothing of the burst but its counts may stay."""
        return Treatment.DISCARD in self.treatments.values()


def store_analysis(
    connection: sqlite3.Connection,
    burst: str,
    analysis: Analysis,
    model: ModelIdentity,
    *,
    made_at: datetime,
    error: str | None = None,
    fault: str | None = None,
) -> None:
    """Store a model's word on a burst, that it was looked at and what is to be done now, in one transaction.

    ``error`` and ``fault`` (a name of domain.summaries.FAULTS) say that some of it failed; what was found counts.
    A burst of which no picture could be looked at has no word on it: that is a failure and not a blank.
    """
    with transaction(connection):
        connection.execute(
            "UPDATE bursts SET status = ?, looked_by = ?, error = ?, fault = ? WHERE id = ?",
            ("failed" if error else "analysed", model.full_name, error, fault, burst),
        )
        decide(connection, burst, analysis.treatments, made_at)
        remember(connection, burst, analysis.view)
        if not analysis.answers:
            return
        classification = _add_classification(connection, burst, model, made_at)
        for answer in analysis.answers if not analysis.discards else ():
            _add_boxes(connection, classification, answer)
        for observation in analysis.observations:
            _add_observation(connection, classification, observation)


def stored_boxes(connection: sqlite3.Connection, burst: str) -> Mapping[int, list[JudgedBox]]:
    """What the newest model found in a burst, by the picture's number; a picture without any box is absent."""
    rows = connection.execute(f"SELECT * FROM detections WHERE classification = ({_NEWEST}) ORDER BY id", (burst,))
    found: dict[int, list[JudgedBox]] = {}
    for row in rows:
        found.setdefault(row["media"], []).append(_box(row))
    return found


def stored_observations(connection: sqlite3.Connection, burst: str) -> list[Observation]:
    """The newest model's counts of a burst."""
    rows = connection.execute(f"SELECT * FROM observations WHERE classification = ({_NEWEST}) ORDER BY taxon", (burst,))
    return [_observation(row) for row in rows]


def _add_classification(connection: sqlite3.Connection, burst: str, model: ModelIdentity, made_at: datetime) -> int:
    before = connection.execute(_NEWEST, (burst,)).fetchone()
    cursor = connection.execute(
        "INSERT INTO classifications (burst, method, classified_by, classified_at, model_sha256, score_threshold,"
        " replaces) VALUES (?, 'machine', ?, ?, ?, ?, ?)",
        (
            burst,
            model.full_name,
            made_at.isoformat(),
            model.sha256,
            model.score_threshold,
            before["id"],
        ),
    )
    return int(cursor.lastrowid or 0)


def _add_boxes(connection: sqlite3.Connection, classification: int, answer: PictureAnswer) -> None:
    media = answer.picture.id
    connection.execute("UPDATE media SET width = ?, height = ? WHERE id = ?", (answer.width, answer.height, media))
    connection.executemany(
        "INSERT INTO detections (classification, media, taxon, model_label, score, x, y, width, height, fate,"
        " counted_as, hidden) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_box_row(classification, media, box) for box in answer.boxes],
    )


def _box_row(classification: int, media: int, box: JudgedBox) -> Sequence[object]:
    found, place = box.detection, box.detection.bbox
    return (
        classification,
        media,
        found.taxon,
        found.model_label,
        found.score,
        place.x,
        place.y,
        place.width,
        place.height,
        box.fate.value,
        box.counted_as,
        box.hidden,
    )


def _add_observation(connection: sqlite3.Connection, classification: int, observation: Observation) -> None:
    connection.execute(
        "INSERT INTO observations (classification, taxon, count, count_low, count_high, score, first_at, last_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            classification,
            observation.taxon,
            observation.count,
            observation.count_low,
            observation.count_high,
            observation.score,
            observation.first_at.isoformat(),
            observation.last_at.isoformat(),
        ),
    )


def _box(row: sqlite3.Row) -> JudgedBox:
    place = BBox(row["x"], row["y"], row["width"], row["height"])
    found = Detection(row["taxon"], row["model_label"], row["score"], place)
    return JudgedBox(found, Fate(row["fate"]), row["counted_as"], bool(row["hidden"]))


def _observation(row: sqlite3.Row) -> Observation:
    return Observation(
        taxon=row["taxon"],
        count=row["count"],
        count_low=0 if row["count_low"] is None else row["count_low"],
        count_high=row["count"] if row["count_high"] is None else row["count_high"],
        score=row["score"],
        first_at=datetime.fromisoformat(row["first_at"]),
        last_at=datetime.fromisoformat(row["last_at"]),
    )
