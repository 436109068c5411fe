"""From a classifier's scores to the finest taxon that they support.

A score that is too low for a species may still be enough, together with those of its relatives, for their genus, family
or order: the scores of all labels below a taxon are added up. What is named is true more often than the best label,
and never finer than the evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cameratrap.domain.taxa import TaxaTable
from cameratrap.vision.specs import Label


@dataclass(frozen=True, slots=True)
class Named:
    """What a crop shows: a taxon of the table, the best of the classifier's labels below it, and their scores' sum."""

    taxon: str
    label: str
    support: float


class RollUp:
    """The classes of one classifier in the tree of taxa."""

    def __init__(self, labels: Mapping[int, Label], taxa: TaxaTable, *, score_threshold: float) -> None:
        """``labels`` by the model's index. A label's own ``score_threshold`` holds for the taxon that it is itself,
        the general one for those above it; all are above 0.5. Raises TaxonError for a taxon not in the table."""
        self._names = [labels[index].name for index in sorted(labels)]
        self._indices = sorted(labels)
        lineages = [[taxon.name for taxon in taxa.lineage(labels[index].taxon)] for index in self._indices]
        self._lineages = {name: lineage[place:] for lineage in lineages for place, name in enumerate(lineage)}
        self._below = np.array([[name in lineage for lineage in lineages] for name in self._lineages])
        own: dict[str, float] = {}
        for label in labels.values():
            own[label.taxon] = max(label.score_threshold, own.get(label.taxon, 0.0))
        thresholds = np.array([own.get(name, score_threshold) for name in self._lineages])
        # A taxon that every label belongs to is no finding: the classifier can say nothing else.
        self._thresholds = np.where(self._below.all(axis=1), np.inf, thresholds)

    def name(self, scores: NDArray[np.float64], known: str) -> Named | None:
        """The finest taxon below ``known`` that ``scores`` ``(n,)``, one a class of the model, support; else None.

        Scores of one picture add up to one and thresholds are above one half, so that of two taxa apart from each
        other only one can be supported: those that are lie on one line of descent.
        """
        of_labels = scores[self._indices]
        support = self._below @ of_labels
        found = [
            (len(lineage), float(support[place]), taxon, place)
            for place, (taxon, lineage) in enumerate(self._lineages.items())
            if support[place] >= self._thresholds[place] and known in lineage[1:]
        ]
        if not found:
            return None
        _, sum_below, taxon, place = max(found)
        best = int(np.argmax(np.where(self._below[place], of_labels, -1.0)))
        return Named(taxon, self._names[best], min(sum_below, 1.0))
