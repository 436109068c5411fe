"""How far the activity of two taxa overlaps: the area under the lower of two densities, from 0 to 1.

Two estimators of Ridout and Linkie (2009), as R's ``overlap::overlapEst`` computes them. Dhat1 compares the curves at
equally spaced times, over kernels smoothed by 1/0.8 of what the curves themselves are; Dhat4 compares them at the
times of the records. Dhat4 is used where both samples have more than 50 records, Dhat1 otherwise. Dhat5 jumps
when a single record moves and can exceed 1: it is never used.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import pi

import numpy as np

from cameratrap.analysis.activity import Floats, Times, density, on_the_clock
from cameratrap.analysis.activity_bandwidth import bandwidth

MANY_RECORDS = 50
GRID = 128  # points from midnight to midnight, both of them
# Beyond so many records for each point Dhat4 reads the densities between the points instead of at each record.
_INTERPOLATED_FROM = 1.1


class Estimator(StrEnum):
    """Which of the two."""

    DHAT1 = "Dhat1"
    DHAT4 = "Dhat4"


# What overlap::overlapEst divides the bandwidth by.
ADJUST = {Estimator.DHAT1: 0.8, Estimator.DHAT4: 1.0}


@dataclass(frozen=True, slots=True)
class Overlap:
    """A coefficient of overlapping, and what it rests on. ``adjust`` divided both bandwidths."""

    value: float
    estimator: Estimator
    n_a: int
    n_b: int
    adjust: float


def choose(n_a: int, n_b: int) -> Estimator:
    """The estimator for samples of so many records."""
    return Estimator.DHAT4 if min(n_a, n_b) > MANY_RECORDS else Estimator.DHAT1


def overlap(a: Times, b: Times, *, estimator: Estimator | None = None, adjust: float | None = None) -> Overlap:
    """The overlap of two samples of times of day, (n,) and (m,) radians.

    The estimator is chosen by the sizes, the adjustment by the estimator, where they are not given. Raises
    AnalysisError where either sample determines no bandwidth.
    """
    one, other = on_the_clock(a), on_the_clock(b)
    chosen = choose(len(a), len(b)) if estimator is None else estimator
    smoothing = ADJUST[chosen] if adjust is None else adjust
    kappas = bandwidth(one) / smoothing, bandwidth(other) / smoothing
    compare = dhat1 if chosen is Estimator.DHAT1 else dhat4
    return Overlap(compare(one, other, *kappas), chosen, len(a), len(b), smoothing)


def dhat1(a: Floats, b: Floats, kappa_a: float, kappa_b: float) -> float:
    """The overlap of the densities at equally spaced times; the kernels have those concentrations."""
    at = np.linspace(0, 2 * pi, GRID)[1:]  # midnight counts once
    density_a, density_b = density(a, at, kappa_a), density(b, at, kappa_b)
    return float(np.sum(np.minimum(density_a / np.sum(density_a), density_b / np.sum(density_b))))


def dhat4(a: Floats, b: Floats, kappa_a: float, kappa_b: float) -> float:
    """The mean, over the records of each sample, of how far the other's density reaches up to its own."""
    records = np.concatenate([a, b])
    at_a, at_b = _at_records(a, kappa_a, records), _at_records(b, kappa_b, records)
    in_a, in_b = slice(None, len(a)), slice(len(a), None)
    share_a = np.mean(np.minimum(1, at_b[in_a] / at_a[in_a]))
    share_b = np.mean(np.minimum(1, at_a[in_b] / at_b[in_b]))
    return float((share_a + share_b) / 2)


def _at_records(times: Floats, kappa: float, records: Floats) -> Floats:
    if len(records) <= GRID * _INTERPOLATED_FROM:
        return density(times, records, kappa)
    grid = np.linspace(0, 2 * pi, GRID)
    return np.interp(records, grid, density(times, grid, kappa))
