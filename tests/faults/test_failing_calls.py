"""Every system call of a running trap fails once, or kills it: nothing is lost, nothing is claimed that is not so.

Strace makes the first, second, third ... call of a kind fail until a trap runs through undisturbed. What has to be so
afterwards says ``verdict``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import fault_server
from tests.faults.fault_server import CALLS, KINDS
from tests.faults.restart import Bench, Whole
from tests.faults.verdict import Struck, judged
from tests.faults.write_log import needs_strace

pytestmark = pytest.mark.slow
AT_ONCE = 15


def struck(call: str, fault: str, bench: Bench, scratch: Path, *, step: int = 1) -> Iterator[Struck]:
    """Traps whose first, next, next ... call of this kind meets the fault, until it meets none any more."""
    folder = scratch / "struck"
    for first in range(1, CALLS, step * AT_ONCE):
        shutil.rmtree(folder, ignore_errors=True)
        numbers = range(first, first + step * AT_ONCE, step)
        for name in ("warm", *numbers):
            shutil.copytree(bench.story, folder / str(name))
        log = scratch / "injected.log"
        inject = [f"-etrace={call}", f"-einject={call}:{fault}:when={CALLS}"]
        strace = [needs_strace(), "-f", "-y", "-qq", "-o", str(log), *inject, sys.executable]
        served = [fault_server.__file__, call, str(first), str(step), str(AT_ONCE), str(folder)]
        done = subprocess.run([*strace, *served], check=True, capture_output=True, text=True)
        ended = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
        met = {int(line.split()[0]): line for line in log.read_text("utf-8").splitlines() if "(INJECTED)" in line}
        for number, process, status in ended:
            if process not in met and status >= 0:
                return
            said = (folder / str(number) / "said").read_text("utf-8")
            yield Struck(str(number), folder / str(number), status, said, met.get(process, ""))
    raise AssertionError(f"more than {CALLS} calls of {call}")


@pytest.mark.parametrize("call", [kind for kind in KINDS if kind != "pread64"])
def test_a_killed_process(call: str, short_bench: Bench, scratch: Path, whole: Whole) -> None:
    """At every call that opens, writes, names or synchronises; of the two that write a page of the log, at one."""
    met = 0
    for trap in struck(call, "signal=SIGKILL", short_bench, scratch, step=2 if call == "pwrite64" else 1):
        met += trap.status == -9
        assert not judged(trap, short_bench, whole), f"{call} {trap.name}"
    assert met > 2


def test_a_picture_whose_sync_fails_is_written_again(short_bench: Bench, scratch: Path, whole: Whole) -> None:
    """A bad block at each of the four in turn: no burst is lost, and nobody need know of it."""
    struck_pictures = 0
    for trap in struck("fsync", "error=EIO", short_bench, scratch):
        if ".JPG.part>" in trap.call:
            struck_pictures += trap.status == 0
        assert not judged(trap, short_bench, whole), trap.name
    assert struck_pictures == 4


def test_a_write_that_never_reached_the_file(short_bench: Bench, scratch: Path, whole: Whole) -> None:
    """The kernel says that it wrote some bytes and wrote none of them: what is too short is not taken for stored."""
    met = 0
    for trap in struck("write", "retval=7", short_bench, scratch):
        met += 1
        assert not judged(trap, short_bench, whole), trap.name
    assert met > 10


@pytest.mark.parametrize(
    ("call", "error", "step"),
    [
        *((call, "EIO", 1) for call in ("fdatasync", "ftruncate", "rename", "unlink", "mkdir")),
        *((call, "EIO", 5) for call in ("openat", "pread64", "pwrite64", "write")),
        *((call, "ENOSPC", 5) for call in ("openat", "pwrite64", "write")),
    ],
)
def test_a_call_that_fails(call: str, error: str, step: int, short_bench: Bench, scratch: Path, whole: Whole) -> None:
    """A bad block, or a card that is full for a moment; where a kind of call is made often, at every fifth."""
    met = 0
    for trap in struck(call, f"error={error}", short_bench, scratch, step=step):
        met += 1
        assert not judged(trap, short_bench, whole), f"{call} {trap.name}"
    assert met > 1
