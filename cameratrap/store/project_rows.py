"""What a project is made of, as values, and how each is added to its index; always within the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cameratrap.domain import review
from cameratrap.domain.detections import BBox
from cameratrap.domain.events import Source, TriggerCause
from cameratrap.domain.judged import Fate

Origin = Literal["card", "folder", "camtrap-dp", "megadetector"]
MediaState = Literal["present", "blurred", "sealed", "removed"]
SequenceStatus = Literal["captured", "analysed", "failed"]
Attributes = Mapping[str, object]
UNKNOWN = review.UNKNOWN


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """One deployment. Times are aware; ``setup`` goes by Camtrap DP's names of the deployments table.

    ``root`` is the folder that the paths of its media are relative to: relative itself to the project's folder, or
    absolute where the media were not copied.
    """

    deployment: str
    station: str
    utc_offset_minutes: int
    start: datetime
    end: datetime
    source: Origin
    root: str
    imported_at: datetime
    session: str = ""
    latitude: float | None = None
    longitude: float | None = None
    coordinate_uncertainty: int | None = None
    setup: Attributes = field(default_factory=dict)
    made_with: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SequenceRow:
    """What one trigger took. ``sequence`` is its name, unique in the deployment; times are aware."""

    sequence: str
    cause: TriggerCause
    start: datetime
    end: datetime
    status: SequenceStatus = "analysed"
    clock: str | None = None
    first_frame_s: float | None = None


@dataclass(frozen=True, slots=True)
class MediaRow:
    """One picture or clip. ``media`` is its id, unique in the project; ``path`` is relative to the deployment's root.

    ``infrared`` is whether it was lit by infrared, None where nobody knows. ``attributes`` are further columns of
    Camtrap DP's media table.
    """

    media: str
    path: str
    captured_at: datetime
    mediatype: str = "image/jpeg"
    width: int | None = None
    height: int | None = None
    size: int | None = None
    sha256: str | None = None
    state: MediaState = "present"
    infrared: bool | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObservationRow:
    """How many of one taxon, from when to when. ``attributes`` are lifeStage, sex and so on by Camtrap DP's names."""

    taxon: str
    count: int
    first_at: datetime
    last_at: datetime
    count_low: int | None = None
    count_high: int | None = None
    score: float | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DetectionRow:
    """One box in one picture, by the picture's number in the index, and what became of it."""

    media: int
    taxon: str
    model_label: str
    score: float
    bbox: BBox
    fate: Fate = Fate.STANDS
    counted_as: str | None = None


@dataclass(frozen=True, slots=True)
class WordRow:
    """One complete statement on a sequence; without observations it says that nothing is there."""

    method: Source
    classified_by: str
    classified_at: datetime
    observations: tuple[ObservationRow, ...] = ()
    detections: tuple[DetectionRow, ...] = ()
    model_sha256: str | None = None
    score_threshold: float | None = None


def add_deployment(connection: sqlite3.Connection, row: DeploymentRow) -> int:
    """Returns its number."""
    values = {
        "deployment": row.deployment,
        "station": row.station,
        "session": row.session,
        "utc_offset_minutes": row.utc_offset_minutes,
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "latitude": row.latitude,
        "longitude": row.longitude,
        "coordinate_uncertainty": row.coordinate_uncertainty,
        "setup": _json(row.setup),
        "made_with": _json(row.made_with),
        "source": row.source,
        "root": row.root,
        "imported_at": row.imported_at.isoformat(),
    }
    return _number(connection.execute(_adding("deployments", ", ".join(values)), (None, *values.values())))


def add_sequence(connection: sqlite3.Connection, deployment: int, row: SequenceRow) -> int:
    """Returns its number. It belongs to no event until ``project_events.regroup`` has run."""
    return _number(connection.execute(ADD_SEQUENCE, (None, *sequence_values(deployment, row))))


def add_media(connection: sqlite3.Connection, deployment: int, sequence: int, row: MediaRow) -> int:
    """Returns its number."""
    return _number(connection.execute(ADD_MEDIA, (None, *media_values(deployment, sequence, row))))


