"""Small pictures of large ones, upright, and kept: made once, in few threads, from any file that anyone named.

What is read is held to the limits of ``app.images``: nothing that could block is opened, nothing is decoded whose
header promises more than a camera has, and a JPEG is decoded no larger than it is wanted.
"""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from cameratrap.app.images import read_image
from cameratrap.app.picture_exif import DAMAGE
from cameratrap.errors import ImageError
from cameratrap.web.cache import Cache

WIDTHS = (320, 640, 1280, 1920)  # pixels; of a wish the next larger, so that the cache holds few kinds
WORKERS = 2  # each holds a picture as it is decoded
_QUALITY = 82
# Not Image.open: a JPEG with previews is taken there for another format. WebP's has no draft; it is decoded whole.
_READERS: dict[str, type[JpegImageFile | PngImageFile | WebPImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
}
# What leads from the stored pixels to the upright picture (EXIF 2.32, tag 274).
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def fitting_width(wish: int) -> int:
    """The width that is made where ``wish`` pixels are asked for."""
    return next((width for width in WIDTHS if width >= wish), WIDTHS[-1])


def small_picture(path: Path, width: int) -> Image.Image:
    """The picture upright, in RGB, at most ``width`` pixels on its longer side and never larger than it is.

    Raises ImageError where it cannot be read.
    """
    still = read_image(path)
    box = (width, width)
    try:
        with _READERS[still.format](io.BytesIO(still.data)) as image:
            image.draft("RGB", box)
            image.load()
            image.thumbnail(box, Image.Resampling.BILINEAR, reducing_gap=2.0)
            upright = image.transpose(_TURNS[still.orientation]) if still.orientation in _TURNS else image
            return upright.convert("RGB")
    except DAMAGE as error:
        raise ImageError("the picture cannot be decoded", why=str(error)) from error


def as_jpeg(image: Image.Image) -> bytes:
    """The picture as a JPEG without any tags."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


class Thumbnails:
    """Thumbnails of files, made in ``WORKERS`` threads and kept in a cache; close it when done."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="picture")

    def of(self, path: Path, width: int) -> bytes:
        """A JPEG of the picture; blocks while it is made. Raises ImageError."""
        key = content_key(path, width)
        kept = self._cache.get(key)
        if kept is not None:
            return kept
        made = as_jpeg(small_picture(path, width))
        self._cache.put(key, made)
        return made

    def close(self) -> None:
        """End the threads; what waits is not begun."""
        self.workers.shutdown(cancel_futures=True)


def content_key(path: Path, width: int) -> str:
    """What names a thumbnail of the file as it is now: another picture under the same name has another.

    Raises ImageError where there is no file.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise ImageError("the file is not there", why=getattr(error, "strerror", None) or str(error)) from error
    text = f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0{width}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
