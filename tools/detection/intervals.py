"""Intervals of 95 %: exact ones of a share, and those of figures whose frames come camera by camera.

Frames of one camera are alike, so that not frames but cameras are drawn again (the cluster bootstrap). The seed is
fixed: the same counts give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
# For each camera: how much was hit, and of how much.
Sums = Sequence[tuple[float, float]]

SEED = 20
DRAWS = 4000
_TAIL = 0.025


def over_cameras(sums: Sums) -> Interval:
    """Of the share of all, cameras being drawn with what they hold."""
    return _bootstrap(np.array(sums, dtype=float), lambda drawn: drawn[..., 0].sum(1) / drawn[..., 1].sum(1))


def mean_over_cameras(sums: Sums) -> Interval:
    """Of the mean of the cameras' shares."""
    return _bootstrap(np.array(sums, dtype=float), lambda drawn: (drawn[..., 0] / drawn[..., 1]).mean(1))


def of_difference(one: Mapping[str, tuple[float, float]], other: Mapping[str, tuple[float, float]]) -> Interval:
    """Of one share less another, the cameras of both being drawn together; draws that lack either do not count."""
    names = sorted(one.keys() | other.keys())
    sums = np.array([(*one.get(name, (0, 0)), *other.get(name, (0, 0))) for name in names], dtype=float)

    def difference(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        total = drawn.sum(axis=1)
        total = total[(total[:, 1] > 0) & (total[:, 3] > 0)]
        return np.asarray(total[:, 0] / total[:, 1] - total[:, 2] / total[:, 3])

    return _bootstrap(sums, difference)


def _bootstrap(sums: NDArray[np.float64], statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Interval:
    """``sums`` is ``(cameras, columns)``; the statistic gets ``(draws, cameras, columns)``. NaN without cameras."""
    if not len(sums):
        return math.nan, math.nan
    random = np.random.default_rng(SEED)
    low, high = np.quantile(statistic(sums[random.integers(0, len(sums), (DRAWS, len(sums)))]), [_TAIL, 1 - _TAIL])
    return float(low), float(high)


def clopper_pearson(hits: int, n: int) -> Interval:
    """The exact interval of a share whose cases are independent (Clopper and Pearson 1934)."""
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is no share")
    low = 0.0 if hits == 0 else _solve(lambda p: _tail(hits, n, p) - _TAIL)
    high = 1.0 if hits == n else _solve(lambda p: _TAIL - (1 - _tail(hits + 1, n, p)))
    return low, high


def _tail(least: int, n: int, p: float) -> float:
    """The chance of at least so many hits among n."""
    return math.fsum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(least, n + 1))


def _solve(rising: Callable[[float], float]) -> float:
    """Where a function that rises from below to above 0 between 0 and 1 crosses it, by halving."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
