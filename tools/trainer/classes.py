"""The classes our detector tells apart, and which class a box of any source belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cameratrap.resources import builtin_taxa


@dataclass(frozen=True, slots=True)
class TrainedClass:
    """One class: its word, what it is in the taxa table, and the COCO classes it starts from."""

    label: str
    taxon: str
    coco: tuple[int, ...]


# Mammals stay one class: no source with a licence we can ship shows enough of them from a camera trap.
CLASSES: tuple[TrainedClass, ...] = (
    TrainedClass("animal", "animal", (15, 16, 17, 18, 19, 20, 21, 22, 23)),
    TrainedClass("bird", "Aves", (14,)),
    TrainedClass("person", "Homo sapiens", (0,)),
    TrainedClass("vehicle", "vehicle", (1, 2, 3, 5, 6, 7)),
)
ANIMAL_CLASSES = (0, 1)

# Words of the sources that the taxa table does not hold.
_ALSO = {"panda": "Ursidae", "wildcat/cat": "Felis", "rodent/lagomorph": "Mammalia", "boar/pig": "Suidae"}


@cache
def class_of(word: str) -> int:
    """The index of the narrowest class that what a source calls ``word`` belongs to.

    Raises TaxonError for a word that nobody has placed yet: a box is never filed by guess.
    """
    lineage: Sequence[str] = [taxon.name for taxon in builtin_taxa().lineage(_ALSO.get(word, word))]
    for name in lineage:
        for index, trained in enumerate(CLASSES):
            if trained.taxon == name:
                return index
    raise ValueError(f"{word!r} is neither an animal nor a person nor a vehicle")
