"""Non-maximum suppression: of boxes that overlap, the best one stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# More boxes than animals ever stand in one picture; the cost grows with the square of it.
MAX_CANDIDATES = 300


def iou_matrix(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of each pair of ``(n, 4)`` boxes ``x0 y0 x1 y1``, ``(n, n)``; of empty boxes 0."""
    top_left = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    bottom_right = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    areas = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)
    together = areas[:, None] + areas[None, :] - shared
    return np.asarray(np.divide(shared, together, out=np.zeros_like(shared), where=together > 0))


def suppress(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], groups: NDArray[np.int64], iou_limit: float
) -> NDArray[np.intp]:
    """Which boxes stay, best first: none overlaps a better one of its group by more than ``iou_limit``.

    ``boxes`` is ``(n, 4)``, ``scores`` and ``groups`` ``(n,)``. Only the best ``MAX_CANDIDATES`` are looked at. Equal
    scores keep their order.
    """
    order = np.argsort(-scores, kind="stable")[:MAX_CANDIDATES]
    rivals = (iou_matrix(boxes[order]) > iou_limit) & (groups[order][:, None] == groups[order][None, :])
    stays = np.ones(len(order), dtype=bool)
    for rank in range(len(order)):
        if stays[rank]:
            stays[rank + 1 :] &= ~rivals[rank, rank + 1 :]
    return np.asarray(order[stays])
