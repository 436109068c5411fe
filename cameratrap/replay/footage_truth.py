"""How well a model's answers agree with the story, whose author knows what is in every frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cameratrap.domain.detections import DetectedFrame, Detection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.replay.footage_story import SceneBurst


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over all frames: how many animals and people there are, how many were found under a right name, how many
    detections are of nothing, doubled or wrongly named, and how many frames are right in every count."""

    shown: int
    found: int
    wrong: int
    frames: int
    frames_right: int

    def __str__(self) -> str:
        return (
            f"the model found {self.found} of {self.shown} animals and people, with {self.wrong} wrong "
            f"detections; {self.frames_right} of {self.frames} frames are right in every count"
        )


def compare(story: Iterable[SceneBurst], answers: Mapping[str, DetectedFrame], taxa: TaxaTable) -> Agreement:
    """Judge the answers, by frame name. Raises KeyError for a frame of the story that has none.

    A name is right if it is the taxon's own or a wider one below "animal": Elephantidae for Loxodonta africana.
    """
    shown = found = wrong = frames = right = 0
    for scene in (frame for burst in story for frame in burst.frames):
        detections = answers[scene.name].detections
        hits = sum(min(count, _named(taxon, detections, taxa)) for taxon, count in scene.counts.items())
        total = sum(scene.counts.values())
        shown, found, wrong, frames = shown + total, found + hits, wrong + len(detections) - hits, frames + 1
        right += hits == total == len(detections)
    return Agreement(shown, found, wrong, frames, right)


def _named(taxon: str, detections: Iterable[Detection], taxa: TaxaTable) -> int:
    """How many detections name this taxon or one that contains it."""
    names = {wider.name for wider in taxa.lineage(taxon)} - {"animal"}
    return sum(count for name, count in Counter(d.taxon for d in detections).items() if name in names)