def add_word(connection: sqlite3.Connection, sequence: int, row: WordRow, *, action: int | None = None) -> int:
    """Add a statement; returns its number. ``project_events.settle`` then says which one stands."""
    before = connection.execute("SELECT standing FROM sequences WHERE id = ?", (sequence,)).fetchone()
    word = _number(connection.execute(ADD_WORD, (None, *word_values(sequence, row, action, before["standing"]))))
    connection.executemany(ADD_OBSERVATION, [(None, *observation_values(word, each)) for each in row.observations])
    connection.executemany(ADD_DETECTION, [(None, *detection_values(word, each)) for each in row.detections])
    return word


def add_down(connection: sqlite3.Connection, deployment: int, spans: Iterable[tuple[datetime, datetime, str]]) -> None:
    """Add the stretches in which it could not have photographed an animal, each with why."""
    connection.executemany(
        "INSERT INTO down (deployment, start, end, why) VALUES (?, ?, ?, ?)",
        [(deployment, start.isoformat(), end.isoformat(), why) for start, end, why in spans],
    )


def _adding(table: str, columns: str) -> str:
    """A statement that takes a row's number (None: the next) and then its values."""
    return f"INSERT INTO {table} (id, {columns}) VALUES (?{', ?' * len(columns.split(','))})"


ADD_SEQUENCE = _adding("sequences", "deployment, sequence, cause, start, start_s, end_s, status, clock, first_frame_s")
ADD_MEDIA = _adding(
    "media",
    "media, deployment, sequence, path, captured_at, captured_s, width, height, bytes, sha256, mediatype, state,"
    " infrared, attributes",
)
ADD_WORD = _adding(
    "words", "sequence, method, classified_by, classified_at, model_sha256, score_threshold, action, replaces"
)
ADD_OBSERVATION = _adding(
    "observations", "word, taxon, count, count_low, count_high, score, first_at, last_at, attributes"
)
ADD_DETECTION = _adding("detections", "word, media, taxon, model_label, score, x, y, width, height, fate, counted_as")


def sequence_values(deployment: int, row: SequenceRow) -> tuple[object, ...]:
    """What ADD_SEQUENCE takes after the number."""
    return (
        deployment, row.sequence, row.cause.value, row.start.isoformat(), row.start.timestamp(), row.end.timestamp(),
        row.status, row.clock, row.first_frame_s,
    )  # fmt: skip


def media_values(deployment: int, sequence: int, row: MediaRow) -> tuple[object, ...]:
    """What ADD_MEDIA takes after the number."""
    return (
        row.media, deployment, sequence, row.path, row.captured_at.isoformat(), row.captured_at.timestamp(), row.width,
        row.height, row.size, row.sha256, row.mediatype, row.state, row.infrared, _json(row.attributes),
    )  # fmt: skip


def word_values(sequence: int, row: WordRow, action: int | None, replaces: int | None) -> tuple[object, ...]:
    """What ADD_WORD takes after the number; ``replaces`` is the word that stood before."""
    return (
        sequence, row.method, row.classified_by, row.classified_at.isoformat(), row.model_sha256, row.score_threshold,
        action, replaces,
    )  # fmt: skip


def observation_values(word: int, row: ObservationRow) -> tuple[object, ...]:
    """What ADD_OBSERVATION takes after the number."""
    return (
        word, row.taxon, row.count, row.count_low, row.count_high, row.score, row.first_at.isoformat(),
        row.last_at.isoformat(), _json(row.attributes),
    )  # fmt: skip


def detection_values(word: int, row: DetectionRow) -> tuple[object, ...]:
    """What ADD_DETECTION takes after the number."""
    box = row.bbox
    return (
        word, row.media, row.taxon, row.model_label, row.score, box.x, box.y, box.width, box.height, row.fate.value,
        row.counted_as,
    )  # fmt: skip


def _number(cursor: sqlite3.Cursor) -> int:
    return int(cursor.lastrowid or 0)


def _json(values: Attributes) -> str:
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True) if values else "{}"
