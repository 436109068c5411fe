"""Taking the results of MegaDetector, AddaxAI and others into a project, and our own file of them back.

Pictures that the project has already get a further word of the machine, on the sequences they belong to. The others
become deployments: their times are told by the file of results, else by their own EXIF; pictures of one folder that
follow each other within seconds are one sequence. Taking the same file in again changes nothing.
"""

from __future__ import annotations

import posixpath
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

from cameratrap.app.import_megadetector_own import import_own, told_before
from cameratrap.app.megadetector_known import (
    deployments_of_media,
    deployments_of_sequences,
    known_media,
    say_of_known,
)
from cameratrap.app.megadetector_pictures import Picture, inside, media_row, parse_moment, picture_of, sequences_of
from cameratrap.app.megadetector_results import FileResult, Results, is_megadetector, read_results
from cameratrap.app.megadetector_word import word_of
from cameratrap.app.project_nights import night_of
from cameratrap.domain.events import TriggerCause, standard_zone
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import StoreError, UsageError
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project
from cameratrap.store.project_deployments import tell
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import DeploymentRow, SequenceRow, add_media, add_sequence, add_word

__all__ = ["Placement", "Taken", "import_results", "is_megadetector"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where pictures belong that the project does not have yet.

    ``deployment`` is the name of all; without one each first folder below the one of the pictures is a deployment.
    ``station`` is the deployment's name where it is empty. Times without an offset are ``utc_offset_minutes`` from UTC;
    None where nobody says, which is enough where none is needed.
    """

    utc_offset_minutes: int | None
    deployment: str = ""
    station: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it: the deployments that are new or gained something, and those that had it all already.

    ``passed_over`` are files that belong nowhere, each with why.
    """

    deployments: tuple[str, ...]
    known: tuple[str, ...]
    sequences: int
    media: int
    words: int
    passed_over: tuple[tuple[str, str], ...] = ()


def import_results(
    project: Project,
    path: Path,
    images: Path,
    placement: Placement,
    taxa: TaxaTable,
    *,
    now: datetime,
    threshold: float | None = None,
) -> Taken:
    """Take a file of results in; all of it or nothing. ``images`` is the folder that its files are relative to.

    From ``threshold`` on boxes count; without one, from what the file says. ``now`` is aware. Raises StoreError for a
    file that is not sound, and where a deployment of the name is there that holds other pictures; UsageError where a
    time has no offset and ``placement`` has none.
    """
    results = read_results(path, taxa)
    if threshold is not None:
        results = replace(results, threshold=threshold)
    with transaction(project.connection):
        if results.own:
            if placement.deployment:
                raise UsageError(f"{path} says itself what its deployments are called", hint="leave --deployment out")
            return Taken(*import_own(project, path, images, results, now=now))
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return _import(project, images, results, placement, written_at, now)


def _import(
    project: Project, images: Path, results: Results, placement: Placement, written_at: datetime, now: datetime
) -> Taken:
    minutes = placement.utc_offset_minutes
    zone = None if minutes is None else standard_zone(minutes)
    said_at = parse_moment(results.completed, zone or UTC) or written_at
    known, new, passed_over = _sorted_out(project, images, results.files, zone)
    said = say_of_known(project.connection, known, results, said_at)
    settle(project.connection, said)
    gained = deployments_of_sequences(project.connection, said)
    added = words = 0
    deployments = _by_deployment(new, images, placement)
    for name, pictures in deployments.items():
        number = _deployment(project, images, name, pictures, placement, now)
        groups = list(sequences_of(pictures))
        settle(project.connection, [_add(project.connection, number, name, each, results, said_at) for each in groups])
        regroup(project.connection, number, is_night=night_of(project.connection, number))
        added += len(groups)
        words += sum(any(each.result.found is not None for each in group) for group in groups)
    gained |= set(deployments)
    unchanged = deployments_of_media(project.connection, known) - gained
    return Taken(
        tuple(sorted(gained)), tuple(sorted(unchanged)), added, len(new), len(said) + words, tuple(passed_over)
    )


def _sorted_out(
    project: Project, images: Path, files: Iterable[FileResult], zone: timezone | None
) -> tuple[dict[int, FileResult], list[Picture], list[tuple[str, str]]]:
    """What the project has already, by the media's number; what is new; what belongs nowhere."""
    base = images.resolve()
    numbers = known_media(project)
    known: dict[int, FileResult] = {}
    new: dict[str, Picture] = {}
    passed_over: list[tuple[str, str]] = []
    for result in files:
        file = inside(base, result.file)
        number = numbers.get(posixpath.join(base.as_posix(), file)) if file else None
        picture = picture_of(base, replace(result, file=file), zone) if file and number is None else None
        if number is not None:
            known[number] = result
        elif picture is not None:
            new[file] = picture
        else:
            why = (
                "no time is known of it"
                if file
                else "it lies outside the folder of the pictures, or its name is not text"
            )
            passed_over.append((result.file, why))
    return known, list(new.values()), passed_over


def _by_deployment(new: Iterable[Picture], images: Path, placement: Placement) -> dict[str, list[Picture]]:
    groups: dict[str, list[Picture]] = defaultdict(list)
    for picture in new:
        parts = PurePosixPath(picture.result.file).parts
        groups[placement.deployment or (parts[0] if len(parts) > 1 else images.resolve().name)].append(picture)
    return dict(sorted(groups.items()))


def _deployment(
    project: Project, images: Path, name: str, pictures: list[Picture], placement: Placement, now: datetime
) -> int:
    """The deployment of that name, made, or made longer where it is of the same folder. Returns its number."""
    base = images.resolve()
    root = base.relative_to(project.folder.resolve()) if base.is_relative_to(project.folder.resolve()) else base
    start, end = min(each.taken for each in pictures), max(each.taken for each in pictures)
    found = told_before(project.connection, name)
    if found is not None and (found.row.source != "megadetector" or found.row.root != root.as_posix()):
        raise StoreError(
            f"the project has a deployment {name} of other pictures",
            why=f"its pictures are in {found.row.root}",
            hint="give these another name with --deployment NAME",
        )
    if found is not None:
        return tell(
            project.connection,
            replace(found.row, deployment=name, start=min(start, found.row.start), end=max(end, found.row.end)),
        )
    row = DeploymentRow(
        deployment=name,
        station=placement.station or name,
        utc_offset_minutes=_minutes(pictures[0].taken, placement),
        start=start,
        end=end,
        source="megadetector",
        root=root.as_posix(),
        imported_at=now,
        session=placement.session,
    )
    return tell(project.connection, row)


def _minutes(taken: datetime, placement: Placement) -> int:
    """The station's standard time: as it is told, else as the first picture's time has it."""
    if placement.utc_offset_minutes is not None:
        return placement.utc_offset_minutes
    return int((taken.utcoffset() or timedelta(0)) / timedelta(minutes=1))


def _add(
    connection: sqlite3.Connection,
    deployment: int,
    name: str,
    members: list[Picture],
    results: Results,
    said_at: datetime,
) -> int:
    """Add a sequence with its media and its word; returns its number."""
    failed = all(each.result.found is None for each in members)
    row = SequenceRow(
        members[0].result.file,
        TriggerCause.PIR,
        members[0].taken,
        members[-1].taken,
        "failed" if failed else "analysed",
    )
    sequence = add_sequence(connection, deployment, row)
    numbered = [
        (add_media(connection, deployment, sequence, media_row(name, each)), each.result, each.taken)
        for each in members
    ]
    word = word_of(results, numbered, said_at)
    if word is not None:
        add_word(connection, sequence, word)
    return sequence
