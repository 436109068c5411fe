"""`history`: detection histories, effort by occasion and naive occupancy, to camtrapR's digits."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from cameratrap.cli import run
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.events import Sighting
from cameratrap.resources import builtin_taxa
from tests.r_tables import camtraps, dated, moment, read_matrix, read_rows
from tests.studies import make_study

FOX = "Vulpes vulpes"
Command = Callable[..., int]
Rows = Callable[..., list[dict[str, Any]]]


def on(station: str, day: int, hour: int = 13, count: int = 1) -> Sighting:
    at = datetime(2026, 6, day, hour, tzinfo=UTC)
    return Sighting(station, FOX, at, at, count, f"{station}-{day}-{hour}")


def stood(station: str, first: int, last: int, session: str = "") -> Deployed:
    deployed = dated(station, date(2026, 6, first), date(2026, 6, last), None, session)
    return replace(deployed, deployment=f"{station}{session}")


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A command on two stations of which one saw a fox on three days, twice on one of them."""
    deployed = [stood("ridge", 1, 11), stood("ford", 4, 12)]
    folder = make_study(
        tmp_path / "study", deployed, [on("ridge", 1), on("ridge", 2, count=3), on("ridge", 2, 20), on("ridge", 9)]
    )
    return lambda *arguments: run(["--data", str(folder), "history", *arguments])


@pytest.fixture
def rows(command: Command, capsys: pytest.CaptureFixture[str]) -> Rows:
    """The objects that it prints of foxes with some options."""

    def read(*options: str) -> list[dict[str, Any]]:
        assert command(FOX, "--json", *options) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


