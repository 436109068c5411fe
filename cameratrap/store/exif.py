"""What a picture says of itself when the card is all that is left: time, serial, trigger, place in its burst.

The tags are spliced into the JPEG as the camera gave it; the picture's own data is copied byte for byte, never
decoded and encoded again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from PIL import Image
from PIL.ExifTags import IFD, Base

from cameratrap.domain.events import TriggerCause
from cameratrap.errors import ImageError

_SOI, _APP1, _SOS, _EOI = 0xD8, 0xE1, 0xDA, 0xD9
_STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers that carry no length
_EXIF_HEADER = b"Exif\x00\x00"
_ASCII_COMMENT = b"ASCII\x00\x00\x00"  # EXIF 2.32 section 4.6.5, UserComment: the first eight bytes name the code


@dataclass(frozen=True, slots=True)
class PictureTags:
    """What is written into a picture. ``captured_at`` is aware; the picture is ``position`` of ``of`` in its burst.

    ``source_sha256`` is of the JPEG as the camera gave it, before these tags: it recognises a picture seen before;
    ``source_name`` is what the picture was called where it came from. ``boot_id``, ``monotonic_s`` and ``clock`` let a
    wrong clock be corrected from the pictures alone.
    """

    captured_at: datetime
    serial: str
    cause: TriggerCause
    burst: str
    trigger_key: str
    position: int
    of: int
    source_sha256: str
    source_name: str = ""
    deployment: str = ""
    boot_id: str = ""
    monotonic_s: float = 0.0
    clock: str | None = None
    software: str = "cameratrap"


def tagged(jpeg: bytes, tags: PictureTags, *, orientation: int | None = None) -> bytes:
    """The same JPEG with ``tags`` as its EXIF. Raises ImageError for no JPEG.

    Without an ``orientation`` the one it came with is kept.
    """
    kept_orientation = _orientation(jpeg) if orientation is None else orientation
    kept = _without_exif(jpeg)
    app1 = _EXIF_HEADER + _exif(tags, kept_orientation, _digest(kept)).tobytes().removeprefix(_EXIF_HEADER)
    if len(app1) + 2 > 0xFFFF:
        raise ImageError("the picture's tags do not fit into EXIF")
    segment = b"\xff\xe1" + (len(app1) + 2).to_bytes(2, "big") + app1
    return b"\xff\xd8" + segment + kept


def is_whole(jpeg: bytes) -> bool:
    """Whether a picture that ``tagged`` wrote is all there, to the last byte. Raises ImageError for any other.

    One of a version that did not write down what it should be is taken for whole if it has an end.
    """
    digest = _facts(jpeg).get("body")
    try:
        return bool(jpeg.endswith(b"\xff\xd9") if digest is None else digest == _digest(_without_exif(jpeg)))
    except ImageError:  # what was cut off was more than the end of the scan
        return False


def read_tags(jpeg: bytes) -> PictureTags:
    """The tags of a picture that ``tagged`` wrote. Raises ImageError for any other."""
    try:
        with Image.open(BytesIO(jpeg), formats=["JPEG"]) as image:
            exif = image.getexif()
            inner = exif.get_ifd(IFD.Exif)
        local = f"{inner[Base.DateTimeOriginal]}.{inner[Base.SubsecTimeOriginal]}{inner[Base.OffsetTimeOriginal]}"
        facts = json.loads(bytes(inner[Base.UserComment]).removeprefix(_ASCII_COMMENT))
        return PictureTags(
            captured_at=datetime.strptime(local, "%Y:%m:%d %H:%M:%S.%f%z"),
            serial=str(inner[_BODY_SERIAL]),
            cause=TriggerCause(facts["trigger"]),
            burst=str(facts["burst"]),
            trigger_key=str(facts["key"]),
            position=int(facts["n"]),
            of=int(facts["of"]),
            source_sha256=str(facts["source"]),
            source_name=str(facts["name"]),
            deployment=str(facts["deployment"]),
            boot_id=str(facts["boot"]),
            monotonic_s=float(facts["monotonic_s"]),
            clock=None if facts["clock"] is None else str(facts["clock"]),
            software=str(exif[Base.Software]),
        )
    except (KeyError, ValueError, TypeError, OSError, SyntaxError) as error:
        raise ImageError("the picture was not written by this program", why=str(error)) from error


_BODY_SERIAL = 0xA431  # BodySerialNumber, which Pillow's table of names lacks


def _exif(tags: PictureTags, orientation: int, body: str) -> Image.Exif:
    local = tags.captured_at.strftime("%Y:%m:%d %H:%M:%S")
    subsecond = f"{tags.captured_at.microsecond // 1000:03d}"
    offset = tags.captured_at.strftime("%z")
    offset = f"{offset[:3]}:{offset[3:5]}"
    facts = {
        "v": 1,
        "deployment": tags.deployment,
        "trigger": tags.cause.value,
        "burst": tags.burst,
        "key": tags.trigger_key,
        "n": tags.position,
        "of": tags.of,
        "boot": tags.boot_id,
        "monotonic_s": tags.monotonic_s,
        "clock": tags.clock,
        "source": tags.source_sha256,
        "name": tags.source_name,
        "body": body,
    }
    exif = Image.Exif()
    exif[Base.Make] = "cameratrap"
    exif[Base.Model] = "cameratrap"
    exif[Base.Software] = tags.software
    exif[Base.Orientation] = orientation
    exif[Base.DateTime] = local
    exif[Base.ImageDescription] = f"{tags.cause.value}, {tags.position} of {tags.of}"
    exif[IFD.Exif.value] = {
        Base.ExifVersion: b"0232",
        Base.DateTimeOriginal: local,
        Base.DateTimeDigitized: local,
        Base.OffsetTime: offset,
        Base.OffsetTimeOriginal: offset,
        Base.OffsetTimeDigitized: offset,
        Base.SubsecTime: subsecond,
        Base.SubsecTimeOriginal: subsecond,
        Base.SubsecTimeDigitized: subsecond,
        Base.UserComment: _ASCII_COMMENT + json.dumps(facts, separators=(",", ":")).encode("ascii"),
        _BODY_SERIAL: tags.serial,
    }
    return exif


def _facts(jpeg: bytes) -> dict[str, object]:
    try:
        with Image.open(BytesIO(jpeg), formats=["JPEG"]) as image:
            comment = image.getexif().get_ifd(IFD.Exif)[Base.UserComment]
        return dict(json.loads(bytes(comment).removeprefix(_ASCII_COMMENT)))
    except (KeyError, ValueError, TypeError, OSError, SyntaxError) as error:
        raise ImageError("the picture was not written by this program", why=str(error)) from error


def _without_exif(jpeg: bytes) -> bytes:
    """What follows the start marker, less the EXIF."""
    return b"".join(part for part in segments(jpeg) if not (part[1] == _APP1 and part[4:10] == _EXIF_HEADER))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _orientation(jpeg: bytes) -> int:
    try:
        with Image.open(BytesIO(jpeg), formats=["JPEG"]) as image:
            found = image.getexif().get(Base.Orientation, 1)
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError("the camera's picture is no JPEG", why=str(error)) from error
    return found if found in range(1, 9) else 1


def segments(jpeg: bytes) -> Iterator[bytes]:
    """The JPEG after its start marker: each segment whole, then everything from the first scan on as one."""
    if jpeg[:2] != bytes((0xFF, _SOI)):
        raise ImageError("the camera's picture is no JPEG", why="it does not start with FF D8")
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if marker == 0xFF:  # fill byte, ITU T.81 section B.1.1.2
            at += 1
            continue
        if marker in (_SOS, _EOI):
            yield jpeg[at:]
            return
        length = 2 if marker in _STANDALONE else 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        yield jpeg[at : at + length]
        at += length
    raise ImageError("the camera's picture is cut short", why="it has no image data")
