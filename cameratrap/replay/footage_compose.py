"""From the scene, the light and the bodies to one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from cameratrap.domain.detections import BBox
from cameratrap.replay.footage_bodies import BODIES
from cameratrap.replay.footage_light import LIGHTS, Light, develop, flash_at, illumination, relief
from cameratrap.replay.footage_plants import grass_image
from cameratrap.replay.footage_plates import grey_image, haze_of, infrared, plate
from cameratrap.replay.footage_scenery import Scenery, waterhole
from cameratrap.replay.footage_shadows import shadows
from cameratrap.replay.footage_solids import Array, Mask, see, view
from cameratrap.replay.footage_story import SceneAnimal
from cameratrap.replay.footage_texture import blur, mix, smoothstep
from cameratrap.replay.footage_view import HEIGHT, WIDTH, clip_window, column_of, pitch_at, px_per_m, row_of

EYE_SHINE = 3.0  # an eye throws the flash straight back
# Clumps right before the lens: column, height in pixels, blades. The tall ones stand there in some scenes only.
NEAR_GRASS = ((-32, 200, 46), (96, 136, 30), (944, 168, 40), (1032, 216, 46), (784, 88, 22), (264, 76, 20))
TALL_GRASS = ((416, 416, 46), (560, 496, 40))
TALL_PX, SWAY_STEP = 400, 0.04


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn frame. ``owner`` (rows, columns) says which animal, in the order given, is seen where; -1 for none."""

    image: Image.Image
    owner: npt.NDArray[np.int16]

    def box(self, number: int) -> BBox:
        """The box around what can be seen of that animal. Raises ValueError where nothing can."""
        rows, columns = np.nonzero(self.owner == number)
        if not rows.size:
            raise ValueError(f"body {number} cannot be seen")
        left, right, top, bottom = (int(edge) for edge in (columns.min(), columns.max(), rows.min(), rows.max()))
        return BBox(left / WIDTH, top / HEIGHT, (right + 1 - left) / WIDTH, (bottom + 1 - top) / HEIGHT)


def picture(
    animals: Sequence[SceneAnimal], light_name: str, *, seed: int, wind: float, in_the_way: float = 0.0
) -> Picture:
    """Draw the animals into the scene under that light. ``seed`` is the sensor's noise."""
    light, base = LIGHTS[light_name], plate(light_name)
    shadow, contact = shadows(animals, light)
    lit = (base.ambient + base.sun * (1 - 0.92 * shadow)[..., None]) * (1 - 0.55 * contact)[..., None]
    owner = np.full((HEIGHT, WIDTH), -1, np.int16)
    for number in sorted(range(len(animals)), key=lambda index: -animals[index].away_m):
        _draw(lit, owner, animals[number], light, number)
    _foreground(lit, light, wind=wind, in_the_way=in_the_way)
    return Picture(_expose(lit, light, seed), owner)


def _draw(lit: Array, owner: npt.NDArray[np.int16], item: SceneAnimal, light: Light, number: int) -> None:
    scene, body = waterhole(), BODIES[item.body]
    limbs = body.shape(item.posture)
    scale = px_per_m(item.away_m) * item.scale
    surface = see(limbs, view(item.heading_deg, pitch_at(item.away_m)), scale)
    normal, open_sky = relief(surface, scale, body.size_m)
    colour = _lit(body.skin(surface, limbs), normal, open_sky, light, item.away_m)
    if light.flash:
        colour[surface.wears(limbs, "eye")] = EYE_SHINE
    across_m_s = item.speed_m_s * cos(radians(item.heading_deg))
    smear = round(abs(across_m_s) * light.exposure_s * px_per_m(item.away_m))
    colour, cover = _smeared(*_soft_edge(colour, surface.mask), smear)
    top = round(row_of(item.away_m)) + surface.top
    left = round(column_of(item.across_m, item.away_m)) + surface.left - smear
    _reflect(lit, colour, cover, scene, row_of(item.away_m), top, left)
    here, there = clip_window(top, left, cover.shape)
    free = cover[there] * ~(scene.stands[here] & (scene.away[here] < item.away_m - 0.15))
    lit[here] = mix(lit[here], colour[there], free)
    owner[here][free > 0.5] = number


def _lit(albedo: Array, normal: Array, open_sky: Array, light: Light, away_m: float) -> Array:
    """A body's surface as it leaves towards the camera: lit, and veiled by the air between."""
    if light.flash:
        grey = infrared(albedo, np.zeros_like(open_sky)) * flash_at(normal, away_m) * (0.55 + 0.45 * open_sky)
        return grey_image(grey)
    colour = albedo * illumination(normal, light, open_sky=open_sky, shadow=0.6 * (1 - open_sky))
    veil = 1 - np.exp(-away_m / light.haze_m)
    return np.asarray(colour + (haze_of(light) - colour) * veil, np.float32)


