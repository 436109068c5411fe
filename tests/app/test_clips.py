"""What a clip is and when it was taken, by its first bytes; whatever the bytes are, a time, none, or a reason."""

from __future__ import annotations

import struct
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.clips import clip_taken
from cameratrap.errors import ImageError

EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
TAKEN = datetime(2026, 6, 1, 5, 12, 9)  # noqa: DTZ001 - a camera's own clock


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def large_box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


def movie_header(taken: datetime, *, version: int = 0) -> bytes:
    seconds = int((taken.replace(tzinfo=UTC) - EPOCH).total_seconds())
    return box(b"mvhd", struct.pack(">I", version << 24) + struct.pack(">Q" if version else ">I", seconds) + bytes(96))


def taken(data: bytes) -> datetime | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        path.write_bytes(data)
        return clip_taken(path)


FILE_TYPE = box(b"ftyp", b"isom\0\0\2\0isom")


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(
    "around",
    [
        lambda movie: FILE_TYPE + movie + box(b"mdat", b"x" * 100),
        lambda movie: FILE_TYPE + box(b"mdat", b"x" * 100) + movie,
        lambda movie: FILE_TYPE + large_box(b"mdat", b"x" * 100) + movie,
        lambda movie: movie,
    ],
    ids=["in front", "at the end", "behind a large box", "no file type, as old QuickTime"],
)
def test_an_mp4_says_when_it_was_taken(around: object, version: int) -> None:
    """By its camera's clock: without an offset, although the format means UTC."""
    movie = box(b"moov", box(b"free", b"1234") + movie_header(TAKEN, version=version))
    assert callable(around)
    assert taken(around(movie)) == TAKEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"Mon Jun 01 05:12:09 2026\n\0", TAKEN),
        (b"2026-06-01 05:12:09", TAKEN),
        (b"2026:06:01 05:12:09\0", TAKEN),
        (b"once upon a time", None),
    ],
)
def test_an_avi_says_when_it_was_taken(text: bytes, said: datetime | None) -> None:
    chunk = b"IDIT" + struct.pack("<I", len(text)) + text
    header = b"LIST" + struct.pack("<I", 4 + len(chunk)) + b"hdrl" + chunk
    assert taken(b"RIFF" + struct.pack("<I", 4 + len(header)) + b"AVI " + header) == said


@pytest.mark.parametrize("never_set", [EPOCH, EPOCH + timedelta(seconds=5), datetime(1970, 1, 1, tzinfo=UTC)])
def test_a_clock_that_was_never_set_gives_no_time(never_set: datetime) -> None:
    assert taken(FILE_TYPE + box(b"moov", movie_header(never_set))) is None


def test_a_clip_without_a_time_is_still_one() -> None:
    assert taken(FILE_TYPE + box(b"mdat", b"")) is None
    assert taken(b"\x1a\x45\xdf\xa3" + bytes(20)) is None


@pytest.mark.parametrize("data", [b"", b"#EXTM3U\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile x\n", b"GIF89a"])
def test_what_is_no_clip_is_refused_before_a_decoder_sees_it(data: bytes) -> None:
    """A playlist named as a clip would lead a decoder to other files and addresses."""
    with pytest.raises(ImageError):
        taken(data)


@given(st.binary(max_size=200), st.sampled_from([b"", FILE_TYPE, b"RIFF\0\0\0\0AVI IDIT", FILE_TYPE + b"\0\0\0\1moov"]))
def test_any_bytes_are_a_time_or_none_or_refused(data: bytes, start: bytes) -> None:
    try:
        said = taken(start + data)
    except ImageError:
        return
    assert said is None or said.year >= 2000


def test_boxes_without_end_are_given_up() -> None:
    """A million boxes of eight bytes, and a size that leads to where no file ends."""
    assert taken(FILE_TYPE + box(b"free", b"") * 1_000_000) is None
    assert taken(FILE_TYPE + struct.pack(">I4sQ", 1, b"mdat", 2**63 + 5)) is None
    assert taken(FILE_TYPE + struct.pack(">I4s", 0, b"mdat") + b"x" * 100) is None
