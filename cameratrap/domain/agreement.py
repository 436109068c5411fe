"""What names of different ranks say together: of one animal, and of all that were seen at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from cameratrap.domain.detections import max_n
from cameratrap.domain.taxa import TaxaTable


def agreed_name(votes: Iterable[tuple[str, float]], taxa: TaxaTable) -> str:
    """The finest taxon that more than half of the votes' weight stands behind; a taxon stands behind its ancestors.

    There is at least one vote, and every weight is above 0.
    """
    behind: defaultdict[str, float] = defaultdict(float)
    total = 0.0
    for taxon, weight in votes:
        total += weight
        for step in taxa.lineage(taxon):
            behind[step.name] += weight
    # Two that exclude each other cannot both have more than half: what is left is one line of descent.
    return max((name for name in behind if 2 * behind[name] > total), key=lambda name: len(taxa.lineage(name)))


def most_at_once(frames: Iterable[Mapping[str, int]], taxa: TaxaTable) -> dict[str, int]:
    """MaxN of each taxon where names may be of different ranks, from how often each frame says each name.

    A taxon with everything below it is as many as were seen of these at once, or as its parts together if those are
    more; what its parts do not account for is what is told under its own name.
    """
    within = max_n(_with_ancestors(counts, taxa) for counts in frames)
    accounted: Counter[str] = Counter()
    own: dict[str, int] = {}
    for name in sorted(within, key=lambda name: -len(taxa.lineage(name))):
        together = max(within[name], accounted[name])
        own[name] = together - accounted[name]
        for parent in taxa.lineage(name)[1:2]:
            accounted[parent.name] += together
    return {name: count for name, count in own.items() if count}


def _with_ancestors(counts: Mapping[str, int], taxa: TaxaTable) -> Counter[str]:
    total: Counter[str] = Counter()
    for name, count in counts.items():
        for step in taxa.lineage(name):
            total[step.name] += count
    return total
