"""Where something moved, and whether two such places may be one body."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.vision.motion_background import Cells

# x, y, width, height in fractions of the frame.
Box = tuple[float, float, float, float]

# A body that runs past: the lower is at least so high for the higher, the smaller so large for the larger; their
# middles are no further apart in height than this share of the height, and at least this share of the width across.
_LEAST_HIGH, _LEAST_LARGE, _MOST_RISE, _LEAST_RUN = 0.4, 0.2, 0.25, 0.5
# What an animal right before the lens leaves of the background.
_LEAST_REST = 0.1


def connected(mask: NDArray[np.uint8]) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """How many regions of cells hang together (0 is what lies between them), which each cell is of, and their extents.

    An extent is left, top, columns, rows and area (OpenCV's ``CC_STAT_``).
    """
    count, labels, extents, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    # OpenCV's versions differ in what they say of these arrays; they are of 32 bits in all.
    return count, np.asarray(labels, np.int32), np.asarray(extents, np.int32)


@dataclass(frozen=True, slots=True)
class Region:
    """Strange cells that moved at ``at_s``: where, and the share of the frame that they fill."""

    at_s: float
    box: Box
    area: float


def gap(one: Box, other: Box) -> float:
    """What is between two boxes across or down, whichever is more; below 0 where they meet."""
    across = max(one[0], other[0]) - min(one[0] + one[2], other[0] + other[2])
    down = max(one[1], other[1]) - min(one[1] + one[3], other[1] + other[3])
    return max(across, down)


def has_run(one: Region, other: Region) -> bool:
    """Whether two regions may be one body that ran on: elsewhere, of one size, and at one height over the ground."""
    (left, top, wide, high), (other_left, other_top, other_wide, other_high) = one.box, other.box
    tallest, areas = max(high, other_high), (one.area, other.area)
    if min(high, other_high) < _LEAST_HIGH * tallest or min(areas) < _LEAST_LARGE * max(areas):
        return False
    rise = abs(top + high / 2 - other_top - other_high / 2)
    run = abs(left + wide / 2 - other_left - other_wide / 2)
    return rise <= _MOST_RISE * tallest and run >= _LEAST_RUN * max(wide, other_wide)


def box_of(stats: NDArray[np.int32], shape: tuple[int, ...]) -> Box:
    """The box of one row of OpenCV's statistics, of a mask of this shape."""
    left, top, width, height = (int(stats[place]) for place in range(4))
    rows, columns = shape
    return left / columns, top / rows, width / columns, height / rows


def strange_elsewhere(strange: Cells) -> float:
    """The share of cells above 0 beside the largest region of them: small where a body came, large under a new light.

    1 where that region leaves too little of the frame to tell by.
    """
    mask = (strange > 0).astype(np.uint8)
    count, _, stats = connected((cv2.blur(mask * 255, (3, 3)) // 128).astype(np.uint8))
    rest = np.ones(mask.shape, np.bool_)
    if count > 1:
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        left, top, width, height = (int(one) for one in stats[largest][:4])
        rest[top : top + height, left : left + width] = False
    return float(mask[rest].mean()) if rest.mean() >= _LEAST_REST else 1.0
