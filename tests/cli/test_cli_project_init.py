"""`cameratrap project init`: a study is called something, and says so in a file that an editor opens."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.store.project import is_project
from cameratrap.store.project_record import read_record


def test_a_project_is_made_with_a_record_that_can_be_read(tmp_path: Path) -> None:
    """The record holds the title and an id of its own; the examples in it are notes until somebody opens them."""
    folder = tmp_path / "study"
    assert run(["--data", str(folder), "project", "init", "--title", "Lynx at the ridge"]) == 0
    assert is_project(folder)
    found = read_record(folder)
    assert found.title == "Lynx at the ridge"
    assert len(found.id) == 36
    assert (found.contributors, found.licences) == ((), ())


def test_the_examples_are_right_as_they_stand(tmp_path: Path) -> None:
    """Whoever takes the marks away has a record that is sound."""
    assert run(["--data", str(tmp_path / "study"), "project", "init"]) == 0
    file = tmp_path / "study" / "project.toml"
    head, _, examples = file.read_text(encoding="utf-8").partition("there are people and licences:\n")
    opened = "\n".join(line.removeprefix("# ").removeprefix("#") for line in examples.splitlines())
    file.write_text(head + "\n" + opened, encoding="utf-8")
    found = read_record(tmp_path / "study")
    assert [each.role for each in found.contributors] == ["principalInvestigator"]
    assert [each.scope for each in found.licences] == ["data", "media"]


def test_a_record_that_is_there_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "project.toml").write_text('title = "ours"\n', encoding="utf-8")
    assert run(["--data", str(tmp_path), "project", "init"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert tomllib.loads((tmp_path / "project.toml").read_text(encoding="utf-8")) == {"title": "ours"}


def test_a_card_is_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deployment.toml").write_text("", encoding="utf-8")
    assert run(["--data", str(tmp_path), "project", "init"]) == 2
    assert "is a card" in capsys.readouterr().err
    assert not is_project(tmp_path)


def test_a_dry_run_prints_the_file_and_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data", str(tmp_path / "study"), "project", "init", "--dry-run"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["title"] == "study"
    assert not (tmp_path / "study").exists()
