"""Light: the hours of the day, the infrared flash, and what they make of a surface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cameratrap.replay.footage_solids import Array, Point, Surface
from cameratrap.replay.footage_texture import blur, linear

CURVE_SIZE, CURVE_STEPS = 65536, 12_000  # up to 5.4 times what the sensor takes, in steps too small to be seen


@dataclass(frozen=True, slots=True)
class Light:
    """One hour's light. ``sun`` points to it (right, up, towards the camera); colours are linear.

    ``haze_m`` is the distance at which 63 % of what is seen is haze. ``flash`` is the infrared flash alone. What moves
    smears for ``exposure_s``; ``exposure`` is the gain.
    """

    name: str
    sun: Point
    sun_colour: Array
    sky_colour: Array
    ground_colour: Array
    zenith: Array
    horizon: Array
    haze_m: float
    exposure_s: float
    exposure: float = 1.0
    flash: bool = False

    @property
    def sun_direction(self) -> Array:
        """Length one."""
        return np.asarray(np.array(self.sun) / np.linalg.norm(self.sun), np.float32)


LIGHTS: dict[str, Light] = {
    light.name: light
    for light in (
        Light(
            "dawn", (0.85, 0.20, 0.25),
            linear(1.0, 0.72, 0.46) * 1.9, linear(0.62, 0.66, 0.78) * 0.75, linear(0.5, 0.42, 0.36) * 0.4,
            linear(0.46, 0.58, 0.76), linear(1.0, 0.83, 0.66), 130, 1 / 60,
        ),
        Light(
            "morning", (0.70, 0.55, 0.45),
            linear(1.0, 0.91, 0.74) * 2.2, linear(0.66, 0.76, 0.92) * 0.75, linear(0.6, 0.5, 0.36) * 0.5,
            linear(0.32, 0.53, 0.80), linear(0.86, 0.90, 0.92), 600, 1 / 500,
        ),
        Light(
            "noon", (-0.25, 0.90, 0.35),
            linear(1.0, 0.97, 0.90) * 2.3, linear(0.66, 0.78, 0.95) * 0.8, linear(0.66, 0.55, 0.40) * 0.6,
            linear(0.28, 0.50, 0.82), linear(0.80, 0.87, 0.93), 900, 1 / 1000, 0.95,
        ),
        Light(
            "evening", (-0.80, 0.32, 0.40),
            linear(1.0, 0.74, 0.42) * 2.3, linear(0.62, 0.66, 0.80) * 0.65, linear(0.6, 0.44, 0.3) * 0.5,
            linear(0.36, 0.50, 0.74), linear(1.0, 0.84, 0.60), 450, 1 / 250,
        ),
        Light(
            "dusk", (-0.90, 0.10, -0.35),
            linear(1.0, 0.52, 0.30) * 0.9, linear(0.56, 0.54, 0.70) * 0.8, linear(0.4, 0.32, 0.3) * 0.4,
            linear(0.27, 0.30, 0.50), linear(1.0, 0.60, 0.36), 220, 1 / 25,
        ),
        Light(
            "night", (0.0, 0.10, 1.0),
            linear(1, 1, 1), linear(0.1, 0.1, 0.1), linear(0.1, 0.1, 0.1),
            linear(0.07, 0.07, 0.07), linear(0.12, 0.12, 0.12), 90, 1 / 20, flash=True,
        ),
    )
}  # fmt: skip


def illumination(normal: Array, light: Light, shadow: Array | float = 0.0, open_sky: Array | float = 1.0) -> Array:
    """Light (rows, columns, 3) on surfaces of a unit ``normal``: sky from above, earth's glow from below, the sun."""
    up = (normal[..., 1:2] + 1) / 2
    ambient = light.ground_colour * (1 - up) + light.sky_colour * up
    facing = np.clip(normal @ light.sun_direction, 0, 1) * (1 - np.asarray(shadow))
    return np.asarray(ambient * np.asarray(open_sky)[..., None] + light.sun_colour * facing[..., None], np.float32)


def flash_at(normal: Array, away_m: Array | float) -> Array:
    """Infrared light (rows, columns) of the trap's own flash: it comes from the camera and falls off with distance."""
    facing = 0.10 + 0.90 * np.clip(normal[..., 2], 0, 1) ** 1.3
    falloff = 1.7 / (0.25 + (np.asarray(away_m) / 8.5) ** 2)
    return np.asarray(facing * falloff, np.float32)


def relief(surface: Surface, px_per_m: float, size_m: float) -> tuple[Array, Array]:
    """Normals (rows, columns, 3) and openness to the sky (rows, columns) of a rendered body.

    Depth is smoothed where it is continuous, so that limbs grow out of the trunk, and left alone at outlines.
    """
    mask = surface.mask.astype(np.float32)
    fine = _filled(surface.depth, mask, max(1, round(0.006 * size_m * px_per_m)))
    soft = _filled(surface.depth, mask, max(2, round(0.030 * size_m * px_per_m)))
    near = np.exp(-((np.abs(soft - fine) / (0.035 * size_m)) ** 2))
    blend = fine + (soft - fine) * 0.75 * near
    down, right = np.gradient(blend * px_per_m)
    normal = np.stack([-right, down, np.ones_like(right)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    wide = _filled(surface.depth, mask, max(3, round(0.06 * size_m * px_per_m)))
    open_sky = np.clip(1 - 4.5 * np.clip(wide - surface.depth, 0, None) / size_m, 0.30, 1)
    return normal.astype(np.float32), open_sky.astype(np.float32)


def _filled(depth: Array, mask: Array, radius: int) -> Array:
    return np.asarray(blur(depth * mask, radius) / (blur(mask, radius) + 1e-4), np.float32)


def develop(linear_light: Array) -> Array:
    """Linear light to 0..1 as a camera renders it, by a table: the curve itself takes five times as long."""
    steps = np.clip(linear_light * CURVE_STEPS, 0, CURVE_SIZE - 1).astype(np.uint16)
    return np.asarray(_curve()[steps], np.float32)


@lru_cache(maxsize=1)
def _curve() -> Array:
    """A shoulder for highlights, then the display's curve."""
    light = np.arange(CURVE_SIZE, dtype=np.float32) / CURVE_STEPS
    shoulder = light * (1 + light / 9) / (1 + 0.72 * light)
    return np.asarray(np.clip(shoulder, 0, 1) ** (1 / 2.2), np.float32)
