"""A trap that is switched on many times in one process, for strace to make another of its calls fail each time.

``python fault_server.py CALL FROM STEP COUNT FOLDER``, under ``strace -f -e inject=CALL:...:when=CALLS``. Each trap is
a child of its own, and strace counts for each from its beginning. So the one whose n-th call is to fail makes
``CALLS - n`` idle ones first. With ``memory`` for a call, nothing fails but what asks for more than n times 512 KiB.
It plays ``FOLDER/n/story``; what it says is in ``FOLDER/n/said``, and how it ended is one line here: n, its process's
number and its status as ``subprocess`` has it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.faults import trap_process

CALLS = 2000  # more than the server itself makes
_NO_FILE = 999
_NOWHERE = "/nowhere/at all"
_IDLE: Mapping[str, Callable[[], object]] = {
    "openat": lambda: os.open(_NOWHERE, os.O_RDONLY),
    "write": lambda: os.write(_NO_FILE, b""),
    "pwrite64": lambda: os.pwrite(_NO_FILE, b"", 0),
    "pread64": lambda: os.pread(_NO_FILE, 1, 0),
    "fsync": lambda: os.fsync(_NO_FILE),
    "fdatasync": lambda: os.fdatasync(_NO_FILE),
    "ftruncate": lambda: os.ftruncate(_NO_FILE, 0),
    "rename": lambda: os.rename(_NOWHERE, _NOWHERE),  # noqa: PTH104 - the very call
    "unlink": lambda: os.unlink(_NOWHERE),  # noqa: PTH108
    "mkdir": lambda: os.mkdir(_NOWHERE),  # noqa: PTH102
}
KINDS = tuple(_IDLE)
MEMORY = "memory"
MEMORY_STEP = 512 * 1024


def serve(call: str, numbers: range, folder: Path) -> None:
    """One trap for each number, after one that has everything imported."""
    _switch_on(folder / "warm", [])
    for number in numbers:
        process = os.fork()
        if process == 0:
            before = [partial(_limit_memory, number)] if call == MEMORY else [_IDLE[call]] * (CALLS - number)
            os._exit(_switch_on(folder / str(number), before))
        print(number, process, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def _limit_memory(steps: int) -> None:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    most = pages * resource.getpagesize() + steps * MEMORY_STEP
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _switch_on(folder: Path, before: Sequence[Callable[[], object]]) -> int:
    """Play the story with both outputs going into one file, as on a terminal; ``before`` that, do this."""
    outputs = [os.dup(1), os.dup(2)]
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT, 0o644)
    os.dup2(said, 1)
    os.dup2(said, 2)
    for call in before:
        with contextlib.suppress(OSError):
            call()
    try:
        return trap_process.play(folder)
    except Exception:  # noqa: BLE001 - whatever no command has caught is to be seen
        traceback.print_exc()
        return 1
    finally:
        for number, output in enumerate(outputs, start=1):
            os.dup2(output, number)


if __name__ == "__main__":
    first, step, count = map(int, sys.argv[2:5])
    serve(sys.argv[1], range(first, first + step * count, step), Path(sys.argv[5]))
