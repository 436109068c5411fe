"""Any bytes under any name: messages, or errors of ours, in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cameratrap.domain.messages import MAX_PAYLOAD_BYTES, ReceivedMessage
from cameratrap.errors import DecodeError, ProofError
from cameratrap.ground.message_files import MAX_FILE_BYTES
from cameratrap.ground.proof import ProofPolicy
from cameratrap.ground.signing_keys import read_keys
from cameratrap.ground.ways_in import read_part, split_file

POLICY = ProofPolicy(read_keys([], builtin=True))
IMEI = b"300234010000001"
NAMES = st.sampled_from(["a.bin", "a.sbd", "a.eml", "a.json", "a.txt", "300234010000001_41.sbd", "", "a.mbox"])
# Pieces that the ways in look for, so that bytes put together from them get past the first check.
PIECES = st.sampled_from(
    [
        *(b"\x01", b"\x00\x1f", b"\x01\x00\x1c", b"\x02\x00\x04", b"\x03\x00\x0b", IMEI, b"\xff"),
        *(
            b"{",
            b"}",
            b'"imei":',
            b'"' + IMEI + b'"',
            b'"momsn":41',
            b'"data":"10aa"',
            b",",
            b'"JWT":"a.b.c"',
            b'"sbd":{',
        ),
        *(b'"imt":{}', b'"transmit_time":"26-06-01 22:25:31"', b'"message":"AA=="', b'"identity":{"hardware":{'),
        *(b"imei=" + IMEI, b"&", b"momsn=41", b"&data=10aa", b"&transmit_time=26-06-01%2022%3A25%3A31", b"%"),
        *(b"From x\n", b"\n\n", b"Subject: SBD Msg From Unit: " + IMEI + b"\n", b"MOMSN: 23\n", b"Data: 10aa\n"),
        *(b"IMEI: " + IMEI + b"\n", b"Transmit Time: 2026-06-01T22:25:31Z UTC\n", b"Session Status: 00\n"),
        *(
            b"Time of Session (UTC): Mon Jun  1 22:25:31 2026\n",
            b"Content-Type: multipart/mixed; boundary=x\n",
            b"--x\n",
        ),
        *(b"0x10", b"10 aa", b"\r\n", b" ", b"\x00"),
    ]
)
BYTES = st.binary(max_size=200) | st.lists(PIECES | st.binary(max_size=3), max_size=14).map(b"".join)


def read(name: str, data: bytes) -> list[ReceivedMessage | Exception]:
    """What each part of a file is: a message or one of our errors; anything else gets out."""
    results: list[ReceivedMessage | Exception] = []
    for part in split_file(name, data):
        try:
            results.append(read_part(part, POLICY))
        except (DecodeError, ProofError) as error:
            results.append(error)
    return results


@given(NAMES, BYTES)
@example("a.bin", b"\x01\x00\x00")
@example("a.bin", b"\x01\x00\x00\x01\x00\x1c" + bytes(3))
@example("a.eml", b"From x\n\n\nFrom y\n")
def test_any_bytes_are_messages_or_errors_of_ours(name: str, data: bytes) -> None:
    """Nothing else gets out, and no message is one that nobody proved or larger than SBD carries."""
    for result in read(name, data):
        if isinstance(result, ReceivedMessage):
            assert result.verified is None
            assert len(result.payload) <= MAX_PAYLOAD_BYTES
        else:
            assert str(result)


@given(NAMES, BYTES)
def test_what_is_read_depends_on_nothing_else(name: str, data: bytes) -> None:
    """The same file is the same messages, whatever was read before it."""
    assert list(map(repr, read(name, data))) == list(map(repr, read(name, data)))


@pytest.mark.parametrize(
    "piece",
    [b"0x", b"00 ", b"\n\nFrom x\n", b"\x01\x00\x1c", b"{", b'{"a":', b"imei=", b"Subject: ", b"\n", b"=\n", b"a: b\n"],
)
def test_a_large_file_of_any_one_piece_takes_a_bounded_time(piece: bytes) -> None:
    """A megabyte of it, so that a quadratic search would take minutes; a whole file has sixteen at most."""
    size = MAX_FILE_BYTES // 16
    begin = time.monotonic()
    split_file("a.bin", piece * (size // len(piece)))
    assert time.monotonic() - begin < 5
