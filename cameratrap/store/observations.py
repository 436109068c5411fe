"""What was found in a burst: detections, and the counts that stand until a later observation replaces them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.detections import count_by_taxon, max_n
from cameratrap.domain.events import Sighting, Source, TriggerCause
from cameratrap.ports import DetectedFrame
from cameratrap.store.bursts import Picture
from cameratrap.store.connection import transaction


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered, and whether its answers were recorded earlier rather than computed now."""

    name: str
    version: str
    recorded: bool


def store_analysis(
    connection: sqlite3.Connection,
    burst: str,
    answers: Sequence[tuple[Picture, DetectedFrame]],
    model: ModelIdentity,
    *,
    made_at: datetime,
    error: str | None = None,
) -> None:
    """Store what the detector says of a burst, and the counts that follow, in one transaction.

    Looked at again (with another picture, by another model), its detections are replaced and each count that changed
    becomes a new observation that names the old one. What a person has said of a taxon stands.
    """
    with transaction(connection):
        connection.execute(
            "UPDATE bursts SET status = ?, model = ?, model_version = ?, recorded = ?, error = ? WHERE id = ?",
            ("failed" if error else "analysed", model.name, model.version, model.recorded, error, burst),
        )
        connection.execute("DELETE FROM detections WHERE media IN (SELECT id FROM media WHERE burst = ?)", (burst,))
        for picture, found in answers:
            _store_detections(connection, picture, found)
        found_now = {row.taxon: row for row in _counts(answers)}
        before = {row["taxon"]: row for row in connection.execute(_CURRENT + " AND o.burst = ?", (burst,))}
        for taxon in sorted(found_now.keys() | before.keys()):
            _store_count(
                connection,
                burst,
                taxon,
                found_now.get(taxon),
                before.get(taxon),
                f"{model.name} {model.version}",
                made_at,
            )


# The observations as they stand now: what a later one replaced is left out.
_CURRENT = (
    "SELECT o.*, b.cause FROM observations o JOIN bursts b ON b.id = o.burst"
    " WHERE NOT EXISTS (SELECT 1 FROM observations later WHERE later.replaces = o.id)"
)


@dataclass(frozen=True, slots=True)
class _Count:
    taxon: str
    count: int
    score: float
    first_at: datetime
    last_at: datetime


def _counts(answers: Sequence[tuple[Picture, DetectedFrame]]) -> list[_Count]:
    counts = []
    for taxon, count in max_n(count_by_taxon(found.detections) for _, found in answers).items():
        showing = [(picture, each) for picture, found in answers for each in found.detections if each.taxon == taxon]
        times = [picture.captured_at for picture, _ in showing]
        counts.append(_Count(taxon, count, max(each.score for _, each in showing), min(times), max(times)))
    return counts


def _store_detections(connection: sqlite3.Connection, picture: Picture, found: DetectedFrame) -> None:
    connection.execute("UPDATE media SET width = ?, height = ? WHERE id = ?", (found.width, found.height, picture.id))
    connection.executemany(
        "INSERT INTO detections (media, taxon, model_label, score, x, y, width, height)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                picture.id,
                each.taxon,
                each.model_label,
                each.score,
                each.bbox.x,
                each.bbox.y,
                each.bbox.width,
                each.bbox.height,
            )
            for each in found.detections
        ],
    )


def _store_count(
    connection: sqlite3.Connection,
    burst: str,
    taxon: str,
    now: _Count | None,
    before: sqlite3.Row | None,
    author: str,
    made_at: datetime,
) -> None:
    if before is not None:
        if before["source"] == "human":
            return
        if now is None:
            now = _Count(taxon, 0, before["score"], _moment(before["first_at"]), _moment(before["last_at"]))
        if (now.count, now.first_at, now.last_at) == (
            before["count"],
            _moment(before["first_at"]),
            _moment(before["last_at"]),
        ):
            return
    assert now is not None  # noqa: S101 - the taxon is in one of the two
    connection.execute(
        "INSERT INTO observations (burst, taxon, count, score, first_at, last_at, source, author, made_at, replaces)"
        " VALUES (?, ?, ?, ?, ?, ?, 'machine', ?, ?, ?)",
        (
            burst,
            taxon,
            now.count,
            now.score,
            now.first_at.isoformat(),
            now.last_at.isoformat(),
            author,
            made_at.isoformat(),
            None if before is None else before["id"],
        ),
    )


_moment = datetime.fromisoformat


def sightings(connection: sqlite3.Connection, deployment: str) -> list[Sighting]:
    """The sightings as they stand now, in order of time."""
    rows = connection.execute(_CURRENT + " AND o.count > 0 ORDER BY o.first_at, o.id")
    return [_sighting(row, deployment) for row in rows]


def _sighting(row: sqlite3.Row, deployment: str) -> Sighting:
    source: Source = "human" if row["source"] == "human" else "machine"
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
