"""A card that is full, or a file that may not grow: the trap says so, loses nothing, and goes on when there is room."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.faults.conftest import PLAY
from tests.faults.restart import Bench, Whole
from tests.faults.verdict import Struck, judged

pytestmark = pytest.mark.slow


def play(name: str, folder: Path, before: Callable[[], None] | None = None) -> Struck:
    """A trap of its own; ``before`` is called in its process first."""
    with (folder / "said").open("wb") as said:
        done = subprocess.run([*PLAY, str(folder)], stdout=said, stderr=said, check=False, preexec_fn=before)
    return Struck(name, folder, done.returncode, (folder / "said").read_text("utf-8"))


def test_files_that_may_not_grow(short_bench: Bench, scratch: Path, whole: Whole) -> None:
    """With a limit on a file's size, a write is first short and then fails (EFBIG): wherever it strikes, no loss."""
    statuses = []
    for limit in (100, 1000, 3000, 4200, 8000, 40_000, 100_000, 180_000, 200_000, 240_000, 300_000, 1_000_000):
        folder = scratch / "limited"
        shutil.copytree(short_bench.story, folder)
        trap = play(str(limit), folder, partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit)))
        assert not judged(trap, short_bench, whole), limit
        statuses.append(trap.status)
        shutil.rmtree(folder)
    assert (statuses[0], statuses[-1]) == (1, 0)


def test_a_card_that_fills_up(short_bench: Bench, tmp_path: Path, whole: Whole) -> None:
    """A small file system, real and full (ENOSPC), at a dozen sizes. Nothing is lost, and with more room it goes on."""
    statuses = []
    for kilobytes in (8, 24, 60, 120, 190, 240, 280, 320, 360, 420, 500, 2000):
        with small_disk(tmp_path / "disk", kilobytes) as disk:
            folder = tmp_path / str(kilobytes)
            shutil.copytree(short_bench.story, folder)
            (folder / "card").symlink_to(disk)
            trap = play(str(kilobytes), folder)
            assert not judged(trap, short_bench, whole), kilobytes
            statuses.append(trap.status)
    assert (statuses[0], statuses[-1]) == (1, 0)


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of that size at ``folder``; skips the test where none may be mounted."""
    if os.geteuid():
        pytest.skip("needs root, to mount a small file system")
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
