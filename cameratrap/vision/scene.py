"""What a fixed camera knows of its own background, and what that says of a detector's boxes.

A detector sees one frame at a time. A camera that stays where it is has seen the place before, and that is evidence
of its own, taken from the small views alone:

- A box that scores too low to be believed is believed after all where the picture changed: where it looks like none
  of the remembered frames, or like none of the other frames of its burst, while the frame around it stayed as it was.
- A box that scores high enough is suppressed where nothing changed: where the same picture, within the box, was
  there in several earlier bursts. A *fixture* is what the detector found there each time (the log that looks like a
  deer); *unchanged* is what is exactly as it was when it was taken for nothing.
- Where the picture changed and nothing was found there, a second, closer look may find what is too small for the first.

That a box did not change *within* a burst is no evidence: a cat can sit for seconds and not move a pixel.

Only the past and the burst itself are used. Where there is nothing to go by, the detector's word stands: without
views, with too few remembered frames, after the camera was moved, in a folder of many cameras' pictures, where
the box fills most of the frame or nothing in it can be told apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cameratrap.domain.detections import BBox, DetectedFrame, Detection, View
from cameratrap.domain.taxa import PERSON
from cameratrap.vision.likeness import Comparison, Texture, texture
from cameratrap.vision.regions import changed_regions

Reason = Literal["fixture", "unchanged"]
# Four fifths of what is around have to be calm: those above this quantile.
_CALM_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """Where the lines are drawn. A likeness is 1 for the same picture and 0 for strangers (``vision.likeness``).

    ``remembered_bursts``: one frame of each is kept, for daylight and for infrared apart; older ones are forgotten.
    ``infrared_colour``: a frame with less colour than this (``View.colour``) was lit by infrared.

    A doubtful box is believed where it is at most ``changed_likeness`` like the most similar of the frames beside it:
    the others of its burst, or the remembered ones without an animal there, if they are ``least_remembered`` at
    least. Around it nothing much may have changed: half of the frame has to be ``steady_likeness`` like one of them,
    four fifths ``calm_likeness`` and more than the box by ``clear_by``; and it must not fill more than
    ``largest_box`` of the frame's cells.

    A detection is suppressed where ``same_bursts`` earlier bursts agree that the place always looks like that, and
    its texture has at least ``least_contrast`` grey values (0 to 255) of standard deviation: an animal in the dark
    looks like the dark. It is a fixture where it was found each time and is ``fixture_likeness`` like it; unchanged
    where it is ``same_likeness`` like it, found or not, unless it scores ``sure_score`` or more. Taxa in
    ``never_suppressed`` stand whatever they look like.
    """

    remembered_bursts: int = 24
    infrared_colour: float = 0.05
    least_remembered: int = 2
    changed_likeness: float = 0.7
    steady_likeness: float = 0.8
    calm_likeness: float = 0.5
    clear_by: float = 0.1
    largest_box: float = 0.7
    same_bursts: int = 5
    fixture_likeness: float = 0.7
    same_likeness: float = 0.95
    least_contrast: float = 4.0
    sure_score: float = 0.8
    never_suppressed: frozenset[str] = frozenset({PERSON})

    def is_infrared(self, view: View) -> bool:
        """Whether a frame was lit by infrared, and so is compared with no other by daylight."""
        return view.colour < self.infrared_colour


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A detection that is not believed because the place has always looked like that."""

    detection: Detection
    reason: Reason


@dataclass(frozen=True, slots=True)
class Judged:
    """What one frame shows once the background is known: ``detections`` are believed, best score first.

    Each is one of the frame's own, as the detector gave it. What was doubtful and stayed so is in neither.
    """

    detections: tuple[Detection, ...]
    suppressed: tuple[Suppressed, ...] = ()


@dataclass(frozen=True, slots=True)
class _Remembered:
    """One earlier burst: a frame of it, what was believed in that frame, and all that was found in the burst."""

    texture: Texture
    believed: tuple[BBox, ...]
    found: tuple[BBox, ...]


