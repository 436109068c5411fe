"""Somebody at a real pseudo-terminal, with the program as its user starts it at the other end."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST_S = 30.0
_CONTROL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[78])|\r")


class Seat:
    """A terminal of some size and the program in it; ``heard`` is everything that it has written."""

    def __init__(self, process: subprocess.Popen[bytes], own: int, its: int) -> None:
        self.process = process
        self.heard = b""
        self._own = own
        self._its = its
        self._seen = 0

    def type(self, keys: str | bytes) -> None:
        """Press keys, one after the other without a pause."""
        os.write(self._own, keys.encode() if isinstance(keys, str) else keys)

    def expect(self, text: str) -> None:
        """Wait until the program writes it, after what was expected before."""
        wanted, end = text.encode(), time.monotonic() + _LONGEST_S
        while wanted not in self.heard[self._seen :]:
            assert self._listen(end - time.monotonic()), f"no {text!r} in {self.heard[self._seen :]!r}"
        self._seen = self.heard.index(wanted, self._seen) + len(wanted)

    def end(self) -> int:
        """Wait until the program ends; its status."""
        end = time.monotonic() + _LONGEST_S
        while self.process.poll() is None:
            self._listen(0.05)
            assert time.monotonic() < end, f"it does not end: {self.heard[-2000:]!r}"
        while self._listen(0.0):
            pass
        return self.process.returncode

    def hang_up(self) -> None:
        """Cut the connection: nobody reads or types any more."""
        for descriptor in {self._own, self._its} - {-1}:
            os.close(descriptor)
        self._own = self._its = -1

    def resize(self, columns: int, rows: int) -> None:
        """Drag the window to another size."""
        termios.tcsetwinsize(self._its, (rows, columns))
        self.process.send_signal(signal.SIGWINCH)

    @property
    def settings(self) -> list[object]:
        """How the terminal treats keys now."""
        return termios.tcgetattr(self._its)

    @property
    def text(self) -> str:
        """What was written, without what moves the cursor and colours."""
        return _CONTROL.sub(b"", self.heard).decode()

    def _listen(self, wait_s: float) -> bool:
        ready, _, _ = select.select([self._own], [], [], max(0.0, wait_s))
        if ready:
            self.heard += os.read(self._own, 65536)
        return bool(ready)


@contextmanager
def seated(
    *arguments: str | Path, columns: int = 80, rows: int = 24, program: str = "", **environment: str
) -> Iterator[Seat]:
    """Start `cameratrap` with these arguments in a terminal; ``program`` is Python to be run in its place."""
    own, its = pty.openpty()
    termios.tcsetwinsize(its, (rows, columns))
    outer = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TMUX", "COLORTERM")}
    command = [sys.executable, *(["-c", program] if program else ["-m", "cameratrap"]), *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, start_new_session=True,
        env=outer | {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | environment,
    ) as process:  # fmt: skip
        seat = Seat(process, own, its)
        try:
            yield seat
        finally:
            process.kill()
            process.wait()
            seat.hang_up()
