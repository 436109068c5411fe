"""Which keys were pressed, from the bytes that a terminal sends.

A key is named by its character in small letters (``x``), with ``shift+`` for a capital, ``ctrl+`` for a control
character, or by its name (``enter``, ``up``). What no key sends, such as an answer of the terminal that came late, is
passed over: it must not be taken for a correction.
"""

from __future__ import annotations

import os
import re
import select
from collections import deque

# ECMA-48: CSI with its parameters, SS3 with one letter, and the strings DCS, SOS, OSC, PM and APC up to their end.
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[PX\]^_][^\x1b\x07]*(?:\x07|\x1b\\))")
_BEGUN = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|O|[PX\]^_][^\x1b\x07]*\x1b?)?")
_ARROWS = {b"A": "up", b"B": "down", b"C": "right", b"D": "left", b"Z": "shift+tab"}
_CONTROLS = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace", "\x1b": "escape"}
_ESCAPE_S = 0.1  # so long the rest of a sequence may be under way, also over a network
_AT_ONCE = 4096  # bytes


def decode(data: bytes, *, is_all: bool) -> tuple[list[str], bytes]:
    """The keys in ``data``, and what may be the beginning of one more; with ``is_all`` nothing more comes of it."""
    keys: list[str] = []
    while data:
        length, key = _first(data, is_all=is_all)
        if not length:
            break
        data = data[length:]
        if key:
            keys.append(key)
    return keys, data


def _first(data: bytes, *, is_all: bool) -> tuple[int, str]:
    """How many bytes the first key takes, 0 where the rest of it has not come yet, and its name, empty for none."""
    if data[:1] != b"\x1b":
        return _character(data, is_all=is_all)
    whole = _SEQUENCE.match(data)
    if whole:
        is_plain = len(whole[0]) == 3
        return len(whole[0]), _ARROWS.get(whole[0][2:], "") if is_plain else ""
    if _BEGUN.fullmatch(data):
        return (len(data), "escape" if len(data) == 1 else "") if is_all else (0, "")
    length, _ = _character(data[1:], is_all=is_all)  # held with Alt: nothing that we know
    return (1 + length, "") if length else (0, "")


def _character(data: bytes, *, is_all: bool) -> tuple[int, str]:
    for length in range(1, min(4, len(data)) + 1):
        try:
            return length, _named(data[:length].decode())
        except UnicodeDecodeError as error:
            if "unexpected end" not in error.reason:
                return 1, ""
    return (1, "") if is_all or len(data) >= 4 else (0, "")


def _named(character: str) -> str:
    if character in _CONTROLS:
        return _CONTROLS[character]
    if character < " ":
        return f"ctrl+{chr(ord(character) + 0x60)}" if "\x01" <= character <= "\x1a" else ""
    return f"shift+{character.lower()}" if character != character.lower() else character


def character_of(key: str) -> str:
    """What a key writes, empty for one that writes nothing."""
    name = key.removeprefix("shift+") if len(key) > 1 else key
    if len(name) != 1 or not name.isprintable():
        return ""
    return name.upper() if key.startswith("shift+") else name


class Keyboard:
    """The keys of a terminal, one after the other.

    ``terminal`` is a descriptor from which every key is read as it is pressed; what comes on ``woken``, another, says
    that the window has another size.
    """

    def __init__(self, terminal: int, woken: int) -> None:
        self._terminal = terminal
        self._woken = woken
        self._keys: deque[str] = deque()
        self._rest = b""

    def next(self, timeout_s: float | None = None) -> str | None:
        """The next key; ``resize``; ``hangup`` where the terminal is gone; None where nothing came in time."""
        while not self._keys:
            wait_s = _ESCAPE_S if self._rest else timeout_s
            ready, _, _ = select.select([self._terminal, self._woken], [], [], wait_s)
            if self._woken in ready:
                os.read(self._woken, _AT_ONCE)
                return "resize"
            if not ready and not self._rest:
                return None
            data = self._read() if ready else b""
            if data is None:
                return "hangup"
            keys, self._rest = decode(self._rest + data, is_all=not ready)
            self._keys += keys
        return self._keys.popleft()

    def _read(self) -> bytes | None:
        try:
            return os.read(self._terminal, _AT_ONCE) or None
        except OSError:  # the other end of a pseudo-terminal was closed
            return None
