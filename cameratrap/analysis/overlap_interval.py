"""How sure an overlap is: a smoothed bootstrap, and the interval ``basic0`` of R's ``overlap``.

Each resample is drawn from the two fitted densities, not from the records themselves, which for small samples keeps
its bias low. Smoothed resamples are flatter than the data and overlap more; ``basic0`` takes that bias out by moving
the percentiles to where the estimate is. Meredith and Ridout, overlap::bootstrap and overlap::bootCI.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, pi
from statistics import NormalDist

import numpy as np

from cameratrap.analysis.activity import Floats, Times, density, on_the_clock
from cameratrap.analysis.activity_bandwidth import bandwidth
from cameratrap.analysis.overlap import Overlap, overlap
from cameratrap.errors import AnalysisError

RESAMPLES = 1000
LEVEL = 0.95
_GRID = 512  # the times of day at which a resample may fall: every 2.8 minutes


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval. ``level`` is the share of such intervals that hold the truth, 0.95 for instance."""

    low: float
    high: float
    level: float


def overlap_interval(
    a: Times, b: Times, estimate: Overlap, *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> Interval:
    """The interval about ``estimate``, which is the overlap of the samples ``a`` (n,) and ``b`` (m,), in radians.

    The same seed gives the same interval, by the same numpy. It can reach beyond 0 or 1, as R's does. Raises
    AnalysisError where there are too few resamples for the level.
    """
    random = np.random.default_rng(seed)
    drawn_a, drawn_b = (_resamples(on_the_clock(times), resamples, random) for times in (a, b))
    values = [_again(one, other, estimate) for one, other in zip(drawn_a, drawn_b, strict=True)]
    return basic0(estimate.value, [value for value in values if value is not None], level)


def basic0(estimate: float, replicates: list[float], level: float = LEVEL) -> Interval:
    """The replicates' percentiles, moved by their bias. Raises AnalysisError where they are too few for the level.

    A percentile between two replicates is interpolated on the normal scale, as in R's ``boot::boot.ci``.
    """
    ordered = sorted(replicates)
    bias = sum(ordered) / len(ordered) - estimate if ordered else 0.0
    low, high = (_percentile(ordered, share) for share in ((1 - level) / 2, (1 + level) / 2))
    return Interval(low - bias, high - bias, level)


def _again(a: Floats, b: Floats, estimate: Overlap) -> float | None:
    """The overlap of two resamples; None where one of them determines no bandwidth, as overlap::bootCI leaves out."""
    try:
        return overlap(a, b, estimator=estimate.estimator, adjust=estimate.adjust).value
    except AnalysisError:
        return None


def _percentile(ordered: list[float], share: float) -> float:
    places = len(ordered) + 1
    rank = places * share
    if not 1 < rank < len(ordered):
        raise AnalysisError(
            f"{len(ordered)} resamples are too few for that interval", hint="40 are the least for 95 %; 1000 are usual"
        )
    below = floor(rank)
    if below == rank:
        return ordered[below - 1]
    wanted, lower, upper = (NormalDist().inv_cdf(each / places) for each in (rank, below, below + 1))
    return ordered[below - 1] + (wanted - lower) / (upper - lower) * (ordered[below] - ordered[below - 1])


def _resamples(times: Floats, count: int, random: np.random.Generator) -> Floats:
    """As many times again, ``count`` times, out of the density that the records have: (count, n)."""
    grid = np.linspace(0, 2 * pi, _GRID)[1:]
    weights = density(times, grid, bandwidth(times))
    drawn: Floats = random.choice(grid, size=(count, len(times)), p=weights / np.sum(weights))
    return drawn
