"""The emulated modem and its gateway in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def modem_process(folder: Path, *options: str) -> Iterator[Path]:
    """Gives the serial port; what the gateway delivers is in ``folder / "gateway"``. Nothing stays of the port."""
    link = folder / "modem"
    command = [sys.executable, "-m", "cameratrap.replay.emulator_process", "--pty-link", str(link)]
    with subprocess.Popen(
        [*command, "--gateway", str(folder / "gateway"), *options], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"/dev/")
        try:
            yield link
        finally:
            process.terminate()
            assert process.wait(10) == 0
    assert not link.is_symlink()
