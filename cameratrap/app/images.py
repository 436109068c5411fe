"""Reading pictures that anyone may have made: another maker's camera, a damaged card, a hostile file.

A picture's name is not believed, its content is looked at; nothing is opened that could block; a header that promises
more pixels than a camera has, or than can be decoded in the memory of a small computer, is refused before anything is
allocated for it. Originals are only ever read.
"""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Self

from PIL import Image, UnidentifiedImageError

from cameratrap.app.jpeg_segments import JpegSegments, check_scans, read_segments
from cameratrap.app.picture_exif import DAMAGE, ExifFacts, read_exif
from cameratrap.app.regular_files import open_regular, reading
from cameratrap.errors import ImageError

# Cameras of today interpolate to 48 megapixels; a file of that size stays far below 64 MB.
MAX_PIXELS = 64_000_000
MAX_BYTES = 64_000_000
# File and decoder together. A camera's JPEG is decoded row by row and small; this is for pictures that a decoder must
# hold whole (progressive JPEG, PNG, WebP), and leaves them some 24 megapixels.
MAX_DECODING_BYTES = 90_000_000

FORMATS = {"JPEG": (".jpg", ".jpeg", ".jpe"), "PNG": (".png",), "WEBP": (".webp",)}
EXTENSIONS = frozenset(extension for extensions in FORMATS.values() for extension in extensions)
# A JPEG is decoded at a half, a quarter or an eighth of its size each way while more pixels are left than models take.
_SMALL_PIXELS = 1_500_000
# What a picture of another kind starts with, to name it.
_OTHERS = {b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF or raw", b"MM\0*": "TIFF or raw"}

# Filters for warnings belong to the process; pictures may be read in several threads. Who sets one holds this.
warnings_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class StillImage:
    """A picture's bytes and what its header says.

    ``width`` and ``height`` are of the upright picture; ``orientation`` is EXIF's 1..8 and leads from the stored
    pixels to it. ``taken`` is aware where the file states an offset, else local time without one, None without any.
    ``note`` is what the camera's maker keeps in it.
    """

    data: bytes = field(repr=False)
    format: str
    width: int
    height: int
    orientation: int = 1
    taken: datetime | None = None
    serial: str | None = None
    note: bytes = field(default=b"", repr=False)

    def at(self, zone: tzinfo | None) -> StillImage:
        """The same, a time without an offset taken as being in ``zone``."""
        if zone is None or self.taken is None or self.taken.tzinfo is not None:
            return self
        return replace(self, taken=self.taken.replace(tzinfo=zone))


@dataclass(frozen=True, slots=True)
class OpenedImage:
    """A picture whose header was read and whose data was not; a context that closes it.

    ``decoding_bytes`` is about how much memory reading and decoding it takes.
    """

    decoding_bytes: int
    _header: StillImage
    _segments: JpegSegments | None
    _stream: BinaryIO

    @property
    def header(self) -> StillImage:
        """What the header says, without the picture's bytes."""
        return self._header

    def read(self) -> StillImage:
        """The picture. Raises ImageError where its data cannot be read, is cut off or partly lost.

        The data is checked to be whole, not decoded: a flaw that leaves it whole shows when a detector decodes it.
        """
        with reading():
            self._stream.seek(0)
            data = self._stream.read(MAX_BYTES)
        _check_complete(data, self._header.format, self._segments)
        return replace(self._header, data=data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def open_image(source: Path | bytes) -> OpenedImage:
    """A picture's header. Raises ImageError saying what is wrong with it."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else open_regular(source)
    try:
        with reading():
            opened = _opened(stream)
        if isinstance(source, Path):
            _check_name(source, opened._header.format)
    except BaseException:
        stream.close()
        raise
    return opened


def read_image(source: Path | bytes) -> StillImage:
    """A picture's bytes and header. Raises ImageError saying what is wrong with it."""
    with open_image(source) as opened:
        return opened.read()


def _opened(stream: BinaryIO) -> OpenedImage:
    size = stream.seek(0, io.SEEK_END)
    if size == 0:
        raise ImageError("the file is empty")
    if size > MAX_BYTES:
        raise ImageError("the file is too large for a picture", why=f"{size:,} bytes, the limit is {MAX_BYTES:,}")
    stream.seek(0)
    start = stream.read(16)
    segments = read_segments(stream) if start.startswith(b"\xff\xd8") else None
    header = _read_header(stream, start)
    needed = size + _decoder_bytes(header, start, segments)
    if needed > MAX_DECODING_BYTES:
        why = f"{header.width} x {header.height}; decoding it takes {_mb(needed)} MB, the limit is"
        raise ImageError("the picture is too large", why=f"{why} {_mb(MAX_DECODING_BYTES)}")
    return OpenedImage(needed, header, segments, stream)


def _decoder_bytes(header: StillImage, start: bytes, segments: JpegSegments | None) -> int:
    """What a decoder holds: measured with OpenCV 4.11, where it agrees to a few megabytes."""
    pixels = header.width * header.height
    if segments is not None:
        small = max(min(pixels, _SMALL_PIXELS), pixels // 64)
        return int(2 * segments.held_samples * pixels) + 6 * small
    lossless = header.format == "WEBP" and not start.endswith(b"VP8 ")
    return pixels * (7 if lossless else 3)


def _read_header(stream: BinaryIO, start: bytes) -> StillImage:
    stream.seek(0)
    try:
        with warnings_lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd EXIF; the picture is still a picture
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _header(Image.open(stream, formats=list(FORMATS)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels("") from None
    except UnidentifiedImageError:
        raise _not_read(start) from None
    except DAMAGE as error:
        raise ImageError("the picture's header is damaged", why=str(error)) from error


def _header(image: Image.Image) -> StillImage:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(f"{width} x {height}; ")
    if width < 1 or height < 1:
        raise ImageError("the picture has no pixels")
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise ImageError("it is an animation", why="only still pictures are read")
    facts = _exif(image)
    width, height = (height, width) if facts.orientation >= 5 else (width, height)
    form = "JPEG" if image.format == "MPO" else str(image.format)
    return StillImage(b"", form, width, height, facts.orientation, facts.taken, facts.serial, facts.note)


def _exif(image: Image.Image) -> ExifFacts:
    """Damaged EXIF adds nothing: the picture can still be seen."""
    try:
        return read_exif(image)
    except DAMAGE:
        return ExifFacts(1, None, None)


def _check_complete(data: bytes, form: str, segments: JpegSegments | None) -> None:
    if segments is not None:
        check_scans(data, segments)
    cut = (form == "PNG" and b"IEND" not in data[-1024:]) or (
        form == "WEBP" and len(data) < int.from_bytes(data[4:8], "little") + 8
    )
    if cut:
        raise ImageError("the picture is cut off", why="its end is missing")


def _check_name(path: Path, found: str) -> None:
    suffix = path.suffix.lower()
    if suffix in EXTENSIONS and suffix not in FORMATS[found]:
        raise ImageError(f"the file is a {found} although named {suffix}", hint="rename it, if it is what it should be")


def _not_read(start: bytes) -> ImageError:
    found = next((name for magic, name in _OTHERS.items() if start.startswith(magic)), "")
    if start[4:8] == b"ftyp":
        found = "HEIC, AVIF or a clip"
    if found:
        return ImageError(f"pictures of that kind are not read ({found})", hint="save it as a JPEG")
    return ImageError("it is not a picture", why=f"its content is no {', '.join(FORMATS)}")


def _too_many_pixels(size: str) -> ImageError:
    return ImageError("the picture is too large", why=f"{size}the limit is {MAX_PIXELS // 1_000_000} megapixels")


def _mb(size: int) -> int:
    return round(size / 1_000_000)
