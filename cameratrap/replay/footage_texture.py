"""Noise and blur: what gives drawn surfaces their grain."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cameratrap.replay.footage_solids import Array

Numbers = npt.NDArray[Any]
TILE = 256


@lru_cache(maxsize=8)
def _tile(seed: int) -> Array:
    return np.random.default_rng(seed).random((TILE, TILE), dtype=np.float32)


def value_noise(x: Numbers, y: Numbers, seed: int) -> Array:
    """Smooth noise in 0..1 with one lattice point a unit; it repeats after 256 units."""
    tile = _tile(seed)
    x, y = np.broadcast_arrays(x, y)
    column, row = np.floor(x), np.floor(y)
    u, v = x - column, y - row
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    i, j = row.astype(np.int32) % TILE, column.astype(np.int32) % TILE
    below, right = (i + 1) % TILE, (j + 1) % TILE
    upper = tile[i, j] * (1 - u) + tile[i, right] * u
    lower = tile[below, j] * (1 - u) + tile[below, right] * u
    return np.asarray(upper * (1 - v) + lower * v, np.float32)


def fbm(x: Numbers, y: Numbers, seed: int, octaves: int = 4) -> Array:
    """Fractal noise in about 0..1: each octave twice as fine and half as strong."""
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    for octave in range(octaves):
        total += value_noise(x * 2**octave, y * 2**octave, seed + octave) / np.float32(2 ** (octave + 1))
    return total / np.float32(1 - 2.0**-octaves)


def blur(image: Array, radius: int, passes: int = 2) -> Array:
    """Box blur of (rows, columns) or (rows, columns, channels); two passes come near a Gaussian."""
    if radius < 1:
        return image
    width = 2 * radius + 1
    for axis in (0, 1) * passes:
        pad = [(radius + 1, radius) if number == axis else (0, 0) for number in range(image.ndim)]
        summed = np.cumsum(np.pad(image, pad, mode="edge"), axis=axis, dtype=np.float64)
        ahead = [slice(width, None) if number == axis else slice(None) for number in range(image.ndim)]
        behind = [slice(None, -width) if number == axis else slice(None) for number in range(image.ndim)]
        image = ((summed[tuple(ahead)] - summed[tuple(behind)]) / width).astype(np.float32)
    return image


def smoothstep(low: float, high: float, value: Numbers) -> Array:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def mix(a: Array, b: Array, share: Array) -> Array:
    """``a`` where ``share`` (rows, columns) is 0, ``b`` where it is 1; colours in the last axis."""
    return np.asarray(a + (b - a) * share[..., None], np.float32)


def linear(red: float, green: float, blue: float) -> Array:
    """A colour as a screen shows it (0..1 each) in linear light."""
    return np.array([red, green, blue], np.float32) ** np.float32(2.2)
