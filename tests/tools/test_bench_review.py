"""`tools/bench review` asks the real server, and names each figure beside a bare question to the index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.slow
def test_every_kind_of_page_is_measured_and_a_project_can_be_used_again(tmp_path: Path) -> None:
    """A small project is made, asked and kept; the second run makes none and finds nothing changed."""
    command = [sys.executable, str(TOOLS / "bench.py"), "review", "--media", "600", "--rounds", "2"]
    runs = [
        subprocess.run([*command, "--keep", str(tmp_path / "study")], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert "the project was made in" in runs[0]
    assert "the project was made in" not in runs[1]
    assert runs[0].splitlines()[1].split(" of index")[0] in runs[1]
    for line in (
        "600 media",
        "first page",
        "one taxon",
        "night, 22 to 4",
        "a correction of one event",
        "largest memory",
    ):
        assert line in runs[1]
