"""Clips of cameras: what they are by their content, when they were taken, and what a detector finds along them.

A clip is opened by its content like a picture: its first bytes must be those of a container that cameras write. That
also keeps playlists, which would lead a decoder to other files, away from it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from cameratrap.app.regular_files import open_regular, reading
from cameratrap.errors import ImageError

CLIP_EXTENSIONS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4"})
# QuickTime counts seconds from here.
_QUICKTIME_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
# A clock that says less was never set.
_FIRST_YEAR = 2000
_MAX_BOXES = 1000
_AVI_HEADER_BYTES = 65_536
_MP4_STARTS = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_MATROSKA = b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True, slots=True)
class ClipFrame:
    """One frame of a clip: its time from the beginning, its upright size in pixels, and the frame as a JPEG."""

    offset_s: float
    width: int
    height: int
    jpeg: bytes = field(repr=False)


# The frames of a clip, so many a second. Raises ImageError, also after some frames: they were all that could be read.
SampleClip = Callable[[Path, float], Iterator[ClipFrame]]


def clip_taken(path: Path) -> datetime | None:
    """When a clip began by its container, local time without an offset; None where that does not say.

    QuickTime and MP4 mean UTC, but trap cameras write the time of their own clock, as exiftool too assumes. Raises
    ImageError for a file that is no clip or cannot be read.
    """
    with open_regular(path) as stream, reading():
        start = stream.read(12)
        if start[4:8] in _MP4_STARTS:
            return _credible(_quicktime_time(stream))
        if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
            return _credible(_avi_time(stream))
        if start[:4] == _MATROSKA:
            return None  # no trap camera writes it
    if not start:
        raise ImageError("the file is empty")
    raise ImageError("it is not a clip", why="its content is no MP4, MOV, AVI or Matroska")


def _credible(taken: datetime | None) -> datetime | None:
    return taken if taken is not None and taken.year >= _FIRST_YEAR else None


def _quicktime_time(stream: BinaryIO) -> datetime | None:
    """The creation time of ``moov/mvhd`` (ISO 14496-12, 8.2.2)."""
    movie = _find_box(stream, b"moov", 0)
    header = None if movie is None else _find_box(stream, b"mvhd", movie)
    if header is None:
        return None
    stream.seek(header)
    content = stream.read(12)
    if len(content) < 12:
        return None
    (seconds,) = struct.unpack_from(">Q" if content[0] == 1 else ">I", content, 4)
    try:
        return (_QUICKTIME_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)
    except OverflowError:
        return None


def _find_box(stream: BinaryIO, kind: bytes, position: int) -> int | None:
    """Where the content of the first box of that kind begins, from ``position`` on."""
    for _ in range(_MAX_BOXES):
        stream.seek(position)
        head = stream.read(16)
        if len(head) < 8:
            return None
        size, found = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack_from(">Q", head, 8)
            header = 16
        if found == kind:
            return position + header
        if size < header:
            return None
        position += size
        if position >= 2**62:
            return None
    return None


def _avi_time(stream: BinaryIO) -> datetime | None:
    """The digitising time in the chunk IDIT of the header: ``Tue Mar 04 10:15:31 2014``, or sortable."""
    stream.seek(0)
    header = stream.read(_AVI_HEADER_BYTES)
    at = header.find(b"IDIT")
    if at < 0:
        return None
    size = int.from_bytes(header[at + 4 : at + 8], "little")
    text = header[at + 8 : at + 8 + min(size, 64)].decode("ascii", "replace").strip(" \0\n")
    for form in ("%a %b %d %H:%M:%S %Y", "%Y-%m-%d %H:%M:%S", "%Y:%m:%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the camera's own clock, whose offset nobody states
        except ValueError:
            continue
    return None
