"""Noise and blur: what gives drawn surfaces their grain."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cameratrap.replay.footage_solids import Array

Numbers = npt.NDArray[Any]
TILE = 256


@lru_cache(maxsize=8)
def _tile(seed: int) -> Array:
    return np.pad(np.random.default_rng(seed).random((TILE, TILE), dtype=np.float32), (0, 1), mode="wrap").ravel()


def value_noise(x: Numbers, y: Numbers, seed: int) -> Array:
    """Smooth noise in 0..1 with one lattice point a unit; it repeats after 256 units."""
    tile = _tile(seed)
    x, y = np.broadcast_arrays(x, y)
    column, row = np.floor(x), np.floor(y)
    u, v = x - column, y - row
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    i, j = row.astype(np.int32) & (TILE - 1), column.astype(np.int32) & (TILE - 1)
    # The tile's first row and column stand behind its last, so that a neighbour is always one further.
    corner = i * (TILE + 1) + j
    upper, lower = tile[corner], tile[corner + TILE + 1]
    upper += (tile[corner + 1] - upper) * u
    lower += (tile[corner + TILE + 2] - lower) * u
    return np.asarray(upper + (lower - upper) * v, np.float32)


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
    for _ in range(passes):
        image = np.asarray(cv2.blur(image, (width, width), borderType=cv2.BORDER_REPLICATE), np.float32)
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
