"""A detector that answers with what a real model said of the same footage earlier.

The recording is data of this package, made by ``tools/record-demo`` and never edited by hand. It says which model it
was, at which score threshold, under which labels, and of which version of the footage.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.errors import ImageError, ModelError
from cameratrap.ports import Frame

RECORDING = "demo-detections.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """Which model was recorded. ``labels`` maps what it calls things to the taxa they were counted as."""

    name: str
    version: str
    sha256: str
    licence: str
    source: str
    score_threshold: float
    runtime: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recording:
    """A model's answers by frame name, on one version of the footage."""

    model: RecordedModel
    footage_version: int
    frames: Mapping[str, DetectedFrame]


def builtin_recording() -> Recording:
    """The recording that ships with this package. Raises ModelError when it is damaged."""
    folder = resources.files("cameratrap.replay") / "data"
    return parse_recording((folder / RECORDING).read_text(encoding="utf-8"))


def parse_recording(text: str) -> Recording:
    """Read a recording. Raises ModelError for text that is not one."""
    try:
        return _recording(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise ModelError(
            "the recorded detections cannot be read", why=why, hint="make them again: tools/record-demo"
        ) from error


def _recording(facts: Mapping[str, Any]) -> Recording:
    if facts["format"] != FORMAT:
        raise ValueError(f"its format is {facts['format']}, this version reads {FORMAT}")
    frames = {name: _frame(frame) for name, frame in facts["frames"].items()}
    return Recording(RecordedModel(**facts["model"]), facts["footage"]["version"], frames)


def _frame(facts: Mapping[str, Any]) -> DetectedFrame:
    found = tuple(
        Detection(each["taxon"], each["model_label"], each["score"], BBox(*each["bbox"]))
        for each in facts["detections"]
    )
    return DetectedFrame(facts["width"], facts["height"], found)


class RecordedDetector:
    """The port Detector, answered from a recording by the frame's name."""

    recorded = True

    def __init__(self, recording: Recording | None = None) -> None:
        """Without a ``recording``, the one that ships with this package. Raises ModelError when it is damaged."""
        self._recording = builtin_recording() if recording is None else recording

    @property
    def model(self) -> RecordedModel:
        """What is known of the model that was recorded."""
        return self._recording.model

    @property
    def name(self) -> str:
        return self._recording.model.name

    @property
    def version(self) -> str:
        return self._recording.model.version

    @property
    def sha256(self) -> str:
        return self._recording.model.sha256

    @property
    def score_threshold(self) -> float | None:
        return self._recording.model.score_threshold

    def detect(self, frame: Frame) -> DetectedFrame:
        """What the model said of the frame of that name.

        Raises ImageError for a picture that cannot be read, is not in the recording or has another size there.
        """
        answer = self._recording.frames.get(frame.name)
        if answer is None:
            raise ImageError(
                f"no detections were recorded for {frame.name or 'a frame without a name'}",
                why=f"the recording holds the {len(self._recording.frames)} frames of the demonstration",
                hint="name a model that can look at any picture: --model",
            )
        size = _size(frame)
        if size != (answer.width, answer.height):
            recorded = f"{answer.width} x {answer.height}"
            raise ImageError(
                f"{frame.name} is not the frame that was recorded", why=f"it is {size[0]} x {size[1]}, not {recorded}"
            )
        return answer

    def close(self) -> None:
        """Nothing is held open."""


def _size(frame: Frame) -> tuple[int, int]:
    try:
        with Image.open(BytesIO(frame.jpeg)) as image:
            return image.size
    except (UnidentifiedImageError, OSError) as error:
        raise ImageError(f"{frame.name} cannot be read", why=str(error)) from error
