"""Species accumulation: how many species so many sampling units show on average, and how fast that still rises.

A sampling unit is one camera-day, or one station, or one occasion; all that matters of it is which species it shows.
The curve is the analytic expectation over every order of the units (Mao Tau; Colwell, Mao and Chang 2004, Ecology
85:2717-2727; what vegan's specaccum calls ``exact``), so nothing is drawn at random. Its standard deviation is theirs
too (their equation 6): unconditional, so that it does not shrink to nothing at the last unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from cameratrap.analysis.accumulation_chao import chao2
from cameratrap.errors import AnalysisError

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Accumulated:
    """The species expected in so many units, with the standard deviation and the normal interval about it."""

    units: int
    species: float
    standard_deviation: float
    low: float
    high: float


def incidence(units: Iterable[Collection[str]]) -> tuple[dict[str, int], int]:
    """In how many of the units each species is, and how many units there are, those without any included."""
    seen: Counter[str] = Counter()
    total = 0
    for unit in units:
        seen.update(set(unit))
        total += 1
    return dict(seen), total


def accumulation(frequencies: Mapping[str, int], units: int, *, level: float = LEVEL) -> list[Accumulated]:
    """The curve from 1 to ``units`` units. ``frequencies``: in how many of them each species was found.

    Raises AnalysisError where there are no units, or a species is in more units than there are.
    """
    if units < 1:
        raise AnalysisError("there are no sampling units to accumulate species over")
    counts = Counter(count for count in frequencies.values() if count)
    if counts and (max(counts) > units or min(counts) < 0):
        raise AnalysisError(f"a species cannot be in {max(counts)} of {units} units")
    expected_in_all = chao2(frequencies.values(), units).estimate
    z = NormalDist().inv_cdf((1 + level) / 2)
    missed = dict.fromkeys(counts, 1.0)  # by frequency: the chance that so many units show none of a species' units
    curve = []
    for drawn in range(1, units + 1):
        for count in counts:
            missed[count] *= max(units - count - drawn + 1, 0) / (units - drawn + 1)
        curve.append(_point(drawn, counts, missed, expected_in_all, z))
    return curve


def _point(drawn: int, counts: Mapping[int, int], missed: Mapping[int, float], in_all: float, z: float) -> Accumulated:
    species = sum(number * (1 - missed[count]) for count, number in counts.items())
    squares = sum(number * (1 - missed[count]) ** 2 for count, number in counts.items())
    deviation = sqrt(max(squares - species**2 / in_all, 0.0)) if in_all else 0.0
    return Accumulated(drawn, species, deviation, max(species - z * deviation, 0.0), species + z * deviation)
