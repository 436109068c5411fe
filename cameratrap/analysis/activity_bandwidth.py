"""How far the records of a diel activity curve are smoothed: Taylor's rule as R's ``overlap`` applies it.

The sample's first trigonometric moments are compared with those of a von Mises distribution; the sharpest of the
concentrations found is put into Taylor's rule for the bandwidth. Ridout and Linkie (2009), Journal of Agricultural,
Biological and Environmental Statistics 14:322-337; Taylor (2008), Computational Statistics and Data Analysis
52:3493-3500.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, hypot, pi, sqrt
from sys import float_info

import numpy as np
from numpy.typing import NDArray

from cameratrap.errors import AnalysisError

Floats = NDArray[np.float64]

MOMENTS = 3  # ``kmax`` of overlap::getBandWidth
_LEAST, _MOST = 0.0001, 345.0  # the concentrations between which it is looked for
_TURN = np.linspace(0, 2 * pi, 256, endpoint=False)  # enough for the sharpest of them
# R's ``uniroot`` stops that far from the root, and the bandwidth's fourth digit depends on where it stops.
_TOLERANCE = float_info.epsilon**0.25


def bandwidth(times: Floats) -> float:
    """The concentration of the von Mises kernel for ``times`` (n,), radians of the day: larger is less smooth.

    Equals overlap::getBandWidth(times, kmax = 3). Raises AnalysisError where the times do not determine one: fewer
    than two, or all so close together that no concentration up to 345 fits.
    """
    kappas = [kappa for k in range(1, MOMENTS + 1) if (kappa := _concentration(times, k)) is not None]
    if len(times) < 2 or not kappas:
        raise AnalysisError(
            "no activity curve can be drawn through these records",
            why=f"{len(times)} of them, at {len(np.unique(times))} different times of day, determine no bandwidth",
            hint="take more records, or give a --bandwidth",
        )
    kappa = max(kappas)
    curvature = 3 * len(times) * kappa**2 * bessel(2, 2 * kappa)
    return float((curvature / (4 * sqrt(pi) * bessel(0, kappa) ** 2)) ** 0.4)


def bessel(order: int, x: float) -> float:
    """exp(-x) I_order(x): the modified Bessel function of the first kind, scaled so that it never overflows.

    It is the mean of a periodic function, which equally spaced points give to machine precision once there are
    several times sqrt(x) of them.
    """
    turn = np.linspace(0, 2 * pi, 64 + int(10 * sqrt(x)), endpoint=False)
    return float(np.mean(np.exp(x * (np.cos(turn) - 1)) * np.cos(order * turn)))


def _concentration(times: Floats, k: int) -> float | None:
    """The concentration whose k-th moment is the sample's; None where there is none in the range."""
    moment, wave = _moment(times, k), np.cos(k * _TURN)

    def excess(kappa: float) -> float:
        weights = np.exp(kappa * (np.cos(_TURN) - 1))
        return float(weights @ wave / np.sum(weights)) - moment  # I_k(kappa) / I_0(kappa), as ``bessel`` has them

    low, high = excess(_LEAST), excess(_MOST)
    return _root(excess, _LEAST, _MOST, low, high) if low * high <= 0 else None


def _moment(times: Floats, k: int) -> float:
    """The length of the k-th trigonometric moment about the circular mean."""
    if not len(times):
        return 0.0
    middle = np.arctan2(np.sum(np.sin(times)), np.sum(np.cos(times)))
    return hypot(float(np.mean(np.sin(k * (times - middle)))), float(np.mean(np.cos(k * (times - middle)))))


def _root(f: Callable[[float], float], a: float, b: float, fa: float, fb: float) -> float:
    """Where ``f`` is zero between ``a`` and ``b``, by Brent's method with the tolerance of R's ``uniroot``.

    ``b`` is always the best guess, ``a`` the guess before it, ``c`` the other end of the bracket.
    """
    c, fc = a, fa
    while True:
        if abs(fc) < abs(fb):
            a, b, c, fa, fb, fc = b, c, b, fb, fc, fb
        nearest = 2 * float_info.epsilon * abs(b) + _TOLERANCE / 2
        half = (c - b) / 2
        if abs(half) <= nearest or fb == 0:
            return b
        step = _step((a, b, c), (fa, fb, fc), nearest)
        if abs(step) < nearest:
            step = copysign(nearest, step)
        a, fa = b, fb
        b += step
        fb = f(b)
        if fb * fc > 0:
            c, fc = a, fa


def _step(points: tuple[float, float, float], values: tuple[float, float, float], nearest: float) -> float:
    """The next step from b: interpolated where that promises more than halving, else half the bracket."""
    (a, b, c), (fa, fb, fc) = points, values
    half, before = (c - b) / 2, b - a
    if abs(before) < nearest or abs(fa) <= abs(fb):
        return half
    if a == c:
        p, q = (c - b) * fb / fa, 1 - fb / fa
    else:
        ac, bc, ba = fa / fc, fb / fc, fb / fa
        p = ba * ((c - b) * ac * (ac - bc) - (b - a) * (bc - 1))
        q = (ac - 1) * (bc - 1) * (ba - 1)
    p, q = (p, -q) if p > 0 else (-p, q)
    falls_within = p < 0.75 * (c - b) * q - abs(nearest * q) / 2 and p < abs(before * q / 2)
    return p / q if falls_within else half
