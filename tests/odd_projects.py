"""Projects as odd as they may be: any text for a name, any offset, nothing in them, or one picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from hypothesis import strategies as st

from cameratrap.domain.detections import BBox
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.judged import Fate
from cameratrap.export.camtrap_dp_cells import text_cell
from cameratrap.export.sequences import read_sequences
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project
from cameratrap.store.project_deployments import tell
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_lines import DeploymentLine, SequenceLine, add_effort, add_line, deployment_line
from cameratrap.store.project_read import deployments, sightings
from cameratrap.store.project_rows import (
    DeploymentRow,
    DetectionRow,
    MediaRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_down,
)

Study = list[tuple[DeploymentLine, list[SequenceLine]]]
START = datetime(2026, 6, 1, 6, tzinfo=timezone(timedelta(hours=1)))
TAXA = ("animal", "Vulpes vulpes", "fox", "Homo sapiens", "horse and rider", "vehicle", "unknown", "Lynx lynx", "<b>|x")
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.one_of(texts, st.sampled_from(["NA", "nan", "a/b", "..", "~", "C:\\x", "=1+1", "Фуфло 🦊", "a\nb"]))
offsets = st.sampled_from([0, 60, 120, -210, 345, 840])


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """A few deployments with what was photographed at each; every position is known."""
    found = draw(st.lists(names, min_size=1, max_size=3, unique_by=text_cell))
    return [_deployment(draw, name, number) for number, name in enumerate(found)]


def _deployment(draw: st.DrawFn, name: str, number: int) -> tuple[DeploymentLine, list[SequenceLine]]:
    offset = draw(offsets)
    start = START.astimezone(timezone(timedelta(minutes=offset)))
    end = start + timedelta(days=draw(st.integers(0, 30)))
    row = DeploymentRow(
        name,
        draw(names),
        offset,
        start,
        end,
        "card",
        "cards/x",
        end,
        session=draw(st.one_of(st.just(""), texts.map(str.strip))),
        latitude=draw(st.floats(-90, 90)),
        longitude=draw(st.floats(-180, 180)),
        coordinate_uncertainty=draw(st.none() | st.integers(1, 5000)),
        setup=draw(
            st.fixed_dictionaries(
                {}, optional={"cameraHeight": st.floats(0, 9), "baitUse": st.booleans(), "habitat": texts}
            )
        ),
    )
    effort = ({"day": "2026-06-01", "hours_armed": 23.5, "triggers": 4, "health": "{}"},)
    line = DeploymentLine(row, ((start, end, "card full"),), effort)
    count = draw(st.integers(0, 4))
    return line, [_sequence(draw, f"{number}-{n}", start) for n in range(count)]


def _sequence(draw: st.DrawFn, name: str, start: datetime) -> SequenceLine:
    offset = timezone(timedelta(minutes=draw(offsets)))  # a clock that was put forward meanwhile
    at = (start + timedelta(seconds=draw(st.floats(0, 5000)))).astimezone(offset)
    media = tuple(
        _picture(draw, f"{name}/{n}", at + timedelta(seconds=0.7 * n)) for n in range(draw(st.integers(0, 3)))
    )
    end = media[-1].captured_at if media else at
    cause = draw(st.sampled_from(TriggerCause))
    words = tuple(_words(draw, at, end, len(media)))
    return SequenceLine(SequenceRow(name, cause, at, end, "analysed" if words else "captured"), media, words)


def _picture(draw: st.DrawFn, name: str, at: datetime) -> MediaRow:
    return MediaRow(
        name,
        draw(st.sampled_from(["IMG.JPG", "ü ö%.jpg", "a..b.jpg", "~x.jpg", "x.mp4"])) + "/" + name,
        at,
        draw(st.sampled_from(["image/jpeg", "video/mp4"])),
        width=draw(st.none() | st.integers(1, 9000)),
        state=draw(st.sampled_from(["present", "blurred", "sealed", "removed"])),
        infrared=draw(st.none() | st.booleans()),
        attributes=draw(st.fixed_dictionaries({}, optional={"mediaComments": texts, "favorite": st.booleans()})),
    )


def _words(draw: st.DrawFn, at: datetime, end: datetime, media: int) -> Iterator[WordRow]:
    if draw(st.booleans()):
        boxes = tuple(_box(draw, n) for n in range(media))
        yield WordRow("machine", "model 1", end, _seen(draw, at, end, scored=True), boxes, "ab" * 32, 0.3)
    if draw(st.booleans()):
        yield WordRow("human", draw(names), end + timedelta(days=9, microseconds=5), _seen(draw, at, end, scored=False))


def _seen(draw: st.DrawFn, at: datetime, end: datetime, *, scored: bool) -> tuple[ObservationRow, ...]:
    found = draw(st.lists(st.one_of(st.sampled_from(TAXA), texts), max_size=3, unique=True))
    traits = st.fixed_dictionaries({}, optional={"lifeStage": st.just("adult"), "behavior": texts})
    return tuple(
        ObservationRow(
            taxon, draw(st.integers(1, 9)), at, end, 1, 9, draw(st.floats(0, 1)) if scored else None, draw(traits)
        )
        for taxon in found
    )


def _box(draw: st.DrawFn, media: int) -> DetectionRow:
    taxon, fate = draw(st.sampled_from(TAXA)), draw(st.sampled_from(Fate))
    x, y, size = draw(st.floats(0, 0.5)), draw(st.floats(0, 0.5)), draw(st.floats(0.01, 0.5))
    return DetectionRow(media, taxon, "label", draw(st.floats(0, 1)), BBox(x, y, size, size), fate)


@contextmanager
def odd_project(folder: Path, study: Study) -> Iterator[Project]:
    """A project of these lines, open for writing."""
    with edit_project(folder, create=True) as project:
        with transaction(project.connection):
            for line, sequences in study:
                number = tell(project.connection, line.row)
                add_down(project.connection, number, line.down)
                add_effort(project.connection, number, line)
                settle(project.connection, [add_line(project.connection, number, each) for each in sequences])
                regroup(project.connection, number)
        yield project


def told(project: Project) -> Mapping[str, object]:
    """All that holds in a project, but for where its media lie and how they came there; what is of one time by name."""
    connection = project.connection
    seen = sorted(sightings(connection), key=lambda each: (each.start, each.deployment, each.burst, each.taxon))
    found: dict[str, object] = {"sightings": seen}
    for each in deployments(connection):
        line = deployment_line(connection, each.number, each.row)
        found[each.row.deployment] = (line.row, line.down, line.effort, list(_held(project, each.number)))
    return found


def _held(project: Project, deployment: int) -> Iterator[object]:
    stored = read_sequences(project.connection, deployment)
    for each in sorted(stored, key=lambda each: (each.row.start, each.row.sequence)):
        places = {number: place for place, number in enumerate(each.media)}
        words = [
            word and replace(word, detections=tuple(replace(box, media=places[box.media]) for box in word.detections))
            for word in (each.machine, each.standing)
        ]
        yield each.row, list(each.media.values()), words
