"""The real frames that one camera took one after another, and how they read with and without its background."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from detection.bursts import bursts
from detection.figures import Judged
from trainer.classes import ANIMAL_CLASSES
from trainer.dataset import JURA, SITES_OF_UNKNOWN_CAMERAS, Box, Frame

from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.vision.nms import iou_matrix
from cameratrap.vision.scene import Scene, SceneSettings

# The bursts of one camera, in order of time; and what was found in each frame.
Sequences = Mapping[str, Sequence[Sequence[Frame]]]
Answers = Mapping[Path, DetectedFrame]

# Of these owls the name of the file gives camera and day.
_OWLS = re.compile(r"_(R13|R50)[a-zA-Z]?_")
_DAY_AND_NUMBER = re.compile(r"20\d{6}|\d+$")
# A box that overlaps a drawn one by this much means that animal.
_MEANS_IOU = 0.3


@dataclass(frozen=True, slots=True)
class Reading:
    """Frames as they are read: what is reported, which boxes were believed for the change, which were suppressed."""

    judged: tuple[Judged, ...]
    believed: tuple[tuple[Frame, Detection], ...] = ()
    suppressed: tuple[tuple[Frame, Detection], ...] = ()

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.judged + other.judged, self.believed + other.believed, self.suppressed + other.suppressed)


def in_sequence(frames: Sequence[Frame], data: Path) -> Sequences:
    """The cameras that took several frames of one place. Raises OSError where the Jura frames are not listed."""
    jura = _jura_order(data)
    sequences: dict[str, list[Sequence[Frame]]] = {}
    for burst in bursts(frame for frame in frames if frame.kind == "trap"):
        owls = _OWLS.search(burst[0].path.stem)
        if owls or burst[0].camera not in SITES_OF_UNKNOWN_CAMERAS:
            sequences.setdefault(f"owls {owls[1]}" if owls else burst[0].camera, []).append(burst)
    for camera, its in sequences.items():
        if camera == JURA:
            its.sort(key=lambda burst: jura[burst[0].path.name])
        elif camera.startswith("owls"):
            its.sort(key=lambda burst: _DAY_AND_NUMBER.findall(burst[0].path.stem))
    return {camera: its for camera, its in sequences.items() if sum(map(len, its)) > 2}


def _jura_order(data: Path) -> dict[str, tuple[bool, int]]:
    """The station's own numbers. The names of its second card have a remark in them, and its numbers start again."""
    listed = json.loads((data / "train" / "annotations.json").read_text(encoding="utf-8"))
    named = [
        (Path(image["file_name"]).name, image["source_path"])
        for image in listed["images"]
        if image["kind"] == "camera-trap"
    ]
    return {name: ("!" in path, int(re.findall(r"\((\d+)\)", path)[0])) for name, path in named}


def alone(sequence: Sequence[Sequence[Frame]], answers: Answers) -> Reading:
    """What the detector says of each frame by itself."""
    return Reading(tuple(Judged.of(frame, answers[frame.path].detections) for burst in sequence for frame in burst))


def with_background(
    sequence: Sequence[Sequence[Frame]], answers: Answers, settings: SceneSettings | None = None
) -> Reading:
    """The same with what the camera knows of its place by then; ``settings`` are those that ship if not given."""
    scene, reading = Scene(settings), Reading(())
    for burst in sequence:
        seen = [answers[frame.path] for frame in burst]
        verdicts = scene.judge(seen)
        scene.learn(seen, verdicts)
        for frame, its, verdict in zip(burst, seen, verdicts, strict=True):
            reading += Reading(
                (Judged.of(frame, verdict.detections),),
                tuple((frame, one) for one in verdict.detections if one in its.doubtful),
                tuple((frame, one.detection) for one in verdict.suppressed),
            )
    return reading


def on_an_animal(frame: Frame, detection: Detection) -> bool:
    """Whether the box means one of the animals drawn in the frame."""
    animals = [box.corners for box in frame.boxes if _is_animal(box)]
    its = detection.bbox
    corners = (its.x, its.y, its.x + its.width, its.y + its.height)
    return bool(animals) and bool(np.max(iou_matrix(np.array([corners, *animals]))[0, 1:]) >= _MEANS_IOU)


def animals_of(frame: Frame, score: float) -> tuple[Detection, ...]:
    """The animals drawn in a frame, as if a detector had found each with this score."""
    return tuple(
        Detection("animal", "animal", score, BBox(box.x0, box.y0, min(box.x1, 1.0) - box.x0, min(box.y1, 1.0) - box.y0))
        for box in frame.boxes
        if _is_animal(box)
    )


def _is_animal(box: Box) -> bool:
    return box.label is None or box.label in ANIMAL_CLASSES
