"""From the scene, the light and the bodies to one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from cameratrap.replay.footage_bodies import BODIES
from cameratrap.replay.footage_light import LIGHTS, Light, develop, flash_at, illumination, relief
from cameratrap.replay.footage_plants import grass_image
from cameratrap.replay.footage_plates import grey_image, haze_of, infrared, plate
from cameratrap.replay.footage_scenery import Scenery, waterhole
from cameratrap.replay.footage_shadows import shadows
from cameratrap.replay.footage_skins import SKINS
from cameratrap.replay.footage_solids import Array, Mask, see, view
from cameratrap.replay.footage_story import SceneAnimal
from cameratrap.replay.footage_texture import blur, mix, smoothstep
from cameratrap.replay.footage_view import HEIGHT, WIDTH, clip_window, column_of, pitch_at, px_per_m, row_of

SIZE_M = {"zebra": 1.6, "elephant": 3.0, "calf": 3.0, "giraffe": 3.2, "stork": 0.9, "person": 1.3}
"""The length that shading smooths over in proportion: about a body's trunk and neck."""
EYE_SHINE = 3.0  # an eye throws the flash straight back


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn frame. ``owner`` (rows, columns) says which animal, in the order given, is seen where; -1 for none."""

    image: Image.Image
    owner: npt.NDArray[np.int16]


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
    scene, limbs = waterhole(), BODIES[item.body](item.posture)
    scale = px_per_m(item.away_m) * item.scale
    surface = see(limbs, view(item.heading_deg, pitch_at(item.away_m)), scale)
    normal, open_sky = relief(surface, scale, SIZE_M[item.body])
    colour = _lit(SKINS[item.body](surface, limbs), normal, open_sky, light, item.away_m)
    if light.flash:
        colour[surface.wears(limbs, "eye")] = EYE_SHINE
    colour, cover = _soft_edge(colour, surface.mask)
    top, left = round(row_of(item.away_m)) + surface.top, round(column_of(item.across_m, item.away_m)) + surface.left
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


def _reflect(lit: Array, colour: Array, cover: Array, scene: Scenery, foot: float, top: int, left: int) -> None:
    upside, veil = colour[::-1], cover[::-1]
    here, there = clip_window(round(2 * foot) - (top + cover.shape[0]), left, cover.shape)
    lit[here] = mix(lit[here], upside[there] * 0.75, veil[there] * scene.water[here] * 0.55)


def _foreground(lit: Array, light: Light, *, wind: float, in_the_way: float) -> None:
    draw = np.random.default_rng(77)
    places = [(-40, 250, 46), (120, 170, 30), (1180, 210, 40), (1290, 270, 46), (980, 110, 22), (330, 95, 20)]
    if in_the_way > 0:
        places += [(520, 520, 46), (700, 620, 40)]
    for column, height, blades in places:
        tall = height >= 500
        sway = (in_the_way if tall else 0.0) + wind * (0.7 + 0.3 * float(np.sin(column)))
        blades_rgba = grass_image(draw, height_px=height, blades=blades, wind=sway)
        soft = Image.fromarray(blades_rgba).filter(ImageFilter.GaussianBlur(2.2 if tall else 1.1))
        _overlay(lit, np.asarray(soft, np.float32) / np.float32(255), column, light)


def _overlay(lit: Array, rgba: Array, column: int, light: Light) -> None:
    top, left = HEIGHT + 6 - rgba.shape[0], column - rgba.shape[1] // 2
    here, there = clip_window(top, left, rgba.shape[:2])
    albedo = rgba[there][..., :3] ** np.float32(2.2)
    if light.flash:
        colour = grey_image(albedo.mean(axis=-1) * 2.2)
    else:
        colour = albedo * (light.sky_colour * 0.9 + light.sun_colour * 0.45 * max(0.25, float(light.sun_direction[1])))
    lit[here] = mix(lit[here], colour.astype(np.float32), rgba[there][..., 3])


def _expose(lit: Array, light: Light, seed: int) -> Image.Image:
    rows = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :]
    radius = rows**2 * 0.62 + columns**2
    vignette = 1 - (0.52 if light.flash else 0.20) * radius
    tone = develop(lit * (vignette * light.exposure)[..., None])
    noise = np.random.default_rng(seed)
    if light.flash:
        grey = tone[..., 0] + noise.normal(0, 0.024, (HEIGHT, WIDTH)).astype(np.float32)
        tone = grey_image(grey)
    else:
        tone = tone + noise.normal(0, 0.008, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return Image.fromarray((np.clip(tone, 0, 1) * 255 + 0.5).astype(np.uint8))
