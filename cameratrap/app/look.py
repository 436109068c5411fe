"""The one place where the frames of a burst become an answer: the background judges, then the burst is counted.

It knows no card: `watch` gives it the pictures of a burst and stores what it says, and so may anything else that has
a camera's frames in bursts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cameratrap.domain.counting import DEFAULT_SURE_SCORE, CountingRules, TaxonCount, count_burst
from cameratrap.domain.detections import DetectedFrame, Detection
from cameratrap.domain.judged import Fate, JudgedBox
from cameratrap.domain.policy import PeoplePolicy
from cameratrap.domain.taxa import TaxaTable
from cameratrap.resources import builtin_taxa

if TYPE_CHECKING:
    from cameratrap.vision.scene import Scene


@dataclass(frozen=True, slots=True)
class LookSettings:
    """How a trap looks at its pictures.

    ``agree_frames`` is ``CountingRules``'; ``background`` says whether the camera's own background is used.
    """

    taxa: TaxaTable = field(default_factory=builtin_taxa)
    agree_frames: Mapping[str, int] = field(default_factory=dict)
    policy: PeoplePolicy = field(default_factory=PeoplePolicy)
    background: bool = True

    def counting_rules(self, score_threshold: float | None) -> CountingRules:
        """The rules for a model that believes what scores at least ``score_threshold``.

        Nobody doubts what lies above the middle between that and the best score there is.
        """
        sure_score = DEFAULT_SURE_SCORE if score_threshold is None else (1 + score_threshold) / 2
        return CountingRules(self.taxa, self.agree_frames, sure_score)


@dataclass(frozen=True, slots=True)
class LookedBurst:
    """What a burst shows: its counts by taxon, and every box of every frame with what became of it.

    ``frames`` are in the order given. In each the boxes that are believed come first, then the suppressed and the
    doubtful ones; the best score first in each part.
    """

    frames: tuple[tuple[JudgedBox, ...], ...]
    counts: tuple[TaxonCount, ...]


def look_at(
    frames: Sequence[DetectedFrame],
    rules: CountingRules,
    scene: Scene | None = None,
    *,
    gone: Sequence[TaxonCount] = (),
) -> LookedBurst:
    """Judge and count one burst; its frames in order of time. Nothing is learned from it.

    A frame without a view, and every frame where there is no ``scene``, stands as the detector says. ``gone`` is what
    was counted in frames of the burst that are not there any more. Raises TaxonError for an unknown taxon.
    """
    verdicts = _verdicts(frames, scene)
    judged = [
        replace(frame, detections=verdict.believed, doubtful=_without(frame.doubtful, verdict.believed))
        for frame, verdict in zip(frames, verdicts, strict=True)
    ]
    count = count_burst(judged, rules, gone=gone)
    boxes = [
        (*_believed(frame, verdict.believed, names), *verdict.suppressed, *_doubtful(still.doubtful))
        for frame, verdict, still, names in zip(frames, verdicts, judged, count.counted_as, strict=True)
    ]
    return LookedBurst(tuple(boxes), count.counts)


@dataclass(frozen=True, slots=True)
class _Verdict:
    believed: tuple[Detection, ...]
    suppressed: tuple[JudgedBox, ...] = ()


def _verdicts(frames: Sequence[DetectedFrame], scene: Scene | None) -> list[_Verdict]:
    if scene is None:
        return [_Verdict(frame.detections) for frame in frames]
    return [
        _Verdict(judged.detections, tuple(JudgedBox(each.detection, Fate(each.reason)) for each in judged.suppressed))
        for judged in scene.judge(frames)
    ]


def _believed(frame: DetectedFrame, believed: Sequence[Detection], names: Sequence[str | None]) -> Sequence[JudgedBox]:
    return [_believed_box(frame, found, name) for found, name in zip(believed, names, strict=True)]


def _believed_box(frame: DetectedFrame, found: Detection, name: str | None) -> JudgedBox:
    if name is None:
        return JudgedBox(found, Fate.DUPLICATE)
    return JudgedBox(found, Fate.BELIEVED if found in frame.doubtful else Fate.STANDS, name)


def _doubtful(boxes: Sequence[Detection]) -> Sequence[JudgedBox]:
    return [JudgedBox(found, Fate.DOUBTFUL) for found in boxes]


def _without(boxes: Sequence[Detection], others: Sequence[Detection]) -> tuple[Detection, ...]:
    return tuple(found for found in boxes if found not in others)
