"""systemd's own command, and what it answers.

This file alone knows how `systemctl` is called. It does not decide which units there are.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence

from cameratrap.errors import CameraTrapError, DeviceError

WITHIN_S = 60.0
SHOWN = ("Id", "LoadState", "UnitFileState", "ActiveState", "SubState", "Result", "NRestarts")
_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x09\x0b-\x1f\x7f-\x9f]")
Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=WITHIN_S, check=False)


class Systemctl:
    """Calls `systemctl`. Raises DeviceError where there is none, and CameraTrapError where it refuses."""

    def __init__(self, run: Run = _run) -> None:
        self._run = run

    def reload(self) -> None:
        """Read the unit files again."""
        self._call("daemon-reload")

    def enable(self, names: Sequence[str]) -> None:
        """Start them at each boot from now on."""
        if names:
            self._call("enable", *names)

    def start(self, names: Sequence[str]) -> None:
        """Start them now, without waiting until they have."""
        if names:
            self._call("start", "--no-block", *names)

    def disable(self, names: Sequence[str]) -> None:
        """Stop them, and start them at no boot any more."""
        if names:
            self._call("disable", "--now", *names)

    def power_off(self) -> None:
        """Shut the system down, without waiting for it."""
        self._call("poweroff", "--no-block")

    def show(self, names: Sequence[str]) -> list[dict[str, str]]:
        """The state of each unit, by systemd's own names for its properties."""
        answer = self._call("show", "--no-pager", f"--property={','.join(SHOWN)}", *names)
        return [parse_properties(block) for block in answer.strip().split("\n\n")]

    def _call(self, *arguments: str) -> str:
        words = ("systemctl", *arguments)
        try:
            done = self._run(words)
        except FileNotFoundError as error:
            raise DeviceError(
                "this system has no systemctl",
                device="systemd",
                hint="--dry-run shows the units; install them on the Raspberry Pi",
            ) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeviceError("systemctl does not answer", device="systemd", why=str(error)) from error
        if done.returncode:
            why = " ".join(_clean(done.stderr).split()) or f"exit status {done.returncode}"
            if "not been booted with systemd" in why or "Failed to connect to bus" in why:
                raise DeviceError(
                    "systemd does not run here", device="systemd", why=why, hint="--dry-run shows the units"
                )
            raise CameraTrapError(f"`{' '.join(words[:2])}` failed", why=why)
        return _clean(done.stdout)


def _clean(text: str) -> str:
    """Without colours and control characters, but for the ends of lines."""
    return _CONTROL.sub("", text.replace("\t", " "))


def parse_properties(block: str) -> dict[str, str]:
    """``Name=value`` lines as a mapping; a value may contain ``=`` itself."""
    return {name: value for name, _, value in (line.partition("=") for line in block.splitlines() if "=" in line)}
