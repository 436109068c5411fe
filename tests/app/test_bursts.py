"""Which files answer together, and what they say together: one burst, one folder's background, one clip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.bursts import LARGEST_BURST, Answering, apart, in_bursts, mark_of
from cameratrap.app.examine import Examined
from cameratrap.app.look import LookSettings
from cameratrap.app.processed import ProcessedFile
from cameratrap.domain.detections import BBox, DetectedFrame, Detection, View

START = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)
LEFT, RIGHT = BBox(0.1, 0.3, 0.2, 0.3), BBox(0.6, 0.3, 0.2, 0.3)
PLACE = View(160, 120, np.random.default_rng(1).integers(0, 255, (120, 160), dtype=np.uint8).tobytes(), 0.3)


def picture(
    name: str, seconds: float | None, *found: Detection, view: View | None = None, error: str | None = None
) -> Examined:
    taken = None if seconds is None else START + timedelta(seconds=seconds)
    frames = None if error else (DetectedFrame(640, 480, found, view=view),)
    return Examined(Path(name), 640, 480, taken, frames, error=error)


def clip(name: str, *frames: Sequence[Detection]) -> Examined:
    found = tuple(DetectedFrame(640, 480, tuple(each)) for each in frames)
    return Examined(Path(name), 640, 480, START, found, tuple(float(n) for n in range(len(frames))))


def animal(taxon: str = "animal", box: BBox = LEFT, score: float = 0.5) -> Detection:
    return Detection(taxon, taxon, score, box)


def names(files: Sequence[Examined]) -> list[list[str]]:
    return [[str(file.file) for file in burst] for burst in in_bursts(files, mark_of)]


def answers(files: Sequence[Examined], settings: LookSettings | None = None) -> list[ProcessedFile]:
    answering = Answering(settings or LookSettings(), 0.3)
    return [result for burst in in_bursts(files, mark_of) for result in answering.answer(burst)]


def test_pictures_within_three_seconds_of_each_other_are_one_burst() -> None:
    times = [0, 3, 6, 9.1, 10]
    assert names([picture(f"a/{n}", at) for n, at in enumerate(times)]) == [["a/0", "a/1", "a/2"], ["a/3", "a/4"]]


def test_what_is_of_another_folder_unread_without_a_time_or_a_clip_stands_alone() -> None:
    files = [
        picture("a/1", 0), picture("b/1", 1), picture("b/2", None), picture("b/3", 2, error="damaged"),
        picture("b/4", 3), clip("b/5", []), picture("b/6", 4),
    ]  # fmt: skip
    assert names(files) == [[str(file.file)] for file in files]


def test_a_series_without_end_is_answered_for_in_parts() -> None:
    """Nothing that follows is waited for without limit, and memory has an end."""
    assert [len(burst) for burst in names([picture(f"a/{n}", n) for n in range(50)])] == [
        LARGEST_BURST,
        LARGEST_BURST,
        50 - 2 * LARGEST_BURST,
    ]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.one_of(st.none(), st.integers(0, 60))), max_size=30))
def test_no_file_is_lost_or_moved(drawn: list[tuple[str, int | None]]) -> None:
    files = [picture(f"{folder}/{n}", at) for n, (folder, at) in enumerate(drawn)]
    assert [name for burst in names(files) for name in burst] == [str(file.file) for file in files]


def test_times_of_which_one_has_no_offset_are_not_compared() -> None:
    assert apart(START, START.replace(tzinfo=None)) == apart(START, None) == timedelta.max


def test_the_frames_of_a_burst_agree_on_a_name() -> None:
    """Two frames of three say a fox: the third is one too; what the model called it stays to be read."""
    results = answers(
        [
            picture("a/1", 0, animal("Vulpes vulpes", score=0.8)),
            picture("a/2", 1, animal("Vulpes vulpes", score=0.8)),
            picture("a/3", 2, animal("animal", score=0.4)),
        ]
    )
    assert [result.counts for result in results] == [{"Vulpes vulpes": 1}] * 3
    assert results[2].detections is not None
    assert [(each.taxon, each.model_label) for each in results[2].detections] == [("Vulpes vulpes", "animal")]


def test_an_animal_in_two_boxes_is_one() -> None:
    inner = BBox(0.11, 0.31, 0.17, 0.27)
    (result,) = answers([picture("a/1", 0, animal(score=0.8), animal(box=inner), animal(box=RIGHT, score=0.4))])
    assert result.counts == {"animal": 2}
    assert [each.bbox for each in result.detections or ()] == [LEFT, RIGHT]


def fixtures(minutes: Sequence[float | None], taxon: str = "animal", folder: str = "a") -> list[Examined]:
    """The same place again and again, and the same thing found in it."""
    return [
        picture(f"{folder}/{n}", None if at is None else 60 * at, animal(taxon), view=PLACE)
        for n, at in enumerate(minutes)
    ]


def test_what_always_stands_there_is_left_out_in_time() -> None:
    found = [bool(result.counts) for result in answers(fixtures([10 * n for n in range(12)]))]
    assert found[:3] == [True] * 3
    assert found[-3:] == [False] * 3


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        (fixtures([10 * n for n in range(12)]), LookSettings(background=False)),
        (fixtures([None] * 12), LookSettings()),
        (fixtures([10 * n for n in range(12)], "Homo sapiens"), LookSettings()),
        ([file for n in range(12) for file in fixtures([10 * n], folder=f"folder {n}")], LookSettings()),
    ],
    ids=["not asked for", "no times", "people", "other folders"],
)
def test_where_there_is_no_evidence_the_detector_has_its_way(files: list[Examined], settings: LookSettings) -> None:
    """Pictures without times may all be of one visit; every folder is another camera; people are never left out."""
    assert all(result.counts for result in answers(files, settings))


def test_a_clip_counts_the_most_seen_at_once() -> None:
    """Not the sum over its frames; the boxes are those of the fullest moment, and every moment is told."""
    (result,) = answers([clip("a/1.mp4", [animal()], [animal(score=0.6), animal(box=RIGHT, score=0.6)], [])])
    assert result.counts == {"animal": 2}
    said = result.as_json()
    assert said["offset_s"] == 1.0
    assert len(said["detections"]) == 2
    assert [(each["offset_s"], len(each["detections"])) for each in said["frames"]] == [(0.0, 1), (1.0, 2), (2.0, 0)]


def test_a_clip_that_broke_off_says_what_it_showed_and_that_it_did() -> None:
    broken = Examined(Path("a.mp4"), 640, 480, None, (DetectedFrame(640, 480, (animal(),)),), (0.0,), "cut off")
    (result,) = answers([broken])
    assert (result.counts, result.error) == ({"animal": 1}, "cut off")
    (result,) = answers([Examined(Path("b.mp4"), error="damaged")])
    assert (result.counts, result.error) == (None, "damaged")
    assert "frames" not in result.as_json()
