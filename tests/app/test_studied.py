"""What analyses begin with: the deployments that are meant, the pictures that bound them, their events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from cameratrap.app.fold import Rules
from cameratrap.app.studied import chosen_deployments, chosen_events, picture_spans, taxa_seen, was_said
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from cameratrap.domain.events import Sighting, TriggerCause
from cameratrap.domain.selection import Selection
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project
from tests.studies import make_study

ZONE = timezone(timedelta(hours=-8))
FOX = "Vulpes vulpes"


def at(day: int, hour: float = 12) -> datetime:
    """An hour of a day of June at the stations."""
    return datetime(2026, 6, day, tzinfo=ZONE) + timedelta(hours=hour)


def seen(deployment: str, day: int, hour: float = 12, cause: TriggerCause = TriggerCause.PIR) -> Sighting:
    return Sighting(deployment, FOX, at(day, hour), at(day, hour), 1, f"{deployment}-{day}-{hour}", cause)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Two deployments at the ridge one after the other, and one at the ford that took nothing."""
    deployed = [
        Deployed("r1", "ridge", at(1), at(5), ZONE, session="a"),
        Deployed("r2", "ridge", at(5), at(9), ZONE, session="b"),
        Deployed("f1", "ford", at(2), at(4), ZONE, session="a"),
    ]
    sightings = [
        seen("r1", 2, 23.75), seen("r1", 3, 0.1), seen("r1", 4), seen("r1", 4, 20, TriggerCause.TIMELAPSE),
        seen("r2", 6),
    ]  # fmt: skip
    with edit_project(make_study(tmp_path / "study", deployed, sightings)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ["f1", "r1", "r2"]),
        (Selection(stations=("ridge",)), ["r1", "r2"]),
        (Selection(stations=("ridge",), sessions=("a",)), ["r1"]),
        (Selection(deployments=("r2", "f1")), ["f1", "r2"]),
        (Selection(since=date(2026, 6, 5)), ["r1", "r2"]),
        (Selection(since=date(2026, 6, 6)), ["r2"]),
        (Selection(until=date(2026, 6, 1)), ["r1"]),
        (Selection(stations=("nowhere",)), []),
    ],
)
def test_the_deployments_that_are_meant(project: Project, selection: Selection, expected: list[str]) -> None:
    """By name, station and session, and only those that stood on one of the days, the station's own."""
    assert [each.deployment for each in chosen_deployments(project.connection, selection)] == expected


def test_pictures_bound_a_deployment(project: Project) -> None:
    """From the first to the last; a deployment without any has no bounds."""
    assert picture_spans(project.connection) == {"r1": Span(at(2, 23.75), at(4, 20)), "r2": Span(at(6), at(6))}


def test_a_clock_that_was_not_set_bounds_nothing(project: Project) -> None:
    """Its pictures were taken at no time that is known."""
    with transaction(project.connection):
        project.connection.execute("UPDATE sequences SET clock = 'unset' WHERE sequence IN ('b0', 'b4')")
    assert picture_spans(project.connection) == {"r1": Span(at(3, 0.1), at(4, 20))}
    deployed = chosen_deployments(project.connection, Selection())
    found = chosen_events(project.connection, deployed, Rules(), Selection())
    assert [event.start for event in found] == [at(3, 0.1), at(4)]


def test_events_are_reckoned_before_they_are_chosen(project: Project) -> None:
    """One that began before midnight is of that day, and its rest is no event of the next; time-lapse is none."""
    deployed = chosen_deployments(project.connection, Selection())
    found = list(chosen_events(project.connection, deployed, Rules(), Selection()))
    assert [(event.deployment, event.start) for event in found] == [("r1", at(2, 23.75)), ("r1", at(4)), ("r2", at(6))]
    third = Selection(since=date(2026, 6, 3), until=date(2026, 6, 3))
    assert not list(chosen_events(project.connection, deployed, Rules(), third))


def test_what_was_seen_and_said(project: Project) -> None:
    """Taxa that stand, and names that anybody has used."""
    assert taxa_seen(project.connection) == [FOX]
    assert was_said(project.connection, FOX)
    assert not was_said(project.connection, "fox")
