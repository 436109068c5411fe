"""`cameratrap models`: what is there, what it is, whether it is sound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cameratrap.cli import models as command
from cameratrap.cli import run
from tests.model_folders import constant_folder, write_folder

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Path:
    """A folder of installed models with one in it."""
    monkeypatch.setenv("CAMERATRAP_MODELS", str(tmp_path / "models"))
    assert run(["models", "install", str(constant_folder(tmp_path / "source" / "birds"))]) == 0
    assert "birds 1.0: installed" in capsys.readouterr().err
    return tmp_path / "models"


def said(capsys: Capture) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_installed_is_listed(installed: Path, capsys: Capture) -> None:
    assert run(["models", "list", "--json"]) == 0
    rows = {row["name"]: row for row in said(capsys)}
    assert rows["birds"] == {
        "name": "birds", "version": "1.0", "origin": "installed", "head": "ssd", "input": "8x8 uint8",
        "taxa": "Aves, Homo sapiens", "licence": "Apache-2.0", "path": str(installed / "birds"), "problem": None,
        "url": None,
    }  # fmt: skip


def test_a_damaged_model_is_listed_with_what_is_wrong(installed: Path, capsys: Capture) -> None:
    """The list is not stopped by it; `verify` is what fails."""
    (installed / "birds" / "model.tflite").write_bytes(b"rot")
    assert run(["models", "list", "--json"]) == 0
    assert "sha256" in str(said(capsys)[0]["problem"])
    assert run(["models", "verify", "--json"]) == 1
    assert [(row["ok"], "sha256" in str(row["problem"])) for row in said(capsys) if row["name"] == "birds"] == [
        (False, True)
    ]


def test_a_model_shows_everything_its_manifest_says(installed: Path, capsys: Capture) -> None:
    assert run(["models", "show", "birds", "--json"]) == 0
    (shown,) = said(capsys)
    assert (shown["name"], shown["path"]) == ("birds", str(installed / "birds" / "model.tflite"))
    assert shown["card"] == {
        "trained_on": "nothing",
        "measured_on": "nothing",
        "results": "",
        "limits": "",
        "labels": "",
    }
    assert run(["models", "show", "birds"]) == 0
    assert "index 0, label bird, taxon Aves" in capsys.readouterr().out


def test_a_sound_model_is_verified_with_its_tensors(installed: Path, capsys: Capture) -> None:
    assert run(["models", "verify", "birds", "--json"]) == 0
    (row,) = said(capsys)
    assert (row["ok"], row["tensors_checked"], row["problem"]) == (True, True, None)


def test_without_a_runtime_tensors_go_unchecked_and_that_is_said(
    installed: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "inspector", lambda: None)
    assert run(["models", "verify", "birds"]) == 0
    assert "the tensors were not checked" in capsys.readouterr().err


def test_a_model_that_is_not_what_it_says_is_refused(tmp_path: Path, installed: Path, capsys: Capture) -> None:
    """A wrong hash, shape or label: exit 1 with the reason, and nothing installed."""
    weights = (installed / "birds" / "model.tflite").read_bytes()
    for name, facts, reason in (
        ("hash", {"sha256": "0" * 64}, "not the file its manifest describes"),
        ("shape", {"height": 9}, "[1, 9, 8, 3]"),
        ("label", {"output": 'head = "ssd"\n[[labels]]\nindex = 5\nlabel = "x"\ntaxon = "unicorn"'}, "unicorn"),
    ):
        folder = write_folder(tmp_path / name, weights, **facts)
        assert run(["models", "install", str(folder)]) == 1
        assert reason in capsys.readouterr().err
    assert [path.name for path in installed.iterdir()] == ["birds"]


def test_install_is_idempotent_and_replaces_only_when_asked(tmp_path: Path, installed: Path, capsys: Capture) -> None:
    source = tmp_path / "source" / "birds"
    assert run(["models", "install", str(source)]) == 0
    assert "already installed" in capsys.readouterr().err
    manifest = source / "model.toml"
    manifest.write_text(manifest.read_text().replace('version = "1.0"', 'version = "2.0"'))
    assert run(["models", "install", str(source)]) == 1
    assert "hint: --replace" in capsys.readouterr().err
    assert run(["models", "install", "--replace", "--dry-run", str(source)]) == 0
    assert "would be replaced" in capsys.readouterr().err
    assert run(["models", "install", "--replace", str(source)]) == 0
    assert run(["models", "show", "birds", "--json"]) == 0
    assert said(capsys)[0]["version"] == "2.0"
    assert [path.name for path in installed.iterdir()] == ["birds"]


@pytest.mark.parametrize("arguments", [["show", "nothing"], ["install", "nowhere"], ["verify", "nothing"]])
def test_what_is_not_there_is_said(arguments: list[str], capsys: Capture) -> None:
    assert run(["models", *arguments]) == 1
    captured = capsys.readouterr()
    assert "there is no model" in captured.err + captured.out
    assert "Traceback" not in captured.err
