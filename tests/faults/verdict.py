"""What has to be so after a fault, whatever it was.

What the trap had said is on the card. It ended with status 0 only if all is well. It said what went wrong in words.
Switched on again it ends with the card that an undisturbed trap has, and no two messages have one number.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.promises import Promises, broken_promises, doubled_seals
from tests.faults.restart import Bench

# How the system, SQLite or we ourselves name a fault.
REASONS = (
    "Input/output error",
    "disk I/O error",
    "cannot be read or written",
    "less is there than was written",
    "No space left on device",
    "database or disk is full",
    "database disk image is malformed",  # SQLite's word where it cannot read the first page
    "File too large",
    "unable to open",
    "attempt to write a readonly database",
    "not enough memory",
)


@dataclass(frozen=True)
class Struck:
    """A trap that met a fault: ``folder`` is as it left it, ``status`` negative where it was killed.

    ``call`` is the one that failed, as strace has it, where that is known.
    """

    name: str
    folder: Path
    status: int
    said: str
    call: str = ""


def judged(trap: Struck, bench: Bench, whole: Sequence[object]) -> list[str]:
    """What is wrong with how it went; ``whole`` is what an undisturbed trap's card tells."""
    wrong = [] if trap.status < 0 else _report(trap)
    promises = replace(Promises.of(trap.said.splitlines()), sealing=True)
    _lay_out(trap, bench)
    wrong += broken_promises(bench.folder / "card", promises)
    _lay_out(trap, bench)
    if trap.status == 0 and bench.tells() != whole:
        wrong.append("it says that all is well and the card tells something else")
    answer = bench.switch_on()
    if answer.status:
        return [*wrong, f"the restart ends with {answer.status}: {answer.err}"]
    wrong += doubled_seals(bench.folder / "card", promises)
    return wrong if bench.tells() == whole else [*wrong, "the card tells something else in the end"]


def _lay_out(trap: Struck, bench: Bench) -> None:
    """The card as the fault left it, where there is room."""
    bench.clear()
    if (trap.folder / "card").exists():
        shutil.copytree(trap.folder / "card", bench.folder / "card")


def _report(trap: Struck) -> list[str]:
    """Words for a person, and a status that says whether they matter."""
    if "Traceback" in trap.said or "Exception ignored" in trap.said:
        return [f"a riddle: {trap.said[-2000:]}"]
    named = any(reason in trap.said for reason in REASONS)
    return [] if trap.status == 0 or named else [f"status {trap.status} without a reason: {trap.said}"]
