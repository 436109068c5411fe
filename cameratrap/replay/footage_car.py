"""The rangers' car: its shape, in metres, and its paint."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cameratrap.replay.footage_limbs import SIDES, pair
from cameratrap.replay.footage_skins import paint
from cameratrap.replay.footage_solids import Array, Limb, Mask, Part, Prism, Surface
from cameratrap.replay.footage_story import Posture
from cameratrap.replay.footage_texture import fbm, linear, mix, smoothstep

AXLES_M, WHEEL_M = (-1.55, 1.55), 0.40
GREEN, DUST = linear(0.24, 0.34, 0.28), linear(0.66, 0.55, 0.42)
PARTS = {
    "tyre": linear(0.15, 0.14, 0.13),
    "rim": linear(0.50, 0.49, 0.47),
    "frame": linear(0.13, 0.13, 0.13),
    "lamp": linear(0.93, 0.93, 0.90),
}
GAP, TAIL_LAMP = linear(0.10, 0.10, 0.10), linear(0.55, 0.10, 0.08)
GLASS, SKY_IN_GLASS = linear(0.16, 0.18, 0.20), linear(0.52, 0.58, 0.64)


def pickup(posture: Posture) -> tuple[Part, ...]:  # noqa: ARG001 - a car has one
    """A four-wheel-drive pickup with a crew cab, 5.2 m long and 1.95 m tall."""
    wheels = [(x, WHEEL_M, side * 0.76) for x in AXLES_M for side in SIDES]
    return (
        Prism(
            ((-2.55, 0.52), (2.30, 0.48), (2.42, 0.66), (2.38, 1.00), (2.24, 1.06), (-2.55, 1.06)), 0.86, skin="body"
        ),
        Prism(((0.85, 1.00), (2.36, 0.98), (2.28, 1.14), (1.60, 1.22), (0.85, 1.26)), 0.78, skin="body"),
        Prism(
            ((-0.90, 1.00), (1.06, 1.00), (0.50, 1.80), (0.34, 1.90), (-0.62, 1.93), (-0.80, 1.85)), 0.76, skin="cab"
        ),
        Prism(((-2.55, 1.00), (-0.98, 1.00), (-0.98, 1.26), (-2.55, 1.26)), 0.86, skin="body"),
        Prism(((-2.30, 0.30), (2.10, 0.30), (2.20, 0.56), (-2.40, 0.56)), 0.62, skin="frame"),
        Prism(((2.36, 0.46), (2.54, 0.48), (2.54, 0.76), (2.36, 0.76)), 0.84, skin="frame"),
        Prism(((-2.66, 0.50), (-2.52, 0.50), (-2.52, 0.64), (-2.66, 0.64)), 0.84, skin="frame"),
        *(Limb(((x, y, z), (x + 0.01, y, z)), (WHEEL_M, WHEEL_M), (1, 1, 0.36), skin="tyre") for x, y, z in wheels),
        *(
            Limb(((x, y, 1.14 * z), (x + 0.01, y, 1.14 * z)), (0.22, 0.22), (1, 1, 0.2), skin="rim")
            for x, y, z in wheels
        ),
        *pair(((2.34, 0.84, 0.66), (2.36, 0.84, 0.66)), (0.11, 0.11), skin="lamp"),
        *pair(((0.62, 1.28, 0.88), (0.62, 1.42, 0.90)), (0.07, 0.07), shape=(0.5, 1, 1), skin="frame"),
    )


def painted(surface: Surface, limbs: Sequence[Part]) -> Array:
    """Green paint, dusty below; dark glass between the pillars and dark arches over the wheels."""
    x, y, z = (surface.where[..., axis] for axis in range(3))
    body, cab = surface.wears(limbs, "body"), surface.wears(limbs, "cab")
    dusty = 0.75 * (1 - smoothstep(0.45, 1.0, y)) * (0.4 + 0.8 * fbm(x * 3, y * 5, 69, 3)) * (body | cab)
    colour = paint(surface, limbs, GREEN, PARTS)
    colour = mix(colour, np.broadcast_to(DUST, colour.shape), dusty.astype(np.float32))
    colour[(body | cab) & (np.abs(z) > 0.7) & _gaps(x, y)] = GAP
    colour[body & (x > 2.30) & (np.abs(z) < 0.5) & (y > 0.68) & (y < 0.94)] = GAP
    colour[body & (x < -2.50) & (np.abs(z) > 0.66) & (y > 0.74) & (y < 1.02)] = TAIL_LAMP
    sky = smoothstep(1.15, 1.85, y + 0.25 * (x % 0.9))[..., None]
    glass = cab & _glass(x, y, z)
    colour[glass] = (GLASS + (SKY_IN_GLASS - GLASS) * sky)[glass]
    return np.asarray(colour, np.float32)


def _gaps(x: Array, y: Array) -> Mask:
    """Seams of the doors, their handles, and the arches over the wheels."""
    seams = (_from_nearest(x, (-0.98, -0.03, 0.95)) < 0.012) & (y > 0.58) & (y < 1.8)
    handles = (_from_nearest(x, (-0.75, 0.15)) < 0.08) & (np.abs(y - 1.06) < 0.02)
    return np.asarray(seams | handles | (np.hypot(_from_nearest(x, AXLES_M), y - WHEEL_M) < 0.49), np.bool_)


def _from_nearest(x: Array, places: Sequence[float]) -> Array:
    return np.asarray(np.min([np.abs(x - place) for place in places], axis=0), np.float32)


def _glass(x: Array, y: Array, z: Array) -> Mask:
    """The windows of the cab: one before and one behind the pillar on each side, the windscreen, the rear window."""
    between = (y > 1.22) & (y < 1.78)
    side = (np.abs(z) > 0.72) & (np.abs(x + 0.03) > 0.04) & (x < 0.80 - 0.66 * (y - 1.22)) & (x > -0.74)
    return np.asarray(between & (side | (np.abs(z) < 0.66)), np.bool_)
