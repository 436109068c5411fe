"""Which boxes are one animal: in a frame, and from frame to frame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.domain.individuals import PlacedBox, distinct, individuals

Corners = tuple[float, float, float, float]


def placed(frame: int, place: int, box: Corners, score: float = 0.5, taxon: str = "a") -> PlacedBox:
    return PlacedBox(frame, place, Detection(taxon, taxon, score, BBox(*box)))


def same_name(one: str, other: str) -> bool:
    return one == other


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        ((0.1, 0.1, 0.3, 0.3), (0.11, 0.1, 0.3, 0.3), 1),
        ((0.1, 0.1, 0.6, 0.6), (0.2, 0.2, 0.2, 0.2), 1),
        ((0.1, 0.1, 0.6, 0.6), (0.6, 0.2, 0.2, 0.2), 2),
        ((0.1, 0.1, 0.2, 0.2), (0.3, 0.1, 0.2, 0.2), 2),
        ((0.1, 0.1, 0.2, 0.4), (0.2, 0.1, 0.2, 0.4), 2),
    ],
    ids=["the same", "a head in its body", "a head beside it", "side by side", "half behind the other"],
)
def test_boxes_of_one_animal_become_one(one: Corners, other: Corners, number: int) -> None:
    groups = distinct([placed(0, 0, one), placed(0, 1, other, 0.6)], same_name)
    assert len(groups) == number
    assert groups[0][0].place == 1, "the best score stands for it"


def test_a_bird_on_a_buffalo_is_two_animals() -> None:
    """One inside the other is a part of it only where the names may be of one animal; nearly the same box always."""
    buffalo, bird = placed(0, 0, (0.1, 0.1, 0.6, 0.6), taxon="b"), placed(0, 1, (0.3, 0.1, 0.1, 0.1), taxon="c")
    assert len(distinct([buffalo, bird], same_name)) == 2
    cow = placed(0, 1, (0.1, 0.1, 0.6, 0.55), taxon="c")
    assert len(distinct([buffalo, cow], same_name)) == 1


def walk(*boxes: Corners | None, width: int = 400, height: int = 300) -> int:
    """How many individuals one box a frame is taken for."""
    frames = [DetectedFrame(width, height, ()) for _ in boxes]
    found = [placed(number, 0, box) for number, box in enumerate(boxes) if box]
    return len(individuals(frames, found, same_name))


def test_an_animal_that_walks_on_is_one() -> None:
    """Its next box is within one diagonal, also where a frame in between misses it; beyond that it is another one."""
    assert walk((0.1, 0.4, 0.1, 0.1), (0.2, 0.4, 0.1, 0.1), (0.3, 0.4, 0.1, 0.1)) == 1
    assert walk((0.1, 0.4, 0.1, 0.1), None, (0.2, 0.4, 0.1, 0.1)) == 1
    assert walk((0.1, 0.4, 0.1, 0.1), (0.8, 0.4, 0.1, 0.1)) == 2


def test_distance_is_measured_in_pixels() -> None:
    """A fifth across a wide frame is farther than a fifth down it."""
    assert walk((0.1, 0.1, 0.1, 0.1), (0.1, 0.25, 0.1, 0.1), width=1000, height=300) == 1
    assert walk((0.1, 0.1, 0.1, 0.1), (0.25, 0.1, 0.1, 0.1), width=1000, height=300) == 2


def test_two_that_stay_together_are_two_all_along() -> None:
    """Each is linked to the nearer one of the frame before."""
    frames = [DetectedFrame(400, 300, ()) for _ in range(3)]
    left, right = (0.1, 0.4, 0.2, 0.2), (0.35, 0.4, 0.2, 0.2)
    found = [placed(n, place, box) for n in range(3) for place, box in enumerate((right, left))]
    pair = individuals(frames, found, same_name)
    assert [{number: [box.place for box in boxes] for number, boxes in each.boxes.items()} for each in pair] == [
        {0: [0], 1: [0], 2: [0]},
        {0: [1], 1: [1], 2: [1]},
    ]


boxes = st.builds(
    lambda x, y, w, h: (x, y, w * (1 - x), h * (1 - y)),
    *(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.05, 1), st.floats(0.05, 1)),
)


@given(st.lists(st.lists(boxes, max_size=6), min_size=1, max_size=4))
def test_every_box_belongs_to_one_individual_and_none_is_in_a_frame_twice(found: list[list[Corners]]) -> None:
    frames = [DetectedFrame(400, 300, ()) for _ in found]
    every = [placed(n, place, box, 0.5 + place / 100) for n, here in enumerate(found) for place, box in enumerate(here)]
    known = individuals(frames, every, same_name)
    members = [box for individual in known for group in individual.boxes.values() for box in group]
    assert sorted((box.frame, box.place) for box in members) == sorted((box.frame, box.place) for box in every)
    for individual in known:
        for number, group in individual.boxes.items():
            assert {box.frame for box in group} == {number}
            assert group[0].detection.score == max(box.detection.score for box in group)
