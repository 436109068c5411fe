"""Reading our own file of detections back: the deployments, sequences and words that ``export.megadetector`` wrote."""

from __future__ import annotations

import json
import posixpath
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cameratrap.app.megadetector_results import FileResult, Results
from cameratrap.app.megadetector_word import is_said
from cameratrap.app.project_nights import night_of
from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.judged import Fate
from cameratrap.errors import StoreError
from cameratrap.store.project import Project
from cameratrap.store.project_deployments import tell
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_lines import DeploymentLine, add_effort
from cameratrap.store.project_read import StoredDeployment, deployments
from cameratrap.store.project_rows import (
    DeploymentRow,
    DetectionRow,
    MediaRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_down,
    add_media,
    add_sequence,
    add_word,
)
from cameratrap.store.told_flags import tell_flags

Object = Mapping[str, Any]
Group = Sequence[FileResult]


def import_own(
    project: Project, path: Path, images: Path, results: Results, *, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...], int, int, int]:
    """Take it in, within the caller's transaction.

    Returns the deployments that gained something and those that had it all, and how many sequences, media and words.

    Raises StoreError where what the file says of the project is not sound.
    """
    try:
        return _Own(project, images, now).take(results)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, sqlite3.IntegrityError) as error:
        raise StoreError(
            f"what {path} says of a project is damaged",
            why=f"{type(error).__name__}: {error}",
            hint="take the objects `cameratrap` out of it to import it as any other program's",
        ) from error


def told_before(connection: sqlite3.Connection, name: str) -> StoredDeployment | None:
    """The deployment that was told of by this name, whatever it is called since."""
    row = connection.execute("SELECT deployment FROM origins WHERE name = ?", (name,)).fetchone()
    known = deployments(connection)
    return next(
        (each for each in known if each.number == (row and row["deployment"]) or each.row.deployment == name), None
    )


class _Own:
    def __init__(self, project: Project, images: Path, now: datetime) -> None:
        self._project = project
        self._images = images
        self._now = now
        self._sequences = self._media = self._words = 0

    def take(self, results: Results) -> tuple[tuple[str, ...], tuple[str, ...], int, int, int]:
        groups: dict[str, dict[str, list[FileResult]]] = {}
        for file in results.files:
            groups.setdefault(file.own["deployment"], {}).setdefault(file.own["sequence"], []).append(file)
        gained: list[str] = []
        known: list[str] = []
        for told in results.own["deployments"]:
            grew = self._deployment(told, groups.pop(told["deployment"], {}))
            (gained if grew else known).append(told["deployment"])
        if groups:
            raise ValueError(f"it does not tell of the deployment {next(iter(groups))!r}")
        return tuple(gained), tuple(known), self._sequences, self._media, self._words

    def _deployment(self, told: Object, groups: Mapping[str, Group]) -> bool:
        """Whether it is new or gained anything."""
        connection = self._project.connection
        found = told_before(connection, told["deployment"])
        number = found.number if found else self._new_deployment(told, groups)
        sequences, words = self._sequences, self._words
        taken = {self._sequence(number, group): group[0].own for group in groups.values()}
        flagged = [sequence for sequence, own in taken.items() if own.get("flagged") is True]
        tell_flags(connection, flagged, made_at=self._now)
        settle(connection, taken.keys())
        if self._sequences > sequences:  # events get new numbers, which an open page does not know
            regroup(connection, number, is_night=night_of(connection, number))
        return found is None or self._sequences > sequences or self._words > words

    def _new_deployment(self, told: Object, groups: Mapping[str, Group]) -> int:
        connection, row = self._project.connection, self._deployment_row(told, groups)
        down = tuple((_aware(start), _aware(end), str(why)) for start, end, why in told.get("down", ()))
        line = DeploymentLine(row, down, tuple(map(_day, told.get("effort", ()))))
        number = tell(connection, row)
        add_down(connection, number, line.down)
        add_effort(connection, number, line)
        return number

    def _deployment_row(self, told: Object, groups: Mapping[str, Group]) -> DeploymentRow:
        base, own = self._images.resolve(), self._project.folder.resolve()
        folder = base.joinpath(next((_root(group[0]) for group in groups.values()), "."))
        return DeploymentRow(
            deployment=told["deployment"],
            station=told["station"],
            utc_offset_minutes=int(told["utc_offset_minutes"]),
            start=_aware(told["start"]),
            end=_aware(told["end"]),
            source="megadetector",
            root=(folder.relative_to(own) if folder.is_relative_to(own) else folder).as_posix(),
            imported_at=self._now,
            session=told["session"],
            setup=dict(told["setup"]),
            made_with=dict(told["made_with"]),
        )

    def _sequence(self, deployment: int, group: Group) -> int:
        connection, head = self._project.connection, group[0].own
        row = connection.execute(
            "SELECT id FROM sequences WHERE deployment = ? AND sequence = ?", (deployment, head["sequence"])
        ).fetchone()
        number = int(row["id"]) if row else self._new_sequence(deployment, group)
        media = {
            row["media"]: row["id"]
            for row in connection.execute("SELECT id, media FROM media WHERE sequence = ?", (number,))
        }
        for told in head["words"]:
            word = _word(told, media)
            if not is_said(connection, number, word):
                add_word(connection, number, word)
                self._words += 1
        return number

    def _new_sequence(self, deployment: int, group: Group) -> int:
        number = add_sequence(self._project.connection, deployment, _sequence_row(group[0].own))
        for each in group:
            add_media(self._project.connection, deployment, number, _media_row(each.own))
        self._sequences += 1
        self._media += len(group)
        return number


