"""`inbox`: the interface's JSON, the researcher's days, and the days that are missing."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.cli import run
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.tallies import Tally
from cameratrap.resources import builtin_taxa
from cameratrap.wire.codec import encode

RIDGE, FORD = "300234010000001", "300234010000002"
FIRST = date(2026, 6, 1)
FOX = Tally("Vulpes vulpes", 3, 4)
REPOSITORY = Path(__file__).parents[2]
Command = Callable[..., int]


def _summary(number: int, *tallies: Tally) -> DailySummary:
    return DailySummary(FIRST + timedelta(days=number), number + 1, tallies, Effort(hours_armed=24.0))


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A command on a receiver that knows two stations."""
    config = tmp_path / "cameratrap.toml"
    config.write_text(f'[ground]\nstations = {{ "{RIDGE}" = "ridge", "{FORD}" = "ford" }}\n')
    return lambda *arguments: run(["--config", str(config), "--data", str(tmp_path / "data"), *map(str, arguments)])


@pytest.fixture
def received(tmp_path: Path, command: Command) -> None:
    """Ridge: days 0, 3 and, carried by 3, 2; day 1 is lost; day 0 came twice. Ford: day 0, quiet."""
    taxa = builtin_taxa()
    lost = _summary(2, Tally("Lutra lutra", 1, 2))
    carried = EarlierDay(lost.day, lost.sequence, 12.5, None, lost.tallies)
    bodies = {
        f"{RIDGE}_1.sbd": encode(_summary(0, FOX), taxa)[0],
        f"{RIDGE}_2.sbd": encode(_summary(3, FOX), taxa, earlier=[carried])[0],
        f"{RIDGE}_3.sbd": encode(_summary(0, FOX), taxa)[0],
        f"{FORD}_9.sbd": encode(_summary(0), taxa)[0],
    }
    for name, body in bodies.items():
        (tmp_path / name).write_bytes(body)
    assert command("receive", "import", *(tmp_path / name for name in bodies)) == 0


