"""What the checks share: the lines' outer side, and the program as a process with a trap's configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PIR_PIN, LAMP_PIN = 4, 18
TRAP = f"""
[station]
id = "virtual"
[trigger]
mode = "pir"
pin = {PIR_PIN}
settle_s = 0
cooldown_s = 0
[camera]
type = "picamera2"
[lamp]
pin = {LAMP_PIN}
mode = "always"
"""
_RUN = "import sys, virtual_camera; from cameratrap.cli import main; sys.exit(main(sys.argv[1:]))"


def pull(pin: int, *, up: bool) -> None:
    """Drive a line from outside, as a PIR would."""
    _line(pin, "pull").write_text("pull-up" if up else "pull-down", encoding="ascii")


def is_pulled_up(pin: int) -> bool:
    """Which way a line is pulled, from inside or outside."""
    return _line(pin, "pull").read_text(encoding="ascii").strip() == "pull-up"


def level(pin: int) -> int:
    """A line's level, as something that is wired to it sees it."""
    return int(_line(pin, "value").read_text(encoding="ascii"))


def start_trap(folder: Path, *arguments: str, environment: dict[str, str] | None = None, **options: Any) -> Any:
    """Start the program with a configuration and a card in ``folder``; a ``subprocess.Popen``."""
    config = folder / "cameratrap.toml"
    config.write_text(TRAP, encoding="utf-8")
    command = [sys.executable, "-c", _RUN, "--config", str(config), "--data", str(folder / "card"), *arguments]
    return subprocess.Popen(command, env=os.environ | (environment or {}), **options)


def _line(pin: int, attribute: str) -> Path:
    return Path(os.environ["PINS"], f"sim_gpio{pin}", attribute)
