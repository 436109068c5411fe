"""Sending at a power-on: in a process of its own, which a modem may hang."""

from __future__ import annotations

import subprocess
import sys

from cameratrap.cli.context import Context


def send(ctx: Context, limit_s: float) -> list[str]:
    """Run `transmit` on the card for so long at most; returns what went wrong. Raises OSError."""
    options = [] if ctx.config_file is None else ["--config", str(ctx.config_file)]
    command = [sys.executable, "-m", "cameratrap", *options, "--data", str(ctx.data), "--quiet", "transmit"]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=limit_s)
    except subprocess.CalledProcessError as error:
        return [f"`transmit` ended with status {error.returncode}"]
    except subprocess.TimeoutExpired:
        return [f"`transmit` was broken off after {limit_s:g} s"]
    return []
