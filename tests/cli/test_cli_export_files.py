"""`export` for other programs, as a person calls it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.cli.export import FORMATS
from cameratrap.cli.export_files import flat_csv, geojson, keywords, megadetector, timelapse
from tests.studied_project import studied_project


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return studied_project(tmp_path / "project", lynx_at_second=True)


def _export(study: Path, *arguments: str | Path) -> int:
    return run(["--data", str(study), "export", *map(str, arguments)])


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("megadetector", "a.json"),
        ("timelapse", "a.csv"),
        ("csv", "a.csv"),
        ("geojson", "a.geojson"),
        ("geojson", "a.json"),
    ],
)
def test_a_file_is_written_whole_and_over_an_old_one(study: Path, tmp_path: Path, form: str, name: str) -> None:
    """And nothing is left beside it."""
    output = tmp_path / "out" / name
    output.parent.mkdir()
    for _ in range(2):
        assert _export(study, form, "-o", output) == 0
        assert [file.name for file in output.parent.iterdir()] == [name]
    text = output.read_text(encoding="utf-8")
    assert len(list(csv.reader(text.splitlines()))) > 20 if form in {"csv", "timelapse"} else json.loads(text)


def test_a_dash_is_stdout(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For a pipe."""
    assert _export(study, "csv", "--per", "event", "-o", "-") == 0
    assert capsys.readouterr().out.startswith("deployment,station,")