def _root(file: FileResult) -> str:
    """The deployment's folder below that of the pictures: the file's name less the path in the deployment."""
    path = posixpath.normpath(file.own["path"])
    if file.file != path and not file.file.endswith("/" + path):
        raise ValueError(f"{file.file!r} does not end with {path!r}")
    return posixpath.normpath(file.file[: -len(path)] or ".")


def _sequence_row(own: Object) -> SequenceRow:
    start, end = _aware(own["start"]), _aware(own["end"])
    cause = TriggerCause(own["cause"])
    if own["status"] not in {"captured", "analysed", "failed"}:
        raise ValueError(f"no status is called {own['status']!r}")
    return SequenceRow(own["sequence"], cause, start, end, own["status"], own["clock"], own["first_frame_s"])


def _media_row(own: Object) -> MediaRow:
    if own["state"] not in {"present", "blurred", "sealed", "removed"}:
        raise ValueError(f"no state of a picture is called {own['state']!r}")
    return MediaRow(
        media=own["media"],
        path=own["path"],
        captured_at=_aware(own["captured_at"]),
        mediatype=own["mediatype"],
        width=own["width"],
        height=own["height"],
        size=own["bytes"],
        sha256=own["sha256"],
        state=own["state"],
        infrared=own["infrared"],
        attributes=dict(own["attributes"]),
    )


def _word(told: Object, media: Mapping[str, int]) -> WordRow:
    if told["method"] not in {"machine", "human"}:
        raise ValueError(f"nobody says anything by {told['method']!r}")
    return WordRow(
        told["method"],
        told["classified_by"],
        _aware(told["classified_at"]),
        tuple(_observation(each) for each in told["observations"]),
        tuple(_box(each, media[each["media"]]) for each in told["boxes"]),
        told["model_sha256"],
        told["score_threshold"],
    )


def _observation(told: Object) -> ObservationRow:
    values = {**told, "first_at": _aware(told["first_at"]), "last_at": _aware(told["last_at"])}
    return ObservationRow(**{**values, "attributes": dict(told["attributes"])})


def _box(told: Object, media: int) -> DetectionRow:
    bbox = BBox(*(float(value) for value in told["bbox"]))
    fate = Fate(told["fate"])
    return DetectionRow(media, told["taxon"], told["label"], float(told["score"]), bbox, fate, told["counted_as"])


def _day(told: Object) -> Object:
    date.fromisoformat(told["day"])
    if not isinstance(json.loads(told["health"]), dict):
        raise TypeError(f"the day {told['day']!r} has no account of its health")
    return told


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return moment
