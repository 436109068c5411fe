"""The comparison of a detector's answers with the drawing: boxes and names, each detection once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.detections import BBox, Detection
from cameratrap.replay.footage_truth import Shown, compare
from cameratrap.resources import builtin_taxa

ELEPHANT, ZEBRA, PERSON, CAR = "Loxodonta africana", "Equus quagga", "Homo sapiens", "vehicle"
LEFT, MIDDLE, RIGHT = BBox(0.0, 0.2, 0.2, 0.2), BBox(0.3, 0.2, 0.2, 0.2), BBox(0.6, 0.2, 0.2, 0.2)


def saw(taxon: str, box: BBox, score: float = 0.8) -> Detection:
    return Detection(taxon, "label", score, box)


def test_wider_names_are_right_and_other_names_are_wrong() -> None:
    """Elephantidae and animal are right for an elephant; a person found as an animal is missed, and a wrong box."""
    shown = {"f": (Shown(ELEPHANT, LEFT), Shown(ZEBRA, MIDDLE), Shown(PERSON, RIGHT))}
    answers = {"f": (saw("Elephantidae", LEFT), saw("animal", MIDDLE), saw("animal", RIGHT))}
    agreement = compare(shown, answers, builtin_taxa())
    assert (dict(agreement.shown), dict(agreement.found)) == ({"animal": 2, PERSON: 1}, {"animal": 2})
    assert (agreement.wrong, agreement.frames, agreement.frames_right) == (1, 1, 0)


def test_a_box_elsewhere_finds_nothing() -> None:
    """The number alone does not count: a false alarm does not stand in for the animal that was missed."""
    agreement = compare({"f": (Shown(ZEBRA, LEFT),)}, {"f": (saw("animal", RIGHT),)}, builtin_taxa())
    assert (agreement.found, agreement.wrong, agreement.frames_right) == ({}, 1, 0)


@pytest.mark.parametrize(("shift", "found"), [(0.06, 1), (0.07, 0)])
def test_a_box_must_meet_half_of_what_both_cover(shift: float, found: int) -> None:
    """Moved by 0.06 of its 0.2 a box shares 0.14 of 0.26 with the body, by 0.07 only 0.13 of 0.27."""
    moved = BBox(LEFT.x + shift, LEFT.y, LEFT.width, LEFT.height)
    agreement = compare({"f": (Shown(ZEBRA, LEFT),)}, {"f": (saw("animal", moved),)}, builtin_taxa())
    assert sum(agreement.found.values()) == found


def test_one_body_found_twice_is_found_once() -> None:
    """The second box is wrong, and the frame with it."""
    agreement = compare({"f": (Shown(ZEBRA, LEFT),)}, {"f": (saw(ZEBRA, LEFT), saw(ZEBRA, LEFT))}, builtin_taxa())
    assert (agreement.found, agreement.wrong, agreement.frames_right) == ({"animal": 1}, 1, 0)


def test_blank_frames_count_and_a_frame_without_an_answer_finds_nothing() -> None:
    """An empty picture seen as empty is right; a picture that could not be looked at is not."""
    shown = {"blank": (), "lost": (Shown(CAR, LEFT),)}
    agreement = compare(shown, {"blank": ()}, builtin_taxa())
    assert (agreement.found, agreement.wrong, agreement.frames, agreement.frames_right) == ({}, 0, 2, 1)


def test_the_sentence_names_each_kind_that_is_shown() -> None:
    """What the demonstration prints."""
    shown = {"a": (Shown(ZEBRA, LEFT), Shown(CAR, RIGHT)), "b": ()}
    assert str(compare(shown, {"a": (saw("animal", LEFT),)}, builtin_taxa())) == (
        "the model found 1 of 1 animals, 0 of 1 vehicles, and 0 of its boxes are wrong; 1 of 2 frames are right"
    )


BODIES = st.lists(
    st.builds(Shown, st.sampled_from([ELEPHANT, ZEBRA, PERSON, CAR]), st.sampled_from([LEFT, MIDDLE, RIGHT])),
    max_size=6,
)


@given(BODIES, BODIES)
def test_nothing_is_counted_twice(bodies: list[Shown], seen: list[Shown]) -> None:
    """Found is at most shown, and found and wrong together are the detections; a faultless answer is right."""
    answers = [saw(each.taxon, each.bbox) for each in seen]
    agreement = compare({"f": bodies}, {"f": answers}, builtin_taxa())
    assert all(count <= agreement.shown[kind] for kind, count in agreement.found.items())
    assert sum(agreement.found.values()) + agreement.wrong == len(answers)
    perfect = compare({"f": bodies}, {"f": [saw(each.taxon, each.bbox) for each in bodies]}, builtin_taxa())
    assert (perfect.found, perfect.wrong, perfect.frames_right) == (perfect.shown, 0, 1)
