"""`tools/bench message` measures any folder of daily tallies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent.parent.parent / "tools" / "bench.py"
DAYS = """{"station":"A","day":"2026-06-01","tallies":[{"taxon":"red fox","events":2,"individuals":2}]}
{"station":"A","day":"2026-06-02","tallies":[]}
"""


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark as a person would."""
    return subprocess.run(  # noqa: PLW1510 - its exit status is what the tests look at
        [sys.executable, str(BENCH), *arguments], capture_output=True, text=True, timeout=60
    )


def test_the_tables_are_the_same_every_time(tmp_path: Path) -> None:
    """Made-up effort and health come from a fixed seed, and --output holds what is printed."""
    (tmp_path / "two.daily.jsonl").write_text(DAYS, encoding="utf-8")
    first = bench("message", "--data", str(tmp_path), "--output", str(tmp_path / "out.md"))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == bench("message", "--data", str(tmp_path)).stdout
    assert first.stdout == (tmp_path / "out.md").read_text(encoding="utf-8")
    assert "| cameratrap | two | 6.00 | 6 | 7 | 7 | 100.00% |" in first.stdout


def test_a_folder_without_tallies_is_an_error_with_a_hint(tmp_path: Path) -> None:
    """Nothing to measure is said, not an empty table."""
    result = bench("message", "--data", str(tmp_path))
    assert result.returncode == 1
    assert "hint: " in result.stderr


def test_an_unknown_benchmark_lists_those_there_are() -> None:
    """Called wrongly, it says how to call it."""
    result = bench("nonsense")
    assert result.returncode == 2
    assert "message" in result.stderr
