"""Bursts, their pictures and what was found in them.

A burst's row goes through two states. ``captured``: its pictures are safe and it still has to be looked at.
``analysed``: detections and counts are stored. A power cut between leaves it captured, and it is looked at later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cameratrap.domain.detections import count_by_taxon, max_n
from cameratrap.domain.events import Sighting, Source, TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.ports import DetectedFrame, Trigger
from cameratrap.store.connection import transaction
from cameratrap.store.media import SavedPicture


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a burst, as the index has it. ``path`` is relative to the card."""

    id: int
    burst: str
    position: int
    of: int
    path: str
    sha256: str
    source_name: str
    captured_at: datetime
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered, and whether its answers were recorded earlier rather than computed now."""

    name: str
    version: str
    recorded: bool


def begin_burst(
    connection: sqlite3.Connection, burst: str, trigger: Trigger, *, boot_id: str, clock: ClockQuality | None
) -> None:
    """Note that a trigger was taken up; the same trigger again changes nothing."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO bursts (id, trigger_key, cause, started_at, monotonic_s, boot_id, clock, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'captured') ON CONFLICT (trigger_key) DO NOTHING",
            (burst, trigger.key, trigger.cause.value, trigger.at.isoformat(), trigger.monotonic_s, boot_id, clock),
        )


def add_picture(
    connection: sqlite3.Connection,
    burst: str,
    picture: SavedPicture,
    *,
    position: int,
    of: int,
    captured_at: datetime,
    source_sha256: str,
    source_name: str,
) -> None:
    """Index one picture that is already durable."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO media (burst, position, of, path, sha256, source_sha256, source_name, bytes, captured_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                burst,
                position,
                of,
                picture.path,
                picture.sha256,
                source_sha256,
                source_name,
                picture.size,
                captured_at.isoformat(),
            ),
        )


def burst_of_trigger(connection: sqlite3.Connection, trigger_key: str) -> str | None:
    """The burst this trigger already has, or None."""
    row = connection.execute("SELECT id FROM bursts WHERE trigger_key = ?", (trigger_key,)).fetchone()
    return None if row is None else str(row["id"])


def has_source(connection: sqlite3.Connection, source_sha256: str) -> bool:
    """Whether a picture with this content, as the camera gave it, is already on the card."""
    return connection.execute("SELECT 1 FROM media WHERE source_sha256 = ?", (source_sha256,)).fetchone() is not None


def waiting_bursts(connection: sqlite3.Connection) -> list[str]:
    """Bursts whose pictures are safe but have not been looked at, oldest first."""
    rows = connection.execute("SELECT id FROM bursts WHERE status = 'captured' ORDER BY started_at, id")
    return [str(row["id"]) for row in rows]


def pictures_of(connection: sqlite3.Connection, burst: str) -> list[Picture]:
    """A burst's pictures in order."""
    return [
        _picture(row) for row in connection.execute("SELECT * FROM media WHERE burst = ? ORDER BY position", (burst,))
    ]


def all_pictures(connection: sqlite3.Connection) -> list[Picture]:
    """Every picture, in order of time."""
    return [_picture(row) for row in connection.execute("SELECT * FROM media ORDER BY captured_at, id")]


def is_waiting(connection: sqlite3.Connection, burst: str) -> bool:
    """Whether a burst still has to be looked at."""
    row = connection.execute("SELECT status FROM bursts WHERE id = ?", (burst,)).fetchone()
    return bool(row["status"] == "captured")


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


def media_paths(connection: sqlite3.Connection) -> Mapping[str, list[str]]:
    """Burst -> its pictures' paths, in order."""
    paths: dict[str, list[str]] = {}
    for row in connection.execute("SELECT burst, path FROM media ORDER BY burst, position"):
        paths.setdefault(row["burst"], []).append(row["path"])
    return paths


def picture_bytes(folder: Path, picture: Picture) -> bytes:
    """The picture itself. Raises OSError."""
    return (folder / picture.path).read_bytes()


def _picture(row: sqlite3.Row) -> Picture:
    return Picture(
        id=row["id"],
        burst=row["burst"],
        position=row["position"],
        of=row["of"],
        path=row["path"],
        sha256=row["sha256"],
        source_name=row["source_name"],
        captured_at=datetime.fromisoformat(row["captured_at"]),
        width=row["width"],
        height=row["height"],
    )
