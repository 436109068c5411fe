"""A small project with one of everything that an export has to tell: who said what, of what, and what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from PIL import Image

from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.judged import Fate
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project
from cameratrap.store.project_deployments import tell
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import (
    DeploymentRow,
    DetectionRow,
    MediaRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_media,
    add_sequence,
    add_word,
)

START = datetime(2026, 6, 1, 5, tzinfo=timezone(timedelta(hours=1)))
HOSTILE = '=HYPERLINK("http://x")|</rdf:li>\u202e'
TAXA = ("Vulpes vulpes", "animal", "Homo sapiens", "vehicle", HOSTILE)


@dataclass(frozen=True)
class Seen:
    """One sequence of ``pictures``: what the model said and what a person said, None for nobody; how it went."""

    minute: int
    machine: dict[str, int] | None
    human: dict[str, int] | None = None
    pictures: int = 2
    status: str = "analysed"
    video: bool = False


SEEN = (
    Seen(0, {"Vulpes vulpes": 2}, {"Vulpes vulpes": 3}),
    Seen(1, {"animal": 1}, {}),
    Seen(200, {}),
    Seen(300, {"Homo sapiens": 1, "vehicle": 1}),
    Seen(400, None, status="captured"),
    Seen(500, None, status="failed"),
    Seen(600, {HOSTILE: 1}, {HOSTILE: 1, "Vulpes vulpes": 2}),
    Seen(700, None, status="captured", video=True, pictures=1),
    Seen(800, {"animal": 2}, video=True, pictures=1),
)


def studied_project(folder: Path, *, lynx_at_second: bool = False) -> Path:
    """Two deployments at one station with the sequences of ``SEEN``, and a third elsewhere that saw a fox."""
    with edit_project(folder, create=True) as project, transaction(project.connection):
        second = (*SEEN, Seen(900, {"animal": 1}, {"Lynx lynx": 1})) if lynx_at_second else SEEN
        _deployment(project, "wood 1", "wood", (52.123456, -1.654321), SEEN)
        _deployment(project, "wood 2", "wood", (52.123456, -1.654321), second)
        _deployment(project, "moor", "moor", (53.987654, -2.5), (Seen(0, {"Vulpes vulpes": 1}),))
        _deployment(project, "lost", "lost", None, ())
    return folder


def _deployment(
    project: Project, name: str, station: str, place: tuple[float, float] | None, seen: tuple[Seen, ...]
) -> None:
    latitude, longitude = place or (None, None)
    row = DeploymentRow(
        name, station, 60, START, START + timedelta(days=2), "card", f"cards/{name}", START,
        latitude=latitude, longitude=longitude, coordinate_uncertainty=None if place is None else 10,
        setup={"cameraHeight": 0.5}, made_with={"model": "m"},
    )  # fmt: skip
    number = tell(project.connection, row)
    settle(project.connection, [_sequence(project, number, row, n, each) for n, each in enumerate(seen)])
    regroup(project.connection, number)


def _sequence(project: Project, deployment: int, row: DeploymentRow, n: int, seen: Seen) -> int:
    start = START + timedelta(minutes=seen.minute)
    end = start + timedelta(seconds=seen.pictures - 1)
    status = seen.status
    assert status in {"captured", "analysed", "failed"}
    sequence = add_sequence(
        project.connection,
        deployment,
        SequenceRow(f"b{n}", TriggerCause.PIR, start, end, status),  # type: ignore[arg-type]
    )
    media = [
        _media(project, deployment, sequence, row, f"{n}-{i}", start + timedelta(seconds=i), seen)
        for i in range(seen.pictures)
    ]
    for method, said in (("machine", seen.machine), ("human", seen.human)):
        if said is not None:
            observations = tuple(
                ObservationRow(taxon, count, start, end, score=0.75 if method == "machine" else None)
                for taxon, count in said.items()
            )
            boxes = _boxes(media, said) if method == "machine" else ()
            who = "detector 1" if method == "machine" else "Ada"
            word = WordRow(
                method, who, start + timedelta(hours=1), observations, boxes, score_threshold=0.4 if boxes else None
            )  # type: ignore[arg-type]
            add_word(project.connection, sequence, word)
    return sequence


def _media(
    project: Project, deployment: int, sequence: int, row: DeploymentRow, name: str, at: datetime, seen: Seen
) -> int:
    path = f"DCIM/{name}.{'mp4' if seen.video else 'jpg'}"
    file = project.folder / row.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if seen.video:
        file.write_bytes(b"\0\0\0\x18ftypmp42")
    else:
        Image.new("RGB", (64, 48), (sum(map(ord, name)) % 256, 90, 40)).save(file, quality=90)
    mediatype = "video/mp4" if seen.video else "image/jpeg"
    media = MediaRow(f"{row.deployment}/{name}", path, at, mediatype, 64, 48, size=file.stat().st_size)
    return add_media(project.connection, deployment, sequence, media)


def _boxes(media: list[int], said: dict[str, int]) -> tuple[DetectionRow, ...]:
    """A box an animal in the first picture, one that is in doubt, and one that always stands there."""
    stand = [
        DetectionRow(media[0], taxon, f"label of {taxon}", 0.75, BBox(0.1 * n, 0.2, 0.1, 0.3), Fate.STANDS, taxon)
        for taxon, count in said.items()
        for n in range(count)
    ]
    doubtful = DetectionRow(media[-1], "animal", "a", 0.2, BBox(0.5, 0.5, 0.5, 0.5), Fate.DOUBTFUL)
    fixture = DetectionRow(media[0], "Sus scrofa", "boar", 0.95, BBox(0.1, 0.1, 0.1, 0.1), Fate.FIXTURE)
    return (*stand, doubtful, fixture)
