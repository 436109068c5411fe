"""A recorded run of a trap, and a bench to switch it on again after a fault."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import trap_process
from tests.faults.replay import Cutter, Recording
from tests.faults.restart import Bench, Whole
from tests.faults.story import SHORT, WHOLE
from tests.faults.write_log import record

REPOSITORY = Path(__file__).parents[2]
PLAY = (sys.executable, trap_process.__file__)
MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of cards are laid out, and nobody cuts this machine's power."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="cameratrap-faults-", dir=parent) as folder:
        yield Path(folder).resolve()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a trap's process finds: this package, and the same order of everything each time."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("PYTHONHASHSEED", "0")


@pytest.fixture
def bench(scratch: Path, environment: None) -> Bench:
    """With the whole story, not played yet."""
    return _bench(scratch, "whole")


@pytest.fixture
def short_bench(scratch: Path, environment: None) -> Bench:
    """With the short story, not played yet."""
    return _bench(scratch, "short")


def _bench(scratch: Path, which: str) -> Bench:
    story = scratch / f"{which}-story"
    if not story.exists():
        {"whole": WHOLE, "short": SHORT}[which].write(story)
    bench = Bench(scratch / "bench", story)
    bench.clear()
    return bench


@pytest.fixture
def whole(short_bench: Bench) -> Whole:
    """What the card of an undisturbed trap tells of the short story."""
    assert short_bench.switch_on().status == 0
    return short_bench.tells()


@pytest.fixture(scope="session")
def _recordings() -> dict[str, Recording]:
    return {}


@pytest.fixture
def recording(bench: Bench, scratch: Path, _recordings: dict[str, Recording]) -> Recording:
    """One whole run under strace; made once."""
    if "whole" not in _recordings:
        command = [*PLAY, str(bench.folder), "--sites"]
        log = record(command, bench.folder, scratch / "strace.log")
        _recordings["whole"] = Recording(log, bench.tells())
    return _recordings["whole"]


@pytest.fixture
def cutter(bench: Bench, scratch: Path) -> Iterator[Cutter]:
    """Looks at what a cut has left."""
    yield Cutter(scratch / "cut", bench)
    shutil.rmtree(scratch / "cut", ignore_errors=True)
