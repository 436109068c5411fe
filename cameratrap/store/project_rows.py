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
    return _insert(
        connection,
        "deployments",
        {
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
        },
    )


def add_sequence(connection: sqlite3.Connection, deployment: int, row: SequenceRow) -> int:
    """Returns its number. It belongs to no event until ``project_events.regroup`` has run."""
    return _insert(
        connection,
        "sequences",
        {
            "deployment": deployment,
            "sequence": row.sequence,
            "cause": row.cause.value,
            "start": row.start.isoformat(),
            "start_s": row.start.timestamp(),
            "end_s": row.end.timestamp(),
            "status": row.status,
            "clock": row.clock,
            "first_frame_s": row.first_frame_s,
        },
    )


def add_media(connection: sqlite3.Connection, deployment: int, sequence: int, row: MediaRow) -> int:
    """Returns its number."""
    return _insert(
        connection,
        "media",
        {
            "media": row.media,
            "deployment": deployment,
            "sequence": sequence,
            "path": row.path,
            "captured_at": row.captured_at.isoformat(),
            "captured_s": row.captured_at.timestamp(),
            "width": row.width,
            "height": row.height,
            "bytes": row.size,
            "sha256": row.sha256,
            "mediatype": row.mediatype,
            "state": row.state,
            "infrared": row.infrared,
            "attributes": _json(row.attributes),
        },
    )


def add_word(connection: sqlite3.Connection, sequence: int, row: WordRow, *, action: int | None = None) -> int:
    """Add a statement; returns its number. ``project_events.settle`` then says which one stands."""
    before = connection.execute("SELECT standing FROM sequences WHERE id = ?", (sequence,)).fetchone()
    word = _insert(
        connection,
        "words",
        {
            "sequence": sequence,
            "method": row.method,
            "classified_by": row.classified_by,
            "classified_at": row.classified_at.isoformat(),
            "model_sha256": row.model_sha256,
            "score_threshold": row.score_threshold,
            "action": action,
            "replaces": before["standing"],
        },
    )
    for observation in row.observations:
        _add_observation(connection, word, observation)
    for detection in row.detections:
        _add_detection(connection, word, detection)
    return word


def add_down(connection: sqlite3.Connection, deployment: int, spans: Iterable[tuple[datetime, datetime, str]]) -> None:
    """Add the stretches in which it could not have photographed an animal, each with why."""
    connection.executemany(
        "INSERT INTO down (deployment, start, end, why) VALUES (?, ?, ?, ?)",
        [(deployment, start.isoformat(), end.isoformat(), why) for start, end, why in spans],
    )


def _add_observation(connection: sqlite3.Connection, word: int, row: ObservationRow) -> None:
    _insert(
        connection,
        "observations",
        {
            "word": word,
            "taxon": row.taxon,
            "count": row.count,
            "count_low": row.count_low,
            "count_high": row.count_high,
            "score": row.score,
            "first_at": row.first_at.isoformat(),
            "last_at": row.last_at.isoformat(),
            "attributes": _json(row.attributes),
        },
    )


def _add_detection(connection: sqlite3.Connection, word: int, row: DetectionRow) -> None:
    _insert(
        connection,
        "detections",
        {
            "word": word,
            "media": row.media,
            "taxon": row.taxon,
            "model_label": row.model_label,
            "score": row.score,
            "x": row.bbox.x,
            "y": row.bbox.y,
            "width": row.bbox.width,
            "height": row.bbox.height,
            "fate": row.fate.value,
            "counted_as": row.counted_as,
        },
    )


def _insert(connection: sqlite3.Connection, table: str, values: Mapping[str, object]) -> int:
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    cursor = connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(values.values()))
    return int(cursor.lastrowid or 0)


def _json(values: Attributes) -> str:
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True)
