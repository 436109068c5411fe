"""What the scene knows before a burst, always as the card has it: after a restart, or a burst looked at once more."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from cameratrap.app.scenes import new_scene, verdict
from cameratrap.domain.detections import DetectedFrame
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.analyses import stored_boxes
from cameratrap.store.views import remembered, remembered_before, view_of

if TYPE_CHECKING:
    from cameratrap.vision.scene import Scene


class SceneMemory:
    """A scene that has learned exactly the bursts that the card remembers from before the one that is looked at.

    It learns from what is stored and from nothing else, so that a trap that was never switched off and one that was
    just started judge alike.
    """

    def __init__(self, connection: sqlite3.Connection, taxa: TaxaTable) -> None:
        self._connection = connection
        self._taxa = taxa
        self._learned: list[str] = []
        self._scene: Scene | None = None

    def before(self, burst: str) -> Scene:
        """The scene as it was known when the burst began."""
        wanted = remembered_before(self._connection, burst)
        kept = remembered(self._connection)
        # A burst that the card keeps no longer has left the scene's own memory before.
        learned = [each for each in self._learned if each in kept]
        if self._scene is None or learned != wanted[: len(learned)]:
            self._scene, learned = new_scene(self._taxa), []
        for each in wanted[len(learned) :]:
            self._learn(self._scene, each)
        self._learned = list(wanted)
        return self._scene

    def _learn(self, scene: Scene, burst: str) -> None:
        seen = view_of(self._connection, burst)
        if seen is None:
            return
        boxes = stored_boxes(self._connection, burst)
        numbers = sorted({seen.media, *boxes})
        verdicts = [verdict(boxes.get(number, [])) for number in numbers]
        frames = [
            DetectedFrame(seen.view.width, seen.view.height, judged.detections, view=seen.view if own else None)
            for judged, own in zip(verdicts, (number == seen.media for number in numbers), strict=True)
        ]
        scene.learn(frames, verdicts)
