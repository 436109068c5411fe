"""Projects of a few deployments and records that a test names one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.events import Sighting
from cameratrap.store.connection import transaction
from cameratrap.store.project import edit_project
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import (
    DeploymentRow,
    MediaRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_deployment,
    add_down,
    add_media,
    add_sequence,
    add_word,
)


def make_study(folder: Path, deployed: Sequence[Deployed], sightings: Iterable[Sighting]) -> Path:
    """A project with these deployments, each sighting one picture that a person has named."""
    seen = list(sightings)
    with edit_project(folder, create=True) as project, transaction(project.connection):
        for each in deployed:
            number = add_deployment(project.connection, _row(each))
            add_down(project.connection, number, [(span.start, span.end, "log") for span in each.down])
            made = [
                _add(project.connection, number, one, n)
                for n, one in enumerate(seen)
                if one.deployment == each.deployment
            ]
            settle(project.connection, made)
            regroup(project.connection, number)
    return folder


def _row(deployed: Deployed) -> DeploymentRow:
    offset = deployed.zone.utcoffset(None) // timedelta(minutes=1)
    return DeploymentRow(
        deployed.deployment,
        deployed.station,
        offset,
        deployed.start,
        deployed.end,
        "folder",
        deployed.deployment,
        deployed.end,
        session=deployed.session,
    )


def _add(connection: sqlite3.Connection, deployment: int, sighting: Sighting, n: int) -> int:
    sequence = add_sequence(connection, deployment, SequenceRow(f"b{n}", sighting.cause, sighting.start, sighting.end))
    picture = f"{deployment}-{n}.jpg"
    add_media(connection, deployment, sequence, MediaRow(picture, picture, sighting.start))
    seen = ObservationRow(sighting.taxon, sighting.count, sighting.start, sighting.end)
    add_word(connection, sequence, WordRow("human", "test", sighting.end, (seen,)))
    return sequence
