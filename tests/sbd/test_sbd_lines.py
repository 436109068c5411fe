"""Bytes to lines, and the binary block between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.sbd.commands import checksum
from cameratrap.sbd.lines import MAX_LINE, ReceiveBuffer, Unsolicited, unsolicited


def lines_of(*chunks: bytes) -> list[str]:
    buffer = ReceiveBuffer()
    found = []
    for chunk in chunks:
        buffer.feed(chunk)
        while (line := buffer.next_line()) is not None:
            found.append(line)
    return found


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n", b"\n\r", b"\r\r\n"])
def test_every_line_end_ends_a_line(end: bytes) -> None:
    """CR, LF and any mixture end lines; empty ones are no lines."""
    assert lines_of(end + b"OK" + end + b"+CSQF:3" + end) == ["OK", "+CSQF:3"]


@given(st.lists(st.integers(1, 7), max_size=40))
def test_how_bytes_are_cut_changes_nothing(cuts: list[int]) -> None:
    """The same stream gives the same lines in any portions."""
    stream = b"AT+SBDIX\r\r\n+SBDIX: 0, 5, 0, -1, 0, 0\r\n\r\nOK\r\nSBDRING\r\n"
    chunks, at = [], 0
    for cut in cuts:
        chunks.append(stream[at : at + cut])
        at += cut
    assert lines_of(*chunks, stream[at:]) == ["AT+SBDIX", "+SBDIX: 0, 5, 0, -1, 0, 0", "OK", "SBDRING"]


@given(st.lists(st.binary(max_size=600), max_size=6))
def test_noise_is_bounded(chunks: list[bytes]) -> None:
    """No input makes the buffer keep more than one unfinished line, and none makes it fail."""
    buffer = ReceiveBuffer()
    for chunk in chunks:
        buffer.feed(chunk)
        while buffer.next_line() is not None:
            pass
        assert len(buffer) <= MAX_LINE


def test_an_overlong_line_is_dropped_whole_and_the_next_is_read() -> None:
    """Noise without an end does not swallow what follows its end, nor leave its tail behind as a line."""
    assert lines_of(b"x" * 5000, b"0", b"OK\r\n", b"OK\r\n") == ["OK"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("SBDRING", Unsolicited(ring=True)),
        ("+CIEV:0,3", Unsolicited(signal=3)),
        ("+CIEV: 1, 0", Unsolicited(service=False)),
        ("+CIEV:1,1", Unsolicited(service=True)),
        ("+AREG:0,0", Unsolicited()),
        ("OK", None),
        ("+CSQF:3", None),
        ("+SBDIX: 0, 1, 0, 0, 0, 0", None),
    ],
)
def test_unsolicited_lines_are_told_from_answers(line: str, said: Unsolicited | None) -> None:
    """Ring alerts, signal and registration reports are recognised; answers are not mistaken for them."""
    assert unsolicited(line) == said


@given(st.binary(max_size=270))
def test_trap_1_a_binary_message_is_read_by_length(payload: bytes) -> None:
    """CR, LF, "OK" and "SBDRING" inside a received message are its bytes, and the line after it is a line again."""
    hostile = b"\r\nOK\r\nSBDRING\r\n" + payload
    block = len(hostile).to_bytes(2, "big") + hostile + checksum(hostile)
    buffer = ReceiveBuffer()
    for byte in block[:-1]:
        buffer.feed(bytes([byte]))
        assert buffer.next_mt_message() is None
    buffer.feed(block[-1:] + b"\r\nOK\r\n")
    message = buffer.next_mt_message()
    assert message is not None
    assert (message.payload, message.intact) == (hostile, True)
    assert buffer.next_line() == "OK"


def test_a_binary_message_with_a_wrong_checksum_says_so() -> None:
    """The checksum that AT+SBDRB sends is checked."""
    buffer = ReceiveBuffer()
    buffer.feed(b"\x00\x02hi\x00\x00")
    message = buffer.next_mt_message()
    assert message is not None
    assert not message.intact


@pytest.mark.parametrize(
    "news", [b"AT+SBDRB\r", b"\r\n", b"\r\nSBDRING\r\n", b"AT+SBDRB\r\r\n+CIEV:0,3\r\n", b"AT+SBDRB"]
)
def test_what_stands_before_a_block_is_lines(news: bytes) -> None:
    """An echo, unsolicited lines and empty ones between AT+SBDRB and its block, byte by byte, are not its beginning."""
    buffer, lines = ReceiveBuffer(), []
    block = b"\x00\x07\r\nOK\r\n\x00"
    for byte in news + block + checksum(block[2:]):
        buffer.feed(bytes([byte]))
        while (line := buffer.line_before_block()) is not None:
            lines.append(line)
    message = buffer.next_mt_message()
    assert message is not None
    assert (message.payload, message.intact) == (block[2:], True)
    assert lines == news.decode().split()


def test_an_answer_instead_of_a_block_is_a_line() -> None:
    """ERROR is not waited for as if it were a length."""
    buffer = ReceiveBuffer()
    buffer.feed(b"\r\nERROR\r\n")
    assert buffer.line_before_block() == "ERROR"
    assert buffer.next_mt_message() is None