@pytest.fixture
def rows(command: Command, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    """The objects that `inbox --json` prints with some options."""

    def read(*options: str) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert command("inbox", "--json", *options) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


Rows = Callable[..., list[dict[str, Any]]]


@pytest.mark.usefixtures("received")
def test_json_has_the_shape_of_the_interface(rows: Rows) -> None:
    """Every key of the interface, and a summary that `summary encode` would take."""
    message = rows()[0]
    promised = {"imei", "momsn", "transmit_time", "source", "verified", "status", "payload", "station", "summary"}
    assert promised <= set(message)
    assert (message["imei"], message["momsn"], message["transmit_time"]) == (RIDGE, 1, None)
    assert (message["source"], message["verified"], message["status"]) == ("file", None, "decoded")
    assert (message["station"], message["summary"]["day"]) == ("ridge", "2026-06-01")
    assert message["summary"]["tallies"] == [{"taxon": "Vulpes vulpes", "events": 3, "individuals": 4}]
    assert message["summary"]["effort"]["triggers"] is None
    assert bytes.fromhex(message["payload"]) == encode(_summary(0, FOX), builtin_taxa())[0]


@pytest.mark.usefixtures("received")
def test_a_retry_is_listed_as_a_duplicate(rows: Rows) -> None:
    """So that the sum over the summaries is right."""
    messages = rows("--station", "ridge")
    assert [(message["momsn"], message["status"]) for message in messages] == [
        (1, "decoded"),
        (2, "decoded"),
        (3, "duplicate"),
    ]
    assert messages[2]["summary"] is None


@pytest.mark.usefixtures("received")
def test_days_tell_each_day_once(rows: Rows) -> None:
    """A row a taxon; carried days say so; a quiet day is a row without taxon."""
    columns = ("station", "day", "taxon", "events", "individuals", "hours_armed", "sequence", "from")
    assert [tuple(row[column] for column in columns) for row in rows("--days")] == [
        ("ford", "2026-06-01", "", 0, 0, 24.0, 1, "own"),
        ("ridge", "2026-06-01", "Vulpes vulpes", 3, 4, 24.0, 1, "own"),
        ("ridge", "2026-06-03", "Lutra lutra", 1, 2, 12.5, 4, "earlier"),
        ("ridge", "2026-06-04", "Vulpes vulpes", 3, 4, 24.0, 4, "own"),
    ]


@pytest.mark.usefixtures("received")
def test_gaps_are_the_days_of_which_nothing_came(rows: Rows) -> None:
    """Between the first and the last; a carried day is none."""
    assert rows("--gaps") == [{"station": "ridge", "day": "2026-06-02"}]
    assert rows("--gaps", "--station", "ford") == []


@pytest.mark.usefixtures("received")
def test_csv_has_the_same_columns_as_the_table(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """In every view."""
    for options in ((), ("--days",), ("--gaps",)):
        capsys.readouterr()
        assert command("inbox", *options, "--csv") == 0
        header, *lines = csv.reader(io.StringIO(capsys.readouterr().out))
        assert command("inbox", *options) == 0
        table = capsys.readouterr().out.splitlines()
        assert table[0].split() == header
        assert len(table) == len(lines) + 1


@pytest.mark.usefixtures("received")
def test_output_goes_to_a_file(tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """And then not to stdout."""
    capsys.readouterr()
    assert command("inbox", "--days", "--csv", "--output", tmp_path / "days.csv") == 0
    assert capsys.readouterr().out == ""
    assert len((tmp_path / "days.csv").read_text().splitlines()) == 5


def test_a_day_of_which_a_part_is_missing_is_said(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the table, and on stderr."""
    tallies = [Tally(taxon.name, 40, 90) for taxon in list(builtin_taxa())[:24]]
    parts = encode(replace(_summary(0), tallies=tuple(tallies)), builtin_taxa(), max_messages=8)
    assert len(parts) > 1
    (tmp_path / f"{RIDGE}_1.sbd").write_bytes(parts[0])
    assert command("receive", "import", tmp_path / f"{RIDGE}_1.sbd") == 0
    capsys.readouterr()
    assert command("inbox", "--days", "--json") == 0
    captured = capsys.readouterr()
    assert {json.loads(line)["complete"] for line in captured.out.splitlines()} == {False}
    assert "ridge 2026-06-01: some of its messages are missing" in captured.err


def test_a_file_that_anyone_can_write_makes_no_gaps(
    tmp_path: Path, command: Command, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of the year 2080 is quarantined, with the reason; one of the year 2000 is a silence, said in a line."""
    days = {"1": FIRST, "2": date(2080, 6, 1), "3": date(2000, 1, 1)}
    for momsn, day in days.items():
        payload = encode(replace(_summary(0, FOX), day=day), builtin_taxa())[0]
        (tmp_path / f"{RIDGE}_{momsn}.sbd").write_bytes(payload)
    assert command("receive", "import", *(tmp_path / f"{RIDGE}_{momsn}.sbd" for momsn in days)) == 0
    assert "quarantined: it tells of 2080-06-01 and was received on" in capsys.readouterr().err
    assert [message["status"] for message in rows()] == ["decoded", "quarantined", "decoded"]
    assert [row["day"] for row in rows("--days")] == ["2000-01-01", "2026-06-01"]
    assert command("inbox", "--gaps", "--json") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "ridge: nothing between 2000-01-01 and 2026-06-01" in captured.err
    assert "left out: 1 quarantined" in captured.err


def _without_override() -> list[str]:
    """How a command runs that may not write where permissions forbid it, even where the tests run as root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("as root, needs setpriv")
    capabilities = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={capabilities}", f"--inh-caps={capabilities}"]


@pytest.mark.usefixtures("received")
def test_an_inbox_that_cannot_be_written_can_be_read(tmp_path: Path, rows: Rows) -> None:
    """A receiver's folder on a read-only share: the same messages, a rehearsal, and for the rest an error of ours."""
    before, folder = rows(), tmp_path / "data"
    contents = {path: path.read_bytes() for path in folder.iterdir()}
    command = [*_without_override(), sys.executable, "-m", "cameratrap", "--config", str(tmp_path / "cameratrap.toml")]
    delivery = str(tmp_path / f"{FORD}_9.sbd")

    def run_there(*arguments: str) -> subprocess.CompletedProcess[str]:
        whole = [*command, "--data", str(folder), *arguments]
        return subprocess.run(whole, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)

    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    try:
        read = run_there("inbox", "--json")
        rehearsed = run_there("receive", "import", delivery, "--dry-run", "--json")
        written = run_there("receive", "import", delivery)
    finally:
        folder.chmod(0o755)
    assert ([json.loads(line) for line in read.stdout.splitlines()], read.returncode) == (before, 0)
    assert (json.loads(rehearsed.stdout)["status"], rehearsed.returncode) == ("duplicate", 0)
    assert (written.returncode, written.stdout) == (1, "")
    assert "inbox.db" in written.stderr
    assert "Traceback" not in written.stderr
    assert {path: path.read_bytes() for path in folder.iterdir()} == contents


def test_a_summary_of_nobody_is_left_out_of_the_days_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two traps' bare payloads must not become one station."""
    (tmp_path / "day.hex").write_text(encode(_summary(0, FOX), builtin_taxa())[0].hex())
    data = ["--data", str(tmp_path / "data")]
    assert run([*data, "receive", "import", str(tmp_path / "day.hex")]) == 0
    capsys.readouterr()
    assert run([*data, "inbox", "--days", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "left out: 1 summaries of no known station" in captured.err


def test_without_an_inbox_the_error_says_where_it_was_looked_for(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is made there."""
    assert command("inbox") == 1
    assert str(tmp_path / "data" / "inbox.db") in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_damaged_inbox_is_said_and_left_alone(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """By reading and by importing; not a byte of it changes."""
    (tmp_path / "data").mkdir()
    broken = tmp_path / "data" / "inbox.db"
    broken.write_bytes(b"not a database" * 100)
    (tmp_path / f"{RIDGE}_1.sbd").write_bytes(encode(_summary(0), builtin_taxa())[0])
    assert command("inbox") == 1
    assert command("receive", "import", tmp_path / f"{RIDGE}_1.sbd") == 1
    assert "damaged" in capsys.readouterr().err
    assert broken.read_bytes() == b"not a database" * 100
