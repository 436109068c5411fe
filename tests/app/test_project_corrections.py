"""What a person corrects of a deployment: everything follows, what was told first is kept, and it can be taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.app.card_project import deployment_row, take_card
from cameratrap.app.fold import Rules, fold
from cameratrap.app.project_corrections import Who, correct_deployment, shift_clock, take_back
from cameratrap.cli import run
from cameratrap.errors import StoreError, UsageError
from cameratrap.store.card import open_card
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project, read_project
from cameratrap.store.project_clock import move
from cameratrap.store.project_corrections import corrections
from cameratrap.store.project_read import deployed, sightings
from cameratrap.store.review_actions import Change, act
from cameratrap.store.review_scope import Scope
from cameratrap.store.trials import copy_in_memory
from tests.card_maker import FIRST, make_trap_card
from tests.project_maker import Plan, make_project

NOW = datetime(2027, 4, 1, 9, tzinfo=UTC)
ANNA = Who("anna", NOW)
NAME = "ridge_20270301"
DERIVED = ("events", "event_taxa")  # made anew, with new numbers


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_trap_card(tmp_path / "card", monkeypatch)


@pytest.fixture
def study(tmp_path: Path, card: Path) -> Path:
    assert run(["-q", "import", str(card), "--into", str(tmp_path / "study")]) == 0
    return tmp_path / "study"


def content(project: Project) -> dict[str, list[tuple[object, ...]]]:
    """Everything that corrections may change, and nothing of how they were made."""
    queries = {
        "deployments": "SELECT * FROM deployments ORDER BY id",
        "sequences": "SELECT id, sequence, start, start_s, end_s, clock, standing FROM sequences ORDER BY id",
        "media": "SELECT id, captured_at, captured_s FROM media ORDER BY id",
        "observations": "SELECT id, first_at, last_at FROM observations ORDER BY id",
        "down": "SELECT deployment, start, end, why FROM down ORDER BY deployment, start",
        "effort_days": "SELECT * FROM effort_days ORDER BY deployment, day",
        "events": "SELECT deployment, start, start_s, end_s, hour, is_night, taxa, state FROM events ORDER BY 1, 3",
    }
    return {name: [tuple(row) for row in project.connection.execute(query)] for name, query in queries.items()}


def test_a_deployment_that_is_corrected_tells_what_changes(study: Path) -> None:
    """Each thing old and new, its effort with it; taken back, all is as it was, and both are rows."""
    with edit_project(study) as project:
        before = content(project)
        detail = {"station": "north", "end": "2027-03-05T05:00:00+00:00", "latitude": 46.5, "longitude": 7.4,
                  "setup": {"cameraHeight": 0.5}}  # fmt: skip
        number, changes = correct_deployment(project, NAME, detail, ANNA)
        told = {each.name: (each.was, each.now) for each in changes}
        assert told["station"] == ("ridge", "north")
        assert told["days deployed"] == (2.0, 4.0)
        assert told["cameraHeight"] == (None, 0.5)
        assert "days of effort" not in told  # nobody was armed then
        (found,) = deployed(project.connection)
        assert [(span.start.day, span.end.day) for span in found.down] == [(3, 5)]
        row = project.connection.execute("SELECT hours_armed_night FROM effort_days").fetchone()
        assert row["hours_armed_night"] is not None
        assert number is not None
        assert correct_deployment(project, NAME, detail, ANNA) == (None, [])
        take_back(project, number, ANNA)
        assert content(project) == before
        (kept,) = corrections(project.connection)
        assert (kept.author, kept.made_at, kept.undone_at) == ("anna", NOW, NOW)
        with pytest.raises(StoreError, match="taken back already"):
            take_back(project, number, ANNA)
        with pytest.raises(StoreError, match="no correction 99"):
            take_back(project, 99, ANNA)


def test_an_end_before_its_beginning_changes_nothing(study: Path) -> None:
    """Nor does a name that another deployment has, or a deployment that is not there."""
    with edit_project(study) as project:
        before = content(project)
        with pytest.raises(StoreError, match="cannot end"):
            correct_deployment(project, NAME, {"end": "2026-01-01T00:00:00+00:00"}, ANNA)
        with pytest.raises(UsageError, match="no deployment 'ridge_2'"):
            correct_deployment(project, "ridge_2", {"station": "x"}, ANNA)
        assert content(project) == before
        assert corrections(project.connection) == []


def test_a_corrected_deployment_stays_so_when_its_card_comes_again(study: Path, card: Path) -> None:
    """Also under another name: the card is known by itself."""
    with edit_project(study) as project:
        correct_deployment(project, NAME, {"deployment": "north_1", "station": "north"}, ANNA)
    assert run(["-q", "import", str(card), "--into", str(study)]) == 0
    with read_project(study) as project:
        (found,) = deployed(project.connection)
        assert (found.deployment, found.station) == ("north_1", "north")
        assert [each.deployment for each in sightings(project.connection)] == ["north_1"] * 2
    with edit_project(study) as project:
        before = content(project)
        take_back(project, 1, ANNA)
        assert next(iter(deployed(project.connection))).deployment == NAME
        assert content(project) != before


def test_a_clock_that_is_corrected_takes_everything_along(study: Path, card: Path) -> None:
    """Pictures, words of models and people, events and effort: as if the card had been told by a true clock."""
    with edit_project(study) as project:
        act(project.connection, Change("relabel", "Martes martes"), Scope((1,)), key="k", author="anna", made_at=NOW)
        before = content(project)
        number, changes = shift_clock(project, NAME, timedelta(hours=-31), ANNA, since=None, until=None)
        moved = FIRST.replace(tzinfo=UTC) - timedelta(hours=31)
        assert [(each.taxon, each.start) for each in sightings(project.connection)] == [
            ("Martes martes", moved),
            ("Meles meles", moved + timedelta(days=2)),
        ]
        assert {each.name for each in changes} == {"first picture", "last picture", "days of effort"}
        event = project.connection.execute("SELECT start_s, hour FROM events ORDER BY start_s").fetchone()
        assert (event["start_s"], event["hour"]) == (moved.timestamp(), 22)
        days = [tuple(row) for row in project.connection.execute("SELECT day, hours_armed, triggers FROM effort_days")]
        take_back(project, number, ANNA)
        assert content(project) == before
    assert run(["-q", "--data", str(card), "clock", "shift", "--all", "--by", "-31h"]) == 0
    with open_card(card) as opened:
        folded = fold(opened, Rules())
    assert days == [(f"{day}", folded.effort[day].hours_armed, folded.effort[day].triggers) for day in folded.days]


def test_an_unset_clock_counts_as_right_once_it_is_corrected(study: Path) -> None:
    """And as unset again when that is taken back."""
    with edit_project(study) as project:
        project.connection.execute("UPDATE sequences SET clock = 'unset'")
        assert list(sightings(project.connection)) == []
        number, _ = shift_clock(project, NAME, timedelta(days=-1), ANNA, since=None, until=None)
        assert len(list(sightings(project.connection))) == 2
        take_back(project, number, ANNA)
        assert list(sightings(project.connection)) == []


def test_what_comes_later_from_the_same_card_moves_too(
    study: Path, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures that were still to come, from the time that a correction names; taken back, all are where they were."""
    with edit_project(study) as project:
        since = FIRST.replace(tzinfo=UTC) + timedelta(days=1)
        number, _ = shift_clock(project, NAME, timedelta(hours=-1), ANNA, since=since, until=None)
    make_trap_card(card, monkeypatch, pictures=5)
    assert run(["-q", "import", str(card), "--into", str(study)]) == 0
    with edit_project(study) as project:
        hours = "SELECT start FROM sequences ORDER BY start_s"
        assert [row["start"][11:13] for row in project.connection.execute(hours)] == ["05", "04", "04", "04", "04"]
        take_back(project, number, ANNA)
        assert [row["start"][11:13] for row in project.connection.execute(hours)] == ["05"] * 5