class Scene:
    """The recent past of one camera. One of these a camera; not for several threads at once."""

    def __init__(self, settings: SceneSettings | None = None) -> None:
        self._settings = settings or SceneSettings()
        self._past: dict[bool, deque[_Remembered]] = {
            infrared: deque(maxlen=self._settings.remembered_bursts) for infrared in (False, True)
        }

    def judge(self, frames: Sequence[DetectedFrame]) -> list[Judged]:
        """What each frame of one burst shows, in the order given. Nothing is learned from it."""
        return [
            Judged(frame.detections) if beside is None else self._judge(frame, *beside)
            for frame, beside in zip(frames, self._beside(frames), strict=True)
        ]

    def regions(self, frames: Sequence[DetectedFrame], judged: Sequence[Judged]) -> list[tuple[BBox, ...]]:
        """Where to look a second time, closer: what changed in those frames of a burst in which nothing is believed.

        ``judged`` is what ``judge`` said of them, before they are learned. A frame has ``MOST_REGIONS`` at most, the
        largest change first; none where all of it changed or there is nothing to compare it with.
        """
        return [
            () if beside is None or verdict.detections else self._changed(*beside)
            for verdict, beside in zip(judged, self._beside(frames), strict=True)
        ]

    def learn(self, frames: Sequence[DetectedFrame], judged: Sequence[Judged]) -> None:
        """Remember a burst and what ``judge`` said of it. Bursts come in order of time, each once.

        A burst is one visit to the scene, however many frames it has: the frames of one clip given as bursts of
        their own would make a resting animal a fixture within seconds.
        """
        seen = [
            (len(verdict.detections), -place, frame.view)
            for place, (frame, verdict) in enumerate(zip(frames, judged, strict=True))
            if frame.view is not None
        ]
        if seen:
            # The frame with the fewest animals in it shows most of the background; of several the latest.
            _, last, view = min(seen, key=lambda one: one[:2])
            believed = tuple(detection.bbox for detection in judged[-last].detections)
            found = tuple(box for verdict in judged for box in _boxes(verdict))
            self._past[self._settings.is_infrared(view)].append(_Remembered(texture(view), believed, found))

    def _beside(self, frames: Sequence[DetectedFrame]) -> Iterator[tuple[Comparison, _Past] | None]:
        """Each frame beside the others of its burst, and beside the past; None for a frame without a view."""
        textures = [None if frame.view is None else texture(frame.view) for frame in frames]
        for place, (frame, here) in enumerate(zip(frames, textures, strict=True)):
            if frame.view is None or here is None:
                yield None
                continue
            others = [*textures[:place], *textures[place + 1 :]]
            own = Comparison(here, [one for one in others if one is not None and one.shape == here.shape])
            past = self._past[self._settings.is_infrared(frame.view)]
            yield own, _Past(here, [one for one in past if one.texture.shape == here.shape])

    def _judge(self, frame: DetectedFrame, own: Comparison, past: _Past) -> Judged:
        believed: list[Detection] = []
        suppressed: list[Suppressed] = []
        for detection in frame.detections:
            reason = past.always_so(detection, self._settings)
            if reason is None:
                believed.append(detection)
            else:
                suppressed.append(Suppressed(detection, reason))
        for detection in frame.doubtful:
            box = detection.bbox
            changed = _differs(own, box, np.ones(own.others, bool), self._settings) or past.changed(box, self._settings)
            if changed and not _part_of(box, believed):
                believed.append(detection)
        return Judged(tuple(sorted(believed, key=lambda found: -found.score)), tuple(suppressed))

    def _changed(self, own: Comparison, past: _Past) -> tuple[BBox, ...]:
        """What changed within the burst; if nothing did, since the past."""
        for comparison, least in ((own, 1), (past.comparison, self._settings.least_remembered)):
            cells = comparison.cells.max(axis=0) if comparison.others >= least else np.empty(0, np.float32)
            if cells.size and _is_steady(cells, self._settings):
                regions = changed_regions(comparison.fine_cells().max(axis=0), comparison.shape)
                if regions:
                    return regions
        return ()


class _Past:
    """One frame beside the remembered bursts of its light."""

    def __init__(self, here: Texture, remembered: Sequence[_Remembered]) -> None:
        self._remembered = remembered
        self.comparison = Comparison(here, [one.texture for one in remembered])

    def always_so(self, detection: Detection, settings: SceneSettings) -> Reason | None:
        """Why the detection is not believed; None where it is."""
        box = detection.bbox
        if detection.taxon in settings.never_suppressed or self.comparison.contrast(box) < settings.least_contrast:
            return None
        alike = self.comparison.box(box)
        found = np.array([any(_same_place(box, other) for other in one.found) for one in self._remembered], bool)
        if (found & (alike >= settings.fixture_likeness)).sum() >= settings.same_bursts:
            return "fixture"
        same = (alike >= settings.same_likeness).sum() >= settings.same_bursts
        return "unchanged" if same and detection.score < settings.sure_score else None

    def changed(self, box: BBox, settings: SceneSettings) -> bool:
        """Whether the box differs from every remembered frame in which no animal was there."""
        without = np.array([not any(box.shared(other) for other in one.believed) for one in self._remembered], bool)
        enough = without.sum() >= settings.least_remembered
        return bool(enough) and _differs(self.comparison, box, without, settings)


def _differs(comparison: Comparison, box: BBox, chosen: NDArray[np.bool_], settings: SceneSettings) -> bool:
    """Whether a box looks like none of the chosen others, and the frame around it like one of them."""
    if not chosen.any():
        return False
    around = comparison.around(box, chosen)
    if len(around) <= (1 - settings.largest_box) * comparison.cells[0].size or not _is_steady(around, settings):
        return False
    calm = float(np.quantile(around, _CALM_SHARE))
    most_alike = float(np.max(comparison.box(box)[chosen]))
    return most_alike <= min(settings.changed_likeness, calm - settings.clear_by)


def _is_steady(likenesses: NDArray[np.float32], settings: SceneSettings) -> bool:
    half, calm = np.quantile(likenesses, (0.5, _CALM_SHARE))
    return bool(half >= settings.steady_likeness and calm >= settings.calm_likeness)


def _boxes(verdict: Judged) -> Iterable[BBox]:
    yield from (detection.bbox for detection in verdict.detections)
    yield from (suppressed.detection.bbox for suppressed in verdict.suppressed)


def _part_of(box: BBox, found: Iterable[Detection]) -> bool:
    """Whether half of the box, or half of one that was found, is the other."""
    return any(box.shared(other.bbox) >= 0.5 * min(box.area, other.bbox.area) for other in found)


def _same_place(one: BBox, other: BBox) -> bool:
    shared = one.shared(other)
    return shared >= 0.5 * (one.area + other.area - shared)
