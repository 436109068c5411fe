"""Files that were taken together, answered for together: the background judges, the frames agree on names.

The files of one folder are one camera's. Pictures that follow each other within ``BURST_GAP`` are one burst; a
picture without a time, and a clip, stand alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cameratrap.app.examine import Examined
from cameratrap.app.look import LookedBurst, LookSettings, look_at
from cameratrap.app.processed import ClipMoment, ProcessedFile, fullest
from cameratrap.app.scenes import new_scene, verdict
from cameratrap.domain.detections import Detection, count_by_taxon
from cameratrap.domain.events import BURST_GAP

if TYPE_CHECKING:
    from cameratrap.vision.scene import Scene

_Item = TypeVar("_Item")

# A series without end, such as a time-lapse of one picture a second, is answered for in parts.
LARGEST_BURST = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """What decides whether a file is of one burst with its neighbours. One that is ``is_alone`` never is."""

    folder: Path
    taken: datetime | None
    is_alone: bool

    def follows(self, before: Mark) -> bool:
        """Whether the two are of one burst."""
        if self.is_alone or before.is_alone or self.folder != before.folder:
            return False
        return apart(before.taken, self.taken) <= BURST_GAP


def mark_of(file: Examined) -> Mark:
    """What decides of which burst a file is."""
    joins = file.frames is not None and file.offsets_s is None and file.taken is not None
    return Mark(file.file.parent, file.taken, not joins)


def in_bursts(items: Iterable[_Item], mark: Callable[[_Item], Mark]) -> Iterator[list[_Item]]:
    """The items in their order, those of a burst together. No more is held than the burst that is open."""
    burst: list[_Item] = []
    for item in items:
        if burst and (len(burst) == LARGEST_BURST or not mark(item).follows(mark(burst[-1]))):
            yield burst
            burst = []
        burst.append(item)
        if mark(item).is_alone:
            yield burst
            burst = []
    if burst:
        yield burst


class Answering:
    """Answers for one burst after the other, and remembers the background of the folder it is in."""

    def __init__(self, settings: LookSettings, score_threshold: float | None) -> None:
        """``score_threshold`` is the detector's."""
        self._settings = settings
        self._rules = settings.counting_rules(score_threshold)
        self._folder: Path | None = None
        self._scene: Scene | None = None

    def answer(self, burst: Sequence[Examined]) -> list[ProcessedFile]:
        """What each file of the burst shows. Raises TaxonError for a taxon that the table does not have."""
        first = burst[0]
        if first.frames is None:
            return [_unread(first)]
        frames = [frame for file in burst for frame in file.frames or ()]
        scene = self._scene_of(first)
        looked = look_at(frames, self._rules, scene)
        if scene is not None:
            scene.learn(frames, [verdict(boxes) for boxes in looked.frames])
        if first.offsets_s is not None:
            return [_clip(first, first.offsets_s, looked)]
        return [_picture(file, found) for file, found in zip(burst, _detections(looked), strict=True)]

    def learn(self, burst: Sequence[Examined]) -> None:
        """Remember the background as after ``answer``; what cannot be read any more is left out."""
        readable = [file for file in burst if file.frames is not None]
        if readable:
            self.answer(readable)

    def _scene_of(self, file: Examined) -> Scene | None:
        """The background of the file's folder.

        Without times nobody can tell pictures of one visit from several visits; a clip's frames are not remembered.
        """
        if not self._settings.background or file.taken is None or file.offsets_s is not None:
            return None
        if self._scene is None or self._folder != file.file.parent:
            self._folder, self._scene = file.file.parent, new_scene(self._settings.taxa)
        return self._scene


def apart(first: datetime | None, second: datetime | None) -> timedelta:
    """How far apart two times are; without end where one is missing, or only one has an offset."""
    if first is None or second is None or (first.tzinfo is None) is not (second.tzinfo is None):
        return timedelta.max
    return abs(second - first)


def _detections(looked: LookedBurst) -> Iterator[tuple[Detection, ...]]:
    """What counts in each frame, under the name that it counts as; best score first."""
    for boxes in looked.frames:
        yield tuple(replace(box.detection, taxon=box.counted_as) for box in boxes if box.counted_as is not None)


def _unread(file: Examined) -> ProcessedFile:
    return ProcessedFile(str(file.file), file.width, file.height, file.taken, error=file.error)


def _picture(file: Examined, found: tuple[Detection, ...]) -> ProcessedFile:
    return replace(_unread(file), detections=found, counts=count_by_taxon(found))


def _clip(clip: Examined, offsets_s: Sequence[float], looked: LookedBurst) -> ProcessedFile:
    moments = tuple(ClipMoment(*each) for each in zip(offsets_s, _detections(looked), strict=True))
    counts = {count.taxon: count.count for count in looked.counts}
    return replace(_unread(clip), detections=fullest(moments).detections, counts=counts, moments=moments)
