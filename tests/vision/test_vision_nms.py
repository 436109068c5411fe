"""Of boxes that overlap the best one stays: held against the textbook loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.vision.nms import MAX_CANDIDATES, iou_matrix, suppress

Box = tuple[float, float, float, float]


def plain_iou(a: Box, b: Box) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * high)


def textbook(boxes: list[Box], scores: list[float], groups: list[int], limit: float) -> list[int]:
    kept: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda index: -scores[index]):
        if all(groups[index] != groups[best] or plain_iou(boxes[index], boxes[best]) <= limit for best in kept):
            kept.append(index)
    return kept


# Eighths, so that equal overlaps and equal scores, where such loops differ, are met often.
corner = st.integers(0, 7).map(lambda eighth: eighth / 8)
side = st.integers(1, 8).map(lambda eighth: eighth / 8)
box = st.tuples(corner, corner, side, side).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
found = st.lists(st.tuples(box, st.sampled_from([0.25, 0.5, 0.75]), st.integers(0, 1)), max_size=12)


@given(found, st.sampled_from([0.25, 0.3, 0.5, 0.9]))
def test_what_stays_is_what_the_textbook_keeps(given_boxes: list[tuple[Box, float, int]], limit: float) -> None:
    boxes, scores, groups = ([row[part] for row in given_boxes] for part in range(3))
    kept = suppress(np.array(boxes).reshape(-1, 4), np.array(scores, float), np.array(groups, np.int64), limit)
    assert kept.tolist() == textbook(boxes, scores, groups, limit)  # type: ignore[arg-type]


@given(st.lists(box, min_size=1, max_size=8))
def test_overlap_is_a_share_of_the_union(boxes: list[Box]) -> None:
    matrix = iou_matrix(np.array(boxes))
    expected = [[plain_iou(a, b) for b in boxes] for a in boxes]
    assert matrix == pytest.approx(np.array(expected))


def test_empty_boxes_overlap_nothing() -> None:
    """Not even themselves: no division by nothing."""
    assert iou_matrix(np.array([[0.5, 0.5, 0.5, 0.5], [0.7, 0.7, 0.2, 0.2]])).tolist() == [[0, 0], [0, 0]]


def test_a_model_gone_wild_costs_no_more_than_the_limit() -> None:
    """A thousand boxes apart from each other: the best ones are kept, up to the limit."""
    starts = np.linspace(0, 0.9, 1000)
    boxes = np.stack([starts, starts, starts + 1e-5, starts + 1e-5], axis=1)
    kept = suppress(boxes, np.arange(1000.0), np.zeros(1000, np.int64), 0.5)
    assert kept.tolist() == list(range(999, 999 - MAX_CANDIDATES, -1))
