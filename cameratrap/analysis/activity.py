"""Diel activity: at what time of day a taxon is recorded, as a von Mises kernel density on the circle.

The definitions are those of R's ``overlap`` (``densityFit``), so that a curve drawn here lies on one drawn there.
Times of day are radians: 0 and 2 pi are midnight, pi is noon. One record stands for one independent event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from cameratrap.analysis.activity_bandwidth import bandwidth, bessel
from cameratrap.errors import AnalysisError

Floats = NDArray[np.float64]
Times = Sequence[float] | Floats

POINTS = 129  # midnight to midnight, both of them, every 11 minutes
FEW_RECORDS = 10  # with fewer the curve says more of the kernel than of the animals
HOURS_PER_RADIAN = 24 / (2 * pi)
_AT_A_TIME = 1 << 20  # differences that are held at once


@dataclass(frozen=True, slots=True, eq=False)
class ActivityCurve:
    """A density around the day. ``radians`` (points,) from 0 to 2 pi; ``density`` (points,) per radian.

    ``times`` (n,) are the records it was made of. ``bandwidth`` is the kernel's concentration before it was divided
    by ``adjust``: an adjustment above 1 smooths more.
    """

    radians: Floats
    density: Floats
    times: Floats
    bandwidth: float
    adjust: float

    @property
    def n(self) -> int:
        """How many records it rests on."""
        return len(self.times)

    @property
    def density_per_hour(self) -> Floats:
        """The density whose integral over 24 hours is 1."""
        return self.density / HOURS_PER_RADIAN

    def points(self) -> Iterator[tuple[float, float, float, float]]:
        """Each point: the hour of the day, the density per hour, and the same in radians and per radian."""
        hours = np.linspace(0, 24, len(self.radians))
        for point in zip(hours, self.density_per_hour, self.radians, self.density, strict=True):
            hour, per_hour, radians, per_radian = map(float, point)
            yield hour, per_hour, radians, per_radian


def activity_curve(
    times: Times, *, points: int = POINTS, adjust: float = 1.0, kappa: float | None = None
) -> ActivityCurve:
    """The curve of ``times`` (n,), radians in any order, at ``points`` times from midnight to midnight.

    ``kappa`` is the kernel's concentration, overlap::getBandWidth's where none is given. Raises AnalysisError where
    the times do not determine it.
    """
    records = on_the_clock(times)
    chosen = bandwidth(records) if kappa is None else kappa
    at = np.linspace(0, 2 * pi, points)
    return ActivityCurve(at, density(records, at, chosen / adjust), records, chosen, adjust)


def density(times: Floats, at: Floats, kappa: float) -> Floats:
    """The density per radian at each of ``at`` (m,): a von Mises kernel of concentration ``kappa`` on each record.

    Equals overlap::densityFit(times, at, kappa). Raises AnalysisError where there are no times.
    """
    if not len(times):
        raise AnalysisError("there are no records to draw an activity curve through")
    kernels, weights = np.unique(times, return_counts=True)  # clocks tell seconds, many records the same one
    rows = max(1, _AT_A_TIME // len(kernels))
    sums = [
        np.exp(kappa * (np.cos(at[i : i + rows, np.newaxis] - kernels) - 1)) @ weights for i in range(0, len(at), rows)
    ]
    found: Floats = np.concatenate(sums) / (len(times) * 2 * pi * bessel(0, kappa))
    return found


def on_the_clock(times: Times) -> Floats:
    """Times of day as radians from 0 to 2 pi. Raises AnalysisError for what is no number."""
    values = np.asarray(times, dtype=np.float64)
    if not np.all(np.isfinite(values)):
        raise AnalysisError("a time of day is not a number")
    return np.where((values < 0) | (values > 2 * pi), values % (2 * pi), values)
