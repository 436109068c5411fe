"""What a detector finds on frames it has not learned from, at a threshold it did not choose on them.

Pictures are prepared and boxes read by the same code that runs on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.vision.heads import detections, yolo
from cameratrap.vision.nms import iou_matrix
from cameratrap.vision.preprocess import pixel_table, prepare
from cameratrap.vision.specs import InputSpec, Label, OutputSpec
from trainer.classes import ANIMAL_CLASSES, CLASSES
from trainer.dataset import Frame

# From the prepared input tensor to the raw output tensor.
Network = Callable[[NDArray[np.float32]], NDArray[Any]]
OUTPUT = OutputSpec("yolo", "yolox", nms_across_labels=True)
# Scores below this are never looked at: no threshold worth having lies there.
_LEAST_SCORE = 0.05
THRESHOLDS = tuple(round(0.05 + 0.01 * step, 2) for step in range(86))
MOST_FALSE_ALARMS = 0.08
_MATCH_IOU = 0.5

OUR_LABELS: Mapping[int, Label] = {
    index: Label(trained.label, trained.taxon, _LEAST_SCORE) for index, trained in enumerate(CLASSES)
}
COCO_LABELS: Mapping[int, Label] = {
    coco: Label(trained.label, trained.taxon, _LEAST_SCORE) for trained in CLASSES for coco in trained.coco
}
_ANIMAL_TAXA = {CLASSES[index].taxon for index in ANIMAL_CLASSES}


@dataclass(frozen=True, slots=True)
class Found:
    """One box that a detector reports: ``x0 y0 x1 y1`` in fractions of the picture."""

    taxon: str
    score: float
    corners: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """A frame and everything found in it, from the least score up."""

    frame: Frame
    found: tuple[Found, ...]

    def animals(self, threshold: float) -> list[Found]:
        return [one for one in self.found if one.taxon in _ANIMAL_TAXA and one.score >= threshold]

    def says(self, taxon: str, threshold: float) -> bool:
        return any(one.taxon == taxon and one.score >= threshold for one in self.found)


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of frames, each with the number it is a share of; NaN where there are none."""

    frames: int
    with_animals: int
    recall: float
    precision: float
    false_alarms: float
    empties: int
    exact_count: float
    exact_of_many: float
    many: int
    box_recall: float
    boxes: int
    recall_by_camera: float
    cameras: int


def input_spec(height: int, width: int) -> InputSpec:
    """The input our models take: BGR, 0..255 as they come, letterboxed to the top left."""
    return InputSpec(height, width, "float32", layout="NCHW", colour="BGR", align="top-left")


def judge(frames: Iterable[Frame], network: Network, spec: InputSpec, labels: Mapping[int, Label]) -> list[Judged]:
    """Run the network over the frames. Raises ValueError for a picture that cannot be read."""
    table = pixel_table(spec, None)
    return [Judged(frame, _found(frame, network, spec, table, labels)) for frame in frames]


def _found(
    frame: Frame, network: Network, spec: InputSpec, table: NDArray[Any], labels: Mapping[int, Label]
) -> tuple[Found, ...]:
    image = cv2.imread(str(frame.path))
    if image is None:
        raise ValueError(f"{frame.path} cannot be read")
    tensor, placement = prepare(np.asarray(image, dtype=np.uint8), spec, table)
    candidates = yolo({"raw": network(tensor)}, spec, OUTPUT)
    return tuple(
        Found(one.taxon, one.score, _corners(one.bbox.x, one.bbox.y, one.bbox.width, one.bbox.height))
        for one in detections(candidates, labels, placement, OUTPUT)
    )