def _soft_edge(colour: Array, mask: Mask) -> tuple[Array, Array]:
    """Half a pixel of blur at the outline: the body's colour reaches past it, its cover fades over it."""
    hard = mask.astype(np.float32)
    spread = blur(hard, 1, 1)
    bled = blur(colour * hard[..., None], 1, 1) / np.maximum(spread, 1e-3)[..., None]
    inside = mask & (spread > 0.99)
    return np.where(inside[..., None], colour, bled), smoothstep(0.15, 0.95, spread)


def _smeared(colour: Array, cover: Array, pixels: int) -> tuple[Array, Array]:
    """Motion blur along the rows over that many pixels; as many columns are added on either side."""
    if pixels < 1:
        return colour, cover
    aside, over = ((0, 0), (pixels, pixels)), (2 * (pixels // 2) + 1, 1)
    cover = np.pad(cover, aside)
    light = np.pad(colour, (*aside, (0, 0))) * cover[..., None]
    spread = np.asarray(cv2.blur(cover, over), np.float32)
    return np.asarray(cv2.blur(light, over), np.float32) / np.maximum(spread, 1e-3)[..., None], spread


def _reflect(lit: Array, colour: Array, cover: Array, scene: Scenery, foot: float, top: int, left: int) -> None:
    upside, veil = colour[::-1], cover[::-1]
    here, there = clip_window(round(2 * foot) - (top + cover.shape[0]), left, cover.shape)
    lit[here] = mix(lit[here], upside[there] * 0.75, veil[there] * scene.water[here] * 0.55)


def _foreground(lit: Array, light: Light, *, wind: float, in_the_way: float) -> None:
    """Lay the clumps of grass right before the lens over the picture, out of focus."""
    for column, height, blades in NEAR_GRASS + (TALL_GRASS if in_the_way > 0 else ()):
        tall = height >= TALL_PX
        sway = (in_the_way if tall else 0.0) + wind * (0.7 + 0.3 * float(np.sin(column)))
        albedo, cover = _near_clump(column, height, blades, round(sway / SWAY_STEP))
        top, left = HEIGHT + 6 - cover.shape[0], column - cover.shape[1] // 2
        here, there = clip_window(top, left, cover.shape)
        lit[here] = mix(lit[here], _grass_in(light, albedo[there]), cover[there])


@lru_cache(maxsize=96)
def _near_clump(column: int, height: int, blades: int, sway: int) -> tuple[Array, Array]:
    """Its colour, linear, and how much of each pixel it covers; ``sway`` is in steps, so that few are ever drawn."""
    seeded = np.random.default_rng((77, column + WIDTH))
    drawn = grass_image(seeded, height_px=height, blades=blades, wind=sway * SWAY_STEP)
    soft = cv2.GaussianBlur(drawn, (0, 0), 1.8 if height >= TALL_PX else 0.9).astype(np.float32) / np.float32(255)
    return soft[..., :3] ** np.float32(2.2), soft[..., 3]


def _grass_in(light: Light, albedo: Array) -> Array:
    if light.flash:
        return grey_image(albedo.mean(axis=-1) * np.float32(2.2))
    sun = light.sun_colour * 0.45 * max(0.25, float(light.sun_direction[1]))
    return np.asarray(albedo * (light.sky_colour * 0.9 + sun), np.float32)


def _expose(lit: Array, light: Light, seed: int) -> Image.Image:
    """What the sensor makes of the light: darker corners, the camera's curve, noise; by the flash without colour."""
    rows = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :]
    gain = light.exposure * (1 - (0.52 if light.flash else 0.20) * (rows**2 * 0.62 + columns**2))
    noise = np.random.default_rng(seed).standard_normal((HEIGHT, WIDTH), np.float32)
    if light.flash:
        tone = develop(lit[..., 0] * gain)
        grain = 3 * blur(noise, 1, 1)  # a mean of nine has a third of their deviation
        return Image.fromarray(_in_bytes(tone + (0.012 + 0.04 * tone) * grain)).convert("RGB")
    return Image.fromarray(_in_bytes(develop(lit * gain[..., None]) + (0.008 * noise)[..., None]))


def _in_bytes(tone: Array) -> npt.NDArray[np.uint8]:
    return (np.clip(tone, 0, 1) * 255 + 0.5).astype(np.uint8)
