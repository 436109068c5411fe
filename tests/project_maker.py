"""Projects made up for tests and measurements, of any size and each time the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project
from cameratrap.store.project_events import regroup, settle
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

START = datetime(2026, 6, 1, 6, tzinfo=timezone(timedelta(hours=1)))
TAXA = ("animal", "Vulpes vulpes", "Meles meles", "Capreolus capreolus", "Sus scrofa", "Homo sapiens")
_IN_FOLDER = 9999  # as many pictures a DCF folder has names for


@dataclass(frozen=True)
class Plan:
    """What is made: so many ``deployments`` of so many ``sequences`` of so many ``media`` each.

    Every second sequence follows the one before it within a minute, the others hours later. ``blank`` of the sequences
    show nothing. With ``pictures`` the files are there, small JPEGs with a time in their EXIF. Words, with a box in
    the first picture for each animal, are a model's; ``analysed=False`` leaves them out.
    """

    deployments: int = 2
    sequences: int = 10
    media: int = 3
    taxa: tuple[str, ...] = TAXA
    blank: float = 0.5
    pictures: bool = False
    analysed: bool = True
    seed: int = 1


def make_project(folder: Path, plan: Plan = Plan()) -> Path:
    """Make the project at ``folder``, which is not there yet."""
    with edit_project(folder, create=True) as project:
        for number in range(plan.deployments):
            fill_deployment(project, number, plan)
    return folder


@contextmanager
def made_project(folder: Path, plan: Plan = Plan()) -> Iterator[Project]:
    """The same, open for writing."""
    with edit_project(make_project(folder, plan)) as project:
        yield project


def fill_deployment(project: Project, number: int, plan: Plan) -> int:
    """Add one deployment, ``d001`` and so on, two to a station, to an open project; returns its number there."""
    rng = random.Random(f"{plan.seed} {number}")
    name, connection = f"d{number + 1:03}", project.connection
    starts = list(_starts(rng, plan.sequences))
    end = (starts[-1] if starts else START) + timedelta(hours=5)
    row = DeploymentRow(
        name,
        f"s{number // 2 + 1:02}",
        60,
        START,
        end,
        "card",
        f"cards/{name}",
        end,
        session="2026",
        latitude=46.8 + number / 100,
        longitude=9.4,
    )
    with transaction(connection):
        deployment = add_deployment(connection, row)
        made = [_fill_sequence(project, deployment, row, n, at, rng, plan) for n, at in enumerate(starts)]
        settle(connection, made)
        regroup(connection, deployment, is_night=_is_night)
    return deployment


def _starts(rng: random.Random, count: int) -> Iterator[datetime]:
    at = START
    for n in range(count):
        at += timedelta(seconds=rng.randint(5, 60) if n % 2 else rng.randint(600, 20000))
        yield at


def _is_night(_deployment: int, moment_s: float) -> bool:
    return not 5 <= datetime.fromtimestamp(moment_s, UTC).hour < 19


def _fill_sequence(
    project: Project, deployment: int, row: DeploymentRow, n: int, at: datetime, rng: random.Random, plan: Plan
) -> int:
    connection, end = project.connection, at + timedelta(seconds=max(0, plan.media - 1))
    sequence = add_sequence(
        connection,
        deployment,
        SequenceRow(
            f"{row.deployment}-{n:06}",
            TriggerCause.PIR if rng.random() < 0.9 else TriggerCause.MOTION,
            at,
            end,
            status="analysed" if plan.analysed else "captured",
        ),
    )
    media = [
        _add_picture(project, deployment, sequence, row, n * plan.media + k, at, k, plan) for k in range(plan.media)
    ]
    if plan.analysed:
        add_word(connection, sequence, _word(rng, at, end, media, plan))
    return sequence


def _add_picture(
    project: Project, deployment: int, sequence: int, row: DeploymentRow, number: int, at: datetime, k: int, plan: Plan
) -> int:
    folder, file = divmod(number, _IN_FOLDER)
    path, taken = f"DCIM/{100 + folder}CTRAP/CTRP{file + 1:04}.JPG", at + timedelta(seconds=k)
    if plan.pictures:
        _write_picture(project.media_path(row.root, path), number, taken)
    media = MediaRow(f"{row.deployment}/{path}", path, taken, width=48, height=36)
    return add_media(project.connection, deployment, sequence, media)


def _write_picture(path: Path, seed: int, taken: datetime) -> None:
    from tests.fakes import jpeg

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg(seed, taken=taken))


def _word(rng: random.Random, at: datetime, end: datetime, media: list[int], plan: Plan) -> WordRow:
    if rng.random() < plan.blank:
        return WordRow("machine", "made-up 1", end)
    taxon = rng.choice(plan.taxa)
    count, score = rng.choice((1, 1, 1, 2, 3)), round(rng.uniform(0.3, 0.99), 2)
    boxes = tuple(
        DetectionRow(media[0], taxon, taxon, score, BBox(0.1 + 0.2 * n, 0.2, 0.15, 0.3), counted_as=taxon)
        for n in range(count if media else 0)
    )
    observation = ObservationRow(taxon, count, at, end, count, count, score)
    return WordRow("machine", "made-up 1", end, (observation,), boxes, score_threshold=0.3)
