"""What a detector's results of a few pictures say of the sequence that they are."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from cameratrap.app.megadetector_results import FileResult, Found, Results
from cameratrap.domain.detections import max_n
from cameratrap.domain.judged import Fate
from cameratrap.store.project_rows import DetectionRow, ObservationRow, WordRow

Members = Sequence[tuple[int, FileResult, datetime]]  # a medium's number in the index, its result, when it was taken


def word_of(results: Results, members: Members, said_at: datetime) -> WordRow | None:
    """The word on a sequence; None where every picture of it failed: nobody has looked then."""
    if all(result.found is None for _, result, _ in members):
        return None
    seen = [(number, each, taken) for number, result, taken in members for each in result.found or ()]
    counting = [(each, taken) for _, each, taken in seen if each.score >= results.threshold]
    most = max_n(frame for _, result, _ in members for frame in _frames(result.found or (), results.threshold))
    return WordRow(
        "machine",
        results.detector,
        said_at,
        tuple(_observation(taxon, count, counting) for taxon, count in most.items()),
        tuple(_detection(number, each, results.threshold) for number, each, _ in seen),
        score_threshold=results.threshold,
    )


def is_said(connection: sqlite3.Connection, sequence: int, word: WordRow) -> bool:
    """Whether the sequence has this word already."""
    row = connection.execute(
        "SELECT 1 FROM words WHERE sequence = ? AND method = ? AND classified_by = ?"
        " AND julianday(classified_at) = julianday(?) AND score_threshold IS ?",
        (sequence, word.method, word.classified_by, word.classified_at.isoformat(), word.score_threshold),
    ).fetchone()
    return row is not None


def _frames(found: Iterable[Found], threshold: float) -> Iterable[Counter[str]]:
    """How many of each taxon count, by frame; a picture is one frame."""
    frames: dict[int | None, Counter[str]] = {}
    for each in found:
        if each.score >= threshold:
            frames.setdefault(each.frame, Counter())[each.taxon] += 1
    return frames.values()


def _observation(taxon: str, count: int, counting: Sequence[tuple[Found, datetime]]) -> ObservationRow:
    times = [taken for each, taken in counting if each.taxon == taxon]
    score = max(each.score for each, _ in counting if each.taxon == taxon)
    return ObservationRow(taxon, count, min(times), max(times), score=score)


def _detection(number: int, each: Found, threshold: float) -> DetectionRow:
    if each.score >= threshold:
        return DetectionRow(number, each.taxon, each.label, each.score, each.bbox, Fate.STANDS, each.taxon)
    return DetectionRow(number, each.taxon, each.label, each.score, each.bbox, Fate.DOUBTFUL)
