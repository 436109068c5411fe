"""Boxes and MaxN."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.detections import BBox, Detection, count_by_taxon, max_n


@pytest.mark.parametrize("box", [(0.5, 0.5, 0.6, 0.1), (-0.1, 0, 0.5, 0.5), (0.2, 0.2, 0, 0.1), (0, 0, 1, 1.01)])
def test_a_box_lies_inside_the_image(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="inside the image"):
        BBox(*box)


def test_a_box_is_printed_as_four_fractions() -> None:
    assert BBox(1 / 3, 0, 0.5, 1).as_list() == [0.3333, 0, 0.5, 1]


corner, length = st.floats(0, 0.5), st.floats(0.01, 0.5)
boxes = st.builds(BBox, corner, corner, length, length)


@given(boxes, boxes)
def test_what_two_boxes_share_is_a_part_of_both(one: BBox, other: BBox) -> None:
    assert one.shared(other) == other.shared(one)
    assert 0 <= one.shared(other) <= min(one.area, other.area) * (1 + 1e-9)
    assert one.shared(one) == pytest.approx(one.area)


def test_boxes_share_where_they_overlap_and_nothing_where_they_only_touch() -> None:
    assert BBox(0, 0, 0.4, 0.4).shared(BBox(0.25, 0.25, 0.5, 0.5)) == pytest.approx(0.15**2)
    assert BBox(0, 0, 0.5, 0.5).shared(BBox(0.5, 0, 0.5, 0.5)) == 0


def test_a_frames_count_is_by_taxon() -> None:
    boxes = [Detection(taxon, "x", 0.5, BBox(0, 0, 1, 1)) for taxon in ("b", "a", "b")]
    assert count_by_taxon(boxes) == {"a": 1, "b": 2}


counts = st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)), max_size=8)


@given(counts)
def test_max_n_is_the_most_seen_at_once(frames: list[dict[str, int]]) -> None:
    """For each taxon the largest count of any frame; never the sum; a taxon never seen is absent."""
    found = max_n(frames)
    for taxon in "abc":
        assert found.get(taxon, 0) == max((frame.get(taxon, 0) for frame in frames), default=0)


@given(counts)
def test_more_of_the_same_frames_change_nothing(frames: list[dict[str, int]]) -> None:
    """MaxN does not grow with the number of pictures, which the sum of boxes does."""
    assert max_n(frames * 3) == max_n(frames)
