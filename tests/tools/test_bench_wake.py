"""A power-on asks for its first frame before anything heavy is loaded, and the bench that measures it sees if not."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
if str(TOOLS) not in sys.path:
    sys.path.append(str(TOOLS))
bench_wake: Any = importlib.import_module("bench_wake")


@pytest.fixture
def wake(tmp_path: Path) -> Any:
    wake = bench_wake.Wake(tmp_path)
    wake.prepare()
    return wake


def test_nothing_heavy_is_loaded_before_the_first_frame_is_asked_for(wake: Any) -> None:
    """No numpy, OpenCV, Pillow, model runtime, sun or cipher, and no database opened: the camera has been asked."""
    assert wake.first_frame() == ""


def test_the_bench_would_see_it(wake: Any, tmp_path: Path) -> None:
    """With a camera library that loads numpy itself it is named: what is pinned is what is loaded."""
    module = tmp_path / "picamera2.py"
    module.write_text("import numpy\n" + module.read_text(encoding="utf-8"), encoding="utf-8")
    assert wake.first_frame() == "numpy"


def test_the_goal_is_met(capsys: pytest.CaptureFixture[str]) -> None:
    """At most 2.5 times as long as loading numpy; the median of a few pairs, on a machine that may be busy."""
    assert bench_wake.main(["--runs", "3"]) == 0
    assert "ratio" in capsys.readouterr().out
