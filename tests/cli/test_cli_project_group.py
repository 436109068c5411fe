"""`cameratrap project group`: how long a pause must be for another event to begin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.store.project import edit_project
from tests.project_check import derived, worked_out
from tests.project_maker import Plan, make_project


def grouped(project: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    capsys.readouterr()
    assert run(["--data", str(project), "project", "group", *arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_belongs_to_one_event_is_for_the_study_to_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten bursts in pairs: five events; each by itself without a pause; what was said of them stays."""
    project = make_project(tmp_path / "study", Plan(deployments=1, sequences=10))
    assert run(["--data", str(project), "label", "--deployment", "d001", "--taxon", "Lynx lynx"]) == 0
    assert grouped(project, capsys, "--gap", "0", "--dry-run") == [
        {"deployment": "d001", "sequences": 10, "events_before": 5, "events": 10}
    ]
    assert grouped(project, capsys, "--gap", "0")[0]["events_before"] == 5
    assert grouped(project, capsys, "--gap", "120") == [
        {"deployment": "d001", "sequences": 10, "events_before": 10, "events": 5}
    ]
    with edit_project(project) as found:
        assert derived(found.connection) == worked_out(found.connection)
        states = {row["state"] for row in found.connection.execute("SELECT state FROM events")}
    assert states == {"verified"}
