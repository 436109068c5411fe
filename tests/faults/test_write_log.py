"""Reading strace's log: what a known program did, no more and no less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.crash_disk import (
    Create,
    Cut,
    Disk,
    MakeFolder,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Unlink,
    Write,
)
from tests.faults.write_log import Said, record

PROGRAM = """
import os, sys, threading
print("begun")
os.mkdir("f")
fd = os.open("f/a.part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.write(fd, b"one "); os.write(fd, b"two"); os.pwrite(fd, b"T", 4); os.ftruncate(fd, 6); os.fsync(fd); os.close(fd)
os.rename("f/a.part", "f/a")
folder = os.open("f", os.O_RDONLY); os.fsync(folder)
print("safe", file=sys.stderr)
open("gone", "w").close(); os.unlink("gone")
open("/dev/null", "w").write("elsewhere")
try: os.mkdir("f")
except OSError: pass
def write(name):
    with open(name, "wb", buffering=0) as file:
        for n in range(50): file.write(b"%d" % (n % 10))
threads = [threading.Thread(target=write, args=(name,)) for name in ("t1", "t2")]
for each in threads: each.start()
for each in threads: each.join()
"""


def test_a_log_says_what_a_program_did(tmp_path: Path) -> None:
    """Paths, data, offsets, syncs and lines, in order; what failed, and what is elsewhere, is left out. Two threads
    that wrote at once come out whole."""
    root = tmp_path / "root"
    root.mkdir()
    log = record([sys.executable, "-u", "-c", PROGRAM], root, tmp_path / "log", cwd=root)
    assert [each for each in log if not isinstance(each, Create | Write)] == [
        Said("begun"), MakeFolder("f"), Truncate(1, 6), Sync(1, "f/a.part"), Rename("f/a.part", "f/a"),
        SyncFolder("f"), Said("safe"), Unlink("gone"),
    ]  # fmt: skip
    assert [each for each in log if isinstance(each, Write)][:3] == [
        Write(1, 0, b"one "), Write(1, 4, b"two"), Write(1, 4, b"T"),
    ]  # fmt: skip
    disk = Disk()
    for each in log:
        if not isinstance(each, Said):
            disk.do(each)
    rebuilt = disk.after_cut(Cut.ALL, None)  # type: ignore[arg-type]
    found = {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}
    assert rebuilt == found


def test_a_call_that_the_model_does_not_know_is_no_surprise_later(tmp_path: Path) -> None:
    """A write path that begins to use another call makes the recording fail."""
    program = "import os; os.close(os.open('a', os.O_CREAT | os.O_WRONLY)); os.link('a', 'b')"
    with pytest.raises(AssertionError, match="knows no link"):
        record([sys.executable, "-c", program], tmp_path, tmp_path / "log", cwd=tmp_path)


def test_a_program_that_fails_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        record([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, tmp_path / "log", cwd=tmp_path)
