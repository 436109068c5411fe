"""Coats and markings: the colour of every point of a body, made from where it lies on the animal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cameratrap.replay.footage_solids import Array, Part, Surface
from cameratrap.replay.footage_texture import fbm, linear, mix, smoothstep, value_noise

EYE = linear(0.07, 0.05, 0.04)


def paint(surface: Surface, limbs: Sequence[Part], base: Array, parts: dict[str, Array]) -> Array:
    """One colour for each of ``parts``, and ``base`` for the rest."""
    colour = np.broadcast_to(base, (*surface.depth.shape, 3)).copy()
    for skin, its_own in parts.items():
        colour[surface.wears(limbs, skin)] = its_own
    return colour


def _grain(surface: Surface, per_m: float, strength: float, seed: int) -> Array:
    x, y = surface.where[..., 0], surface.where[..., 1]
    noise = fbm(x * per_m, y * per_m + surface.where[..., 2] * per_m, seed, 3)
    return np.asarray(1 + strength * (noise[..., None] - 0.5), np.float32)


def zebra(surface: Surface, limbs: Sequence[Part]) -> Array:
    """Stripes: upright on the trunk, fanning out from the flank over the rump, level on the legs."""
    x, y = surface.where[..., 0], surface.where[..., 1]
    per_m, pivot_x, pivot_y, knee = 8.6, -0.30, 0.52, 0.74
    # On a leg the trunk's stripes are carried down along its axis and level ones added, so that none breaks off.
    low = 1 - smoothstep(0.60, knee + 0.04, y)
    axis = np.where(x > 0, 0.51, -0.68).astype(np.float32)
    x_here = np.where(surface.wears(limbs, "leg"), x + (axis - x) * low * 0.9, x)
    y_here = np.where(surface.wears(limbs, "leg"), np.maximum(y, knee), y)
    fan = per_m * 0.46 * np.arctan2(x_here - pivot_x, np.maximum(y_here - pivot_y, 1e-3))
    phase = np.where(x_here > pivot_x, per_m * (x_here - pivot_x), fan) + 0.35 * np.sin(7 * y_here) + 13 * (y_here - y)
    upper = surface.wears(limbs, "neck") | surface.wears(limbs, "mane") | surface.wears(limbs, "tail")
    phase = np.where(upper, 10.5 * surface.along + 0.2, phase)
    phase = np.where(surface.wears(limbs, "head"), 17 * surface.along, phase)
    phase = phase + 0.55 * (value_noise(x * 6 + 40, y * 6 + 40, 3) - 0.5)
    dark = smoothstep(-0.18, 0.18, np.sin(2 * np.pi * phase).astype(np.float32) - 0.05)
    colour = mix(linear(0.86, 0.82, 0.74), linear(0.13, 0.11, 0.10), dark)
    colour[surface.wears(limbs, "head") & (surface.along > 0.40)] = linear(0.16, 0.13, 0.12)
    colour[surface.wears(limbs, "eye")] = EYE
    colour[surface.mask & (y < 0.06)] = linear(0.2, 0.17, 0.14)
    return np.asarray(colour * _grain(surface, 30, 0.3, 5), np.float32)


def elephant(surface: Surface, limbs: Sequence[Part]) -> Array:
    """Grey skin with wrinkles, dusted with the red earth it bathes in."""
    x, y = surface.where[..., 0], surface.where[..., 1]
    grey, earth = linear(0.50, 0.46, 0.42), linear(0.56, 0.44, 0.34)
    colour = mix(grey, earth, smoothstep(0.40, 0.75, fbm(x * 1.6 + 30, y * 1.6, 9)))
    folds = fbm(x * 9, y * 26, 13, 3) + 0.5 * fbm(x * 30, y * 12, 17, 2)
    colour = np.asarray(colour * (0.62 + 0.5 * folds[..., None]), np.float32)
    rings = 0.86 + 0.14 * np.sin(2 * np.pi * surface.along * 13)
    trunk = surface.wears(limbs, "trunk")
    colour[trunk] *= rings[trunk][:, None]
    colour[surface.wears(limbs, "ear")] *= 0.92
    colour[surface.wears(limbs, "tusk")] = linear(0.93, 0.88, 0.76)
    colour[surface.wears(limbs, "eye")] = EYE
    colour[surface.wears(limbs, "tail") & (surface.along > 1.0)] = linear(0.15, 0.13, 0.12)
    toes = (y < 0.13) & surface.wears(limbs, "leg") & (np.sin(x * 60) > 0.5)
    colour[toes] = linear(0.66, 0.58, 0.48)
    return np.asarray(colour, np.float32)


def giraffe(surface: Surface, limbs: Sequence[Part]) -> Array:
    """Brown patches, cells of jittered points, parted by a pale net; pale below the knee."""
    x, y, z = (surface.where[..., axis] for axis in range(3))
    edge = _cells((x / 0.23 + 0.35 * z + 50).astype(np.float32), (y / 0.26 + 50).astype(np.float32))
    patch = smoothstep(0.10, 0.22, edge) * smoothstep(0.75, 1.25, y)
    patch[surface.wears(limbs, "face")] *= 0.25
    brown = mix(linear(0.56, 0.34, 0.17), linear(0.42, 0.24, 0.12), smoothstep(0.3, 0.7, fbm(x * 3, y * 3, 21, 2)))
    colour = mix(np.broadcast_to(linear(0.86, 0.75, 0.56), brown.shape), brown, patch)
    colour[surface.wears(limbs, "mane")] = linear(0.40, 0.23, 0.13)
    colour[surface.wears(limbs, "tail") & (surface.along > 0.75)] = linear(0.12, 0.09, 0.08)
    colour[surface.wears(limbs, "eye")] = EYE
    colour[surface.mask & (y < 0.1)] = linear(0.28, 0.2, 0.15)
    return np.asarray(colour * _grain(surface, 22, 0.3, 23), np.float32)


def _cells(u: Array, v: Array) -> Array:
    """How much nearer the nearest of jittered lattice points is than the second: 0 on the border of two cells."""
    column, row = np.floor(u), np.floor(v)
    nearest, second = np.full(u.shape, 9, np.float32), np.full(u.shape, 9, np.float32)
    for across in (-1, 0, 1):
        for down in (-1, 0, 1):
            i, j = column + across, row + down
            jitter_u, jitter_v = value_noise(i, j, 31), value_noise(i, j, 37)
            distance = np.hypot(i + 0.15 + 0.7 * jitter_u - u, j + 0.15 + 0.7 * jitter_v - v).astype(np.float32)
            second = np.minimum(second, np.maximum(nearest, distance))
            nearest = np.minimum(nearest, distance)
    return second - nearest


def stork(surface: Surface, limbs: Sequence[Part]) -> Array:
    """Slate wings, white breast, a bare pink neck and a horn-coloured bill."""
    parts = {
        "breast": linear(0.88, 0.87, 0.84),
        "neck": linear(0.76, 0.52, 0.44),
        "bill": linear(0.68, 0.60, 0.46),
        "leg": linear(0.62, 0.60, 0.57),
        "eye": EYE,
    }
    colour = paint(surface, limbs, linear(0.26, 0.28, 0.31), parts)
    feathers = surface.wears(limbs, "wing")
    rows = 0.8 + 0.3 * np.sin(surface.along * 75 + 5 * surface.where[..., 1])
    colour[feathers] *= rows[feathers][:, None]
    return np.asarray(colour * _grain(surface, 45, 0.35, 41), np.float32)


def person(surface: Surface, limbs: Sequence[Part]) -> Array:
    """A ranger: khaki shirt, olive trousers, felt hat, canvas pack."""
    parts = {
        "shirt": linear(0.72, 0.65, 0.48),
        "trousers": linear(0.30, 0.31, 0.22),
        "face": linear(0.50, 0.34, 0.25),
        "hat": linear(0.36, 0.28, 0.19),
        "pack": linear(0.34, 0.30, 0.20),
        "boot": linear(0.20, 0.14, 0.10),
    }
    return np.asarray(paint(surface, limbs, linear(0.5, 0.5, 0.5), parts) * _grain(surface, 14, 0.5, 43), np.float32)


def jackal(surface: Surface, limbs: Sequence[Part]) -> Array:
    """Rufous flanks and legs under a saddle of black and silver, a dark tail."""
    x, y = surface.where[..., 0], surface.where[..., 1]
    rufous, pale = linear(0.62, 0.44, 0.28), linear(0.74, 0.63, 0.48)
    colour = mix(
        np.broadcast_to(pale, (*y.shape, 3)), np.broadcast_to(rufous, (*y.shape, 3)), smoothstep(0.10, 0.33, y)
    )
    ragged = y + 0.05 * (fbm(x * 30, y * 30, 61, 2) - 0.5)
    saddle = smoothstep(0.35, 0.39, ragged) * (x < 0.24) * surface.wears(limbs, "coat")
    hairs = 0.4 + 0.9 * value_noise(x * 120, y * 60, 63)
    colour = mix(colour, linear(0.30, 0.29, 0.28) * hairs[..., None], saddle)
    dark_tail = surface.wears(limbs, "tail") & (surface.along > 0.10)
    colour[dark_tail] = linear(0.24, 0.20, 0.17)
    colour[surface.wears(limbs, "head") & (surface.along > 0.15)] *= 0.6
    colour[surface.wears(limbs, "eye")] = EYE
    return np.asarray(colour * _grain(surface, 60, 0.45, 65), np.float32)


def guineafowl(surface: Surface, limbs: Sequence[Part]) -> Array:
    """Slate, spotted with white all over; a bare blue face under a helmet of horn."""
    parts = {
        "neck": linear(0.16, 0.17, 0.20),
        "face": linear(0.34, 0.50, 0.62),
        "bill": linear(0.62, 0.44, 0.30),
        "leg": linear(0.24, 0.22, 0.21),
    }
    colour = paint(surface, limbs, linear(0.24, 0.25, 0.28), parts)
    x, y = surface.where[..., 0], surface.where[..., 1]
    spots = 0.8 * smoothstep(0.55, 0.75, value_noise(x * 120, y * 120, 67))
    spots[~(surface.wears(limbs, "coat") | surface.wears(limbs, "wing"))] = 0
    return mix(colour, np.broadcast_to(linear(0.78, 0.79, 0.80), colour.shape), spots)
