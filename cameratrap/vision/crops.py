"""Cutting out what was found, for a model that names it."""

from __future__ import annotations

from cameratrap.domain.detections import BBox
from cameratrap.vision.specs import InputSpec

Window = tuple[int, int, int, int]


def crop_window(box: BBox, width: int, height: int, spec: InputSpec, margin: float) -> Window:
    """What to cut out of a picture of that size in pixels: left, top, right, bottom, at least one pixel.

    The box with ``margin`` of its own width and height on each side, made as wide or as high as the model's input
    is in proportion, with what lies beside it rather than by stretching; at the picture's edge it is moved inward
    and, where the picture is too small for it, cut off there.
    """
    wide, high = box.width * width * (1 + 2 * margin), box.height * height * (1 + 2 * margin)
    aspect = spec.width / spec.height
    wide, high = max(wide, high * aspect), max(high, wide / aspect)
    left, right = _within((box.x + box.width / 2) * width, wide, width)
    top, bottom = _within((box.y + box.height / 2) * height, high, height)
    return left, top, right, bottom


def _within(centre: float, length: float, limit: int) -> tuple[int, int]:
    """Start and end of ``length`` pixels around ``centre``, inside 0 to ``limit``."""
    whole = min(max(round(length), 1), limit)
    start = min(max(round(centre - whole / 2), 0), limit - whole)
    return start, start + whole
