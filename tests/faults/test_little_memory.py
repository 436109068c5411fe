"""A trap that runs out of memory: it does with little, and where it cannot it says so and loses nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cameratrap.domain.detections import DetectedFrame
from cameratrap.ports import Frame
from tests.faults import fault_server, trap_process
from tests.faults.conftest import PLAY
from tests.faults.fault_server import MEMORY
from tests.faults.restart import Bench, Whole
from tests.faults.story import StoryDetector
from tests.faults.verdict import Struck, judged

ENOUGH = 60 * 1024 * 1024


def test_a_model_that_asks_for_too_much(short_bench: Bench, monkeypatch: pytest.MonkeyPatch, whole: Whole) -> None:
    """One burst has failed, for the reason that there is; its pictures are safe, the others are counted, and a model
    that fits counts it in the end."""

    class Greedy(StoryDetector):
        def detect(self, frame: Frame) -> DetectedFrame:
            if frame.name == "3.jpg":
                raise MemoryError
            return super().detect(frame)

    short_bench.clear()
    with monkeypatch.context() as patch:
        patch.setattr(trap_process, "TellingDetector", Greedy)
        answer = short_bench.switch_on()
    assert answer.status == 3
    assert "CTRP0003.JPG (not searched for people): there is not enough memory" in answer.err
    assert "3 triggers, 4 new pictures, 2 days closed" in answer.err
    assert short_bench.switch_on().status == 0
    assert short_bench.tells() == whole


@pytest.mark.slow
def test_memory_that_runs_out(short_bench: Bench, scratch: Path, whole: Whole) -> None:
    """Wherever it does: 512 KiB are left when the trap starts, 1024, 1536 ... until it runs through."""
    folder, statuses = scratch / "starved", list[int]()
    command = [sys.executable, fault_server.__file__, MEMORY]
    while 0 not in statuses:
        shutil.rmtree(folder, ignore_errors=True)
        first = 1 + len(statuses)
        for name in ("warm", *range(first, first + 10)):
            shutil.copytree(short_bench.story, folder / str(name))
        served = subprocess.run(
            [*command, str(first), "1", "10", str(folder)], check=True, capture_output=True, text=True
        )
        for line in served.stdout.splitlines():
            number, _, status = line.split()
            said = (folder / number / "said").read_text("utf-8")
            assert not judged(Struck(number, folder / number, int(status), said), short_bench, whole), number
            statuses.append(int(status))
    assert len(statuses) > 10


@pytest.mark.slow
def test_sixty_megabytes_are_enough_without_a_model(short_bench: Bench, whole: Whole) -> None:
    """Watching, storing, closing days and sending, in a process that may use no more."""
    short_bench.clear()
    with memory_group(ENOUGH) as group:
        enter = f'echo $$ > {group}/cgroup.procs && exec "$@"'
        command = ["sh", "-c", enter, "sh", *PLAY, str(short_bench.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert short_bench.tells() == whole


@contextmanager
def memory_group(most: int) -> Iterator[Path]:
    """A control group with so many bytes; skips the test where none can be made."""
    first = Path("/sys/fs/cgroup/memory") if Path("/sys/fs/cgroup/memory").is_dir() else Path("/sys/fs/cgroup")
    group = first / f"cameratrap-{os.getpid()}"
    limit = "memory.limit_in_bytes" if first.name == "memory" else "memory.max"
    try:
        group.mkdir()
        (group / limit).write_text(str(most), encoding="ascii")
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"needs a control group for memory, which only root may make: {error}")
    try:
        yield group
    finally:
        group.rmdir()
