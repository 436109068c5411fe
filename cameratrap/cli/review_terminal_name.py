"""The name of a taxon, typed in a terminal and completed as it is typed."""

from __future__ import annotations

from collections.abc import Callable

from cameratrap.cli.terminal import Terminal, wrapped
from cameratrap.cli.terminal_keys import character_of
from cameratrap.web.text import plain

_ENDS = ("escape", "ctrl+c", "ctrl+d", "hangup")
_LONGEST = 200


def ask_name(terminal: Terminal, complete: Callable[[str], list[tuple[str, str]]]) -> str:
    """The name that the person gives, empty for none. ``complete`` gives names with vernaculars, the best first.

    What is marked is taken; what was typed can always be taken as it is, last of the choices.
    """
    typed, at = "", 0
    while True:
        choices = _choices(typed, complete)
        at = min(at, max(0, len(choices) - 1))
        _draw(terminal, typed, choices, at)
        key = terminal.keyboard.next() or ""
        if key in _ENDS:
            return ""
        if key == "enter":
            return choices[at][0] if choices else ""
        if key in ("up", "down", "shift+tab"):
            at = (at + (1 if key == "down" else -1)) % max(1, len(choices))
        elif key == "tab" and choices:
            typed, at = choices[at][0], 0
        else:
            typed, at = _edited(typed, key), 0


def _choices(typed: str, complete: Callable[[str], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    found = complete(typed)
    is_new = typed.strip() and typed.strip() not in [name for name, _ in found]
    return [*found, (typed.strip(), "as you wrote it")] if is_new else found


def _edited(typed: str, key: str) -> str:
    if key == "backspace":
        return typed[:-1]
    if key == "ctrl+u":
        return ""
    return (typed + character_of(key))[:_LONGEST]


def _draw(terminal: Terminal, typed: str, choices: list[tuple[str, str]], at: int) -> None:
    """The choices above what is typed, at the foot of the window; those that have no room are above it."""
    columns, rows = terminal.size
    lines = [f"{'>' if n == at else ' '} {plain(name)}  {note}" for n, (name, note) in enumerate(choices)]
    room = max(0, rows - 1)
    first = max(0, at + 1 - room)
    shown = [wrapped(line, columns)[0] for line in lines[first : first + room]]
    top = max(1, rows - len(shown))
    terminal.clear(max(1, rows - 14))
    terminal.write(top, shown)
    terminal.write(rows, [wrapped(f"what is it? {typed}_", columns)[-1]])
