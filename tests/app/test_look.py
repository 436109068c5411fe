"""From frames to an answer: the background has its say, then what is believed is counted, and every box is told of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cameratrap.app.look import LookSettings, look_at
from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.domain.judged import Fate, JudgedBox
from cameratrap.vision.scene import Judged, Suppressed

FOX, PERSON = "Vulpes vulpes", "Homo sapiens"
RULES = LookSettings().counting_rules(0.5)
HERE, THERE, ELSEWHERE = BBox(0.1, 0.1, 0.2, 0.2), BBox(0.6, 0.6, 0.2, 0.2), BBox(0.1, 0.7, 0.1, 0.1)


def found(taxon: str, box: BBox, score: float = 0.9) -> Detection:
    return Detection(taxon, taxon, score, box)


class FakeScene:
    """A scene that believes every doubtful fox and takes whatever lies elsewhere for a log."""

    def judge(self, frames: Sequence[DetectedFrame]) -> list[Judged]:
        return [
            Judged(
                tuple(
                    each
                    for each in (*frame.detections, *frame.doubtful)
                    if each.bbox != ELSEWHERE and (each in frame.detections or each.taxon == FOX)
                ),
                tuple(Suppressed(each, "fixture") for each in frame.detections if each.bbox == ELSEWHERE),
            )
            for frame in frames
        ]


LOG, CLEAR, FAINT, STRANGER = (
    found(FOX, ELSEWHERE),
    found(FOX, HERE),
    found(FOX, THERE, 0.3),
    found(PERSON, ELSEWHERE, 0.2),
)
FRAME = DetectedFrame(640, 480, (CLEAR, LOG), (FAINT, STRANGER))


def test_without_a_scene_the_detectors_word_stands() -> None:
    (boxes,) = look_at([FRAME], RULES).frames
    assert boxes == (
        JudgedBox(CLEAR, Fate.STANDS, FOX),
        JudgedBox(LOG, Fate.STANDS, FOX),
        JudgedBox(FAINT, Fate.DOUBTFUL),
        JudgedBox(STRANGER, Fate.DOUBTFUL),
    )


def test_what_the_scene_says_is_counted_and_every_box_is_told_of() -> None:
    """A box it believes counts, one it suppresses does not; neither is lost, nor what stays doubtful."""
    looked = look_at([FRAME], RULES, FakeScene())  # type: ignore[arg-type]
    assert looked.frames == (
        (
            JudgedBox(CLEAR, Fate.STANDS, FOX),
            JudgedBox(FAINT, Fate.BELIEVED, FOX),
            JudgedBox(LOG, Fate.FIXTURE),
            JudgedBox(STRANGER, Fate.DOUBTFUL),
        ),
    )
    (count,) = looked.counts
    assert (count.taxon, count.count_low, count.count, count.count_high) == (FOX, 1, 2, 2)


def test_a_duplicate_is_told_as_one() -> None:
    frame = DetectedFrame(640, 480, (CLEAR, found(FOX, BBox(0.1, 0.1, 0.2, 0.19), 0.6)))
    (boxes,) = look_at([frame], RULES).frames
    assert [(box.fate, box.counted_as) for box in boxes] == [(Fate.STANDS, FOX), (Fate.DUPLICATE, None)]


@pytest.mark.parametrize(("threshold", "sure"), [(0.3, 0.65), (0.0, 0.5), (None, 0.65)])
def test_nobody_doubts_what_lies_well_above_the_threshold(threshold: float | None, sure: float) -> None:
    rules = LookSettings().counting_rules(threshold)
    frames = [[DetectedFrame(640, 480, (found(FOX, HERE, score),))] for score in (sure, sure - 0.01)]
    assert [look_at(each, rules).counts[0].count_low for each in frames] == [1, 0]