@pytest.mark.parametrize("problems", ["problems", "noproblems"])
def test_camtraprs_sample_through_the_command(
    problems: str, tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """camtrapR's sample as a project: its history, counts and effort, read as CSV as R would read them."""
    folder = shared_data / "oracles" / "camtrapR"
    stations = [
        replace(each, deployment=each.station)
        for each in camtraps(folder / "camtraps.csv", problems=problems == "problems")
    ]
    taxa = builtin_taxa()
    records = [
        Sighting(row["Station"], taxa.resolve(row["Species"]).name, at, at, 1, row["FileName"])
        for row in read_rows(folder / "recordTableSample.csv")
        for at in [moment(row["DateTimeOriginal"])]
    ]
    project = make_study(tmp_path / "sample", stations, records)
    asked = {
        f"dethist_{problems}_PBE_occ7_binary": ("--occasion-days", "7"),
        f"dethist_{problems}_PBE_occ1_count": ("--count",),
        f"effort_{problems}_occ7": ("--occasion-days", "7", "--effort-matrix"),
    }
    for name, options in asked.items():
        assert run(["--data", str(project), "history", "PBE", "--csv", "--definition", "trap-nights", *options]) == 0
        header, *lines = csv.reader(io.StringIO(capsys.readouterr().out))
        expected = read_matrix(folder / "expected" / f"{name}.csv")
        assert (tuple(header[1:]), tuple(line[0] for line in lines)) == (expected.columns, expected.rows)
        assert tuple(tuple(float(cell) if cell else None for cell in line[1:]) for line in lines) == expected.cells


def test_what_a_cell_holds(rows: Rows) -> None:
    """Seen or not, events, individuals; a station is a row also where it saw none."""
    cells = {option: rows("--occasion-days", "4", *option)[1] for option in [(), ("--count",), ("--individuals",)]}
    assert cells == {
        (): {"site": "ridge", "o1": 1, "o2": 0, "o3": 1},
        ("--count",): {"site": "ridge", "o1": 3, "o2": 0, "o3": 1},
        ("--individuals",): {"site": "ridge", "o1": 5, "o2": 0, "o3": 1},
    }
    assert rows("--occasion-days", "4")[0] == {"site": "ford", "o1": 0, "o2": 0, "o3": 0}


def test_occasions_by_date(rows: Rows) -> None:
    """From the survey's first day, with their dates as names; before a camera stood there is nothing."""
    ford, _ = rows("--occasion-days", "3", "--day1", "survey", "--dates")
    assert list(ford)[1:3] == ["2026-06-01_2026-06-03", "2026-06-04_2026-06-06"]
    assert list(ford.values()) == ["ford", None, 0, 0, 0]


def test_effort_and_its_scaling(rows: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    """Camera-days of each cell; scaled, with what they were scaled by on stderr."""
    assert rows("--occasion-days", "4", "--effort-matrix")[1] == {"site": "ridge", "o1": 3.5, "o2": 4.0, "o3": 2.5}
    found = rows("--occasion-days", "4", "--scaled-effort")
    cells = [cell for row in found for name, cell in row.items() if name != "site"]
    assert sum(cells) == pytest.approx(0)


def test_naive_occupancy(rows: Rows) -> None:
    """The share of stations that saw it."""
    assert rows("--naive") == [{"taxon": FOX, "sites": 2, "detected": 1, "naive_occupancy": 0.5}]


def test_days_that_are_not_shown(rows: Rows, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """A buffer, a most, a first and a last day; what was seen outside is told and not just gone."""
    assert rows("--buffer", "1", "--max-days", "8", "--occasion-days", "4")[1] == {"site": "ridge", "o1": 1, "o2": 1}
    assert command(FOX, "--buffer", "1") == 0
    assert "left out: 1 event of no occasion" in capsys.readouterr().err
    assert list(rows("--from", "2026-06-08", "--to", "2026-06-09", "--dates", "--day1", "survey")[1].values()) == [
        *("ridge", 0, 1)
    ]


def test_active_days_that_an_occasion_does_not_have(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """None at all is outside the range that --help states; more than the occasion's is refused by what it has."""
    assert command(FOX, "--min-active-days", "0") == 2
    assert "0<x<=3660" in capsys.readouterr().err
    assert command(FOX, "--min-active-days", "2") == 2
    assert "an occasion of 1 day cannot ask for 2 active ones" in capsys.readouterr().err


def test_days_from_noon(rows: Rows) -> None:
    """Nights are kept whole; asked to equal camtrapR, what came after the last midnight is lost."""
    assert rows("--start-hour", "12", "--count")[1] == {
        "site": "ridge",
        **{f"o{n}": 0 for n in range(1, 11)},
        "o1": 1,
        "o2": 2,
        "o9": 1,
    }
    assert list(rows("--start-hour", "12", "--as-camtrapr", "--effort-matrix")[1].values())[1:3] == [1.0, 1.0]


def test_definitions_are_said(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Of effort and of independence."""
    assert command("red fox", "--definition", "trap-nights") == 0
    assert "effort: trap-nights" in (told := capsys.readouterr().err)
    assert "independence: 30 min" in told


def test_seasons_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row a station, each session's occasions in turn; a station without a session is told of."""
    deployed = [stood("ridge", 1, 3, "a"), stood("ridge", 10, 12, "b")]
    folder = make_study(tmp_path / "seasons", deployed, [replace(on("ridge", 11), deployment="ridgeb")])
    command = ["--data", str(folder), "history", FOX, "--json", "--by-season"]
    assert run(command) == 0
    assert json.loads(capsys.readouterr().out) == {
        "site": "ridge",
        **{f"o{n}__SESS_{session}": int((n, session) == (2, "b")) for session in "ab" for n in (1, 2, 3)},
    }


def test_without_sessions_there_are_no_seasons(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to lay side by side."""
    assert command(FOX, "--by-season") == 1
    assert "session" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "status", "why"),
    [
        (["fxo"], 2, "'fxo'"),
        ([FOX, "--day1", "today"], 2, "--day1"),
        ([FOX, "--day1", "2030-01-01"], 2, "2030-01-01"),
        ([FOX, "--occasion-days", "0"], 2, "--occasion-days"),
        ([FOX, "--occasion-days", "7", "--max-days", "6"], 2, "at most 6 days"),
        ([FOX, "--start-hour", "24"], 2, "--start-hour"),
        ([FOX, "--min-active-days", "nan"], 2, "nan"),
        ([FOX, "--buffer", "30"], 1, "no occasion"),
        ([FOX, "--station", "nowhere"], 1, "no deployment"),
        ([FOX, "--scaled-effort", "--occasion-days", "20", "--station", "ford"], 1, "scaled"),
    ],
)
def test_what_cannot_be(
    options: list[str], status: int, why: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is refused in one block that names it, and nothing is printed as a table."""
    assert command(*options) == status
    told = capsys.readouterr()
    assert why in told.err
    assert not told.out


def test_a_taxon_that_was_not_met(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """A taxon of the table that nobody saw has a history of zeros, and that is said."""
    assert command("Lutra lutra", "--occasion-days", "20") == 0
    told = capsys.readouterr()
    assert "Lutra lutra was not seen there" in told.err
    assert [line.split() for line in told.out.splitlines()] == [["site", "o1"], ["ford", "0"], ["ridge", "0"]]
