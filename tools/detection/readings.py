"""From what a detector says of each frame to what a trap would report of it: alone, knowing the place, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from trainer.dataset import SITES_OF_UNKNOWN_CAMERAS, Frame

from cameratrap.domain.counting import CountingRules, count_burst
from cameratrap.domain.detections import DetectedFrame
from cameratrap.resources import builtin_taxa
from cameratrap.vision.scene import Scene
from detection.bursts import bursts
from detection.figures import Judged
from detection.record import Answer

# Each fold's threshold; None for the model's own.
Thresholds = Mapping[int, float] | None
Reading = Callable[[Sequence[Answer], Thresholds], list[Judged]]


def frame_by_frame(answers: Sequence[Answer], thresholds: Thresholds) -> list[Judged]:
    """What the detector says of each frame by itself."""
    return [Judged.of(answer.frame, _seen(answer, thresholds).detections) for answer in answers]


def with_background(answers: Sequence[Answer], thresholds: Thresholds) -> list[Judged]:
    """The same, burst by burst in order of time, with what each camera has learned of its place by then.

    The settings are those that the trap ships with. Where nobody knows the camera there is nothing to learn from.
    """
    return [
        Judged.of(frame, its.detections)
        for burst, seen in _before_their_background(answers, thresholds)
        for frame, its in zip(burst, seen, strict=True)
    ]


def counted(answers: Sequence[Answer], thresholds: Thresholds) -> list[Judged]:
    """The same again, with boxes of one animal counted as one."""
    rules = CountingRules(builtin_taxa())
    result: list[Judged] = []
    for burst, seen in _before_their_background(answers, thresholds):
        taxa = count_burst(seen, rules).counted_as
        for frame, its, names in zip(burst, seen, taxa, strict=True):
            each = zip(its.detections, names, strict=True)
            result.append(Judged.of(frame, [replace(one, taxon=name) for one, name in each if name is not None]))
    return result


READINGS: Mapping[str, Reading] = {
    "frame by frame": frame_by_frame,
    "with the background": with_background,
    "and counted": counted,
}


def _before_their_background(
    answers: Sequence[Answer], thresholds: Thresholds
) -> Iterator[tuple[list[Frame], list[DetectedFrame]]]:
    """Each burst, and what is believed of its frames."""
    by_path = {answer.frame.path: answer for answer in answers}
    scenes: dict[str, Scene] = {}
    for burst in bursts(answer.frame for answer in answers):
        camera = burst[0].camera
        scene = Scene() if camera in SITES_OF_UNKNOWN_CAMERAS else scenes.setdefault(camera, Scene())
        seen = [_seen(by_path[frame.path], thresholds) for frame in burst]
        judged = scene.judge(seen)
        scene.learn(seen, judged)
        yield burst, [replace(one, detections=its.detections) for one, its in zip(seen, judged, strict=True)]


def _seen(answer: Answer, thresholds: Thresholds) -> DetectedFrame:
    return answer.at(None if thresholds is None else thresholds[answer.fold])
