"""`rates`: RAI by deployment, station and project, with zero rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.cli import run
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.events import Sighting, TriggerCause
from tests.r_tables import moment, read_rows
from tests.studies import make_study

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FOX, BADGER = "Vulpes vulpes", "Meles meles"
Command = Callable[..., int]
Rows = Callable[..., list[dict[str, Any]]]


def seen(deployment: str, taxon: str, hours: float, count: int = 1, **more: Any) -> Sighting:
    moment_seen = START + timedelta(hours=hours)
    return Sighting(deployment, taxon, moment_seen, moment_seen, count, f"{deployment} {hours}", **more)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A command on two cameras at the ridge and one at the ford, ten days each."""
    deployed = [
        Deployed(name, station, START, START + 10 * DAY, UTC)
        for name, station in (("r1", "ridge"), ("r2", "ridge"), ("f1", "ford"))
    ]
    sightings = [
        seen("r1", FOX, 5, 2), seen("r1", FOX, 5.25, 3), seen("r1", FOX, 100), seen("r2", FOX, 5),
        seen("r2", BADGER, 30), seen("f1", FOX, 30, 4, cause=TriggerCause.TIMELAPSE),
    ]  # fmt: skip
    folder = make_study(tmp_path / "study", deployed, sightings)
    return lambda *arguments: run(["--data", str(folder), "rates", *arguments])


@pytest.fixture
def rows(command: Command, capsys: pytest.CaptureFixture[str]) -> Rows:
    """The objects that it prints with some options."""

    def read(*options: str) -> list[dict[str, Any]]:
        assert command("--json", *options) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


def test_by_deployment(rows: Rows) -> None:
    """Independent events in 100 camera-days; what was seen elsewhere and not here is a zero; time-lapse is nothing."""
    assert [(row["deployment"], row["taxon"], row["events"], row["individuals"], row["rai"]) for row in rows()] == [
        ("f1", BADGER, 0, 0, 0.0),
        ("f1", FOX, 0, 0, 0.0),
        ("r1", BADGER, 0, 0, 0.0),
        ("r1", FOX, 2, 4, 20.0),
        ("r2", BADGER, 1, 1, 10.0),
        ("r2", FOX, 1, 1, 10.0),
    ]


def test_by_station_and_of_the_project(rows: Rows) -> None:
    """Events and effort add up, so that a rate of many is not the mean of their rates."""
    found = rows("--by", "station", "--taxon", FOX)
    assert [(row["station"], row["effort_days"], row["rai"]) for row in found] == [
        ("ford", 10.0, 0.0),
        ("ridge", 20.0, 15.0),
    ]
    (whole,) = rows("--by", "project", "--taxon", FOX)
    assert (list(whole), whole["rai"]) == (["taxon", "events", "individuals", "effort_days", "rai"], 10.0)


def test_names_that_are_both_a_deployments_and_a_stations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A deployment may be called like another station: each keeps its own effort."""
    deployed = [
        Deployed("a", "b", START, START + 10 * DAY, UTC),
        Deployed("b", "a", START, START + 5 * DAY, UTC),
    ]
    folder = make_study(tmp_path / "study", deployed, [seen("a", FOX, 5)])
    assert run(["--data", str(folder), "rates", "--by", "station", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["station"]: (row["events"], row["effort_days"]) for row in found} == {"a": (0, 5.0), "b": (1, 10.0)}


def test_individuals(rows: Rows) -> None:
    """MaxN of each event, summed: three foxes at once and one are four."""
    (fox,) = rows("--individuals", "--deployment", "r1", "--taxon", "red fox")
    assert fox["rai_individuals"] == 40.0
    assert "rai" not in fox


def test_the_interval_and_the_definition_are_said(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """What published rates depend on."""
    assert command("--interval", "10", "--rule", "last-independent-record", "--definition", "trap-nights") == 0
    told = capsys.readouterr()
    assert "effort: trap-nights" in told.err
    assert "independence: 10 min since the last independent record" in told.err
    assert "rai: events in 100 camera-days" in told.err
    assert "30.0" in told.out


def test_from_one_day_to_another(rows: Rows) -> None:
    """Events and effort of the same days."""
    (fox,) = rows("--deployment", "r1", "--taxon", FOX, "--from", "2026-06-05", "--to", "2026-06-06")
    assert (fox["events"], fox["effort_days"], fox["rai"]) == (1, 2.0, 50.0)


def test_without_effort_there_is_no_rate(rows: Rows) -> None:
    """Counted by pictures, a camera without any has no known effort."""
    found = rows("--definition", "calendar", "--taxon", BADGER, "--deployment", "f1", "--deployment", "r2")
    assert {row["deployment"]: (row["effort_days"], row["rai"]) for row in found} == {
        "f1": (1.0, 0.0),
        "r2": (2.0, 50.0),
    }


def test_a_taxon_that_was_looked_for_and_not_met(rows: Rows) -> None:
    """It has its zero rows, too."""
    assert [row["rai"] for row in rows("--by", "station", "--taxon", "Lutra lutra")] == [0.0, 0.0]


def test_a_taxon_seen_elsewhere(rows: Rows) -> None:
    """At a station by itself, what other stations saw is a zero row, as camtraptor has it."""
    assert [(row["taxon"], row["rai"]) for row in rows("--station", "ford")] == [(BADGER, 0.0), (FOX, 0.0)]


def test_a_taxon_that_nobody_knows(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen is no row of zeros."""
    assert command("--taxon", "Vulpes vulpse") == 2
    assert "'Vulpes vulpse'" in capsys.readouterr().err


def test_camtraptors_rates_through_the_command(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The MICA example as a project: `get_rai` to all its digits (each of its sequences is an event by itself)."""
    folder = shared_data / "oracles" / "camtraptor"
    deployed = [
        Deployed(row["deploymentID"], row["locationName"], moment(row["start"]), moment(row["end"]), UTC)
        for row in read_rows(folder / "mica_deployments.csv")
    ]
    sequences = {
        (row["deploymentID"], row["scientificName"], row["sequenceID"]): moment(row["timestamp"])
        for row in read_rows(folder / "mica_observations.csv")
        if row["scientificName"]
    }
    sightings = [Sighting(name, taxon, when, when, 1, key) for (name, taxon, key), when in sequences.items()]
    project = make_study(tmp_path / "mica", deployed, sightings)
    assert run(["--data", str(project), "rates", "--interval", "0", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected = {
        (row["deploymentID"], row["scientificName"]): float(row["rai"]) for row in read_rows(folder / "get_rai.csv")
    }
    assert {(row["deployment"], row["taxon"]): row["rai"] for row in found} == pytest.approx(expected, rel=1e-12)
