"""What a picture says of itself, as lines for a person: its EXIF, whoever wrote it and whatever is in it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL.ExifTags import IFD, Base

from cameratrap.app.images import FORMATS, warnings_lock
from cameratrap.app.picture_exif import DAMAGE
from cameratrap.app.regular_files import open_regular
from cameratrap.errors import ImageError
from cameratrap.web.text import plain

_MOST = 160  # characters of one value
_LINES = (
    ("Taken", Base.DateTimeOriginal),
    ("Offset", Base.OffsetTimeOriginal),
    ("Make", Base.Make),
    ("Model", Base.Model),
    ("Serial number", Base.BodySerialNumber),
    ("Software", Base.Software),
    ("Exposure (s)", Base.ExposureTime),
    ("Aperture (f/)", Base.FNumber),
    ("ISO", Base.ISOSpeedRatings),
    ("Flash", Base.Flash),
    ("Temperature (\u00b0C)", Base.AmbientTemperature),
    ("Description", Base.ImageDescription),
    ("Comment", Base.UserComment),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: both are plain text."""

    name: str
    value: str


def exif_facts(path: Path) -> list[Fact]:
    """What the picture's EXIF says. Raises ImageError where the file or its EXIF cannot be read."""
    with open_regular(path) as stream:
        try:
            with warnings_lock, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of odd EXIF; what can be read is still shown
                image = Image.open(stream, formats=list(FORMATS))
                main = Image.Image.getexif(image)
                tags = {**dict(main), **dict(main.get_ifd(IFD.Exif))}
        except (*DAMAGE, Image.DecompressionBombError) as error:
            raise ImageError("its EXIF cannot be read") from error
    return list(_told(tags))


def _told(tags: Mapping[int, object]) -> Iterator[Fact]:
    for name, tag in _LINES:
        value = _SPOKEN.get(tag, _text)(tags.get(tag))
        if value:
            yield Fact(name, plain(value, _MOST))


def _exposure(value: object) -> str:
    """As a photographer reads it: 1/250."""
    text = _text(value)
    try:
        return f"1/{1 / float(text):.0f}" if 0 < float(text) < 0.3 else text
    except ValueError:  # somebody has written words there
        return text


def _comment(value: object) -> str:
    """Without the name of its code (EXIF 2.32, section 4.6.5). Our own traps write JSON there, for programs."""
    text = _text(value.removeprefix(b"ASCII\0\0\0") if isinstance(value, bytes) else value)
    return "" if text.startswith("{") else text


def _flash(value: object) -> str:
    """Its lowest bit is whether it fired (EXIF 2.32, tag 37385)."""
    return ("fired" if value & 1 else "did not fire") if isinstance(value, int) else _text(value)


def _text(value: object) -> str:
    """Numbers as numbers, text up to its NUL; a value of many parts is no line for a person."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value.split("\0")[0].strip()
    if value is None or isinstance(value, (tuple, list, dict)):
        return ""
    try:
        return f"{float(value):g}"  # type: ignore[arg-type]
    except DAMAGE:  # a fraction by zero
        return ""


_SPOKEN: dict[int, Callable[[object], str]] = {
    Base.ExposureTime: _exposure,
    Base.Flash: _flash,
    Base.UserComment: _comment,
}
