"""How well a detector's answers agree with the drawing, which knows what is in every frame and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cameratrap.domain.detections import BBox, Detection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.vision.nms import iou_matrix

LEAST_IOU = 0.5
KINDS = (("animal", "animals"), ("Homo sapiens", "people"), ("vehicle", "vehicles"))


@dataclass(frozen=True, slots=True)
class Shown:
    """One body in one frame: its taxon, and the box around what can be seen of it."""

    taxon: str
    bbox: BBox


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over all frames: how many bodies of each kind are shown and found, how many detections are wrong.

    A body is found by a detection whose box meets its own (intersection over union at least ``LEAST_IOU``) under its
    name or a wider one: Elephantidae or animal for Loxodonta africana. One that finds none is wrong: there is nothing,
    or it was found already, or it is called something else. ``frames_right`` are those with all found and none wrong.
    """

    shown: Mapping[str, int]
    found: Mapping[str, int]
    wrong: int
    frames: int
    frames_right: int

    def __str__(self) -> str:
        of_kinds = [
            f"{self.found.get(kind, 0)} of {self.shown[kind]} {many}" for kind, many in KINDS if kind in self.shown
        ]
        return (
            f"the model found {', '.join(of_kinds)}, and {self.wrong} of its boxes are wrong;"
            f" {self.frames_right} of {self.frames} frames are right"
        )


def compare(
    shown: Mapping[str, Sequence[Shown]], answers: Mapping[str, Sequence[Detection]], taxa: TaxaTable
) -> Agreement:
    """Judge the answers, by frame name. A frame without an answer was not seen at all: nothing is found in it."""
    kinds_shown: Counter[str] = Counter()
    kinds_found: Counter[str] = Counter()
    wrong = right = 0
    for name, bodies in shown.items():
        detections = answers.get(name, ())
        found = _matched(bodies, detections, taxa)
        kinds_shown.update(_kind(body, taxa) for body in bodies)
        kinds_found.update(_kind(body, taxa) for body in found)
        wrong += len(detections) - len(found)
        right += len(found) == len(bodies) == len(detections)
    return Agreement(kinds_shown, kinds_found, wrong, len(shown), right)


def _matched(bodies: Sequence[Shown], detections: Sequence[Detection], taxa: TaxaTable) -> list[Shown]:
    """The bodies that are found: the best detection first takes the body that its box meets most."""
    boxes = [body.bbox for body in bodies] + [detection.bbox for detection in detections]
    meets = iou_matrix(np.array([_corners(box) for box in boxes]).reshape(-1, 4))
    found: dict[int, Shown] = {}
    for place, detection in sorted(enumerate(detections, start=len(bodies)), key=lambda each: -each[1].score):
        fitting = [
            number
            for number, body in enumerate(bodies)
            if number not in found
            and meets[number, place] >= LEAST_IOU
            and taxa.resolve(detection.taxon) in taxa.lineage(body.taxon)
        ]
        if fitting:
            best = max(fitting, key=lambda number: meets[number, place])
            found[best] = bodies[best]
    return list(found.values())


def _kind(body: Shown, taxa: TaxaTable) -> str:
    return taxa.lineage(body.taxon)[-1].name


def _corners(box: BBox) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height
