"""Making parts of a JPEG unrecognisable, and nothing else of it."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from cameratrap.app.picture_exif import DAMAGE, read_exif
from cameratrap.domain.detections import BBox
from cameratrap.errors import ImageError
from cameratrap.store.exif import read_tags, tagged

# A box becomes at most this many blocks along its longer side: of a standing person the head is one.
BLOCKS = 8
LEAST_BLOCK_PX = 8
# Of the box's width and height, on each side: a detector cuts off a foot or a hand before it cuts off a head.
MARGIN = 0.15


def redacted(jpeg: bytes, boxes: Iterable[BBox]) -> bytes:
    """A picture of this trap with ``boxes`` (of the upright picture) in coarse blocks, under the same tags.

    What lies outside is encoded again with the picture's own tables, which changes it by rounding only. Previews,
    which would show what was hidden, and all other metadata than our own are left behind. Raises ImageError for a
    picture that cannot be decoded or carries no tags of ours.
    """
    tags = read_tags(jpeg)
    try:
        # Not Image.open, which takes a picture with previews for one of another format.
        with JpegImageFile(BytesIO(jpeg)) as image:
            orientation = read_exif(image).orientation
            for box in boxes:
                _pixelate(image, _stored(box, orientation))
            stream = BytesIO()
            image.save(stream, "JPEG", quality="keep", icc_profile=image.info.get("icc_profile"), comment=b"")
    except DAMAGE as error:
        raise ImageError("the picture cannot be redacted", why=str(error)) from error
    return tagged(stream.getvalue(), tags, orientation=orientation)


def _stored(box: BBox, orientation: int) -> tuple[float, float, float, float]:
    """The corners ``x0 y0 x1 y1`` of a box, with its margin, in fractions of the picture as it is stored.

    The inverse of turning it upright by the EXIF orientation 1..8 (EXIF 2.32, tag 274).
    """
    wider, higher = MARGIN * box.width, MARGIN * box.height
    x0, x1 = box.x - wider, box.x + box.width + wider
    y0, y1 = box.y - higher, box.y + box.height + higher
    if orientation in (3, 4, 7, 8):
        y0, y1 = 1 - y1, 1 - y0
    if orientation in (2, 3, 6, 7):
        x0, x1 = 1 - x1, 1 - x0
    return (y0, x0, y1, x1) if orientation in (5, 6, 7, 8) else (x0, y0, x1, y1)


def _pixelate(image: Image.Image, corners: tuple[float, float, float, float]) -> None:
    """Replace each block of that part by its mean."""
    x0, y0 = (max(0, int(edge * side)) for edge, side in zip(corners[:2], image.size, strict=True))
    x1, y1 = (min(side, int(edge * side) + 1) for edge, side in zip(corners[2:], image.size, strict=True))
    width, height = x1 - x0, y1 - y0
    block = max(LEAST_BLOCK_PX, -(-max(width, height) // BLOCKS))
    part = image.crop((x0, y0, x1, y1))
    coarse = part.resize((-(-width // block), -(-height // block)), Image.Resampling.BOX)
    image.paste(coarse.resize(part.size, Image.Resampling.NEAREST), (x0, y0))
