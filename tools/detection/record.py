"""What a detector says of the frames whose truth is known, kept so that it can be read at any threshold.

It comes from a model that runs here, or from the file that `tools/train` leaves of cameras held out. Either way the
device's own code decides which of two boxes that overlap stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from trainer.dataset import Frame
from trainer.held_out import Found, HeldOut
from trainer.measure import LEAST_SCORE

from cameratrap.app.images import read_image
from cameratrap.app.models import ModelFolder
from cameratrap.domain.detections import DetectedFrame, Detection
from cameratrap.drivers.detectors import load_detector
from cameratrap.drivers.tflite import decode
from cameratrap.errors import ImageError
from cameratrap.ports import Frame as Picture
from cameratrap.vision.heads import Candidates, believed_and_doubtful
from cameratrap.vision.preprocess import Placement, small_view

_WHOLE = Placement(0.0, 0.0, 1.0, 1.0)
_UNKNOWN_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """One frame, the fold that holds its camera out, and what is found in it.

    ``ranked`` holds everything found, best first, as if one low threshold held for all labels; ``shipped`` is what the
    model's own thresholds make of it.
    """

    frame: Frame
    fold: int
    ranked: DetectedFrame
    shipped: DetectedFrame
    doubt_threshold: float

    def at(self, threshold: float | None) -> DetectedFrame:
        """What is believed at one threshold for all labels, or at the model's own where it is None.

        Boxes suppress others in the order of their scores, so those above a threshold do not depend on those below.
        """
        if threshold is None:
            return self.shipped
        return replace(
            self.ranked,
            detections=tuple(one for one in self.ranked.detections if one.score >= threshold),
            doubtful=tuple(one for one in self.ranked.detections if self.doubt_threshold <= one.score < threshold),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """Everything one detector says of the frames."""

    name: str
    answers: tuple[Answer, ...]

    @property
    def folds(self) -> list[int]:
        return sorted({answer.fold for answer in self.answers})

    def only(self, wanted: Callable[[Frame], bool]) -> Record:
        """The same for some of the frames."""
        return replace(self, answers=tuple(answer for answer in self.answers if wanted(answer.frame)))


def from_held_out(held_out: HeldOut, frames: Iterable[Frame], data: Path, model: ModelFolder) -> Record:
    """What the detectors that had not seen each frame's camera said of it; ``model`` says what their labels mean.

    Raises ValueError where the file speaks of frames or labels that are not there, or a picture cannot be read.
    """
    by_file = {frame.path.relative_to(data).as_posix(): frame for frame in frames}
    unknown = [answer.file for answer in held_out.answers if answer.file not in by_file]
    moved = [answer.file for answer in held_out.answers if answer.camera != by_file.get(answer.file, answer).camera]
    if unknown or moved:
        raise ValueError(f"it is of other data: {(unknown or moved)[0]} is not there or of another camera")
    return Record(
        model.name,
        tuple(
            answer_of(by_file[answer.file], answer.fold, answer.found, _blank(by_file[answer.file], model), model)
            for answer in held_out.answers
        ),
    )


def from_model(model: ModelFolder, frames: Sequence[Frame], fold_of: Mapping[str, int]) -> Record:
    """Run the model over the frames; ``fold_of`` gives each camera's fold. Raises ImageError, ModelError, OSError."""
    apart = msgspec.structs.replace(model.manifest.output, nms_across_labels=False)
    detector = load_detector(
        replace(model, manifest=msgspec.structs.replace(model.manifest, output=apart)), threshold=LEAST_SCORE
    )
    try:
        answers = []
        for frame in frames:
            seen = detector.detect(Picture(frame.path.read_bytes(), _UNKNOWN_TIME))
            found = [Found(one.model_label, one.score, _corners(one)) for one in seen.detections]
            answers.append(answer_of(frame, fold_of.get(frame.camera, 0), found, seen, model))
        return Record(model.name, tuple(answers))
    finally:
        detector.close()


def answer_of(frame: Frame, fold: int, found: Sequence[Found], blank: DetectedFrame, model: ModelFolder) -> Answer:
    """A detector's answer to one frame, from boxes among which nothing but a label's own duplicates was suppressed.

    ``blank`` is the frame with nothing found. Raises ValueError for a label that the model does not have.
    """
    index = {label.name: number for number, label in model.labels.items()}
    if unknown := {one.label for one in found} - index.keys():
        raise ValueError(f"{model.name} has no label {', '.join(sorted(unknown))}")
    candidates = Candidates(
        np.array([one.corners for one in found], dtype=np.float64).reshape(-1, 4),
        np.array([index[one.label] for one in found], dtype=np.int64),
        np.array([one.score for one in found], dtype=np.float64),
    )
    head, doubt = model.manifest.output_spec, model.manifest.doubt_threshold
    doubt = 1.0 if doubt is None else doubt
    ranked, _ = believed_and_doubtful(candidates, model.labels, _WHOLE, head, score_threshold=LEAST_SCORE)
    shipped, doubtful = believed_and_doubtful(candidates, model.labels, _WHOLE, head, doubt_threshold=doubt)
    return Answer(
        frame,
        fold,
        replace(blank, detections=ranked, doubtful=()),
        replace(blank, detections=shipped, doubtful=doubtful),
        doubt,
    )


def _blank(frame: Frame, model: ModelFolder) -> DetectedFrame:
    """The frame's size and small view, as the detector would give them, with nothing found yet."""
    try:
        still = read_image(frame.path)
        view = small_view(decode(still, model.manifest.input_spec))
    except ImageError as error:
        raise ValueError(f"{frame.path}: {error}") from error
    return DetectedFrame(still.width, still.height, (), view=view)


def _corners(one: Detection) -> tuple[float, float, float, float]:
    return one.bbox.x, one.bbox.y, one.bbox.x + one.bbox.width, one.bbox.y + one.bbox.height
