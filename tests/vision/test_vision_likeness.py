"""Views of one place are alike whatever the light did; a view of another place is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cameratrap.domain.detections import BBox, View
from cameratrap.vision.likeness import FINE_CELL_PX, Comparison, Texture, texture, window

HEIGHT, WIDTH = 120, 160
MIDDLE = BBox(0.4, 0.4, 0.2, 0.2)

fraction = st.floats(0, 0.99)
length = st.floats(0.001, 1)
boxes = st.tuples(fraction, fraction, length, length).map(
    lambda b: BBox(b[0], b[1], min(b[2], 1 - b[0]), min(b[3], 1 - b[1]))
)


def ground(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT, WIDTH))
    return np.asarray(110 + 160 * cv2.GaussianBlur(noise, (0, 0), 2.5))


def view(grey: np.ndarray) -> View:
    return View(grey.shape[1], grey.shape[0], np.clip(np.rint(grey), 0, 255).astype(np.uint8).tobytes(), 0.3)


def compare(here: np.ndarray, *others: np.ndarray) -> Comparison:
    return Comparison(texture(view(here)), [texture(view(other)) for other in others])


def every(comparison: Comparison) -> np.ndarray:
    return np.ones(comparison.others, bool)


@pytest.mark.parametrize("light", [lambda g: 0.5 * g, lambda g: g + 30, lambda g: 0.7 * g + 20 + np.arange(WIDTH) / 4])
def test_more_light_less_light_or_a_slope_of_light_changes_nothing(light: object) -> None:
    comparison = compare(ground(1), light(ground(1)))  # type: ignore[operator]
    assert comparison.box(MIDDLE)[0] > 0.95
    assert np.median(comparison.around(MIDDLE, every(comparison))) > 0.95


def test_another_place_is_not_alike() -> None:
    comparison = compare(ground(1), ground(2))
    assert abs(comparison.box(MIDDLE)[0]) < 0.5
    assert np.median(comparison.around(MIDDLE, every(comparison))) < 0.5


def test_two_flat_windows_are_alike_and_a_flat_and_a_textured_one_are_not() -> None:
    flat, darker = np.full((HEIGHT, WIDTH), 90.0), np.full((HEIGHT, WIDTH), 20.0)
    assert compare(flat, darker).box(MIDDLE)[0] == pytest.approx(1)
    assert compare(flat, ground(1)).box(MIDDLE)[0] < 0.3


def test_only_what_changed_is_unlike_and_each_cell_takes_the_other_most_like_it() -> None:
    """Half of the frame is alike in one of the others and half in the other: all of it has been seen before."""
    left, right = ground(1), ground(1)
    left[:, WIDTH // 2 :], right[:, : WIDTH // 2] = ground(2)[:, WIDTH // 2 :], ground(3)[:, : WIDTH // 2]
    comparison = compare(ground(1), left, right)
    assert np.quantile(comparison.around(BBox(0.0, 0.0, 0.01, 0.01), every(comparison)), 0.15) > 0.9
    assert comparison.box(BBox(0.1, 0.3, 0.2, 0.2)) == pytest.approx([1, 0], abs=0.5)
    assert comparison.box(BBox(0.7, 0.3, 0.2, 0.2)) == pytest.approx([0, 1], abs=0.5)


def test_around_leaves_out_the_cells_that_the_box_touches() -> None:
    comparison = compare(ground(1), ground(1))
    assert comparison.cells.shape == (1, 7, 10)
    assert len(comparison.around(BBox(0.0, 0.0, 0.01, 0.01), every(comparison))) == comparison.cells[0].size - 1
    assert len(comparison.around(BBox(0.0, 0.0, 1.0, 1.0), every(comparison))) == 0


def test_only_the_chosen_others_count() -> None:
    comparison = compare(ground(1), ground(1), ground(2))
    assert np.median(comparison.around(MIDDLE, np.array([True, False]))) > 0.95
    assert np.median(comparison.around(MIDDLE, np.array([False, True]))) < 0.5


def test_fine_cells_say_where_a_small_thing_changed() -> None:
    changed = ground(1)
    changed[48:56, 80:88] += 80 * np.eye(8)
    fine = compare(changed, ground(1)).fine_cells()
    assert fine.shape == (1, HEIGHT // FINE_CELL_PX, WIDTH // FINE_CELL_PX)
    assert np.unravel_index(fine[0].argmin(), fine[0].shape) == (6, 10)


def test_contrast_is_in_grey_values() -> None:
    assert compare(np.full((HEIGHT, WIDTH), 90.0)).contrast(MIDDLE) == pytest.approx(0)
    assert 5 < compare(ground(1)).contrast(MIDDLE) < 30


@given(boxes, st.integers(1, 200), st.integers(1, 200))
def test_a_window_covers_its_box_and_stays_in_the_picture(box: BBox, height: int, width: int) -> None:
    for side, start, along, pixels in zip(
        window(box, (height, width)), (box.y, box.x), (box.height, box.width), (height, width), strict=True
    ):
        assert 0 <= side.start < side.stop <= pixels
        assert side.start <= start * pixels
        assert side.stop >= min(pixels, (start + along) * pixels - 1e-6)


def textures(shape: tuple[int, int]) -> st.SearchStrategy[Texture]:
    return npst.arrays(np.uint8, shape).map(lambda grey: texture(view(grey)))


@given(st.data(), st.tuples(st.integers(1, 40), st.integers(1, 40)), boxes)
def test_any_pixels_give_finite_likenesses_of_at_most_one(
    st_data: st.DataObject, shape: tuple[int, int], box: BBox
) -> None:
    here, other = st_data.draw(textures(shape)), st_data.draw(textures(shape))
    comparison = Comparison(here, [here, other])
    found = np.concatenate([comparison.box(box), comparison.around(box, every(comparison))])
    assert np.isfinite(found).all()
    assert (np.abs(found) <= 1.001).all()
    assert comparison.box(box)[0] == pytest.approx(1, abs=1e-3)


def test_beside_nothing_nothing_is_alike() -> None:
    comparison = compare(ground(1))
    assert comparison.others == 0
    assert len(comparison.box(MIDDLE)) == 0
    assert (comparison.around(MIDDLE, every(comparison)) == -1).all()