def test_a_clock_cannot_be_corrected_to_what_cannot_be(study: Path) -> None:
    """Before any camera trap, or years ahead; nor where there is nothing. The older of two waits for the newer."""
    with edit_project(study) as project:
        before = content(project)
        for days in (-10_000, 4000, -800_000, 2_900_000):  # the last two are in no calendar
            with pytest.raises(UsageError, match="so far"):
                shift_clock(project, NAME, timedelta(days=days), ANNA, since=None, until=None)
        with pytest.raises(UsageError, match="no picture"):
            shift_clock(project, NAME, timedelta(1), ANNA, since=NOW, until=None)
        assert content(project) == before
        first, _ = shift_clock(project, NAME, timedelta(hours=-1), ANNA, since=None, until=None)
        second, _ = shift_clock(project, NAME, timedelta(hours=-1), ANNA, since=None, until=None)
        with pytest.raises(StoreError, match="cannot be undone yet"):
            take_back(project, first, ANNA)
        take_back(project, second, ANNA)
        take_back(project, first, ANNA)
        assert content(project) == before


def test_a_card_that_is_not_there_is_named(study: Path) -> None:
    """Its effort cannot be reckoned anew, and nothing is changed."""
    (study / "cards" / NAME).rename(study / "elsewhere")
    with edit_project(study) as project:
        before = content(project)
        with pytest.raises(StoreError, match=f"the card of {NAME}"):
            shift_clock(project, NAME, timedelta(hours=-1), ANNA, since=None, until=None)
        assert content(project) == before


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("made") / "study", Plan(deployments=2, sequences=12))


