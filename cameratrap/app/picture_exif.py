"""What a picture's EXIF says of when, by which camera and which way up it was taken, whoever wrote it."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from PIL import Image

# What a damaged header makes Pillow raise, by its own issues and by trying: any of these is the file's fault.
DAMAGE = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, struct.error,
    MemoryError,
)  # fmt: skip

_EXIF_IFD = 0x8769
_ORIENTATION, _SERIAL, _MAKER_NOTE = 274, 42033, 37500
# Original, digitized, and the file's own time, each with its offset and sub-second.
_TIMES = ((36867, 36881, 37521), (36868, 36882, 37522), (306, 36880, 37520))
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """``taken`` is aware where the camera states an offset, else local time without one, None without any.

    ``note`` is what the camera's maker keeps there, as it stands.
    """

    orientation: int
    taken: datetime | None
    serial: str | None
    note: bytes = b""


def read_exif(image: Image.Image) -> ExifFacts:
    """The facts of an opened picture. Raises one of ``DAMAGE`` where its EXIF cannot be read at all."""
    main = Image.Image.getexif(image)  # a PNG's own decodes the whole picture in search of it
    tags = {**dict(main), **dict(main.get_ifd(_EXIF_IFD))}
    orientation = tags.get(_ORIENTATION, 1)
    if not isinstance(orientation, int) or not 1 <= orientation <= 8:
        orientation = 1
    note = tags.get(_MAKER_NOTE)
    kept = note if isinstance(note, bytes) else b""
    return ExifFacts(orientation, _taken(tags), _text(tags.get(_SERIAL)) or None, kept)


def parse_offset(text: str) -> timezone | None:
    """``+02:00`` as a time zone, None when it is not an offset between -14:00 and +14:00."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if int(minutes) > 59 or offset > timedelta(hours=14):
        return None
    return timezone(-offset if sign == "-" else offset)


def _taken(tags: Mapping[int, object]) -> datetime | None:
    for date_tag, offset_tag, subsecond_tag in _TIMES:
        match = _DATE.match(_text(tags.get(date_tag)))
        if match is None:
            continue
        subsecond = _text(tags.get(subsecond_tag))
        micros = int(subsecond[:6].ljust(6, "0")) if re.fullmatch(r"[0-9]+", subsecond) else 0
        year, month, day, hour, minute, second = (int(part) for part in match.groups())
        zone = parse_offset(_text(tags.get(offset_tag)))
        try:
            return datetime(year, month, day, hour, minute, second, micros, tzinfo=zone)
        except ValueError:  # a camera whose clock was never set writes zeros, which are no date
            continue
    return None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.split("\0")[0].strip() if isinstance(value, str) else ""
