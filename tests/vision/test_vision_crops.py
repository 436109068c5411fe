"""A crop holds the box, has the proportions of the model's input, and lies inside the picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.detections import BBox
from cameratrap.vision.crops import crop_window
from cameratrap.vision.specs import InputSpec

SQUARE = InputSpec(224, 224, "uint8")
side = st.integers(1, 5000)
share = st.floats(0.001, 1)


@pytest.mark.parametrize(
    ("box", "margin", "window"),
    [
        (BBox(0.4, 0.4, 0.2, 0.2), 0.0, (400, 200, 600, 400)),  # wider than high: the height is filled up
        (BBox(0.4, 0.4, 0.2, 0.2), 0.5, (300, 100, 700, 500)),
        (BBox(0.0, 0.0, 0.1, 0.1), 0.0, (0, 0, 100, 100)),  # at a corner it is moved inward
        (BBox(0.9, 0.9, 0.1, 0.1), 0.1, (880, 480, 1000, 600)),
        (BBox(0.1, 0.1, 0.8, 0.8), 0.0, (100, 0, 900, 600)),  # too wide for the picture's height: cut off
    ],
)
def test_the_window_of_a_box_in_a_picture_of_1000_by_600(
    box: BBox, margin: float, window: tuple[int, int, int, int]
) -> None:
    assert crop_window(box, 1000, 600, SQUARE, margin) == window


@given(side, side, share, share, share, share, st.floats(0, 2), st.sampled_from([SQUARE, InputSpec(96, 320, "int8")]))
def test_any_box_of_any_picture_gives_a_window_inside_it(
    width: int, height: int, x: float, y: float, wide: float, high: float, margin: float, spec: InputSpec
) -> None:
    box = BBox(x * (1 - wide), y * (1 - high), wide, high)
    left, top, right, bottom = crop_window(box, width, height, spec, margin)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    # To the pixel, nothing of the box is left out.
    assert left <= box.x * width + 1
    assert right >= (box.x + box.width) * width - 1
    assert top <= box.y * height + 1
    assert bottom >= (box.y + box.height) * height - 1


@given(st.floats(0.01, 0.3), st.floats(0.01, 0.3), st.sampled_from([SQUARE, InputSpec(96, 192, "int8")]))
def test_where_there_is_room_nothing_is_stretched(wide: float, high: float, spec: InputSpec) -> None:
    left, top, right, bottom = crop_window(BBox(0.4, 0.4, wide, high), 4000, 4000, spec, 0.1)
    assert (right - left) / (bottom - top) == pytest.approx(spec.width / spec.height, rel=0.05)
