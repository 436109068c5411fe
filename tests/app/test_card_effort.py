"""A card's effort in a project: when it could not see and why, each day's account, and what was by night."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from cameratrap.app.card_effort import down_spans
from cameratrap.app.fold import Rules, fold
from cameratrap.app.project_nights import night_of
from cameratrap.app.project_source import open_source
from cameratrap.domain.effort import Span
from cameratrap.store.card import Card, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.deployment import Deployment, Setup
from cameratrap.store.project import read_project
from cameratrap.store.project_events import regroup
from cameratrap.store.project_read import deployed
from cameratrap.store.trials import copy_in_memory
from tests.project_maker import Plan, make_project

ZONE = timezone(timedelta(hours=1))
START = datetime(2026, 6, 1, tzinfo=ZONE)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def note(card: Card, table: str, start: float, end: float, **more: object) -> None:
    """A stretch of time, in hours after the beginning, as the trap writes it down."""
    values = {"boot_id": "b", "start": at(start).isoformat(), "end": at(end).isoformat(), **more}
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    insert = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names that this test gives
    card.connection.execute(insert, tuple(values.values()))


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Deployed for three days: armed from the 6th hour to the 60th but for two; the sensor failed for four, the lamp
    for ten."""
    deployment = Deployment("d", "s", 60, START, at(72), Setup(latitude=46.5, longitude=7.4))
    with make_card(tmp_path / "card", deployment) as made, transaction(made.connection):
        armed = {"start_monotonic_s": 0.0, "end_monotonic_s": 1.0}
        note(made, "armed", 6, 30, **armed)
        note(made, "armed", 32, 60, **armed)
        for device, start, end in (("pir", 34, 38), ("camera", 71, 99), ("lamp", 20, 30)):
            note(made, "device_faults", start, end, device=device, what="x", monotonic_s=0.0, recovered=1)
    return tmp_path / "card"


def test_it_could_not_see_while_it_was_not_armed_or_a_device_failed(card: Path) -> None:
    """Each stretch within the deployment, with why; a lamp that failed leaves the days. Together they are the union."""
    with open_source(card) as project:
        told = project.connection.execute("SELECT start, end, why FROM down ORDER BY start, why").fetchall()
        assert [(row["start"], row["end"], row["why"]) for row in told] == [
            (at(start).isoformat(), at(end).isoformat(), why)
            for start, end, why in (
                (0, 6, "not armed"), (30, 32, "not armed"), (34, 38, "pir"), (60, 72, "not armed"), (71, 72, "camera"),
            )
        ]  # fmt: skip
        (found,) = deployed(project.connection)
        assert found.down == (
            Span(at(0), at(6)), Span(at(30), at(32)), Span(at(34), at(38)), Span(at(60), at(72)),
        )  # fmt: skip


def test_each_day_is_what_the_card_says_of_it(card: Path) -> None:
    """Hours armed, also by night where the position is known, and the faults: those of the card's own fold."""
    with make_card(card, Deployment("d", "s", 60, START)) as opened:
        folded = fold(opened, Rules(position=(46.5, 7.4)))
        assert list(down_spans(opened, Span(at(72), at(80)))) == [
            (at(72), at(80), "not armed"),
            (at(72), at(80), "camera"),
        ]
    with open_source(card) as project:
        rows = project.connection.execute("SELECT * FROM effort_days ORDER BY day").fetchall()
    assert [row["day"] for row in rows] == [day.isoformat() for day in folded.days]
    for row, day in zip(rows, folded.days, strict=True):
        effort = folded.effort[day]
        assert (row["hours_armed"], row["hours_armed_night"]) == (effort.hours_armed, effort.hours_armed_night)
        assert json.loads(row["health"])["faults"] == list(folded.faults[day])
    assert sum(row["hours_armed"] for row in rows) == pytest.approx(52 - 4)


def test_a_card_that_tells_of_no_arming_was_never_down(tmp_path: Path) -> None:
    """Nobody logged it: that is not the same as a camera that was off."""
    with make_card(tmp_path / "card", Deployment("d", "s", 60, START)) as opened:
        assert list(down_spans(opened, Span(at(0), at(9)))) == []


def test_a_night_is_told_by_the_lamp_then_by_the_sun_then_by_nobody(tmp_path: Path) -> None:
    """At noon with the lamp lit it was dark; without a lamp the sun says; without a position nobody does."""
    make_project(tmp_path / "study", Plan(deployments=1, sequences=3, media=2))
    with read_project(tmp_path / "study") as read, copy_in_memory(read.connection) as copy:
        times = (at(12), at(13), at(1))
        for number, moment in enumerate(times, start=1):
            where = (moment.isoformat(), moment.timestamp(), number)
            copy.execute("UPDATE sequences SET start = ?, start_s = ?, end_s = start_s WHERE id = ?", where)
        copy.execute("UPDATE media SET infrared = sequence = 1 WHERE sequence <> 3")

        def nights(latitude: float | None) -> list[int | None]:
            copy.execute("UPDATE deployments SET latitude = ?, longitude = 7.4", (latitude,))
            with transaction(copy):
                regroup(copy, 1, is_night=night_of(copy, 1))
            rows = copy.execute("SELECT is_night FROM events ORDER BY start_s").fetchall()
            return [row["is_night"] for row in rows]

        assert nights(46.5) == [1, 1, 0]
        assert nights(-80.0) == [1, 1, 0]
        assert nights(80.0) == [0, 1, 0]
        assert nights(None) == [None, 1, 0]
