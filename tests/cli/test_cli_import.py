"""`import`, `project` and `clock` of a project, as a person and a script use them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.store.card import sole_writer
from cameratrap.store.project import read_project
from cameratrap.store.project_read import deployments
from tests.card_maker import fingerprint, make_trap_card
from tests.project_maker import Plan, make_project

NAME = "ridge_20270301"
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return make_trap_card(tmp_path / "card", monkeypatch)


def lines(printed: Printed) -> list[dict[str, object]]:
    return [json.loads(line) for line in printed.readouterr().out.splitlines()]


def test_a_card_twice(card: Path, capsys: Printed) -> None:
    """The first brings all, the second nothing; both are status 0, and the card is as it was."""
    before = fingerprint(card)
    assert run(["-q", "import", "card", "--into", "study", "--json"]) == 0
    (first,) = lines(capsys)
    assert {key: first[key] for key in ("deployment", "station", "new_media", "new_words", "problems", "what")} == {
        "deployment": NAME, "station": "ridge", "new_media": 3, "new_words": 3, "problems": 0, "what": "new",
    }  # fmt: skip
    assert run(["-q", "--data", "study", "import", "card", "--json"]) == 0
    (second,) = lines(capsys)
    assert (second["media"], second["new_media"], second["files"], second["what"]) == (3, 0, 0, "nothing new")
    assert fingerprint(card) == before


def test_a_dry_run_says_the_same_and_writes_nothing(card: Path, capsys: Printed) -> None:
    """For a project that is not there and for one that is."""
    options = ["--session", "2027", "--position", "46.5,7.4", "--json"]
    assert run(["-q", "import", "card", "--into", "study", "--dry-run", *options]) == 0
    (would,) = lines(capsys)
    assert not Path("study").exists()
    assert run(["-q", "import", "card", "--into", "study", *options]) == 0
    (did,) = lines(capsys)
    assert would == {**did, "files": 0}
    before = fingerprint(Path("study"))
    assert run(["-q", "import", "card", "--into", "study", "--dry-run", "--session", "2028"]) == 0
    assert fingerprint(Path("study")) == before


def test_a_damaged_picture_is_named_with_status_3(card: Path, capsys: Printed) -> None:
    """By name on stderr, the others in the project."""
    picture = card / "DCIM/100CTRAP/CTRP0002.JPG"
    picture.write_bytes(picture.read_bytes()[:-1] + b"\0")
    assert run(["import", "card", "--into", "study", "--json"]) == 3
    told = capsys.readouterr()
    assert json.loads(told.out)["problems"] == 1
    assert "DCIM/100CTRAP/CTRP0002.JPG: its sha256 is not the one that was written down" in told.err


def test_a_clock_corrected_on_the_card_and_in_the_project_is_told(card: Path, capsys: Printed) -> None:
    """Both corrections stand, as either may be of another fault: the import names the project's and how to undo it."""
    assert run(["-q", "import", "card", "--into", "study"]) == 0
    assert run(["-q", "--data", "card", "clock", "shift", "--all", "--by", "-1h"]) == 0
    capsys.readouterr()
    assert run(["import", "card", "--into", "study", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["what"] == "corrected"
    assert "the card's clock was corrected since, of 3 sequences" in told.err
    assert "moves them besides" not in told.err
    assert run(["-q", "--data", "study", "clock", "shift", "--deployment", NAME, "--by", "-1h"]) == 0
    assert run(["-q", "--data", "card", "clock", "shift", "--all", "--by", "-1h"]) == 0
    capsys.readouterr()
    assert run(["import", "card", "--into", "study", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["what"] == "corrected"
    assert "correction 1 of the project moves them besides" in told.err
    assert "`project set --undo 1`" in told.err


def test_positions_that_were_kept_off_the_card_come_from_their_file(card: Path, capsys: Printed) -> None:
    """The file that `deploy` wrote, of this deployment or of its station; a file that is none is refused."""
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.4, 46.5]},
               "properties": {"locationID": "ridge", "coordinateUncertainty": 20}}  # fmt: skip
    other = {**feature, "properties": {"deploymentID": "elsewhere"}}
    Path("p.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [other, feature]}))
    assert run(["-q", "import", "card", "--into", "study", "--position-file", "p.geojson"]) == 0
    with read_project(Path("study")) as project:
        (found,) = deployments(project.connection)
        assert (found.row.latitude, found.row.longitude, found.row.coordinate_uncertainty) == (46.5, 7.4, 20)
        assert project.connection.execute("SELECT SUM(hours_armed_night) FROM effort_days").fetchone()[0] > 0
    line = {**feature, "geometry": {"type": "LineString", "coordinates": [[7.4, 46.5]]}}
    nowhere = {**feature, "geometry": {"type": "Point", "coordinates": [46.5, 97.4]}}
    far = {**feature, "geometry": {"type": "Point", "coordinates": [10**400, 46.5]}}
    vague = {**feature, "properties": {"coordinateUncertainty": 10**20}}
    for wrong in ("hello", "[]", "[" * 100_000, "{}", *map(json.dumps, (line, nowhere, far, vague))):
        Path("wrong.geojson").write_text(wrong)
        assert run(["-q", "import", "card", "--into", "study", "--position-file", "wrong.geojson"]) == 2
        assert "no file of positions" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["latitude = nan", "latitude = 90.1", "longitude = -inf", f"coordinateUncertainty = {10**20}",
             "coordinateUncertainty = 0"],
)  # fmt: skip
def test_a_record_that_somebody_edited_to_nowhere_is_named(card: Path, capsys: Printed, line: str) -> None:
    """A position that cannot be is neither lost without a word nor a fault of the program."""
    with (card / "deployment.toml").open("a") as record:
        record.write(f"\n[camtrap_dp]\n{line}\n")
    assert run(["-q", "import", "card", "--into", "study"]) == 1
    told = capsys.readouterr().err
    assert "deployment.toml is nowhere on earth" in told
    assert line.split(" = ", maxsplit=1)[0] in told


def test_what_cannot_be_imported_is_refused(card: Path, tmp_path: Path, capsys: Printed) -> None:
    """Each with what to do instead, and nothing is made."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    refused = {
        ("empty",): "holds no picture",
        ("notes.txt",): "nothing that can be imported",
        ("nowhere",): "does not exist",
        ("card", "--timezone", "+01:00"): "is a trap's card",
        ("card", "--timezone", "one"): "not an offset",
        ("card", "empty", "--deployment", "x"): "one PATH",
        ("empty", "--results", "notes.txt", "--model", "x"): "--results goes without",
        ("card", "--author", ""): "name to sign",
    }
    for arguments, why in refused.items():
        assert run(["-q", "import", *arguments, "--into", "study"]) == 2
        assert why in capsys.readouterr().err
    assert not list(Path().glob("study/cards/*"))
    assert run(["-q", "import", "card"]) == 2
    assert "--into PROJECT" in capsys.readouterr().err


def test_of_several_paths_one_that_fails_is_named(card: Path, tmp_path: Path, capsys: Printed) -> None:
    """The others are done, and the status says partly."""
    (tmp_path / "empty").mkdir()
    assert run(["import", "empty", "card", "--into", "study", "--json"]) == 3
    told = capsys.readouterr()
    assert json.loads(told.out)["new_media"] == 3
    assert "empty: empty holds no picture" in told.err


def test_two_imports_at_once_wait_for_nobody(card: Path, capsys: Printed) -> None:
    """One project is written by one import at a time."""
    Path("study").mkdir()
    with sole_writer(Path("study"), "import"):
        assert run(["-q", "import", "card", "--into", "study"]) == 1
    assert "already running" in capsys.readouterr().err


def test_project_show_and_set(card: Path, capsys: Printed) -> None:
    """A correction is shown before it is made, made, listed and taken back."""
    assert run(["-q", "import", "card", "--into", "study"]) == 0
    capsys.readouterr()
    shown = ["-q", "--data", "study", "project", "show", "--json"]
    assert run(shown) == 0
    (before,) = lines(capsys)
    assert (before["media"], before["events"], before["reviewed_pct"], before["days"]) == (3, 3, 0.0, 2.0)
    change = ["--data", "study", "project", "set", NAME, "--station", "north", "--end", "2027-03-06T05:00",
              "--setup", "cameraHeight=0.5", "--setup", "baitUse=true", "--json"]  # fmt: skip
    assert run([*change, "--dry-run"]) == 0
    would = capsys.readouterr()
    assert "nothing was changed" in would.err
    assert run(shown) == 0
    assert lines(capsys) == [before]
    assert run([*change, "--author", "anna"]) == 0
    did = capsys.readouterr()
    assert did.out == would.out
    told = {each["what"]: (each["was"], each["now"]) for each in map(json.loads, did.out.splitlines())}
    assert told["days deployed"] == (2.0, 5.0)
    assert (told["cameraHeight"], told["baitUse"]) == ((None, 0.5), (None, True))
    assert run(["-q", "--data", "study", "project", "show", "--corrections", "--json"]) == 0
    (correction,) = lines(capsys)
    assert (correction["author"], correction["kind"], correction["undone_at"]) == ("anna", "deployment", None)
    assert run(["--data", "study", "project", "set", "--undo", str(correction["correction"])]) == 0
    capsys.readouterr()
    assert run(shown) == 0
    assert lines(capsys) == [before]


def test_project_set_refuses_what_makes_no_sense(card: Path, capsys: Printed) -> None:
    """Status 2, and the hint says what would."""
    assert run(["-q", "import", "card", "--into", "study"]) == 0
    for arguments, why in {
        (): "name a deployment",
        (NAME,): "what to correct",
        (NAME, "--undo", "1"): "alone",
        ("ridge_2027", "--station", "x"): "did you mean",
        (NAME, "--station", ""): "is not a name",
        (NAME, "--station", "a\nb"): "is not a name",
        (NAME, "--setup", "cameraHeight"): "NAME=VALUE",
        (NAME, "--setup", "cameraHeight=inf"): "no number",
        (NAME, "--setup", "cameraHeading=400"): "not from 0 to 360",
        (NAME, "--setup", "cameraTilt=-100"): "not from -90 to 90",
        (NAME, "--setup", "detectionDistance=-4"): "not from 0",
        (NAME, "--setup", "baitUse=perhaps"): "no boolean",
        (NAME, "--setup", "deploymentComments=a\x01b"): "can be printed",
        (NAME, "--setup", "colour=red"): "no such name",
        (NAME, "--setup", "featureType=hill"): "none of roadPaved",
        (NAME, "--latitude", "91"): "range",
        (NAME, "--uncertainty", str(10**20)): "range",
        (NAME, "--latitude", "nan"): "is not a number",
        (NAME, "--longitude", "nan"): "is not a number",
        (NAME, "--start", "0001-01-01"): "is not between 1970",
        (NAME, "--end", "9999-12-31T23:59:59"): "is not between 1970",
        (NAME, "--name", "\u202e"): "is not a name",
    }.items():
        assert run(["-q", "--data", "study", "project", "set", *arguments]) == 2
        assert why in capsys.readouterr().err, arguments
    assert run(["-q", "--data", "card", "project", "set", NAME, "--station", "x"]) == 2
    assert "cameratrap import" in capsys.readouterr().err


def test_the_clock_of_a_projects_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    """By an amount, by what a watch showed, by the first picture; previewed, listed, taken back."""
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path / "study", Plan(deployments=1, sequences=4))
    with read_project(Path("study")) as project:
        (found,) = deployments(project.connection)
        start = project.connection.execute("SELECT start FROM sequences ORDER BY start_s").fetchone()[0]
    name = found.row.deployment
    shift = ["-q", "--data", "study", "clock", "shift", "--json"]
    monkeypatch.setattr("cameratrap.app.project_corrections._remake", lambda *_: None)  # it has no card
    for how in (["--by", "-1h"], ["--shown", "2026-06-01T08:00", "--true", "2026-06-01T07:00"]):
        assert run([*shift, "--deployment", name, *how, "--dry-run"]) == 0
        told = {str(each["what"]): each["now"] for each in lines(capsys)}
        assert told["first picture"] == f"2026-06-01T{int(start[11:13]) - 1:02d}{start[13:]}"
    assert run([*shift, "--deployment", name, "--to-first", "2026-06-02T10:00"]) == 0
    told = {str(each["what"]): each["now"] for each in lines(capsys)}
    assert told["first picture"] == "2026-06-02T10:00:00+01:00"
    assert run(["-q", "--data", "study", "clock", "show", "--json"]) == 0
    (listed,) = lines(capsys)
    assert listed["kind"] == "clock"
    assert run([*shift, "--undo", str(listed["correction"])]) == 0
    capsys.readouterr()
    for wrong in (["--auto"], ["--by", "-1h"], ["--deployment", name], ["--deployment", name, "--by", "1h"],
                  ["--deployment", name, "--undo", "1"], ["--deployment", name, "--by", "+1h", "--boot", "x"],
                  ["--deployment", name, "--shown", "2026-06-01T08:00"]):  # fmt: skip
        assert run([*shift, *wrong]) == 2
    assert run(["-q", "--data", "study", "clock", "shift", "--deployment", "x", "--by", "+1h"]) == 2


def test_to_first_on_a_card(card: Path, capsys: Printed) -> None:
    """The same option where the clock is corrected on the card itself, also one that stood at 1970."""
    assert run(["-q", "--data", "card", "clock", "shift", "--all", "--by", "-10000d"]) == 2
    with closing(sqlite3.connect(card / "cameratrap.db")) as index, index:
        index.execute("UPDATE bursts SET started_at = replace(started_at, '2027-', '1970-')")
        index.execute("UPDATE media SET captured_at = replace(captured_at, '2027-', '1970-')")
        index.execute("UPDATE observations SET first_at = replace(first_at, '2027-', '1970-')")
        index.execute("UPDATE observations SET last_at = first_at")
        index.execute("DELETE FROM armed")
    capsys.readouterr()
    assert run(["-q", "--data", "card", "clock", "shift", "--all", "--to-first", "2027-03-01T05:00", "--json"]) == 0
    assert [each["corrected_from"] for each in lines(capsys)] == ["2027-03-01T05:00:00+00:00"]
    assert run(["-q", "--data", "card", "clock", "shift", "--all", "--to-first", "2027-03-01T06:30", "--json"]) == 0
    (told,) = lines(capsys)
    assert (told["offset_s"], told["bursts"]) == (5400.0, 3)
    assert run(["-q", "--data", "card", "clock", "shift", "--all", "--by", "+1h", "--deployment", "x"]) == 2
