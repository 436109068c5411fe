"""What a fixed camera's background means to an answer: between ``app.look``'s boxes and ``vision.scene``'s verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cameratrap.domain.detections import View
from cameratrap.domain.judged import Fate, JudgedBox
from cameratrap.domain.taxa import TaxaTable

if TYPE_CHECKING:
    from cameratrap.vision.scene import Judged, Scene


def new_scene(taxa: TaxaTable) -> Scene:
    """A scene that has seen nothing yet. People and vehicles are never suppressed, whatever stands there."""
    from cameratrap.vision.scene import Scene, SceneSettings

    others = frozenset(taxon.name for taxon in taxa if not taxa.is_animal(taxon.name))
    return Scene(SceneSettings(never_suppressed=others))


def verdict(boxes: Sequence[JudgedBox]) -> Judged:
    """What a scene is to remember of one frame: what was believed in it, and what was suppressed."""
    from cameratrap.vision.scene import Judged, Suppressed

    return Judged(
        tuple(box.detection for box in boxes if box.believed),
        tuple(
            Suppressed(box.detection, "fixture" if box.fate is Fate.FIXTURE else "unchanged")
            for box in boxes
            if box.fate.suppressed
        ),
    )


def is_infrared(view: View) -> bool:
    """Whether a scene takes a picture for one by infrared."""
    from cameratrap.vision.scene import SceneSettings

    return SceneSettings().is_infrared(view)
