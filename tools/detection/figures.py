"""Figures of a detector, each a share of something that can be counted, with the cameras it was counted on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from trainer.classes import ANIMAL_CLASSES
from trainer.dataset import Frame
from trainer.held_out import Corners

from cameratrap.domain.detections import Detection
from cameratrap.resources import builtin_taxa
from cameratrap.vision.nms import iou_matrix
from detection.intervals import Interval, mean_over_cameras, over_cameras

MATCH_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """A frame, the animals reported in it, best first, and whether a person is."""

    frame: Frame
    animals: tuple[Corners, ...]
    person: bool = False

    @classmethod
    def of(cls, frame: Frame, detections: Iterable[Detection]) -> Judged:
        """What a user sees of the frame; ``detections`` best first."""
        taxa, found = builtin_taxa(), tuple(detections)
        animals = tuple(_corners(one) for one in found if taxa.is_animal(one.taxon))
        return cls(frame, animals, any(taxa.is_person(one.taxon) for one in found))

    @property
    def count(self) -> int:
        return len(self.animals)


@dataclass(frozen=True, slots=True)
class Share:
    """``by_camera`` holds for each camera how much was hit, and of how much."""

    by_camera: Mapping[str, tuple[float, float]]

    @property
    def n(self) -> int:
        return round(sum(of for _, of in self.by_camera.values()))

    @property
    def hits(self) -> float:
        return sum(hit for hit, _ in self.by_camera.values())

    @property
    def value(self) -> float:
        """Every frame (or box) counts the same; NaN where there is none."""
        return self.hits / self.n if self.n else float("nan")

    @property
    def camera_mean(self) -> float:
        """Every camera counts the same; NaN where there is none."""
        return float(np.mean([hit / of for hit, of in self.by_camera.values()])) if self.by_camera else float("nan")

    @property
    def interval(self) -> Interval:
        """The middle 95 % of ``value`` when cameras are drawn again and again."""
        return over_cameras(list(self.by_camera.values()))

    @property
    def camera_interval(self) -> Interval:
        """The same of ``camera_mean``."""
        return mean_over_cameras(list(self.by_camera.values()))


# For one frame: how much is hit, of how much; None for a frame that the figure is not about.
Count = Callable[[Judged], "tuple[float, float] | None"]


def share(judged: Iterable[Judged], count: Count) -> Share:
    """Add up what ``count`` says of each frame, camera by camera."""
    sums: dict[str, tuple[float, float]] = {}
    for one in judged:
        counted = count(one)
        if counted and counted[1]:
            hit, of = sums.get(one.frame.camera, (0.0, 0.0))
            sums[one.frame.camera] = hit + counted[0], of + counted[1]
    return Share(sums)


def boxes_met(one: Judged) -> tuple[float, float] | None:
    """How many of the frame's certain animal boxes are met, each by a reported box of its own, best first."""
    wanted = [box.corners for box in one.frame.boxes if box.label in ANIMAL_CLASSES]
    if not wanted:
        return None
    overlaps = iou_matrix(np.array([*wanted, *one.animals]))[len(wanted) :, : len(wanted)]
    free = np.ones(len(wanted), dtype=bool)
    for row in overlaps:
        best = int(np.argmax(np.where(free, row, -1.0)))
        if free[best] and row[best] >= MATCH_IOU:
            free[best] = False
    return float((~free).sum()), float(len(wanted))


def found(one: Judged) -> tuple[float, float] | None:
    """Frames with animals: any animal reported, whatever its name."""
    return (one.count > 0, 1) if one.frame.has_animal else None


def false_alarms(one: Judged) -> tuple[float, float] | None:
    """Frames without animals: any animal reported."""
    return None if one.frame.has_animal else (one.count > 0, 1)


def _error(one: Judged, least: int = 1) -> int | None:
    """Reported less true, on frames that have at least so many animals and are counted; else None."""
    true = one.frame.count
    return one.count - true if one.frame.has_animal and true is not None and true >= least else None


def _if_error(least: int, measure: Callable[[int], float]) -> Count:
    def count(one: Judged) -> tuple[float, float] | None:
        error = _error(one, least)
        return None if error is None else (measure(error), 1)

    return count


def one_wherever_any(one: Judged) -> tuple[float, float] | None:
    """The number exactly right, if the answer were one wherever the detector sees any."""
    return None if _error(one) is None else (min(one.count, 1) == one.frame.count, 1)


exact = _if_error(1, lambda error: error == 0)

FIGURES: Mapping[str, Count] = {
    "animals found": found,
    "found by day": lambda one: None if one.frame.night else found(one),
    "found at night": lambda one: found(one) if one.frame.night else None,
    "false alarms": false_alarms,
    "number exact": exact,
    "one wherever any is seen": one_wherever_any,
    "two and more: exact": _if_error(2, lambda error: error == 0),
    "two and more: within one": _if_error(2, lambda error: abs(error) <= 1),
    "two and more: mean error": _if_error(2, float),
    "boxes met": boxes_met,
}


def figures(judged: Sequence[Judged]) -> dict[str, Share]:
    """Every figure of these frames."""
    return {name: share(judged, count) for name, count in FIGURES.items()}


def _corners(one: Detection) -> Corners:
    return one.bbox.x, one.bbox.y, one.bbox.x + one.bbox.width, one.bbox.y + one.bbox.height
