"""The board that the trap runs on."""

from __future__ import annotations

from pathlib import Path

SERIAL = Path("/sys/firmware/devicetree/base/serial-number")


def board_serial() -> str:
    """The Raspberry Pi's serial number, which pictures carry as their camera's; "" on another machine."""
    try:
        return SERIAL.read_text(encoding="ascii").strip("\0\n ")
    except (OSError, UnicodeDecodeError):
        return ""
