"""What is wrong with a ``model.toml`` whose keys are all there and of the right kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import TaxonError
from cameratrap.vision.specs import ROLES

if TYPE_CHECKING:
    from cameratrap.app.manifest import Manifest


def contradictions(manifest: Manifest) -> Iterator[str]:
    """What its keys, each right by itself, cannot be together."""
    given, head = manifest.input, manifest.output
    if (given.scale is None) is not (given.zero is None) or (given.mean is None) is not (given.std is None):
        yield "input: scale goes with zero, and mean with std"
    if (given.scale is None) is (given.mean is None):
        yield "input: give either scale and zero, or mean and std"
    if given.scale == 0 or 0 in (given.std or []):
        yield "input: scale and std cannot be 0"
    if (head.head == "yolo") is (head.layout == ""):
        yield "output.layout: the head yolo needs one (yolox, yolov5 or yolov8), another head has none"
    if (head.head == "classifier") is (manifest.classifier is None):
        yield "classifier: the head classifier needs this table, another head has none"
    if head.head == "classifier":
        yield from _low_thresholds(manifest)
    for role in head.tensors.keys() - set(ROLES[head.head]):
        yield f"output.tensors.{role}: the head {head.head} knows only {', '.join(ROLES[head.head])}"
    for index, times in Counter(entry.index for entry in manifest.labels).items():
        if times > 1:
            yield f"labels: index {index} is given {times} times"


def _low_thresholds(manifest: Manifest) -> Iterator[str]:
    """Above one half only one of two taxa apart from each other can be supported."""
    if manifest.score_threshold <= 0.5:
        yield "score_threshold: must be above 0.5 for the head classifier"
    for place, entry in enumerate(manifest.labels):
        if entry.score_threshold is not None and entry.score_threshold <= 0.5:
            yield f"labels[{place}].score_threshold: must be above 0.5 for the head classifier"


def unknown_taxa(manifest: Manifest, taxa: TaxaTable) -> Iterator[str]:
    """The names of taxa that the table does not have."""
    for place, entry in enumerate(manifest.labels):
        try:
            entry.resolve(taxa)
        except TaxonError as error:
            yield f"labels[{place}].taxon: {error}" + (f" ({error.hint})" if error.hint else "")
    for place, name in enumerate(manifest.classifier.applies_to if manifest.classifier else ()):
        if name not in taxa:
            hint = "what a detector calls it goes under applies_to_labels"
            yield f"classifier.applies_to[{place}]: no taxon is called {name!r} ({hint})"
