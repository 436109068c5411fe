"""What is run on the virtual Pi: the project's own drivers on the real libraries, one check after the other.

Prints a line a check with what was measured, and ends with 1 where one failed. Arguments are the names of checks.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable

import pin_checks
import trap_checks

CHECKS: tuple[Callable[[], str], ...] = (
    pin_checks.pir_edges,
    pin_checks.pulls,
    pin_checks.outputs,
    pin_checks.busy_line,
    pin_checks.quick_edges,
    trap_checks.camera_bursts,
    trap_checks.idle_watch,
    trap_checks.walk_test,
    trap_checks.modem_message,
)


def main(wanted: list[str]) -> int:
    """Run all, or those named."""
    unknown = set(wanted) - {check.__name__ for check in CHECKS}
    if unknown:
        print(f"no such check: {', '.join(sorted(unknown))}; there are {', '.join(c.__name__ for c in CHECKS)}")
        return 2
    failed = [check for check in CHECKS if (not wanted or check.__name__ in wanted) and not _passes(check)]
    return int(bool(failed))


def _passes(check: Callable[[], str]) -> bool:
    begin_s = time.monotonic()
    try:
        word, told = "ok  ", check()
    except Exception:  # noqa: BLE001 - the others say what they find all the same
        word, told = "FAIL", traceback.format_exc()
    print(f"{word} {check.__name__}: {told} ({time.monotonic() - begin_s:.0f} s)", flush=True)
    return word == "ok  "


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
