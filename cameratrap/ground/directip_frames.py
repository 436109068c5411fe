"""The envelope of every Iridium DirectIP message: ``01``, a 16-bit length, and information elements.

An element is an id, a 16-bit length and a body; everything is big-endian (Iridium SBD Developers Guide, 6.2). Elements
come in any order, and one that is unknown is skipped by its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cameratrap.errors import DecodeError

REVISION = 1
_HEAD_BYTES = 3


def cut_frames(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole frames at the beginning of ``data``, and what follows them: the start of a frame, or no frame at all.

    For bytes that arrive in pieces: what follows is put before the next piece.
    """
    frames: list[bytes] = []
    begin = 0
    while len(data) - begin >= _HEAD_BYTES and data[begin] == REVISION:
        end = begin + _HEAD_BYTES + int.from_bytes(data[begin + 1 : begin + 3], "big")
        if end > len(data):
            break
        frames.append(data[begin:end])
        begin = end
    return frames, data[begin:]


def elements(frame: bytes) -> dict[int, bytes]:
    """The body of each element of one whole frame, by its id. Raises DecodeError."""
    return dict(_elements(_content(frame)))


def _content(data: bytes) -> bytes:
    if len(data) < _HEAD_BYTES or data[0] != REVISION:
        found = data[:_HEAD_BYTES].hex(" ") or "nothing"
        raise DecodeError("not a DirectIP frame", why=f"it begins with {found}, not with 01 and a length")
    length, found_length = int.from_bytes(data[1:3], "big"), len(data) - _HEAD_BYTES
    if found_length != length:
        raise DecodeError("the DirectIP frame is not whole", why=f"it announces {length} bytes and has {found_length}")
    return data[_HEAD_BYTES:]


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    seen: set[int] = set()
    while content:
        if len(content) < 3:
            raise DecodeError("the DirectIP frame is not whole", why="an element ends inside its own length")
        number, length = content[0], int.from_bytes(content[1:3], "big")
        if len(content) - 3 < length:
            raise DecodeError("the DirectIP frame is not whole", why=f"element 0x{number:02x} runs past its end")
        if number in seen:
            raise DecodeError("the DirectIP frame contradicts itself", why=f"element 0x{number:02x} is there twice")
        seen.add(number)
        yield number, content[3 : 3 + length]
        content = content[3 + length :]


def build_frame(parts: Iterable[tuple[int, bytes]]) -> bytes:
    """A frame of these elements, in this order. Raises OverflowError where one is too long for its length."""
    content = b"".join(bytes([number]) + len(body).to_bytes(2, "big") + body for number, body in parts)
    return bytes([REVISION]) + len(content).to_bytes(2, "big") + content
