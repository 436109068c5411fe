"""What a second, closer look finds, at the places that changed in frames where the first found nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray
from scene_sequences import Answers, Sequences, on_an_animal
from trainer.dataset import Frame

from cameratrap.app.models import ModelFolder
from cameratrap.domain.detections import BBox, Detection
from cameratrap.drivers.detectors import load_detector
from cameratrap.ports import Detector
from cameratrap.ports import Frame as Picture
from cameratrap.resources import builtin_taxa
from cameratrap.vision.scene import Scene

_UNKNOWN_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """One frame in which no animal was believed, how many places of it were looked at again, and what that found."""

    frame: Frame
    places: int
    met: bool
    reported: bool


def second_looks(sequences: Sequences, answers: Answers, model: ModelFolder, score: float) -> list[SecondLook]:
    """Run the model on the pixels of those places. Raises ImageError and ModelError as the detector does."""
    detector = load_detector(model, threshold=score)
    try:
        return [look for its in sequences.values() for look in _of_camera(its, answers, detector)]
    finally:
        detector.close()


def _of_camera(sequence: Sequence[Sequence[Frame]], answers: Answers, detector: Detector) -> list[SecondLook]:
    scene, looks = Scene(), []
    for burst in sequence:
        seen = [answers[frame.path] for frame in burst]
        verdicts = scene.judge(seen)
        regions = scene.regions(seen, verdicts)
        scene.learn(seen, verdicts)
        for frame, verdict, places in zip(burst, verdicts, regions, strict=True):
            if not verdict.detections:
                found = [one for place in places for one in _look(frame, place, detector)]
                met = any(on_an_animal(frame, one) for one in found)
                looks.append(SecondLook(frame, len(places), met, bool(found)))
    return looks


def _look(frame: Frame, place: BBox, detector: Detector) -> list[Detection]:
    """The animals found there, in fractions of the whole frame."""
    image = np.asarray(cv2.imread(str(frame.path)), np.uint8)
    seen = detector.detect(Picture(_cut(image, place), _UNKNOWN_TIME))
    animals = (one for one in seen.detections if builtin_taxa().is_animal(one.taxon))
    return [Detection(one.taxon, one.model_label, one.score, _outward(one.bbox, place)) for one in animals]


def _cut(image: NDArray[np.uint8], place: BBox) -> bytes:
    height, width = image.shape[:2]
    top, left = int(place.y * height), int(place.x * width)
    part = image[top : top + round(place.height * height), left : left + round(place.width * width)]
    return cv2.imencode(".png", part)[1].tobytes()


def _outward(box: BBox, place: BBox) -> BBox:
    x, y = place.x + box.x * place.width, place.y + box.y * place.height
    return BBox(x, y, box.width * place.width, box.height * place.height)