def figures(judged: Sequence[Judged], threshold: float | Mapping[str, float]) -> Figures:
    """The figures at one threshold, or at a threshold for each camera (that of the fold that holds it out)."""
    at = _thresholds(threshold)
    present = [one for one in judged if one.frame.has_animal]
    empty = [one for one in judged if not one.frame.has_animal]
    seen = [bool(one.animals(at(one))) for one in present]
    alarms = [bool(one.animals(at(one))) for one in empty]
    counted = [one for one in present if one.frame.count is not None]
    many = [one for one in counted if (one.frame.count or 0) > 1]
    matched = [_matches(one, at(one)) for one in present]
    return Figures(
        frames=len(judged),
        with_animals=len(present),
        recall=_share(sum(seen), len(present)),
        precision=_share(sum(seen), sum(seen) + sum(alarms)),
        false_alarms=_share(sum(alarms), len(empty)),
        empties=len(empty),
        exact_count=_exact(counted, at),
        exact_of_many=_exact(many, at),
        many=len(many),
        box_recall=_share(sum(hit for hit, _ in matched), sum(of for _, of in matched)),
        boxes=sum(of for _, of in matched),
        recall_by_camera=_by_camera(present, seen),
        cameras=len({one.frame.camera for one in present}),
    )


def pick_threshold(judged: Sequence[Judged]) -> float:
    """The least threshold at which at most eight in a hundred frames without animals raise an alarm.

    ``judged`` must not hold a frame that is then measured at it.
    """
    empty = [one for one in judged if not one.frame.has_animal]
    for threshold in THRESHOLDS:
        if _share(sum(bool(one.animals(threshold)) for one in empty), len(empty)) <= MOST_FALSE_ALARMS:
            return threshold
    return THRESHOLDS[-1]


def recall_interval(
    judged: Sequence[Judged], threshold: float | Mapping[str, float], *, seed: int = 0
) -> tuple[float, float]:
    """The middle 95 % of the recall when cameras, not frames, are drawn again and again."""
    at = _thresholds(threshold)
    by_camera: dict[str, list[bool]] = {}
    for one in judged:
        if one.frame.has_animal:
            by_camera.setdefault(one.frame.camera, []).append(bool(one.animals(at(one))))
    sums = np.array([(sum(seen), len(seen)) for seen in by_camera.values()], dtype=float)
    random = np.random.default_rng(seed)
    drawn = sums[random.integers(0, len(sums), (2000, len(sums)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return float(low), float(high)


def _thresholds(threshold: float | Mapping[str, float]) -> Callable[[Judged], float]:
    if isinstance(threshold, Mapping):
        return lambda one: threshold[one.frame.camera]
    return lambda _: threshold


def _exact(judged: Sequence[Judged], at: Callable[[Judged], float]) -> float:
    return _share(sum(len(one.animals(at(one))) == one.frame.count for one in judged), len(judged))


def _matches(one: Judged, threshold: float) -> tuple[int, int]:
    """How many of the frame's certain animal boxes are met by a box of their own, best score first; of how many."""
    wanted = [box.corners for box in one.frame.boxes if box.label in ANIMAL_CLASSES]
    reported = sorted(one.animals(threshold), key=lambda found: -found.score)
    if not wanted or not reported:
        return 0, len(wanted)
    together = np.array([*wanted, *(found.corners for found in reported)])
    overlaps = iou_matrix(together)[len(wanted) :, : len(wanted)]
    free = np.ones(len(wanted), dtype=bool)
    for row in overlaps:
        best = int(np.argmax(np.where(free, row, -1.0)))
        if free[best] and row[best] >= _MATCH_IOU:
            free[best] = False
    return int((~free).sum()), len(wanted)


def _by_camera(judged: Sequence[Judged], seen: Sequence[bool]) -> float:
    cameras: dict[str, list[bool]] = {}
    for one, saw in zip(judged, seen, strict=True):
        cameras.setdefault(one.frame.camera, []).append(saw)
    return _share(sum(sum(its) / len(its) for its in cameras.values()), len(cameras))


def _share(part: float, whole: int) -> float:
    return part / whole if whole else float("nan")


def _corners(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    return x, y, x + width, y + height
