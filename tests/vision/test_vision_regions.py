"""What changed is looked at again, closer: where it is, and no more of the frame than that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cameratrap.domain.detections import BBox
from cameratrap.vision.likeness import FINE_CELL_PX
from cameratrap.vision.regions import MOST_REGIONS, changed_regions

ROWS, COLUMNS = 15, 20
SHAPE = (ROWS * FINE_CELL_PX, COLUMNS * FINE_CELL_PX)


def cells(*changed: tuple[int, int, float]) -> np.ndarray:
    likenesses = np.full((ROWS, COLUMNS), 0.99, np.float32)
    for row, column, likeness in changed:
        likenesses[row, column] = likeness
    return likenesses


def holds(region: BBox, row: int, column: int) -> bool:
    x, y = (column + 0.5) / COLUMNS, (row + 0.5) / ROWS
    return region.x < x < region.x + region.width and region.y < y < region.y + region.height


def test_where_nothing_changed_there_is_no_region() -> None:
    assert changed_regions(cells(), SHAPE) == ()
    assert changed_regions(np.empty((0, 20), np.float32), (7, 160)) == ()


def test_cells_that_touch_are_one_region_and_the_largest_change_comes_first() -> None:
    first, second = changed_regions(cells((2, 3, 0.1), (10, 12, 0.2), (11, 13, 0.2), (11, 12, 0.3)), SHAPE)
    assert [holds(first, *cell) for cell in [(10, 12), (11, 13), (2, 3)]] == [True, True, False]
    assert [holds(second, *cell) for cell in [(2, 3), (10, 12)]] == [True, False]


@pytest.mark.parametrize("cell", [(0, 0), (0, 19), (14, 0), (14, 19), (7, 9)])
def test_a_small_change_gets_a_quarter_of_each_side_wherever_it_is(cell: tuple[int, int]) -> None:
    (region,) = changed_regions(cells((*cell, 0.0)), SHAPE)
    assert (region.width, region.height) == (0.25, 0.25)
    assert holds(region, *cell)


def test_a_large_change_is_seen_whole_with_some_of_what_is_around_it() -> None:
    (region,) = changed_regions(cells(*((row, column, 0.1) for row in range(3, 9) for column in range(4, 14))), SHAPE)
    assert region.width == pytest.approx(10 / COLUMNS * 1.5)
    assert region.height == pytest.approx(6 / ROWS * 1.5)


def test_where_the_whole_frame_is_restless_it_takes_more_to_stand_out() -> None:
    restless = np.full((ROWS, COLUMNS), 0.5, np.float32)
    assert changed_regions(restless, SHAPE) == ()
    restless[4, 4] = 0.1
    (region,) = changed_regions(restless, SHAPE)
    assert holds(region, 4, 4)


@given(npst.arrays(np.float32, st.tuples(st.integers(0, 20), st.integers(0, 20)), elements=st.floats(-1, 1, width=32)))
def test_any_cells_give_a_few_regions_inside_the_frame(likenesses: np.ndarray) -> None:
    """A BBox refuses to lie outside; a region is never smaller than a quarter of the side."""
    shape = (likenesses.shape[0] * FINE_CELL_PX + 3, likenesses.shape[1] * FINE_CELL_PX + 5)
    regions = changed_regions(likenesses, shape)
    assert len(regions) <= MOST_REGIONS
    assert all(min(region.width, region.height) >= 0.25 for region in regions)
