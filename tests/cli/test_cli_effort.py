"""`effort`: its definitions, units and days, on a project and on a card."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from cameratrap import wiring
from cameratrap.cli import run
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from cameratrap.domain.events import Sighting
from tests.fakes import NamedDetector, write_pictures
from tests.studies import make_study

ZONE = timezone(timedelta(hours=1))
Command = Callable[..., int]


def at(day: int, hour: float = 0) -> datetime:
    """An hour of a day of June at the stations."""
    return datetime(2026, 6, day, tzinfo=ZONE) + timedelta(hours=hour)


DEPLOYED = [
    Deployed("r1", "ridge", at(1, 15), at(11, 9), ZONE, (Span(at(5), at(6, 12)),), "spring"),
    Deployed("r2", "ridge", at(11, 9), at(13, 15), ZONE, (), "spring"),
    Deployed("f1", "ford", at(4, 12), at(8, 12), ZONE, (), "spring"),
]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A command on a study in which only the ridge's first camera has taken pictures."""
    foxes = [Sighting("r1", "Vulpes vulpes", at(day), at(day), 1, f"b{day}") for day in (2, 10)]
    folder = make_study(tmp_path / "study", DEPLOYED, foxes)
    return lambda *arguments: run(["--data", str(folder), "effort", *arguments])


@pytest.fixture
def rows(command: Command, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    """The objects that it prints with some options."""

    def read(*options: str) -> list[dict[str, Any]]:
        assert command("--json", *options) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


Rows = Callable[..., list[dict[str, Any]]]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("exact", {"f1": 4, "r1": 9.75 - 1.5, "r2": 2.25}),
        ("trap-nights", {"f1": 4, "r1": 10 - 1.5, "r2": 2}),
        ("calendar", {"f1": None, "r1": 9, "r2": None}),
    ],
)
def test_three_definitions(rows: Rows, definition: str, expected: dict[str, float | None]) -> None:
    """Each deployment's days by each; without pictures calendar days are not known, and are no zero."""
    found = rows("--definition", definition)
    assert {row["deployment"]: row["effort"] for row in found} == pytest.approx(expected)
    assert {row["definition"] for row in found} == {definition}


