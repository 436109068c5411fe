"""A second model behind a detector: it names what the detector found, cut out of the picture in its full resolution.

It costs time only where there is something to name. What it cannot name better stays as the detector said, and so do
the box and the score: a score says how sure it is that something is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from cameratrap.app.images import StillImage, read_image
from cameratrap.app.models import ModelFolder
from cameratrap.domain.detections import BBox, DetectedFrame, Detection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.drivers.runtimes import AUTO
from cameratrap.drivers.tflite import decode
from cameratrap.drivers.tflite_model import TfliteModel
from cameratrap.errors import ModelError
from cameratrap.ports import Detector, Frame
from cameratrap.vision.crops import crop_window
from cameratrap.vision.heads import class_scores
from cameratrap.vision.preprocess import Pixels
from cameratrap.vision.rollup import Named, RollUp


class TfliteClassifier:
    """A model folder of the head ``classifier``. Not for several threads at once."""

    def __init__(
        self, model: ModelFolder, taxa: TaxaTable, *, runtime: str = AUTO, threads: int = 1, delegate: bool = True
    ) -> None:
        """Load the model. Raises ModelError, as a detector does, and for a model that is a detector itself."""
        manifest, given = model.manifest, model.manifest.classifier
        if given is None:
            raise ModelError(
                f"the model {model.name} is no classifier",
                why=f"its head is {manifest.output.head}",
                hint="give it as detector.model",
            )
        self.manifest = manifest
        self._taxa = taxa
        self._margins = given.margins
        self._applies_to = frozenset(taxa.resolve(name).name for name in given.applies_to)
        self._applies_to_labels = frozenset(given.applies_to_labels)
        self._roll_up = RollUp(model.labels, taxa, score_threshold=manifest.score_threshold)
        self._model = TfliteModel(model, runtime=runtime, threads=threads, delegate=delegate)

    def applies_to(self, found: Detection) -> bool:
        """Whether its manifest names the detection's taxon, one above it, or the detector's label."""
        if found.model_label in self._applies_to_labels:
            return True
        return any(taxon.name in self._applies_to for taxon in self._taxa.lineage(found.taxon))

    def name(self, still: StillImage, detections: Iterable[Detection]) -> dict[Detection, Named]:
        """Better names for some of the detections. Raises ImageError, ModelError."""
        chosen = [found for found in detections if self.applies_to(found)]
        if not chosen:
            return {}
        pixels = self._decode(still, [found.bbox for found in chosen])
        named = {found: self._name(pixels, found) for found in chosen}
        return {found: name for found, name in named.items() if name is not None}

    def close(self) -> None:
        """Give the model's memory back."""
        self._model.close()

    def _name(self, pixels: Pixels, found: Detection) -> Named | None:
        scores = np.mean([self._scores(pixels, found.bbox, margin) for margin in self._margins], axis=0)
        return self._roll_up.name(scores, found.taxon)

    def _scores(self, pixels: Pixels, box: BBox, margin: float) -> NDArray[np.float64]:
        height, width = pixels.shape[:2]
        left, top, right, bottom = crop_window(box, width, height, self.manifest.input_spec, margin)
        tensors, _ = self._model.run(pixels[top:bottom, left:right])
        return class_scores(tensors, self.manifest.output_spec)

    def _decode(self, still: StillImage, boxes: Iterable[BBox]) -> Pixels:
        """The picture, large enough for the smallest crop to fill the model's input, where it is as large as that."""
        spec = self.manifest.input_spec
        closest = min(self._margins)
        windows = [crop_window(box, still.width, still.height, spec, closest) for box in boxes]
        scale = min(spec.width / min(right - left for left, _, right, _ in windows), 1.0)
        whole = replace(spec, width=ceil(still.width * scale), height=ceil(still.height * scale), resize="stretch")
        return decode(still, whole)


class ClassifyingDetector:
    """A detector and the classifier behind it, as one detector; records name both."""

    def __init__(self, detector: Detector, classifier: TfliteClassifier) -> None:
        self._detector = detector
        self._classifier = classifier

    @property
    def name(self) -> str:
        return f"{self._detector.name}+{self._classifier.manifest.name}"

    @property
    def version(self) -> str:
        return f"{self._detector.version}+{self._classifier.manifest.version}"

    @property
    def sha256(self) -> str:
        return f"{self._detector.sha256}+{self._classifier.manifest.sha256}"

    @property
    def score_threshold(self) -> float | None:
        return self._detector.score_threshold

    def detect(self, frame: Frame) -> DetectedFrame:
        """Raises ImageError for a picture that cannot be read, ModelError when a model fails on it."""
        seen = self._detector.detect(frame)
        if not any(self._classifier.applies_to(found) for found in seen.detections):
            return seen
        names = self._classifier.name(read_image(frame.jpeg), seen.detections)
        return replace(seen, detections=tuple(_renamed(found, names.get(found)) for found in seen.detections))

    def close(self) -> None:
        """Give the memory of both models back."""
        self._detector.close()
        self._classifier.close()


def _renamed(found: Detection, named: Named | None) -> Detection:
    """Under its better name; the label shows both models' words."""
    if named is None:
        return found
    return replace(found, taxon=named.taxon, model_label=f"{found.model_label} > {named.label}")
