from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.cli.terminal import wrapped
from cameratrap.cli.terminal_keys import Keyboard, character_of, decode

KEYS = {
    "x": "x", "X": "shift+x", "\r": "enter", "\x1a": "ctrl+z", "\x7f": "backspace", "\t": "tab", "\x1b[A": "up",
    "\x1bOB": "down", "\x1b[C": "right", "\x1b[Z": "shift+tab", "\N{LATIN SMALL LETTER E WITH ACUTE}": "\u00e9",
    "\N{CJK UNIFIED IDEOGRAPH-72D0}": "\u72d0", "?": "?", "+": "+",
}  # fmt: skip
NO_KEYS = (
    "\x1b[?62;4c", "\x1b_Gi=31;OK\x1b\\", "\x1b[6;20;10t", "\x1b[1;5A", "\x1bx", "\x1b]11;rgb:0/0/0\x07",
    "\x1b[<0;3;4M",
)  # fmt: skip


def fed(chunks: Sequence[bytes]) -> list[str]:
    keys, rest = [], b""
    for chunk in chunks:
        found, rest = decode(rest + chunk, is_all=False)
        keys += found
    found, rest = decode(rest, is_all=True)
    assert rest == b""
    return keys + found


@given(st.lists(st.sampled_from([*KEYS, *NO_KEYS])), st.data())
def test_keys_are_the_same_however_their_bytes_arrive(pressed: list[str], data: st.DataObject) -> None:
    """Cut anywhere, a sequence is one key; what the terminal itself says is none, and corrects nothing."""
    sent = "".join(pressed).encode()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(sent)))) | {0, len(sent)})
    chunks = [sent[start:end] for start, end in pairwise(cuts)]
    assert fed(chunks) == [KEYS[each] for each in pressed if each in KEYS]


@given(st.binary(max_size=40))
def test_any_bytes_are_read_to_their_end(sent: bytes) -> None:
    assert fed([sent]) == fed([bytes([each]) for each in sent])


def test_escape_is_a_key_once_nothing_follows_it() -> None:
    assert decode(b"\x1b", is_all=False) == ([], b"\x1b")
    assert decode(b"\x1b", is_all=True) == (["escape"], b"")
    assert decode(b"\xc3", is_all=False) == ([], b"\xc3")


@pytest.mark.parametrize(("key", "written"), [("x", "x"), ("shift+x", "X"), ("+", "+"), (" ", " "), ("enter", "")])
def test_what_a_key_writes(key: str, written: str) -> None:
    assert character_of(key) == written


def test_a_keyboard_tells_keys_a_new_size_and_its_own_end() -> None:
    keys, fingers = os.pipe()
    woken, wake = os.pipe()
    try:
        keyboard = Keyboard(keys, woken)
        assert keyboard.next(0) is None
        os.write(fingers, b"x\x1b")
        assert [keyboard.next(), keyboard.next()] == ["x", "escape"]
        os.write(wake, b"ww")
        assert keyboard.next() == "resize"
        os.close(fingers)
        assert keyboard.next() == "hangup"
    finally:
        for descriptor in (keys, woken, wake):
            os.close(descriptor)


@given(st.text(max_size=60), st.integers(1, 30))
def test_a_wrapped_line_is_whole_and_fits(text: str, columns: int) -> None:
    """Nothing is lost, and no line is wider than the window, but for one wide character in a window of one column."""
    lines = wrapped(text, columns)
    assert "".join(lines) == text
    assert all(len(wrapped(line, columns)) == 1 for line in lines)
    assert wrapped("\u72d0\u72d0\u72d0", 4) == ["\u72d0\u72d0", "\u72d0"]
