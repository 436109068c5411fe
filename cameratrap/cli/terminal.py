"""A whole terminal for a while: every key as it is pressed, every cell of the window, and all of it given back.

Whatever ends it, an error or a signal that can be heard, the terminal is afterwards as it was before.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from cameratrap.cli.terminal_keys import Keyboard
from cameratrap.errors import UsageError

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"  # the other screen, no cursor, empty (xterm control sequences)
_LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l"
_USUAL = (80, 24)  # a terminal that does not know its size, such as a serial line


class Terminal:
    """A window of ``columns`` by ``rows`` cells, rows from 1 on, and its keyboard."""

    def __init__(self, keyboard: Keyboard) -> None:
        self.keyboard = keyboard

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows, as they are now."""
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        return columns or _USUAL[0], rows or _USUAL[1]

    def write(self, row: int, lines: Iterable[str]) -> None:
        """Write lines from a row on, each in place of what stood in its row."""
        sys.stdout.write("".join(f"\x1b[{row + n};1H\x1b[0m\x1b[2K{line}" for n, line in enumerate(lines)))
        sys.stdout.flush()

    def clear(self, row: int) -> None:
        """Empty everything from a row on."""
        sys.stdout.write(f"\x1b[{row};1H\x1b[0m\x1b[J")
        sys.stdout.flush()


def needs_terminal(hint: str) -> None:
    """Raises UsageError with the hint where no person sits at both ends, or the terminal can only print."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("this needs a terminal", why="the input or the output is none", hint=hint)
    if os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError("this terminal can only print lines", why="TERM is dumb, or not set", hint=hint)


@contextmanager
def whole_terminal() -> Iterator[Terminal]:
    """Take the terminal of this process over; SIGTERM and SIGINT end it with KeyboardInterrupt."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGWINCH)}
    keys = sys.stdin.fileno()
    before = termios.tcgetattr(keys)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        signal.signal(signal.SIGWINCH, lambda *_: _wake(wake))
        termios.tcsetattr(keys, termios.TCSADRAIN, _each_key(before))
        sys.stdout.write(_ENTER)
        yield Terminal(Keyboard(keys, woken))
    finally:
        for number in handlers:  # a second signal must not find it half given back
            signal.signal(number, signal.SIG_IGN)
        with suppress(OSError, termios.error):  # the terminal itself is gone
            sys.stdout.write(_LEAVE)
            sys.stdout.flush()
            termios.tcsetattr(keys, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(woken)
        os.close(wake)


def _wake(descriptor: int) -> None:
    with suppress(BlockingIOError):  # so full that whoever reads it is woken anyway
        os.write(descriptor, b"w")


def _each_key(attributes: list[Any]) -> list[Any]:
    """No line is edited or echoed, and Ctrl-Z, Ctrl-C and Ctrl-S are keys; what is written is treated as before."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, characters = attributes
    taken = termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG
    turned = termios.ICRNL | termios.INLCR | termios.IXON | termios.ISTRIP
    characters = list(characters)
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    return [iflag & ~turned, oflag, cflag, lflag & ~taken, ispeed, ospeed, characters]


def wrapped(text: str, columns: int) -> list[str]:
    """A line as the lines of a window: none of it is lost, and no character is cut in two."""
    lines, used = [""], 0
    for character in text:
        width = _cells(character)
        if used + width > columns and lines[-1]:
            lines.append("")
            used = 0
        lines[-1] += character
        used += width
    return lines


def _cells(character: str) -> int:
    """How many cells a terminal gives a character (Unicode Standard Annex 11)."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
