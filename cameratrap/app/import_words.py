"""What a detector says of pictures that were imported without: a sequence gets its word as soon as it is complete."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path

from cameratrap.app.processed import ProcessedFile
from cameratrap.domain.detections import Detection
from cameratrap.domain.events import Source
from cameratrap.store.analyses import ModelIdentity
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project
from cameratrap.store.project_events import settle
from cameratrap.store.project_rows import DetectionRow, ObservationRow, WordRow, add_word

_MACHINE: Source = "machine"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One picture or clip that nobody has looked at: its sequence, its number, where it lies, when it was taken."""

    sequence: int
    media: int
    file: Path
    path: str
    taken: datetime


@dataclass
class Looked:
    """How many sequences got a word, and which files could not be looked at, each with why."""

    sequences: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def waiting(project: Project, deployment: int) -> list[Waiting]:
    """The media of the sequences that no model has looked at, in order of folder and time."""
    rows = project.connection.execute(
        "SELECT m.*, d.root FROM media m JOIN sequences s ON s.id = m.sequence"
        " JOIN deployments d ON d.id = s.deployment"
        " WHERE s.deployment = ? AND s.status = 'captured' AND m.state IN ('present', 'blurred')"
        " ORDER BY s.start_s, s.id, m.captured_s, m.id",
        (deployment,),
    )
    return [
        Waiting(
            row["sequence"],
            row["id"],
            project.media_path(row["root"], row["path"]),
            row["path"],
            datetime.fromisoformat(row["captured_at"]),
        )
        for row in rows
    ]


def take_words(
    connection: sqlite3.Connection,
    media: Sequence[Waiting],
    results: Iterable[ProcessedFile | None],
    model: ModelIdentity,
    *,
    made_at: datetime,
    looked: Looked,
) -> Iterator[int]:
    """Store what each of ``media`` got, in the same order, and yield how many files are done after each sequence.

    None is a file of which nothing is known: its sequence waits on. A sequence's word is one transaction.
    """
    coming = iter(results)
    for _, group in groupby(media, key=lambda each: each.sequence):
        members = list(group)
        answers = islice(coming, len(members))
        _take(connection, list(zip(members, answers, strict=True)), model, made_at, looked)
        yield len(members)


def _take(
    connection: sqlite3.Connection,
    group: Sequence[tuple[Waiting, ProcessedFile | None]],
    model: ModelIdentity,
    made_at: datetime,
    looked: Looked,
) -> None:
    if any(result is None for _, result in group):
        return
    found = [(each, result) for each, result in group if result is not None]
    for each, result in found:
        if result.error is not None:
            looked.failed.append((each.path, result.error))
    readable = [(each, result) for each, result in found if result.detections is not None]
    sequence = group[0][0].sequence
    with transaction(connection):
        status = "analysed" if len(readable) == len(found) else "failed"
        connection.execute("UPDATE sequences SET status = ? WHERE id = ?", (status, sequence))
        connection.executemany(
            "UPDATE media SET width = COALESCE(?, width), height = COALESCE(?, height) WHERE id = ?",
            [(result.width, result.height, each.media) for each, result in readable],
        )
        if readable:
            add_word(connection, sequence, _word(readable, model, made_at))
            looked.sequences += 1
        settle(connection, [sequence])


def _word(readable: Sequence[tuple[Waiting, ProcessedFile]], model: ModelIdentity, made_at: datetime) -> WordRow:
    """MaxN over the pictures of one trigger, from the first that shows the taxon to the last."""
    taxa = sorted({taxon for _, result in readable for taxon in result.counts or {}})
    return WordRow(
        method=_MACHINE,
        classified_by=model.full_name,
        classified_at=made_at,
        observations=tuple(_observation(taxon, readable) for taxon in taxa),
        detections=tuple(
            DetectionRow(each.media, found.taxon, found.model_label, found.score, found.bbox, counted_as=found.taxon)
            for each, result in readable
            for found in result.detections or ()
        ),
        model_sha256=model.sha256 or None,
        score_threshold=model.score_threshold,
    )


def _observation(taxon: str, readable: Sequence[tuple[Waiting, ProcessedFile]]) -> ObservationRow:
    showing = [(each, result) for each, result in readable if _counts(result).get(taxon, 0) > 0]
    scores = [found.score for _, result in showing for found in _boxes(result) if found.taxon == taxon]
    return ObservationRow(
        taxon=taxon,
        count=max(_counts(result)[taxon] for _, result in showing),
        first_at=min(each.taken for each, _ in showing),
        last_at=max(each.taken for each, _ in showing),
        score=max(scores, default=None),
    )


def _counts(result: ProcessedFile) -> Mapping[str, int]:
    return result.counts or {}


def _boxes(result: ProcessedFile) -> Iterator[Detection]:
    """Of a clip, those of every frame."""
    if result.moments is None:
        yield from result.detections or ()
    for moment in result.moments or ():
        yield from moment.detections
