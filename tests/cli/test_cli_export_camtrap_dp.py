"""`export camtrap-dp` and `import` of what it made, as a user runs them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from cameratrap.cli import run
from cameratrap.store.card import Deployment, make_card
from tests.project_maker import Plan, make_project
from tests.studied_project import studied_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", Plan(sequences=4, pictures=True))


def export(project: Path, output: Path, *options: str) -> int:
    return run(["--data", str(project), "export", "camtrap-dp", "-o", str(output), *options])


def test_there_and_back(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A .zip with the media, taken over into another project, which exports the same tables."""
    packed = tmp_path / "dp.zip"
    assert export(project, packed, "--copy-media") == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "2 deployments, 24 media" in said.err
    assert "Camtrap DP 1.0.2" in said.err
    assert run(["import", str(packed), "--into", str(tmp_path / "copy")]) == 0
    assert export(tmp_path / "copy", tmp_path / "again.zip", "--copy-media") == 0
    with ZipFile(packed) as first, ZipFile(tmp_path / "again.zip") as again:
        assert first.namelist() == again.namelist()
        for name in first.namelist():
            if name != "datapackage.json":  # it says when it was made
                assert first.read(name) == again.read(name)
        told = [{**json.loads(each.read("datapackage.json")), "created": ""} for each in (first, again)]
    assert told[0] == told[1]
    assert told[0]["contributors"] == [{"title": "not stated"}]


def test_a_dry_run_writes_nothing(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it would, after the same checks."""
    before = sorted(tmp_path.rglob("*"))
    assert export(project, tmp_path / "dp", "--dry-run", "--copy-media") == 0
    assert f"would write {tmp_path / 'dp'}: 2 deployments, 24 media" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_what_project_toml_says_is_in_the_package(project: Path, tmp_path: Path) -> None:
    """Whose data they are, and what may be done with them."""
    (project / "project.toml").write_text(
        'title = "Lynx of the Jura"\nsampling_design = "systematicRandom"\n'
        '[[contributors]]\ntitle = "Ada"\nrole = "contact"\n'
        '[[licences]]\nscope = "data"\nname = "CC0-1.0"\n[[licences]]\nscope = "media"\nname = "CC-BY-4.0"\n'
    )
    assert export(project, tmp_path / "dp") == 0
    told = json.loads((tmp_path / "dp" / "datapackage.json").read_text())
    assert told["project"]["title"] == told["title"] == "Lynx of the Jura"
    assert told["project"]["samplingDesign"] == "systematicRandom"
    assert told["contributors"] == [{"title": "Ada", "role": "contact"}]
    assert [each["name"] for each in told["licenses"]] == ["CC0-1.0", "CC-BY-4.0"]


def test_a_card_is_exported_like_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what is missing: a card tells nobody where it hung."""
    with make_card(tmp_path / "card", Deployment("d", "s", 0, datetime(2027, 3, 10, tzinfo=UTC))):
        pass
    assert export(tmp_path / "card", tmp_path / "dp") == 2
    assert "needs a position of every deployment, and 1 have none: d" in capsys.readouterr().err


def test_media_that_are_not_there_are_told(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The others are copied: partly done."""
    (project / "cards/d001/DCIM/100CTRAP/CTRP0001.JPG").unlink()
    assert export(project, tmp_path / "dp", "--copy-media") == 3
    assert "not copied: 1 media that are not where the project has them" in capsys.readouterr().err
    assert len(list((tmp_path / "dp" / "media").rglob("*.JPG"))) == 23


def test_filters_choose_events(tmp_path: Path) -> None:
    """The same as everywhere."""
    study = studied_project(tmp_path / "study")
    assert export(study, tmp_path / "dp", "--station", "moor", "--taxon", "red fox") == 0
    with (tmp_path / "dp" / "observations.csv").open(newline="") as file:
        assert {row["scientificName"] for row in csv.DictReader(file)} == {"Vulpes vulpes"}


@pytest.mark.parametrize(
    "options",
    [
        ("--media-prefix", "https://example.org", "--copy-media"),
        ("--media-prefix", "file:///etc"),
        ("--media-prefix", "https://example.org/../x"),
        ("--dp-version", "2.0"),
        ("--deployment", "nobody"),
    ],
)
def test_what_cannot_be_is_refused(project: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Wrong usage, and nothing is written."""
    assert export(project, tmp_path / "dp", *options) == 2
    assert not (tmp_path / "dp").exists()
