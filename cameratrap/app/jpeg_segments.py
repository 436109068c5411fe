"""The segments of a JPEG before its picture data (ITU T.81, annex B): is it whole, and what does decoding it hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from cameratrap.errors import ImageError

# A JPEG of a camera has some ten segments before its picture data; joining tens of thousands takes minutes.
MAX_SEGMENTS = 500
# A progressive JPEG has some ten scans; each takes a pass over every pixel, however little data it has.
MAX_SCANS = 100

_START_OF_SCAN = 0xDA
_HUFFMAN = 0xC4
# A card loses blocks of 512 bytes and more; in what an encoder writes no byte repeats as often.
_LOST_BYTES = 4096
# In the data of a scan 0xFF is followed by 0, a restart's number, fill bytes, or the end (B.1.1.2).
_NO_DATA = re.compile(rb"\xff[^\x00\xd0-\xd7\xd9\xff]")
# Start of frame, apart from the three codes in that range that are something else (DHT, JPG, DAC).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})


@dataclass(frozen=True, slots=True)
class JpegSegments:
    """``data_start`` is where the first scan begins.

    ``held_samples`` is how many samples a pixel a decoder must hold until the last scan is read: 0 for a picture that
    comes in one scan, as a camera's does, and can be decoded row by row.
    """

    data_start: int
    held_samples: float


def read_segments(stream: BinaryIO) -> JpegSegments:
    """Walk the segments up to the picture data. Raises ImageError where that is not reached.

    Each costs one short read, however long it is.
    """
    position, frame = 2, b""
    for _ in range(MAX_SEGMENTS + 1):
        stream.seek(position)
        head = stream.read(5)
        if len(head) < 4 or head[0] != 0xFF:
            raise ImageError("the picture is cut off or damaged", why="it has a JPEG's start and no picture data")
        marker = head[1]
        if marker == _START_OF_SCAN:
            return JpegSegments(position, _held_samples(frame, components_in_scan=head[4] if len(head) == 5 else 0))
        if marker in _FRAMES:
            frame = bytes([marker]) + stream.read(max(0, int.from_bytes(head[2:4], "big") - 3))
        position += _length(marker, head[2:4])
    raise ImageError("the picture's header is not a camera's", why=f"more than {MAX_SEGMENTS} segments")


def check_scans(data: bytes, segments: JpegSegments) -> None:
    """Raises ImageError where the picture data does not reach its end marker, is partly lost, or has too many scans.

    Inside picture data 0xFF is never followed by a marker's code (B.1.1.2), so what is found there is one; those of a
    thumbnail lie before it.
    """
    if data.rfind(b"\xff\xd9", segments.data_start) < 0:
        raise ImageError("the picture is cut off", why="its end is missing")
    if not segments.held_samples and _is_damaged(data, segments.data_start):
        raise ImageError("the picture is damaged", why="part of its data is missing")
    if segments.held_samples and data.count(bytes([0xFF, _START_OF_SCAN]), segments.data_start) > MAX_SCANS:
        raise ImageError("the picture is not a camera's", why=f"it is sent in more than {MAX_SCANS} scans")


def _is_damaged(data: bytes, scan: int) -> bool:
    """Whether the data of the only scan holds what no encoder writes there.

    A decoder only warns of it and shows grey: a bad block of a card would be counted as a picture without animals.
    """
    start = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
    end = data.find(b"\xff\xd9", start)
    lost = data.find(bytes(_LOST_BYTES), start, end) >= 0 and not _zeros_mean_flat(data, scan)
    return lost or data.find(b"\xff" * _LOST_BYTES, start, end) >= 0 or _NO_DATA.search(data, start, end) is not None


def _zeros_mean_flat(data: bytes, scan: int) -> bool:
    """Whether zeros are how a flat part is written: the first code of each AC table then ends its block.

    A table (B.2.4.2) is its class and number, how many codes there are of each of 16 lengths, and their symbols.
    """
    position, ends = 2, True
    while position < scan:
        length = _length(data[position + 1], data[position + 2 : position + 4])
        tables = data[position + 4 : position + length] if data[position + 1] == _HUFFMAN else b""
        while len(tables) > 17:
            ends = ends and (tables[0] < 0x10 or tables[17] == 0)
            tables = tables[17 + sum(tables[1:17]) :]
        position += length
    return ends


def _length(marker: int, length: bytes) -> int:
    if marker == 0xFF:  # a fill byte before the marker itself
        return 1
    standalone = marker == 0x01 or 0xD0 <= marker <= 0xD7
    return 2 if standalone else 2 + int.from_bytes(length, "big")


def _held_samples(frame: bytes, components_in_scan: int) -> float:
    """From a frame segment: its marker, height and width (4 bytes), the number of components, 3 bytes for each.

    The sample precision, the byte before the height, was read with the segment's length.
    """
    if len(frame) < 6:
        return 0.0
    components = frame[5]
    if frame[0] not in _PROGRESSIVE and components_in_scan == components:
        return 0.0
    factors = [(sampling >> 4, sampling & 15) for sampling in frame[7 : 6 + 3 * components : 3]]
    largest = max((h for h, _ in factors), default=0) * max((v for _, v in factors), default=0)
    return sum(h * v for h, v in factors) / largest if largest else 0.0
