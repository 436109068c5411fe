"""Where a frame changed and nothing was found: places for a second, closer look."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.domain.detections import BBox
from cameratrap.vision.likeness import FINE_CELL_PX

# More closer looks would cost more time than the first.
MOST_REGIONS = 2
# A cell this much like what it is compared with, or less, has changed; in a restless frame it takes more.
_CHANGED_LIKENESS = 0.6
_RESTLESS_SHARE, _CLEAR_BY = 0.2, 0.1
# The side of a region in fractions of the frame: at four times the size few animals are still too small to be found,
# and a detector wants to see some of what is around them.
_LEAST_SIDE = 0.25
_MARGIN = 0.25


def changed_regions(cells: NDArray[np.float32], shape: tuple[int, ...]) -> tuple[BBox, ...]:
    """Where cells that hang together changed, the largest change first.

    ``cells`` is ``(rows, columns)``, how alike each cell of ``FINE_CELL_PX`` is to what was there before, from the top
    left of a frame of ``shape`` (height, width) in pixels.
    """
    if not cells.size:
        return ()
    limit = min(_CHANGED_LIKENESS, float(np.quantile(cells, _RESTLESS_SHARE)) - _CLEAR_BY)
    count, labels, extents, _ = cv2.connectedComponentsWithStats((cells <= limit).astype(np.uint8), connectivity=8)
    changes = [float((1 - cells[labels == label]).sum()) for label in range(1, count)]
    largest = sorted(range(1, count), key=lambda label: -changes[label - 1])[:MOST_REGIONS]
    return tuple(_region(extents[label], shape) for label in largest)


def _region(extent: NDArray[np.int32], shape: tuple[int, ...]) -> BBox:
    """A box around the cells ``left, top, columns, rows``, and some of what is around them."""
    left, top, columns, rows = (int(value) * FINE_CELL_PX for value in extent[:4])
    height, width = shape
    x, across = _side(left / width, columns / width)
    y, down = _side(top / height, rows / height)
    return BBox(x, y, across, down)


def _side(start: float, length: float) -> tuple[float, float]:
    """Start and length of a region's side, inside the frame."""
    wanted = min(max(length * (1 + 2 * _MARGIN), _LEAST_SIDE), 1.0)
    return min(max(start + (length - wanted) / 2, 0.0), 1.0 - wanted), wanted
