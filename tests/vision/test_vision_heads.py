"""Boxes encoded into output tensors by hand come back; what a model can say wrong does no harm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.detections import Detection
from cameratrap.vision.heads import HEADS, Candidates, believed_and_doubtful, detections, grid
from cameratrap.vision.preprocess import Placement
from cameratrap.vision.specs import InputSpec, Label, OutputSpec

INPUT = InputSpec(height=64, width=96, dtype="float32")
WHOLE = Placement(0.0, 0.0, 1.0, 1.0)
LABELS = {0: Label("bird", "Aves", 0.5), 2: Label("person", "Homo sapiens", 0.8)}
CLASSES = 3

size = st.floats(0.02, 0.4)
centre = st.floats(0.2, 0.8)
known_box = st.tuples(centre, centre, size, size)  # centre x, centre y, width, height in fractions of the input
found_boxes = st.lists(st.tuples(known_box, st.integers(0, CLASSES - 1), st.floats(0.1, 1)), max_size=5)


def corners(box: tuple[float, float, float, float]) -> list[float]:
    x, y, width, height = box
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]


def scores_of(index: int, score: float) -> list[float]:
    return [score if each == index else 0.0 for each in range(CLASSES)]


def encode_yolo(layout: str, boxes: list[Any], coordinates: str = "pixels") -> np.ndarray:
    """The inverse of the head, written from the layouts' descriptions: one row a box, the rest of the rows silent."""
    cells = [
        (column, row, stride) for stride in (8, 16, 32) for row in range(64 // stride) for column in range(96 // stride)
    ]
    rows = np.zeros((len(cells), 5 + CLASSES))
    for place, ((x, y, width, height), index, score) in enumerate(boxes):
        at = place * 7 + 3
        column, row, stride = cells[at]
        in_pixels = [x * 96, y * 64, width * 96, height * 64]
        if layout == "yolox":
            value = [in_pixels[0] / stride - column, in_pixels[1] / stride - row]
            value += [float(np.log(length / stride)) for length in in_pixels[2:]]
        else:
            value = in_pixels if coordinates == "pixels" else [x, y, width, height]
        rows[at] = [*value, 0.5, *(2 * s for s in scores_of(index, score))]
    if layout == "yolov8":
        rows = np.concatenate([rows[:, :4], rows[:, 5:] / 2], axis=1).T
    return rows[None].astype(np.float32)


@pytest.mark.parametrize("layout", ["yolox", "yolov5", "yolov8"])
@pytest.mark.parametrize("coordinates", ["pixels", "fractions"])
@given(boxes=found_boxes)
def test_a_box_put_into_a_yolo_tensor_comes_back(layout: str, coordinates: str, boxes: list[Any]) -> None:
    """Each box, class and score; YOLOX has its boxes on the grid whatever the manifest says of coordinates."""
    spec = OutputSpec("yolo", layout, coordinates)  # type: ignore[arg-type]
    candidates = HEADS["yolo"]({"raw": encode_yolo(layout, boxes, coordinates)}, INPUT, spec)
    some = candidates.only(candidates.scores > 0)
    assert some.boxes == pytest.approx(np.array([corners(box) for box, _, _ in boxes]).reshape(-1, 4), abs=1e-4)
    assert some.classes.tolist() == [index for _, index, _ in boxes]
    assert some.scores == pytest.approx(np.array([score for _, _, score in boxes]), abs=1e-5)


@given(found_boxes)
def test_a_box_put_into_ssd_tensors_comes_back(boxes: list[Any]) -> None:
    """Rows behind the count are not read, whatever stands in them."""
    tensors = {
        "boxes": np.full((1, 10, 4), 0.3, np.float32), "classes": np.ones((1, 10), np.float32),
        "scores": np.ones((1, 10), np.float32), "count": np.array([len(boxes)], np.float32),
    }  # fmt: skip
    for row, (box, index, score) in enumerate(boxes):
        x0, y0, x1, y1 = corners(box)
        tensors["boxes"][0, row], tensors["classes"][0, row], tensors["scores"][0, row] = (y0, x0, y1, x1), index, score
    candidates = HEADS["ssd"](tensors, INPUT, OutputSpec("ssd"))
    assert candidates.boxes == pytest.approx(np.array([corners(box) for box, _, _ in boxes]).reshape(-1, 4), abs=1e-6)
    assert candidates.classes.tolist() == [index for _, index, _ in boxes]
    assert candidates.scores == pytest.approx(np.array([score for _, _, score in boxes]), abs=1e-6)


@pytest.mark.parametrize("count", [-3, 0, 99])
def test_a_count_that_cannot_be_reads_no_more_than_there_is(count: int) -> None:
    tensors = {
        "boxes": np.zeros((1, 4, 4)),
        "classes": np.zeros((1, 4)),
        "scores": np.zeros((1, 4)),
        "count": np.array([count]),
    }
    assert len(HEADS["ssd"](tensors, INPUT, OutputSpec("ssd")).scores) == min(max(count, 0), 4)


def test_the_grid_has_the_finest_stride_first_and_goes_row_by_row() -> None:
    cells = grid(INPUT, (8, 16, 32))
    assert len(cells) == 96 + 24 + 6
    assert cells[:2].tolist() == [[0, 0, 8], [1, 0, 8]]
    assert cells[12].tolist() == [0, 1, 8]
    assert cells[-1].tolist() == [2, 1, 32]


def said(*rows: tuple[list[float], int, float], across: bool = False, **options: Any) -> tuple[Detection, ...]:
    candidates = Candidates(
        np.array([row[0] for row in rows], float).reshape(-1, 4),
        np.array([row[1] for row in rows], np.int64), np.array([row[2] for row in rows], float),
    )  # fmt: skip
    spec = OutputSpec("ssd", nms_across_labels=across)
    return detections(candidates, LABELS, options.pop("placement", WHOLE), spec, **options)


BOX = [0.1, 0.1, 0.3, 0.3]


def test_a_class_becomes_its_taxon_under_the_models_own_word() -> None:
    (bird,) = said((BOX, 0, 0.6))
    assert (bird.taxon, bird.model_label, bird.score) == ("Aves", "bird", 0.6)
    assert bird.bbox.as_list() == [0.1, 0.1, 0.2, 0.2]


@pytest.mark.parametrize("index", [1, 3, 70_000, -1])
def test_a_class_without_a_label_is_ignored(index: int) -> None:
    """A COCO model sees toothbrushes; no trap reports them."""
    assert said((BOX, index, 0.99)) == ()


def test_each_class_has_its_own_threshold_and_one_given_replaces_them() -> None:
    rows = ((BOX, 0, 0.5), ([0.5, 0.5, 0.9, 0.9], 2, 0.79))
    assert [found.model_label for found in said(*rows)] == ["bird"]
    assert [found.model_label for found in said(*rows, score_threshold=0.6)] == ["person"]


def test_the_best_comes_first() -> None:
    rows = ((BOX, 0, 0.6), ([0.5, 0.5, 0.9, 0.9], 2, 0.9), ([0.1, 0.6, 0.3, 0.9], 0, 0.7))
    assert [found.score for found in said(*rows)] == [0.9, 0.7, 0.6]


def test_one_animal_under_two_labels_is_one_where_the_manifest_says_so() -> None:
    rows = ((BOX, 0, 0.55), (BOX, 2, 0.9))
    assert len(said(*rows)) == 2
    assert [found.model_label for found in said(*rows, across=True)] == ["person"]


def test_a_box_is_clipped_to_the_picture_and_dropped_outside_of_it() -> None:
    """A letterbox has room beside the picture, and a model may point there."""
    half = Placement(0.25, 0.0, 0.5, 1.0)
    found = said(([0.2, 0.1, 0.5, 0.3], 0, 0.9), ([0.0, 0.1, 0.2, 0.3], 0, 0.8), placement=half)
    assert [each.bbox.as_list() for each in found] == [[0.0, 0.1, 0.5, 0.2]]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_gets_nowhere(wrong: float) -> None:
    assert said(([wrong, 0.1, 0.3, 0.3], 0, 0.9)) == ()
    assert said((BOX, 0, wrong)) == ()


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.1, 1.0, 30.0, 1e6, 1e37]),
    st.sampled_from([0.0, np.nan, np.inf, -np.inf]),
)
def test_no_tensor_breaks_the_yolo_head(seed: int, spread: float, odd: float) -> None:
    """Whatever a broken model says, what is believed lies in the picture and scores at most 1; nothing warns."""
    spec = OutputSpec("yolo", "yolox")
    random = np.random.default_rng(seed)
    raw = np.where(random.random((1, 126, 8)) < 0.01, odd, random.normal(0, spread, (1, 126, 8))).astype(np.float32)
    for found in detections(HEADS["yolo"]({"raw": raw}, INPUT, spec), LABELS, WHOLE, spec):
        assert 0 < found.score <= 1


