"""Rows that are added to a project many at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.judged import Fate
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, passing_project
from cameratrap.store.project_batch import Batch
from cameratrap.store.project_rows import (
    DeploymentRow,
    DetectionRow,
    MediaRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_deployment,
    add_media,
    add_sequence,
    add_word,
)

AT = datetime(2027, 3, 1, 6, tzinfo=UTC)
LATER = AT + timedelta(seconds=2.5)
SEQUENCE = SequenceRow("b", TriggerCause.PIR, AT, LATER, "captured", "ok", 0.4)
PICTURE = MediaRow("d/1", "1.jpg", LATER, "image/png", 4, 3, 9, "aa", "blurred", True, {"fileName": "\u0144"})
SEEN = ObservationRow("Lynx lynx", 2, AT, LATER, 1, 3, 0.5, {"sex": "female"})
TABLES = ("sequences", "media", "words", "observations", "detections")


def box(media: int) -> DetectionRow:
    return DetectionRow(media, "Lynx lynx", "lynx", 0.5, BBox(0.1, 0.2, 0.3, 0.4), Fate.STANDS, "Lynx lynx")


def word(media: int) -> WordRow:
    return WordRow("machine", "m 1", LATER, (SEEN,), (box(media), box(media)), "ff", 0.3)


def begun(project: Project) -> int:
    """A project that has a sequence already, of another deployment."""
    row = DeploymentRow("d", "s", 0, AT, LATER, "card", ".", AT)
    add_sequence(project.connection, add_deployment(project.connection, row), SEQUENCE)
    return add_deployment(project.connection, DeploymentRow("e", "s", 0, AT, LATER, "card", ".", AT))


def rows(project: Project) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in project.connection.execute(f"SELECT * FROM {table}")] for table in TABLES]  # noqa: S608


def test_many_at_once_are_the_rows_that_are_added_one_by_one(tmp_path: Path) -> None:
    """The same values under the same numbers; a detection names its picture by whatever the caller calls it."""
    with passing_project(tmp_path) as single, transaction(single.connection):
        deployment = begun(single)
        sequence = add_sequence(single.connection, deployment, SEQUENCE)
        media = add_media(single.connection, deployment, sequence, PICTURE)
        first = add_word(single.connection, sequence, word(media))
        expected = rows(single)
    with passing_project(tmp_path) as many, transaction(many.connection):
        batch = Batch(many.connection, begun(many))
        assert batch.add_sequence(SEQUENCE) == sequence == 2
        assert batch.add_media(sequence, PICTURE) == media
        assert batch.add_word(sequence, word(77), {77: media}, replaces=None) == first
        assert rows(many) != expected
        batch.flush()
        assert rows(many) == expected
        batch.flush()
        assert rows(many) == expected
