"""`--plot` of the commands that print effort, rates and histories: the numbers of the table, drawn."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cameratrap.cli import run
from tests.project_maker import Plan, make_project

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stations with two deployments each."""
    return make_project(tmp_path_factory.mktemp("plots") / "project", Plan(deployments=4, sequences=40, media=1))


def words(picture: Path) -> set[str]:
    root = ET.fromstring(picture.read_bytes())  # noqa: S314 - we have written it ourselves
    return {"".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["effort"], {"s01", "s02", "Operating", "days"}),
        (["effort", "--by", "day", "--definition", "trap-nights"], {"s01", "s02"}),
        (["effort", "--from", "2026-06-02", "--to", "2026-06-02"], {"s01", "2.0"}),
        (["rates", "--by", "station"], {"Vulpes vulpes", "Station", "Events per 100 camera-days (exact)"}),
        (["rates", "--individuals"], {"Deployment", "Individuals per 100 camera-days (exact)"}),
        (["history", "red fox", "--occasion-days", "2"], {"Recorded", "Occasion of 2 days", "s01__SESS_2026"}),
        (
            ["history", "red fox", "--count", "--dates", "--day1", "survey"],
            {"Events", "Occasion of 1 day", "2026-06-01"},
        ),
    ],
)
def test_the_plot_is_drawn_beside_the_table(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: set[str]
) -> None:
    """The table is the same with and without; the picture names what it shows by the same definitions."""
    picture = tmp_path / "plot.svg"
    assert run(["--data", str(project), *arguments, "--csv"]) == 0
    table = capsys.readouterr().out
    assert run(["--data", str(project), *arguments, "--csv", "--plot", str(picture)]) == 0
    said = capsys.readouterr()
    assert said.out == table
    assert f"drew {picture}" in said.err
    assert expected <= words(picture)


@pytest.mark.parametrize(
    "arguments", [["effort"], ["rates"], ["history", "red fox"], ["accumulation"], ["activity", "red fox"]]
)
def test_a_plot_that_cannot_be_written_is_refused_before_anything_is_reckoned(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Status 2, and no table."""
    for name, told in (("plot.jpg", ".svg or .png"), ("none/plot.svg", "there is no folder")):
        assert run(["--data", str(project), *arguments, "--plot", str(tmp_path / name)]) == 2
        said = capsys.readouterr()
        assert told in said.err
        assert said.out == ""


def test_nothing_to_draw_is_an_error(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty table is an answer; an empty picture would be none."""
    picture = tmp_path / "plot.svg"
    assert run(["--data", str(project), "effort", "--from", "2030-01-01", "--plot", str(picture)]) == 1
    assert "needs a deployment" in capsys.readouterr().err
    assert not picture.exists()


@pytest.mark.parametrize("width", ["20", "nan", "1000"])
def test_a_width_that_no_sheet_has(project: Path, tmp_path: Path, width: str) -> None:
    """From 60 mm, below which labels have no place, to the long side of A3."""
    assert run(["--data", str(project), "effort", "--plot", str(tmp_path / "p.svg"), "--plot-width", width]) == 2
