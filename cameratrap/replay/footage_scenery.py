"""The waterhole without its animals: what the fixed camera sees, before any light falls on it.

The scene is kept as images of colour, slope and distance, so that one drawing serves every hour of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cameratrap.replay.footage_light import relief
from cameratrap.replay.footage_plants import SEED, Wood, grown_clump, woods
from cameratrap.replay.footage_solids import Array, Limb, Mask, Surface, see, view
from cameratrap.replay.footage_texture import blur, fbm, linear, mix, smoothstep, value_noise
from cameratrap.replay.footage_view import (
    CAMERA_M,
    FOCAL_PX,
    HEIGHT,
    HORIZON,
    WIDTH,
    clip_window,
    column_of,
    pitch_at,
    px_per_m,
    row_of,
)

FAR_M = 1e5
POND_M = (2.2, 19.5, 8.5, 6.0)  # across, away, half width, half depth


@dataclass(frozen=True, slots=True)
class Scenery:
    """Images (rows, columns): ``albedo`` (, 3) linear, ``normal`` (, 3) of length one, ``away`` metres.

    ``stands`` is what rises from the ground and hides what is behind it; ``sky``, ``water`` and ``leaf`` are in
    0..1; ``wood`` is trees and dead trunks, on which the shadows that they cast do not fall.
    """

    albedo: Array
    normal: Array
    away: Array
    stands: Mask
    sky: Array
    water: Array
    leaf: Array
    wood: Mask


@lru_cache(maxsize=1)
def waterhole() -> Scenery:
    """The scene, drawn once a process."""
    scene = _ground()
    _hills(scene)
    for wood in woods():
        _stand(scene, wood)
    _tussocks(scene)
    return scene


def _ground() -> Scenery:
    """The plain and the water under an empty sky. Only rows below the horizon are worth the noise."""
    rows = np.arange(HORIZON + 2, HEIGHT, dtype=np.float32)[:, None] + 0.5
    columns = np.arange(WIDTH, dtype=np.float32)[None, :] + 0.5
    away = np.broadcast_to(FOCAL_PX * CAMERA_M / (rows - HORIZON), (rows.size, WIDTH)).astype(np.float32)
    depth = np.minimum(away, 400)
    across = (columns - WIDTH / 2) * depth / FOCAL_PX
    water, shore = _pond(across, depth)
    bump = fbm(across * 2.2 + 70, depth * 2.2, 51, 5) * 0.20 + fbm(across * 0.35, depth * 0.35, 55, 2) * 0.7
    fade = np.clip(14 / depth, 0, 1)
    slope_x = np.gradient(bump, axis=1) / np.gradient(across, axis=1) * fade
    slope_z = (fbm(across * 5, depth * 5, 57, 3) - 0.5) * 0.5 * fade
    normal = np.stack([-slope_x, np.ones_like(slope_x), 0.12 - slope_z], -1)
    normal[water > 0.5] = (0, 1, 0)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    size = (HEIGHT, WIDTH)
    scene = Scenery(
        np.zeros((*size, 3), np.float32), np.zeros((*size, 3), np.float32), np.full(size, FAR_M, np.float32),
        np.zeros(size, bool), np.ones(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32),
        np.zeros(size, bool),
    )  # fmt: skip
    below = slice(HORIZON + 2, HEIGHT)
    scene.albedo[below], scene.normal[below], scene.away[below] = _earth(across, depth, shore), normal, away
    scene.sky[below], scene.water[below] = 0, water
    return scene


def _pond(across: Array, away: Array) -> tuple[Array, Array]:
    """The water (0..1) and the distance from its shore, in half widths, negative inside."""
    x, z, half_width, half_depth = POND_M
    wobble = 0.22 * (fbm(across * 0.35 + 9, away * 0.35, 61, 3) - 0.5) + 0.03 * (fbm(across * 2, away * 2, 63, 2) - 0.5)
    shore = np.hypot((across - x) / half_width, (away - z) / half_depth) - 1 + wobble
    return 1 - smoothstep(-0.012, 0.012, shore), shore.astype(np.float32)


def _earth(across: Array, away: Array, shore: Array) -> Array:
    sand, straw, clay = linear(0.72, 0.58, 0.42), linear(0.75, 0.66, 0.41), linear(0.55, 0.40, 0.29)
    patches = fbm(across * 0.28 + 5, away * 0.28, 65, 4)
    trodden = smoothstep(0.25, 1.3, shore + 0.9 * (patches - 0.5))
    colour = mix(
        np.broadcast_to(sand, (*across.shape, 3)),
        np.broadcast_to(straw, (*across.shape, 3)),
        trodden * smoothstep(0.35, 0.6, patches),
    )
    colour = mix(
        colour,
        np.broadcast_to(clay, colour.shape),
        smoothstep(0.56, 0.72, fbm(across * 0.6, away * 0.6 + 40, 67, 4)) * 0.7,
    )
    mud = 1 - smoothstep(0.02, 0.34, shore + 0.18 * (fbm(across * 1.3, away * 1.3, 69, 3) - 0.5))
    colour = mix(colour, np.broadcast_to(linear(0.34, 0.27, 0.21), colour.shape), mud * 0.85)
    crumbs = (
        fbm(across * 13, away * 13, 71, 3)
        - 0.5
        + (value_noise(across * 110, away * 80, 77) - 0.5) * np.clip(5 / away, 0, 1)
    )
    prints = smoothstep(0.70, 0.80, value_noise(across * 4.2, away * 4.2, 73)) * (1 - smoothstep(0.2, 1.6, shore))
    texture = 1 + (0.85 * crumbs + 0.45 * (fbm(across * 3, away * 3, 75, 3) - 0.5)) - 0.38 * prints
    return np.asarray(colour * np.clip(texture, 0.3, 1.6)[..., None], np.float32)


def _hills(scene: Scenery) -> None:
    columns = np.arange(WIDTH, dtype=np.float32)
    top, bottom = HORIZON - 56, HORIZON + 3
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    ridges = (
        (4200, 50, 0.0052, 81, linear(0.34, 0.36, 0.36)),
        (1900, 27, 0.0094, 83, linear(0.36, 0.36, 0.26)),
        (700, 10, 0.037, 85, linear(0.33, 0.34, 0.19)),
    )
    for away, height, per_px, seed, colour in ridges:
        rough = 2 * value_noise(columns * 0.44, columns * 0, seed)
        crest = HORIZON + 2 - height * (0.25 + fbm(columns * per_px, columns * 0, seed, 4)) - rough
        here = rows >= crest[None, :]
        grain = 0.75 + 0.5 * fbm(columns * 0.125, rows * 0.31, seed + 1, 3)
        scene.albedo[top:bottom][here] = (colour * grain[..., None])[here]
        scene.normal[top:bottom][here] = (0.0, 0.6, 0.8)
        scene.away[top:bottom][here] = away
        scene.sky[top:bottom][here] = 0


def _stand(scene: Scenery, wood: Wood) -> None:
    """Put wood, standing or fallen, into the scene. Leaves have ragged edges, so that sky shows through them."""
    limbs, away = wood.limbs, wood.away_m
    top, left = round(row_of(away)), round(column_of(wood.across_m, away))
    surface = see(limbs, view(0, pitch_at(away)), px_per_m(away))
    normal, open_sky = relief(surface, px_per_m(away), 0.3 * wood.size_m)
    leaf = surface.wears(limbs, "leaf")
    colour, cover = _wood(surface, limbs), _above_ground(surface)
    if leaf.any():
        lace = _leaves(surface, px_per_m(away))
        thin = 0.14 + 0.34 * (1 - normal[..., 2]) ** 1.5
        cover = np.where(leaf, smoothstep(0.0, 0.14, lace - thin), cover)
        colour[leaf] = (linear(0.36, 0.40, 0.19) * (0.35 + 1.25 * lace[..., None]))[leaf]
        normal = normal + 1.1 * leaf[..., None] * np.stack([lace - 0.5, lace - 0.45, 0.3 * lace], -1)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    here, there = clip_window(top + surface.top, left + surface.left, cover.shape)
    before_sky = scene.sky[here] == 1
    seen = np.where(before_sky, cover[there] > 0.02, cover[there] > 0.5)
    scene.albedo[here][seen] = (colour * open_sky[..., None])[there][seen]
    scene.normal[here][seen] = normal[there][seen]
    scene.away[here][seen] = away
    scene.stands[here][seen] = True
    scene.sky[here][seen] = np.where(before_sky, 1 - cover[there], 0)[seen]
    scene.water[here][seen] = 0
    scene.leaf[here][seen] = leaf[there][seen]
    scene.wood[here][seen] = True


def _above_ground(surface: Surface) -> Array:
    """How much of each pixel a trunk covers, 0..1; what would be under the ground does not show."""
    spread = blur(surface.mask.astype(np.float32), 1, 1)
    return smoothstep(0.3, 0.9, spread) * (surface.mask & (surface.where[..., 1] > -0.02))


def _leaves(surface: Surface, scale: float) -> Array:
    """How dense the leaves are, 0..1, in spots of about four pixels."""
    x, y, z = (surface.where[..., axis] for axis in range(3))
    per_m = min(40.0, scale / 4)
    return fbm(x * per_m + 100, (1.3 * y + 0.4 * z) * per_m + 100, 91, 2)


def _wood(surface: Surface, limbs: tuple[Limb, ...]) -> Array:
    x, y, z = (surface.where[..., axis] for axis in range(3))
    bark = linear(0.40, 0.33, 0.27) * (0.55 + 0.9 * fbm(x * 14 + z * 9, y * 3, 95, 3)[..., None])
    dead = linear(0.66, 0.60, 0.53) * (0.45 + 1.1 * fbm(x * 4, y * 22 + z * 12, 93, 3)[..., None])
    return np.where(surface.wears(limbs, "dead wood")[..., None], dead, bark).astype(np.float32)


def _tussocks(scene: Scenery) -> None:
    """Clumps of dry grass from far to near, each hiding what is behind it; none in the water or on the trodden ring."""
    draw = np.random.default_rng(SEED + 7)
    away = (1 / np.sort(draw.uniform(0.015, 0.245, 1250))).astype(np.float32)
    across = (draw.uniform(-0.5, 0.5, away.size) * away).astype(np.float32)
    _, shore = _pond(across[None], away[None])
    thick = fbm(across * 0.28 + 5, away * 0.28, 65, 4)
    grows = (shore[0] > 0.16) & (thick + 0.10 * np.minimum(shore[0], 2.2) > 0.56)
    for x, z in zip(across[grows], away[grows], strict=True):
        tall = px_per_m(float(z)) * 0.45 * float(draw.beta(1.6, 2.6)) + 3
        _clump(scene, grown_clump(int(draw.integers(24)), round(tall)), float(x), float(z))


def _clump(scene: Scenery, blades: Array, across: float, away: float) -> None:
    colour, cover = blades[..., :3], blades[..., 3]
    top, left = round(row_of(away)) - cover.shape[0] + 2, round(column_of(across, away)) - cover.shape[1] // 2
    here, there = clip_window(top, left, cover.shape)
    part = cover[there]
    scene.albedo[here] = mix(scene.albedo[here], colour[there] ** np.float32(2.2), part)
    solid = part > 0.4
    scene.normal[here][solid] = (0.0, 0.8, 0.6)
    scene.away[here][solid] = away
    scene.stands[here][solid] = True
    scene.wood[here][solid] = False
    scene.sky[here][solid] = 0
    scene.water[here][solid] = 0
