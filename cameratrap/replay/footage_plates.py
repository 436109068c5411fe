"""The empty scene under each light, with its sky and what the water mirrors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cameratrap.replay.footage_light import LIGHTS, Light, flash_at, illumination
from cameratrap.replay.footage_plants import woods
from cameratrap.replay.footage_scenery import Scenery, waterhole
from cameratrap.replay.footage_shadows import wood_shadow
from cameratrap.replay.footage_solids import Array
from cameratrap.replay.footage_texture import fbm, linear, mix, smoothstep
from cameratrap.replay.footage_view import CAMERA_M, FOCAL_PX, HEIGHT, HORIZON, WIDTH


@dataclass(frozen=True, slots=True)
class Plate:
    """The scene under one light: what the sky gives and what the sun adds, apart, so that shadows can fall."""

    ambient: Array
    sun: Array


@lru_cache(maxsize=8)
def plate(name: str) -> Plate:
    """The empty scene under the light of that name, made once a process."""
    return _night_plate(LIGHTS[name]) if LIGHTS[name].flash else _day_plate(LIGHTS[name])


def _night_plate(light: Light) -> Plate:
    scene = waterhole()
    grey = infrared(scene.albedo, scene.leaf) * flash_at(scene.normal, scene.away)
    lit = mix(grey_image(grey), np.broadcast_to(light.zenith, (*grey.shape, 3)), scene.sky)
    return Plate(mix(lit, lit * 0.35 + 0.004, scene.water), np.zeros_like(lit))


def _day_plate(light: Light) -> Plate:
    scene = waterhole()
    ambient = scene.albedo * illumination(scene.normal, light, shadow=1.0)
    shine_through = (scene.leaf * 0.25)[..., None] * scene.albedo * light.sun_colour
    sun = scene.albedo * illumination(scene.normal, light) - ambient + shine_through
    sun *= (1 - 0.9 * wood_shadow(woods(), light) * ~scene.wood)[..., None]
    sky = _sky(light)
    veil = (1 - np.exp(-np.minimum(scene.away, 1e4) / light.haze_m)).astype(np.float32)
    ambient = mix(mix(ambient, np.broadcast_to(haze_of(light), ambient.shape), veil), sky, scene.sky)
    sun = sun * ((1 - veil) * (1 - scene.sky))[..., None]
    ambient = mix(ambient, _mirror(ambient + sun, sky, scene), scene.water)
    return Plate(ambient, sun * (1 - scene.water)[..., None])


def haze_of(light: Light) -> Array:
    """The colour that distance fades to."""
    return light.horizon * np.float32(0.85)


def grey_image(image: Array) -> Array:
    return np.repeat(image[..., None], 3, axis=2)


def infrared(albedo: Array, leaf: Array) -> Array:
    """Reflectance in the near infrared: leaves are bright there, as every trap's night pictures show."""
    grey = albedo @ np.array([0.45, 0.4, 0.15], np.float32)
    return np.asarray(grey * (1 + 1.3 * leaf), np.float32)


def _sky(light: Light) -> Array:
    """The sky down to the horizon; below it only what the last row continues."""
    rows = np.arange(HORIZON + 4, dtype=np.float32)[:, None]
    columns = np.arange(WIDTH, dtype=np.float32)[None, :]
    height = np.broadcast_to(np.clip(1 - rows / HORIZON, 0, 1), (rows.size, WIDTH))
    shape = (*height.shape, 3)
    sky = mix(
        np.broadcast_to(light.horizon, shape),
        np.broadcast_to(light.zenith, shape),
        np.asarray(height**0.62, np.float32),
    )
    glow = np.exp(-(((columns - WIDTH / 2 - 496 * light.sun[0]) / 416) ** 2) - ((rows - HORIZON) / 152) ** 2)
    sky = sky + 0.5 * glow[..., None] * light.sun_colour * (0.9 - light.sun_direction[1])
    distance = 1 / np.maximum(height, 0.03)
    clouds = fbm((columns - WIDTH / 2) * distance / 336 + 3 + 5 * light.sun[0], distance * 1.5, 101, 5)
    cover = smoothstep(0.52, 0.74, clouds) * smoothstep(0.0, 0.16, height) * 0.75
    tops = 0.75 * light.horizon + 0.22 * light.sun_colour
    sky = mix(sky, np.broadcast_to(tops, shape), cover)
    return np.vstack([sky, np.broadcast_to(sky[-1:], (HEIGHT - rows.size, WIDTH, 3))])


def _mirror(dry: Array, sky: Array, scene: Scenery) -> Array:
    """What the water shows: the far trees and the sky upside down, broken by ripples, over its own brown."""
    wet = np.flatnonzero(scene.water.max(axis=1))
    band = slice(int(wet[0]), int(wet[-1]) + 1)
    rows, columns = np.mgrid[band, 0:WIDTH].astype(np.float32)
    away = FOCAL_PX * CAMERA_M / (rows - HORIZON)
    across = (columns - WIDTH / 2) * away / FOCAL_PX
    ripple = fbm(across * 1.1, away * 3.2, 103, 4) - 0.5
    source = np.clip(2 * HORIZON + 37 - rows + 27 * ripple, 0, HORIZON).astype(np.int32)
    sideways = np.clip(columns + 8 * ripple, 0, WIDTH - 1).astype(np.int32)
    glance = np.clip(0.86 - (rows - rows[0, 0]) / 240 + 0.5 * ripple, 0.3, 0.92)
    own = linear(0.30, 0.25, 0.18) * (0.35 + 0.5 * sky[0, 0].mean())
    mirror = np.zeros_like(dry)
    mirror[band] = mix(np.broadcast_to(own, (*rows.shape, 3)), dry[source, sideways], glance.astype(np.float32))
    return mirror
