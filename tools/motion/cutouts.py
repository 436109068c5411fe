"""Real animals, cut out of their pictures along what OpenCV's GrabCut takes for the outline, with a soft edge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from motion.truth import Corners

Array = NDArray[np.float32]
_LARGEST_PX = 240
_ROUNDS = 4
_LEAST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Cutout:
    """An animal's luma (0 to 255) and how much of each pixel it covers (0 to 1), both ``(h, w)``.

    ``surroundings`` is the median luma of the picture it was taken from.
    """

    luma: Array
    cover: Array
    surroundings: float

    def drawn(self, width_px: int, height_px: int, *, mirrored: bool) -> Cutout:
        """The same at another size."""
        luma, cover = (
            cv2.resize(one, (width_px, height_px), interpolation=cv2.INTER_AREA) for one in (self.luma, self.cover)
        )
        if mirrored:
            luma, cover = cv2.flip(luma, 1), cv2.flip(cover, 1)
        return Cutout(np.asarray(luma, np.float32), np.asarray(cover, np.float32), self.surroundings)


def cut(path: Path, box: Corners) -> Cutout:
    """Cut the animal in the box, in fractions, out of a picture. Raises OSError where it cannot be read."""
    picture = read_picture(path, cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    left, top, right, bottom = (round(part * side) for part, side in zip(box, (width, height) * 2, strict=True))
    margin_x, margin_y = (right - left) // 6 + 2, (bottom - top) // 6 + 2
    x0, y0 = max(0, left - margin_x), max(0, top - margin_y)
    around = picture[y0 : bottom + margin_y, x0 : right + margin_x]
    scale = min(1.0, _LARGEST_PX / max(around.shape[:2]))
    small = cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inner = tuple(round(side * scale) for side in (left - x0, top - y0, right - left, bottom - top))
    cover = _outline(np.asarray(small, np.uint8), inner)
    window = np.s_[inner[1] : inner[1] + inner[3], inner[0] : inner[0] + inner[2]]
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    surroundings = float(np.median(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)))
    return Cutout(grey[window], cover[window], surroundings)


def read_picture(path: Path, how: int) -> NDArray[np.uint8]:
    """Read a picture as one of ``cv2.IMREAD_``. Raises OSError where there is none."""
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), how)
    if picture is None:
        raise OSError(f"{path} is no picture")
    return np.asarray(picture, np.uint8)


def _outline(picture: NDArray[np.uint8], box: tuple[int, ...]) -> Array:
    """What GrabCut leaves, softened; where it leaves next to nothing the box's ellipse, softened more."""
    cv2.setRNGSeed(1)
    mask, models = np.zeros(picture.shape[:2], np.uint8), (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.grabCut(picture, mask, box, *models, _ROUNDS, cv2.GC_INIT_WITH_RECT)
    inside = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    if inside.sum() < _LEAST_SHARE * box[2] * box[3]:
        inside = np.zeros_like(inside)
        middle = box[0] + box[2] // 2, box[1] + box[3] // 2
        cv2.ellipse(inside, middle, (int(0.42 * box[2]), int(0.42 * box[3])), 0, 0, 360, (1.0,), -1)
        return np.asarray(cv2.GaussianBlur(inside, (0, 0), 3), np.float32)
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), 1.2), np.float32)
