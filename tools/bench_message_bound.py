"""What tallies cost alone, and what they would cost in a code made for the very study that it is measured on.

That code knows how often each taxon had which events and individuals on how many days of the study, taxa independent of
each other, and spends the logarithm of it. No code that knows less comes below it, and a trap cannot know as much; a
code that learned from the station's own days before might, since animals stay where they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log2

from cameratrap.domain.summaries import DailySummary

Seen = tuple[int, int]  # events and individuals; none is (0, 0)


def ideal_bytes(days: Sequence[DailySummary]) -> list[float]:
    """The bytes of each day's tallies in such a code, fractions too; of rounded days, so that taxa have one name."""
    counts: dict[str, Counter[Seen]] = {}
    for day in days:
        for tally in day.tallies:
            counts.setdefault(tally.taxon, Counter())[tally.events, tally.individuals] += 1
    for seen in counts.values():
        seen[0, 0] = len(days) - seen.total()
    return [_bits(day, counts, len(days)) / 8 for day in days]


def _bits(day: DailySummary, counts: dict[str, Counter[Seen]], total: int) -> float:
    here = {tally.taxon: (tally.events, tally.individuals) for tally in day.tallies}
    return sum(log2(total / seen[here.get(taxon, (0, 0))]) for taxon, seen in counts.items())
