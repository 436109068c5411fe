"""`cameratrap models bench`: a table of what models cost here, and which runtime is taken and why."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from cameratrap.app.models import load_folder
from cameratrap.cli import run
from cameratrap.cli.context import Context
from cameratrap.cli.models_bench import COLUMNS, say_cheapest
from cameratrap.drivers.bench_worker import Case, Round, Took
from cameratrap.drivers.model_bench import Measured
from cameratrap.drivers.runtimes import LITERT, TFLITE_RUNTIME, find_runtime, installed_runtimes
from cameratrap.resources import builtin_taxa
from tests.model_folders import classifier_folder, constant_folder, picture

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two models that are known by name, and a picture beside them."""
    monkeypatch.setenv("CAMERATRAP_MODELS", str(tmp_path))
    constant_folder(tmp_path / "finder")
    classifier_folder(tmp_path / "namer")
    (tmp_path / "seen.jpg").write_bytes(picture())
    return tmp_path


def test_each_model_is_measured_in_every_way_and_set_against_the_first(models: Path, capsys: Capture) -> None:
    arguments = ["models", "bench", "finder", "namer", "--threads", "1", "--rounds", "2"]
    assert run([*arguments, "--picture", str(models / "seen.jpg"), "--json"]) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [tuple(row) for row in rows] == [COLUMNS] * len(rows)
    runtimes = [runtime.name for runtime in installed_runtimes()]
    assert [(row["model"], row["runtime"], row["delegate"], row["threads"]) for row in rows] == [
        (model, name, delegate, 1)
        for model in ("finder", "namer")
        for name in runtimes
        for delegate in ("xnnpack", "none")
    ]
    assert [row["ratio"] for row in rows if row["model"] == "finder"] == [1.0] * len(runtimes) * 2
    assert all(row["ratio"] is not None and row["error"] is None for row in rows)
    assert all(row["invoke_ms"] < row["detect_ms"] and row["invoke_cpu_ms"] < row["detect_cpu_ms"] for row in rows)
    assert {row["runtime"] for row in rows if row["chosen"]} == {find_runtime().name}
    assert f"detector.runtime = auto: {find_runtime().name}" in captured.err
    assert f"finder: {runtimes[0]} " in captured.err


def test_a_model_that_cannot_be_run_is_named_and_the_exit_status_says_partly(models: Path, capsys: Capture) -> None:
    folder = models / "broken"
    constant_folder(folder)
    manifest = folder / "model.toml"
    manifest.write_text(manifest.read_text().replace("height = 8", "height = 9"))
    arguments = ["models", "bench", "finder", "broken", "--threads", "1", "--rounds", "2"]
    assert run([*arguments, "--picture", str(models / "seen.jpg"), "--csv"]) == 3
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["model"]: bool(row["error"]) for row in rows} == {"finder": False, "broken": True}
    assert all("[1, 9, 8, 3]" in row["error"] for row in rows if row["error"])


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["--threads", "0"], 2, "is no list of numbers from 1 to 16"),
        (["--threads", "1,x"], 2, "is no list of numbers from 1 to 16"),
        (["--threads", ""], 2, "is no list of numbers from 1 to 16"),
        (["--rounds", "1"], 2, "is not in the range"),
        (["--picture", "nowhere.jpg"], 2, "does not exist"),
        (["unicorn"], 1, "there is no model unicorn"),
    ],
)
def test_what_cannot_be_measured_is_said_at_once(
    models: Path, capsys: Capture, arguments: list[str], status: int, reason: str
) -> None:
    assert run(["models", "bench", *arguments]) == status
    assert reason in capsys.readouterr().err


def test_without_a_model_the_configured_one_is_measured(
    models: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERATRAP_DETECTOR_MODEL", "namer")
    monkeypatch.setenv("CAMERATRAP_DETECTOR_RUNTIME", find_runtime().name)
    assert run(["models", "bench", "--threads", "1", "--rounds", "2", "--picture", str(models / "seen.jpg")]) == 0
    captured = capsys.readouterr()
    assert {line.split()[0] for line in captured.out.splitlines()[1:]} == {"namer"}
    assert "as it says" in captured.err


def test_a_runtime_that_is_clearly_cheaper_than_the_one_taken_is_named(models: Path, capsys: Capture) -> None:
    """Less than a tenth is no difference."""
    model = load_folder(models / "finder", builtin_taxa())
    for cost_ms, advised in ((95.0, False), (50.0, True)):
        measured = [
            Measured(Case(model, name, 1, delegate=True), rounds=[Round((Took(1, each_ms), Took(1, each_ms)), ())])
            for name, each_ms in ((LITERT, cost_ms), (TFLITE_RUNTIME, 100.0))
        ]
        say_cheapest(Context(), measured, TFLITE_RUNTIME)
        said = capsys.readouterr().err
        assert f"finder: {LITERT} {cost_ms} ms, {TFLITE_RUNTIME} 100.0 ms" in said
        assert (f"detector.runtime = {LITERT} would be cheaper" in said) is advised
