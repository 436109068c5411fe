"""A picture with what was found in it drawn on it, for a person to look at; never for the card."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, ImageOps

from cameratrap.domain.detections import Detection
from cameratrap.errors import ImageError

WIDTH_PX = 1280
_COLOUR = (255, 210, 0)


def annotated(jpeg: bytes, detections: Iterable[Detection]) -> bytes:
    """A smaller, upright JPEG without metadata: each box with its taxon and score. Raises ImageError."""
    try:
        with Image.open(BytesIO(jpeg)) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for a damaged file
        raise ImageError("the picture cannot be read", why=str(error)) from error
    upright.thumbnail((WIDTH_PX, WIDTH_PX))
    pen = ImageDraw.Draw(upright)
    for detection in detections:
        _draw(pen, detection, *upright.size)
    stream = BytesIO()
    upright.info.clear()
    upright.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _draw(pen: ImageDraw.ImageDraw, detection: Detection, width: int, height: int) -> None:
    box = detection.bbox
    left, top = box.x * width, box.y * height
    size = max(11, height // 36)
    pen.rectangle(
        (left, top, left + box.width * width, top + box.height * height), outline=_COLOUR, width=max(2, size // 6)
    )
    label, font = f"{detection.taxon} {detection.score:.2f}", ImageFont.load_default(size)
    place = (left, max(0.0, top - size - 4))
    pen.rectangle(pen.textbbox(place, label, font), fill=(0, 0, 0))
    pen.text(place, label, _COLOUR, font)