_SHIFT = st.tuples(st.sampled_from(["clock", "station", "session", "latitude"]), st.integers(-90_000, 90_000))


@given(st.lists(_SHIFT, min_size=1, max_size=5))
@settings(max_examples=8)
def test_whatever_is_corrected_can_be_taken_back(two: Path, made: list[tuple[str, int]]) -> None:
    """Any corrections, taken back from the last to the first: not a value is different."""
    with read_project(two) as read, copy_in_memory(read.connection) as copy:
        copy.execute("UPDATE deployments SET source = 'folder'")  # without a card to reckon effort from
        project = Project(two, copy)
        name = deployed(copy)[0].deployment
        before = _as_found(project, name)
        numbers = []
        for what, amount in made:
            if what == "clock":
                number: int | None = shift_clock(
                    project, name, timedelta(seconds=amount / 4), ANNA, since=None, until=None
                )[0]
            else:
                value = amount / 1000 if what == "latitude" else str(amount)
                number, _ = correct_deployment(project, name, {what: value}, ANNA)
            numbers += [number] if number is not None else []
        for number in reversed(numbers):
            take_back(project, number, ANNA)
        assert content(project) == before


def _as_found(project: Project, name: str) -> dict[str, list[tuple[object, ...]]]:
    """With the derived beginning and end, and events, as a correction and its undo leave them."""
    number, _ = correct_deployment(project, name, {"session": "first"}, ANNA)
    assert number is not None
    take_back(project, number, ANNA)
    number, _ = shift_clock(project, name, timedelta(0), ANNA, since=None, until=None)
    take_back(project, number, ANNA)
    return content(project)


def test_a_deployment_lasts_as_long_as_its_pictures_where_nobody_says(two: Path) -> None:
    """Another maker's folder: beginning and end move with the clock until somebody says otherwise."""
    with read_project(two) as read, copy_in_memory(read.connection) as copy:
        copy.execute("UPDATE deployments SET source = 'folder'")
        project = Project(two, copy)
        first = deployed(copy)[0]
        shift_clock(project, first.deployment, timedelta(hours=2), ANNA, since=None, until=None)
        span = copy.execute(
            "SELECT MIN(captured_s), MAX(captured_s) FROM media m JOIN deployments d ON d.id = m.deployment"
            " WHERE d.deployment = ?",
            (first.deployment,),
        ).fetchone()
        moved = deployed(copy, [first.deployment])[0]
        assert (moved.start.timestamp(), moved.end.timestamp()) == tuple(span)
        correct_deployment(project, first.deployment, {"start": "2026-01-01T00:00:00+01:00"}, ANNA)
        assert deployed(copy, [first.deployment])[0].start.isoformat() == "2026-01-01T00:00:00+01:00"


def test_taking_a_card_twice_in_one_transaction_is_harmless(study: Path, card: Path) -> None:
    """The index of a project is what its card says, however often it is read."""
    with edit_project(study) as project, open_card(card) as opened:
        before = content(project)
        with transaction(project.connection):
            for _ in range(2):
                take_card(project.connection, opened, deployment_row(opened, root=f"cards/{NAME}", now=NOW))
        assert json.dumps(content(project)) == json.dumps(before)


def test_pictures_of_an_unset_clock_are_moved_apart_from_the_others(study: Path) -> None:
    """Those that a clock told which began in 1970: forward by half a century, and the others do not forbid it."""
    with edit_project(study) as project:
        project.connection.execute("UPDATE sequences SET clock = 'unset' WHERE id = 1")
        away = datetime(1970, 1, 1, tzinfo=UTC) - FIRST.replace(tzinfo=UTC)
        with transaction(project.connection):
            move(project.connection, [1], away)
        until = datetime(2000, 1, 1, tzinfo=UTC)
        with pytest.raises(UsageError, match="so far"):
            shift_clock(project, NAME, timedelta(days=1), ANNA, since=None, until=until)
        since = datetime(2027, 3, 2, tzinfo=UTC)
        shift_clock(project, NAME, timedelta(hours=-1), ANNA, since=since, until=None)
        shift_clock(project, NAME, -away, ANNA, since=None, until=until)
        starts = [each.start.isoformat() for each in sightings(project.connection)]
        assert starts == ["2027-03-01T05:00:00+00:00", "2027-03-03T04:00:00+00:00"]
