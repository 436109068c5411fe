"""What was said of a burst: classifications by models and by people, with their detections and counts.

The word that stands of a burst is the newest of a person, else the newest of a model. Every older one is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.detections import DetectedFrame, count_by_taxon, max_n
from cameratrap.domain.events import Sighting, Source, TriggerCause
from cameratrap.store.bursts import Picture
from cameratrap.store.connection import transaction

Answers = Sequence[tuple[Picture, DetectedFrame]]

_STANDING = """
    SELECT c.* FROM classifications c WHERE NOT EXISTS (
        SELECT 1 FROM classifications o WHERE o.burst = c.burst AND (
            (o.method = 'human' AND c.method = 'machine') OR (o.method = c.method AND o.id > c.id)))
"""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered, at which threshold, and whether its answers were recorded earlier."""

    name: str
    version: str
    sha256: str
    score_threshold: float | None
    recorded: bool

    @property
    def full_name(self) -> str:
        """Name and version, as ``classified_by``."""
        return f"{self.name} {self.version}"


def store_analysis(
    connection: sqlite3.Connection,
    burst: str,
    answers: Answers,
    model: ModelIdentity,
    *,
    made_at: datetime,
    error: str | None = None,
    fault: str | None = None,
) -> None:
    """Store a model's word on a burst, and that it was looked at, in one transaction.

    ``error`` and ``fault`` (a name of domain.summaries.FAULTS) say that some of it failed; what was found counts.
    A burst of which no picture could be looked at has no word on it: that is a failure and not a blank.
    """
    with transaction(connection):
        connection.execute(
            "UPDATE bursts SET status = ?, looked_by = ?, error = ?, fault = ? WHERE id = ?",
            ("failed" if error else "analysed", model.full_name, error, fault, burst),
        )
        if not answers:
            return
        classification = _add_classification(connection, burst, model, made_at)
        for picture, found in answers:
            _add_detections(connection, classification, picture, found)
        for taxon, count in max_n(count_by_taxon(found.detections) for _, found in answers).items():
            _add_observation(connection, classification, taxon, count, answers)


def classify_by_hand(
    connection: sqlite3.Connection, burst: str, counts: Mapping[str, int], *, author: str, made_at: datetime
) -> int:
    """Store a person's word on a burst, which stands over every model's; an empty mapping says that it is blank.

    Returns the classification's number. Times are those of the burst's first and last picture.
    """
    with transaction(connection):
        standing = connection.execute(f"{_STANDING} AND c.burst = ?", (burst,)).fetchone()
        times = connection.execute(
            "SELECT MIN(captured_at) AS first_at, MAX(captured_at) AS last_at FROM media WHERE burst = ?", (burst,)
        ).fetchone()
        cursor = connection.execute(
            "INSERT INTO classifications (burst, method, classified_by, classified_at, replaces)"
            " VALUES (?, 'human', ?, ?, ?)",
            (burst, author, made_at.isoformat(), None if standing is None else standing["id"]),
        )
        connection.executemany(
            "INSERT INTO observations (classification, taxon, count, first_at, last_at) VALUES (?, ?, ?, ?, ?)",
            [(cursor.lastrowid, taxon, n, times["first_at"], times["last_at"]) for taxon, n in counts.items()],
        )
    return int(cursor.lastrowid or 0)


def _add_classification(connection: sqlite3.Connection, burst: str, model: ModelIdentity, made_at: datetime) -> int:
    before = connection.execute(
        "SELECT MAX(id) AS id FROM classifications WHERE burst = ? AND method = 'machine'", (burst,)
    ).fetchone()
    cursor = connection.execute(
        "INSERT INTO classifications (burst, method, classified_by, classified_at, model_sha256, score_threshold,"
        " recorded, replaces) VALUES (?, 'machine', ?, ?, ?, ?, ?, ?)",
        (
            burst,
            model.full_name,
            made_at.isoformat(),
            model.sha256,
            model.score_threshold,
            model.recorded,
            before["id"],
        ),
    )
    return int(cursor.lastrowid or 0)


def _add_detections(
    connection: sqlite3.Connection, classification: int, picture: Picture, found: DetectedFrame
) -> None:
    connection.execute("UPDATE media SET width = ?, height = ? WHERE id = ?", (found.width, found.height, picture.id))
    connection.executemany(
        "INSERT INTO detections (classification, media, taxon, model_label, score, x, y, width, height)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                classification,
                picture.id,
                d.taxon,
                d.model_label,
                d.score,
                d.bbox.x,
                d.bbox.y,
                d.bbox.width,
                d.bbox.height,
            )
            for d in found.detections
        ],
    )


def _add_observation(
    connection: sqlite3.Connection, classification: int, taxon: str, count: int, answers: Answers
) -> None:
    showing = [(picture, each) for picture, found in answers for each in found.detections if each.taxon == taxon]
    times = [picture.captured_at for picture, _ in showing]
    connection.execute(
        "INSERT INTO observations (classification, taxon, count, score, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?)",
        (
            classification,
            taxon,
            count,
            max(each.score for _, each in showing),
            min(times).isoformat(),
            max(times).isoformat(),
        ),
    )


def sightings(connection: sqlite3.Connection, deployment: str) -> list[Sighting]:
    """The sightings as they stand now, in order of time."""
    rows = connection.execute(
        f"SELECT o.*, c.burst, c.method, b.cause FROM ({_STANDING}) c JOIN observations o ON o.classification = c.id"
        " JOIN bursts b ON b.id = c.burst ORDER BY o.first_at, o.id"
    )
    return [_sighting(row, deployment) for row in rows]


def blank_bursts(connection: sqlite3.Connection) -> set[str]:
    """The bursts of which the standing word is that nothing is in them."""
    rows = connection.execute(
        f"SELECT c.burst FROM ({_STANDING}) c"
        " WHERE NOT EXISTS (SELECT 1 FROM observations o WHERE o.classification = c.id)"
    )
    return {str(row["burst"]) for row in rows}


def picture_counts(connection: sqlite3.Connection) -> Mapping[int, Mapping[str, int]]:
    """How many of each taxon the newest model found in each picture, by the picture's number."""
    counts: dict[int, dict[str, int]] = {}
    rows = connection.execute(
        "SELECT d.media, d.taxon, COUNT(*) AS n FROM detections d WHERE d.classification IN"
        " (SELECT MAX(id) FROM classifications WHERE method = 'machine' GROUP BY burst)"
        " GROUP BY d.media, d.taxon ORDER BY d.taxon"
    )
    for row in rows:
        counts.setdefault(row["media"], {})[row["taxon"]] = row["n"]
    return counts


def _sighting(row: sqlite3.Row, deployment: str) -> Sighting:
    source: Source = "human" if row["method"] == "human" else "machine"
    return Sighting(
        deployment=deployment,
        taxon=row["taxon"],
        start=datetime.fromisoformat(row["first_at"]),
        end=datetime.fromisoformat(row["last_at"]),
        count=row["count"],
        burst=row["burst"],
        cause=TriggerCause(row["cause"]),
        score=row["score"],
        source=source,
    )