def test_what_is_doubtful_never_displaces_what_is_believed() -> None:
    """A doubtful box of a strict class scores more than the believed one it lies on: the believed one stays alone."""
    labels = {0: Label("strict", "animal", 0.9), 1: Label("lax", "Aves", 0.2)}
    candidates = Candidates(
        np.array([[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.52], [0.6, 0.6, 0.8, 0.8], [0.0, 0.6, 0.2, 0.8]]),
        np.array([0, 1, 1, 1]),
        np.array([0.8, 0.3, 0.15, 0.05]),
    )
    output = OutputSpec("yolo", "yolox", nms_across_labels=True)
    whole = Placement(0, 0, 1, 1)
    believed, doubtful = believed_and_doubtful(candidates, labels, whole, output, doubt_threshold=0.1)
    assert [found.model_label for found in believed] == ["lax"]
    assert [found.score for found in doubtful] == [0.15]
    assert believed_and_doubtful(candidates, labels, whole, output)[1] == ()


def test_scores_of_different_classes_compare_by_their_thresholds() -> None:
    """A person believed from .2 on, at .5, displaces an animal believed from .4 on, at .6; the best score is first."""
    labels = {0: Label("animal", "animal", 0.4), 1: Label("person", "Homo sapiens", 0.2)}
    candidates = Candidates(
        np.array([[0.1, 0.1, 0.5, 0.9], [0.1, 0.1, 0.52, 0.9], [0.6, 0.6, 0.8, 0.8]]),
        np.array([0, 1, 0]),
        np.array([0.6, 0.5, 0.7]),
    )
    output = OutputSpec("yolo", "yolox", nms_across_labels=True)
    found = detections(candidates, labels, Placement(0, 0, 1, 1), output)
    assert [(one.taxon, one.score) for one in found] == [("animal", 0.7), ("Homo sapiens", 0.5)]
    by_score = detections(candidates, labels, Placement(0, 0, 1, 1), output, score_threshold=0.4)
    assert [one.score for one in by_score] == [0.7, 0.6]
