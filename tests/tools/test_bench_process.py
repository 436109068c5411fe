"""`tools/bench process` runs on any folder; and the memory that it measures is what the README promises."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.model_folders import constant_folder, picture

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("bench_process")


@pytest.mark.slow
def test_it_says_what_a_picture_costs_beside_a_bare_loop(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for number in range(4):
        (tmp_path / "images" / f"{number}.jpg").write_bytes(picture())
    model = constant_folder(tmp_path / "model")
    command = [sys.executable, str(TOOLS / "bench.py"), "process", "--model", str(model), "--rounds", "1"]
    done = subprocess.run(
        [*command, "--no-memory", "--images", str(tmp_path / "images")], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("4 pictures of")
    assert [line.split("  ")[1] for line in lines[1:5]] == [
        "bare loop", "process --jobs 1", "two bare loops", "process --jobs 2",
    ]  # fmt: skip
    assert "times the bare loop's" in lines[5]
    assert "two jobs are" in lines[6]


@pytest.mark.slow
def test_large_pictures_take_less_than_200_mb_however_many(bench: ModuleType, tmp_path: Path) -> None:
    """JPEG of 24 megapixels as cameras write them, two at once, with the model that ships; all processes together."""
    bench.draw(tmp_path, 8)
    pictures = sorted(str(path) for path in tmp_path.iterdir())
    held = [
        bench.largest_memory(
            [sys.executable, "-m", "cameratrap", "process", *given, "--model", "cameratrap-nano", "-j2"]
        )
        for given in (pictures[:2], pictures, pictures * 3)
    ]
    assert max(held) < 200_000_000
    assert held[2] < held[1] * 1.05
