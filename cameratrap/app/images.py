"""Reading pictures that anyone may have made: another maker's camera, a damaged card, a hostile file.

A picture's name is not believed, its content is looked at; nothing is opened that could block; a header that promises
more pixels than a camera has is refused before anything is allocated for it. Originals are only ever read.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from cameratrap.app.picture_exif import DAMAGE, read_exif
from cameratrap.errors import ImageError

# Cameras of today interpolate to 48 megapixels; a file of that size stays far below 64 MB.
MAX_PIXELS = 64_000_000
MAX_BYTES = 64_000_000
# A JPEG of a camera has some ten segments before its picture data; joining tens of thousands takes minutes.
MAX_JPEG_SEGMENTS = 500

FORMATS = {"JPEG": (".jpg", ".jpeg", ".jpe"), "PNG": (".png",), "WEBP": (".webp",)}
EXTENSIONS = frozenset(extension for extensions in FORMATS.values() for extension in extensions)


@dataclass(frozen=True, slots=True)
class StillImage:
    """A picture's bytes and what its header says.

    ``width`` and ``height`` are of the upright picture; ``orientation`` is EXIF's 1..8 and leads from the stored
    pixels to it. ``taken`` is aware where the file states an offset, else local time without one, None without any.
    """

    data: bytes = field(repr=False)
    format: str
    width: int
    height: int
    orientation: int = 1
    taken: datetime | None = None
    serial: str | None = None

    def at(self, zone: tzinfo | None) -> StillImage:
        """The same, a time without an offset taken as being in ``zone``."""
        if zone is None or self.taken is None or self.taken.tzinfo is not None:
            return self
        return replace(self, taken=self.taken.replace(tzinfo=zone))


def read_image(source: Path | bytes) -> StillImage:
    """A picture's bytes and header. Raises ImageError saying what is wrong with it.

    The picture data is checked to be complete, not decoded: a flaw inside it shows when a detector decodes it.
    """
    data = source if isinstance(source, bytes) else _read_file(source)
    if not data:
        raise ImageError("the file is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd EXIF; the picture is still a picture
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        still = _read_header(data)
    if isinstance(source, Path):
        _check_name(source, still.format)
    return still


def find_images(paths: Iterable[Path]) -> Iterator[Path]:
    """The files to read: each path that is a file, and under each folder, in order of name, what is named a picture.

    Hidden files are passed over, and folders that are links, which may lead back. A folder that cannot be
    listed is itself given, so that reading it names it.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def _walk(path: Path) -> Iterator[Path]:
    unreadable: list[Path] = []
    for folder, subfolders, names in os.walk(path, onerror=lambda error: unreadable.append(Path(error.filename))):
        yield from unreadable
        unreadable.clear()
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in EXTENSIONS:
                yield Path(folder, name)
    yield from unreadable


def _read_file(path: Path) -> bytes:
    """A regular file's content; never waits for a pipe or a device."""
    try:
        _check_regular(path.stat().st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _check_regular(status.st_mode)
            if status.st_size > MAX_BYTES:
                size = f"{status.st_size:,} bytes, the limit is {MAX_BYTES:,}"
                raise ImageError("the file is too large for a picture", why=size)
            return file.read(MAX_BYTES)
    except OSError as error:
        why = "it is a link in a circle" if error.errno == errno.ELOOP else error.strerror or str(error)
        raise ImageError("the file cannot be read", why=why) from error
    except ValueError as error:
        raise ImageError("the file cannot be read", why=str(error)) from error


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise ImageError("the folder cannot be listed")
    if not stat.S_ISREG(mode):
        raise ImageError("it is not a file", why="it is a pipe, a socket or a device")


def _read_header(data: bytes) -> StillImage:
    if data.startswith(b"\xff\xd8"):
        _check_complete_jpeg(data)
    try:
        with Image.open(io.BytesIO(data), formats=list(FORMATS)) as image:
            return _still(data, image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels("") from None
    except UnidentifiedImageError:
        raise ImageError("it is not a picture", why=f"its content is no {', '.join(FORMATS)}") from None
    except DAMAGE as error:
        raise ImageError("the picture's header is damaged", why=str(error)) from error


def _still(data: bytes, image: Image.Image) -> StillImage:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(f"{width} x {height}; ")
    if width < 1 or height < 1:
        raise ImageError("the picture has no pixels")
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise ImageError("it is an animation", why="only still pictures are read")
    if image.format == "PNG" and b"IEND" not in data[-1024:]:
        raise ImageError("the picture is cut off", why="its end is missing")
    if image.format == "WEBP" and len(data) < int.from_bytes(data[4:8], "little") + 8:
        raise ImageError("the picture is cut off", why="its end is missing")
    still = StillImage(data, "JPEG" if image.format == "MPO" else str(image.format), width, height)
    return _with_exif(still, image)


def _with_exif(still: StillImage, image: Image.Image) -> StillImage:
    """What EXIF adds. Damaged EXIF adds nothing: the picture can still be seen."""
    try:
        facts = read_exif(image)
    except DAMAGE:
        return still
    turned = facts.orientation >= 5
    width, height = (still.height, still.width) if turned else (still.width, still.height)
    return StillImage(still.data, still.format, width, height, facts.orientation, facts.taken, facts.serial)


def _check_complete_jpeg(data: bytes) -> None:
    """Walk the segments up to the picture data, then look for the end marker behind it.

    Inside picture data 0xFF is never followed by 0xD9 (ITU T.81, B.1.1.2), so what is found there is the end; the one
    of a thumbnail lies before it.
    """
    position, segments = 2, 0
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xDA:
            if data.rfind(b"\xff\xd9", position) < 0:
                raise ImageError("the picture is cut off", why="its end is missing")
            return
        segments += 1
        if segments > MAX_JPEG_SEGMENTS:
            raise ImageError("the picture's header is not a camera's", why=f"more than {MAX_JPEG_SEGMENTS} segments")
        position += _segment_length(marker, data[position + 2 : position + 4])
    raise ImageError("the picture is cut off or damaged", why="it has a JPEG's start and no picture data")


def _segment_length(marker: int, length: bytes) -> int:
    if marker == 0xFF:  # a fill byte before the marker itself
        return 1
    standalone = marker == 0x01 or 0xD0 <= marker <= 0xD7
    return 2 if standalone else 2 + int.from_bytes(length, "big")


def _check_name(path: Path, found: str) -> None:
    suffix = path.suffix.lower()
    if suffix in EXTENSIONS and suffix not in FORMATS[found]:
        raise ImageError(f"the file is a {found} although named {suffix}", hint="rename it, if it is what it should be")


def _too_many_pixels(size: str) -> ImageError:
    return ImageError("the picture is too large", why=f"{size}the limit is {MAX_PIXELS // 1_000_000} megapixels")
