"""The exact interval of 95 % of a count of rare and independent things (Garwood 1936)."""

from __future__ import annotations

import math

_TAIL = 0.025


def poisson_interval(count: int) -> tuple[float, float]:
    """How many there would be in the long run where so many were counted. Raises ValueError below 0."""
    if count < 0:
        raise ValueError(f"nobody counts {count}")
    low = 0.0 if count == 0 else _mean_with(1 - _TAIL, count - 1)
    return low, _mean_with(_TAIL, count)


def _mean_with(chance: float, count: int) -> float:
    """The mean at which ``count`` or fewer have that chance, by halving."""
    low, high = 0.0, 10.0 + 3 * count
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        terms = (math.exp(k * math.log(middle) - middle - math.lgamma(k + 1)) for k in range(count + 1))
        low, high = (middle, high) if math.fsum(terms) > chance else (low, middle)
    return (low + high) / 2