def test_which_effort_it_was_is_said(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, so that the table stays a table; not with --quiet."""
    assert command("--definition", "trap-nights") == 0
    told = capsys.readouterr()
    assert told.err.startswith("effort: trap-nights (")
    assert told.out.splitlines()[0].split() == [
        *("deployment", "station", "session", "start", "end", "effort", "unit", "definition")
    ]


def test_by_station_deployments_add_up(rows: Rows) -> None:
    """Cards swapped at one station are one station's effort."""
    assert [(row["station"], row["session"], row["deployments"], row["effort"]) for row in rows("--by", "station")] == [
        ("ford", "spring", 1, 4.0),
        ("ridge", "spring", 2, 10.5),
    ]


def test_by_day(rows: Rows) -> None:
    """A day on which the camera saw nothing is 0, and the days of a station add up to its effort."""
    days = {row["day"]: row["effort"] for row in rows("--by", "day", "--station", "ridge", "--unit", "hour")}
    assert (days["2026-06-01"], days["2026-06-05"], days["2026-06-06"], days["2026-06-11"]) == (9.0, 0.0, 12.0, 24.0)
    assert sum(days.values()) == pytest.approx(10.5 * 24)


def test_units(rows: Rows) -> None:
    """The same time in other units."""
    (hours,) = rows("--deployment", "f1", "--unit", "hour")
    (weeks,) = rows("--deployment", "f1", "--unit", "week")
    assert (hours["effort"], hours["unit"]) == (96.0, "hour")
    assert weeks["effort"] == pytest.approx(4 / 7)


@pytest.mark.parametrize("by", ["deployment", "day"])
def test_from_one_day_to_another(rows: Rows, by: str) -> None:
    """Both days are counted whole; a deployment that stood on none of them has no row."""
    found = rows("--from", "2026-06-05", "--to", "2026-06-07", "--by", by)
    effort = {name: sum(row["effort"] for row in found if row["station"] == name) for name in ("ridge", "ford")}
    assert effort == pytest.approx({"ridge": 1.5, "ford": 3.0})
    assert not [row for row in found if row.get("deployment") == "r2"]


def test_csv_has_the_same_columns(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """And times with the station's offset, whatever the form."""
    assert command("--csv", "--station", "ford") == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert list(row) == ["deployment", "station", "session", "start", "end", "effort", "unit", "definition"]
    assert row["start"] == "2026-06-04T12:00:00+01:00"


def test_no_such_station(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty table is not an error; that the place is not there is said, with the names that are near or all."""
    for option, name, told in (
        ("--station", "nowhere", "no station is called 'nowhere'; there are 'ford', 'ridge'"),
        ("--station", "rigde", "no station is called 'rigde'; did you mean 'ridge'?"),
        ("--deployment", "\x1b[2J", "no deployment is called '\\x1b[2J'; there are 'f1', 'r1', 'r2'"),
        ("--session", "Spring", "no session is called 'Spring'; did you mean 'spring'?"),
    ):
        assert command("--csv", option, name) == 0
        said = capsys.readouterr()
        assert len(said.out.splitlines()) == 1
        assert said.err.splitlines()[0] == told
    assert command("--csv", "--station", "ridge", "--session", "spring", "--deployment", "r1") == 0
    assert "called" not in capsys.readouterr().err


@pytest.mark.parametrize("command_name", ["effort", "rates", "events", "tally"])
def test_days_that_end_before_they_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str], command_name: str) -> None:
    """They are refused with status 2: an empty table would say that nothing was seen."""
    days = ("--from", "2026-06-08", "--to", "2026-06-07")
    assert run(["--data", str(tmp_path), command_name, *days]) == 2
    assert "--from 2026-06-08 is after --to 2026-06-07" in capsys.readouterr().err


@pytest.mark.parametrize("command_name", ["events", "tally", "rates"])
def test_tables_of_events_say_which_place_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command_name: str
) -> None:
    """The same words, whatever is asked of the place."""
    folder = make_study(tmp_path / "study", DEPLOYED, [])
    assert run(["--data", str(folder), command_name, "--station", "rigde", "--station", "ford"]) == 0
    assert capsys.readouterr().err.splitlines()[0] == "no station is called 'rigde'; did you mean 'ridge'?"


def test_a_deployment_of_one_day_has_no_trap_nights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its animals have no rate by that definition, and why is said; one over midnight has a night."""
    deployed = [
        Deployed("day", "ridge", at(1, 6), at(1, 18), ZONE),
        Deployed("night", "ridge", at(2, 23), at(3, 1), ZONE),
    ]
    folder = make_study(tmp_path / "study", deployed, [Sighting("day", "Vulpes vulpes", at(1, 8), at(1, 8), 1, "b")])
    for name in ("effort", "rates"):
        assert run(["--data", str(folder), name, "--definition", "trap-nights"]) == 0
        told = capsys.readouterr().err.splitlines()[0]
        assert told == "no trap-nights in 1 deployment set up and fetched on one day, which camtrapR refuses: 'day'"
        assert run(["--data", str(folder), name]) == 0
        assert "trap-nights" not in capsys.readouterr().err


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a trap has written in two days on which it took a fox and nothing."""
    pictures = {f"{n}.jpg": (n, datetime(2027, 3, n, 5, 0, 0)) for n in (1, 2)}  # noqa: DTZ001 - as cameras write them
    write_pictures(tmp_path / "pictures", pictures)
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector({"1.jpg": {"Vulpes vulpes": 1}}))
    assert run(["-q", "--data", str(tmp_path / "card"), "watch", "--replay", str(tmp_path / "pictures")]) == 0
    return tmp_path / "card"


def test_on_a_card(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A card by itself is a study of one deployment: its effort is what it was armed for, and it has a history."""

    def read(*command: str) -> list[dict[str, Any]]:
        assert run(["--data", str(card), *command, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    (effort,) = read("effort", "--unit", "hour")
    assert effort["effort"] == pytest.approx(sum(day["hours_armed"] for day in read("tally")), abs=0.02)
    (fox,) = read("rates", "--taxon", "red fox")
    assert (fox["events"], fox["effort_days"]) == (1, effort["effort"] / 24)
    (history,) = read("history", "Vulpes vulpes", "--count")
    assert [cell for cell in history.values() if cell] == [effort["station"], 1]


def test_nothing_of_the_extra_review_is_needed(tmp_path: Path) -> None:
    """Effort, rates and histories are tables that need no numpy and no matplotlib."""
    folder = make_study(tmp_path / "study", DEPLOYED, [Sighting("r1", "Vulpes vulpes", at(2), at(2), 1, "b")])
    script = f"""
import sys
sys.modules.update(numpy=None, matplotlib=None, starlette=None)
from cameratrap.cli import run
for command in (["effort", "--by", "day"], ["rates"], ["history", "red fox", "--dates"]):
    assert run(["-q", "--data", {str(folder)!r}, *command]) == 0
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0


def test_a_folder_that_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how a project is made."""
    assert run(["--data", str(tmp_path), "effort"]) == 1
    assert "hint:" in capsys.readouterr().err
