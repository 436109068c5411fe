"""A trap on a real ext4 file system whose power goes: the image is shut down under it, mounted again and looked at."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import PLAY
from tests.faults.promises import Promises
from tests.faults.restart import Bench, Whole
from tests.faults.verdict import Struck, judged

pytestmark = pytest.mark.slow
FS_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32), Linux: include/uapi/linux/fs.h
GO_DOWN = (2).to_bytes(4, "little")  # EXT4_GOING_FLAGS_NOLOGFLUSH: what is only in memory is gone
CUTS = 20


def test_a_real_file_system_loses_nothing(short_bench: Bench, tmp_path: Path, whole: Whole) -> None:
    """Cut after a line, at random, and some milliseconds more of its work: what it had said is on the card."""
    chance = random.Random(5)
    image = _image(tmp_path / "card.img")
    cut_short = 0
    for number in range(CUTS):
        folder = tmp_path / str(number)
        shutil.copytree(short_bench.story, folder)
        with mounted(image, tmp_path / "disk") as disk:
            (folder / "card").symlink_to(disk / "card")
            (disk / "card").mkdir()
            os.sync()
            said = _cut(folder, disk, chance.randrange(1, 18), chance.random() * 0.01)
        with mounted(image, tmp_path / "disk") as disk:
            assert not judged(Struck(str(number), folder, -9, said), short_bench, whole), said
            shutil.rmtree(disk / "card")
        cut_short += not Promises.of(said.splitlines()).ended
    assert cut_short > CUTS // 2


def _cut(folder: Path, disk: Path, lines: int, seconds: float) -> str:
    """Play until it has said so many lines, and some seconds more; then take the power away. Returns what it said.

    It is stopped first: a sync that is under way while the file system goes down may still report success.
    """
    with subprocess.Popen([*PLAY, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as trap:
        assert trap.stdout is not None
        said = "".join(line for line, _ in zip(trap.stdout, range(lines), strict=False))
        time.sleep(seconds)
        trap.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, trap.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        descriptor = os.open(disk, os.O_RDONLY)
        fcntl.ioctl(descriptor, FS_IOC_SHUTDOWN, GO_DOWN)
        os.close(descriptor)
        trap.kill()
        return said + trap.stdout.read()


def _image(path: Path) -> Path:
    if os.geteuid():
        pytest.skip("needs root, to mount a file system that can be cut off")
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", str(path)], check=True)
    return path


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Path]:
    """The image's file system at ``folder``; skips the test where there are no loop devices."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-o", "loop", str(image), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs loop devices and ext4: {done.stderr}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
