"""How many species there are beyond those that were seen, from how many were seen only once and only twice.

Chao1 takes how often each species was recorded, Chao2 in how many sampling units. Both as Chao et al. (2014,
Ecological Monographs 84:45-67) and the R package iNEXT have them: with the factor (n - 1) / n, the bias-corrected form
where nothing was seen twice, the variance of Chao (1987) and her log-normal interval. They are lower bounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Richness:
    """The species seen, the estimate of all there are, its standard error and its confidence interval."""

    observed: int
    estimate: float
    standard_error: float
    low: float
    high: float


def chao1(records: Iterable[int], *, level: float = 0.95) -> Richness:
    """From how many records, or individuals, there are of each species."""
    found = [count for count in records if count]
    return _chao(found, sum(found), level)


def chao2(frequencies: Iterable[int], units: int, *, level: float = 0.95) -> Richness:
    """From in how many of the ``units`` each species was found."""
    return _chao([count for count in frequencies if count], units, level)


def _chao(found: list[int], n: int, level: float) -> Richness:
    counts = Counter(found)
    observed, once, twice = len(found), counts[1], counts[2]
    z = NormalDist().inv_cdf((1 + level) / 2)
    if not (once and twice) and not (once > 1 and not twice):
        return _all_seen(counts, observed, n, z)
    share = (n - 1) / n
    if twice:
        ratio = once / twice
        unseen = share * once**2 / (2 * twice)
        variance = twice * (share * ratio**2 / 2 + share**2 * ratio**3 + share**2 * ratio**4 / 4)
    else:
        unseen = share * once * (once - 1) / 2
        variance = unseen + share**2 * (once * (2 * once - 1) ** 2 - once**4 / (observed + unseen)) / 4
    if not unseen:  # a single unit or record
        return _all_seen(counts, observed, n, z)
    spread = exp(z * sqrt(log(1 + variance / unseen**2)))
    return Richness(observed, observed + unseen, sqrt(variance), observed + unseen / spread, observed + unseen * spread)


def _all_seen(counts: Mapping[int, int], observed: int, n: int, z: float) -> Richness:
    """Nothing says that a species was missed: the estimate is what was seen, and only its sampling error is left."""
    if not observed:
        return Richness(0, 0.0, 0.0, 0.0, 0.0)
    variance = sum(number * (exp(-i) - exp(-2 * i)) for i, number in counts.items())
    variance -= sum(i * exp(-i) * number for i, number in counts.items()) ** 2 / n
    error = sqrt(max(variance, 0.0))
    seen = 1 - sum(number * exp(-i) for i, number in counts.items()) / observed
    return Richness(
        observed,
        float(observed),
        error,
        max(float(observed), (observed - z * error) / seen),
        (observed + z * error) / seen,
    )