@pytest.mark.parametrize("form", ["megadetector", "timelapse", "csv", "geojson"])
def test_one_deployment(study: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name; one that is not there is a mistake, not an empty file."""
    assert _export(study, form, "--deployment", "moor", "-o", "-") == 0
    out = capsys.readouterr().out
    assert "moor" in out
    assert "wood" not in out
    assert _export(study, form, "--deployment", "mor", "-o", "-") == 2
    told = capsys.readouterr().err
    assert "no deployment 'mor'" in told
    assert told.count("'mor'") == 1


def test_a_station_that_is_not_there_is_told(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty file is no mistake, since a station may have seen nothing; a slip of the pen is told from that."""
    assert _export(study, "csv", "--station", "Mor", "-o", "-") == 0
    assert "no station is called 'Mor'; " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("csv", "-o", "missing/a.csv"), "no folder"),
        (("csv", "-o", "project/cards/moor/DCIM/0-0.jpg"), "exists and is no table"),
        (("csv", "-o", "project"), "exists and is no table"),
        (("geojson", "-o", "project/project.db"), "exists and is no table"),
        (("timelapse", "-o", "-", "--columns", "Specie"), "no column Specie"),
        (("megadetector", "-o", "-", "--folder", "project/cards/moor"), "does not lie in"),
        (("keywords", "-o", "project/cards/moor/new"), "among the originals"),
        (("keywords", "-o", "project"), "not empty"),
        (("csv",), "Missing option"),
        (("csv", "--positions", "none", "-o", "-"), "Invalid value"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """Above all no original is written over."""
    monkeypatch.chdir(tmp_path)
    before = {file: file.read_bytes() for file in study.rglob("*") if file.is_file()}
    assert _export(study, *arguments) == 2
    assert message in capsys.readouterr().err
    assert {file: file.read_bytes() for file in study.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("name", ["media.csv", "effort.csv"])
def test_a_cards_own_table_stays(study: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On a card, and in its copy: the trap's record of its pictures is an original as they are."""
    copy = study / "cards" / "moor"
    (copy / "deployment.toml").touch()
    (copy / name).write_text("path\n")
    assert _export(study, "csv", "-o", copy / name) == 2
    assert "the card's own table" in capsys.readouterr().err
    assert (copy / name).read_text() == "path\n"


def test_the_columns_that_are_always_there_may_be_named(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once each, in front, as without."""
    assert _export(study, "timelapse", "--columns", "Species,File", "-o", "-") == 0
    assert capsys.readouterr().out.splitlines()[0] == "File,RelativePath,Species"


@pytest.mark.parametrize("form", ["megadetector", "timelapse", "csv", "geojson", "keywords"])
def test_a_dry_run_writes_nothing(study: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it would write, and refuses what the run itself would refuse."""
    before = sorted(tmp_path.rglob("*"))
    assert _export(study, form, "-o", tmp_path / "out", "--dry-run") == 0
    assert "would" in capsys.readouterr().err
    assert _export(study, form, "-o", study / "cards" / "moor", "--dry-run") == 2
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("form", ["camtrap-dp", "megadetector", "timelapse", "csv", "keywords"])
def test_a_taxon_that_nobody_knows_is_refused(
    study: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip of the pen must not become an empty package; a vernacular name is no slip."""
    before = sorted(tmp_path.rglob("*"))
    assert _export(study, form, "-o", tmp_path / "out", "--taxon", "nosuch") == 2
    assert "is called 'nosuch'" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert _export(study, form, "-o", tmp_path / "out", "--taxon", "red fox", "--deployment", "moor") == 0


def test_positions(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Coarse where a lynx was seen, unless they are asked for as they are."""
    for form in ("csv", "geojson"):
        assert _export(study, form, "-o", "-") == 0
        assert "52.123456" not in capsys.readouterr().out
        assert _export(study, form, "--positions", "exact", "-o", "-") == 0
        assert "52.123456" in capsys.readouterr().out


def test_a_deployment_without_a_position_is_named(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The map has it, and cannot show it."""
    assert _export(study, "geojson", "-o", "-") == 0
    assert "1 deployment without a known position" in capsys.readouterr().err


def test_the_rule_of_independence(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in `tally`."""
    assert _export(study, "geojson", "--interval", "60", "--rule", "last-independent-record", "-o", "-") == 0
    assert json.loads(capsys.readouterr().out)["independence"] == "60 minutes since the last independent record"


def test_keywords(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many were written; a picture that is missing is named, and the others are done: partly, exit 3."""
    assert _export(study, "keywords", "-o", tmp_path / "copies", "--deployment", "wood 1") == 0
    assert "6 pictures written" in capsys.readouterr().err
    (study / "cards/wood 1/DCIM/0-0.jpg").unlink()
    assert _export(study, "keywords", "-o", tmp_path / "again", "--deployment", "wood 1") == 3
    told = capsys.readouterr().err
    assert "not written: wood 1/DCIM/0-0.jpg: the picture cannot be read" in told
    assert "5 pictures written" in told
    assert _export(study, "keywords", "-o", tmp_path / "moor", "--deployment", "moor") == 0
    assert "--unreviewed" in capsys.readouterr().err


def test_the_columns_are_told(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without writing anything."""
    assert _export(study, "csv", "--columns") == 0
    assert "observation_type" in capsys.readouterr().out


def test_every_format_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """By the name that the command has."""
    for command in (flat_csv, geojson, keywords, megadetector, timelapse):
        assert FORMATS[str(command.name)][0] == f"cameratrap.cli.export_files:{command.callback.__name__}"  # type: ignore[union-attr]


def test_filters_choose_events(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same filters as everywhere: a row of another event is in no table, and no copy is made of its pictures."""
    assert _export(study, "csv", "--taxon", "Lynx lynx", "-o", "-") == 0
    assert {row["sequence"] for row in csv.DictReader(capsys.readouterr().out.splitlines())} == {"b9"}
    assert _export(study, "megadetector", "--taxon", "Lynx lynx", "-o", "-") == 0
    images = json.loads(capsys.readouterr().out)["images"]
    assert [Path(each["file"]).name for each in images] == ["9-0.jpg", "9-1.jpg"]
    assert _export(study, "keywords", "--taxon", "Lynx lynx", "-o", tmp_path / "lynx") == 0
    assert sorted(file.name for file in (tmp_path / "lynx").rglob("*.jpg")) == ["9-0.jpg", "9-1.jpg"]
