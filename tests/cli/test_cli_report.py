"""`report`: one file, written whole or not at all, that says by which definitions it counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from cameratrap.cli import run
from tests.card_maker import fingerprint, make_trap_card
from tests.project_maker import Plan, make_project
from tests.reports import Page


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "Foxes of the ridge", Plan(deployments=2, sequences=6, media=1, pictures=True))


def test_a_project_becomes_one_file(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is what was told of its size, is called as the project is, and another run goes over it."""
    output = tmp_path / "report.html"
    output.write_text("an older report", encoding="utf-8")
    assert run(["--data", str(project), "report", "--output", str(output)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "effort: exact" in told.err
    assert "independence: 30 min since the last record" in told.err
    assert f"wrote {output}, {output.stat().st_size / 1e6:.1f} MB" in told.err
    assert "Foxes of the ridge" in Page(output.read_text(encoding="utf-8")).text
    assert sorted(tmp_path.iterdir()) == sorted([output, project])


def test_options_reach_the_page(project: Path, tmp_path: Path) -> None:
    """Title, filters, definition, independence and positions are those asked for, and are told."""
    output = tmp_path / "report.htm"
    options = ["--title", "Ridge", "--deployment", "d001", "--definition", "trap-nights", "--interval", "60"]
    assert run(["--data", str(project), "report", "-o", str(output), *options, "--positions", "none"]) == 0
    text = Page(output.read_text(encoding="utf-8")).text
    assert "Of the study, only: deployment d001." in text
    assert "Camera-days, trap-nights: the days of setup and retrieval count half" in text
    assert "60 minutes since the last record" in text
    assert "Positions are left out" in text
    assert "d002" not in text


def test_a_card_is_reported_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One card by itself is a project of one deployment; nothing on it is changed."""
    card = make_trap_card(tmp_path / "card", monkeypatch)
    before = fingerprint(card)
    assert run(["--data", str(card), "report", "-o", str(tmp_path / "card.html")]) == 0
    assert fingerprint(card) == before
    assert "1 station, 1 deployment" in Page((tmp_path / "card.html").read_text(encoding="utf-8")).text


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("project.db", "is not named as a page"),
        ("nowhere/report.html", "there is no folder"),
        ("folder.html", "cannot write to"),
    ],
)
def test_it_writes_over_nothing_else(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, told: str
) -> None:
    """A slip of the pen names an index, a folder that is not there, or one that is."""
    (tmp_path / "folder.html").mkdir()
    assert run(["--data", str(project), "report", "--output", str(tmp_path / output)]) == 2
    assert told in capsys.readouterr().err


def test_a_taxon_that_nobody_knows_is_refused(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip of the pen is no report of zeros."""
    assert run(["--data", str(project), "report", "-o", str(tmp_path / "r.html"), "--taxon", "fxo"]) == 2
    assert "fxo" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_without_the_extra_it_says_how_to_get_it(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 2 and the command that installs what is missing."""
    monkeypatch.setattr("cameratrap.cli.extras.find_spec", lambda _: None)
    assert run(["--data", str(project), "report", "-o", str(tmp_path / "r.html")]) == 2
    assert "pip install 'cameratrap[review]'" in capsys.readouterr().err
