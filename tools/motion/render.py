"""The frames of a script: a real empty, its weather, and animals that pass, as luma from the camera's small stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from motion.cutouts import Cutout, cut, read_picture
from motion.truth import HEIGHT, WIDTH, Corners, Pass, Script
from motion.weather import (
    Array,
    Wind,
    cloud_gain,
    dusk_gain,
    exposure_gain,
    gust_px,
    insects,
    lamp_gain,
    of_kind,
    rain,
    swell,
    switched,
)

# The black and white bars that cameras print below and above a picture.
_BARS = 0.08
_DAY_NOISE, _NIGHT_NOISE, _SHOT_NOISE = 1.2, 2.2, 0.12
_NOISES = 7
# An animal is as bright as its own scene lets it be, within this.
_LEAST_TONE, _MOST_TONE = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One frame of the small stream: ``luma`` is ``(480, 640)``, and whether the trap switched a light before it."""

    luma: NDArray[np.uint8]
    at_s: float
    light_switched: bool


@dataclass(frozen=True, slots=True)
class Materials:
    """What a script is drawn from: its empties in their order, and the animal of each pass."""

    empties: tuple[Array, ...]
    animals: Mapping[tuple[str, Corners], Cutout]


def materials(script: Script, images: Path) -> Materials:
    """Read a script's pictures. Raises OSError where one is missing."""
    animals = {(one.file, one.box): cut(images / one.file, one.box) for one in script.passes}
    return Materials(tuple(empty(images / file) for file in script.files), animals)


def empty(path: Path) -> Array:
    """A picture as the small stream would show it, without the bars. Raises OSError where it cannot be read."""
    grey = read_picture(path, cv2.IMREAD_GRAYSCALE)
    bar = int(_BARS * grey.shape[0])
    return np.asarray(cv2.resize(grey[bar:-bar], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.float32)


def frames(script: Script, drawn_from: Materials) -> Iterator[Shown]:
    """Draw a script, frame by frame; the same script gives the same frames."""
    random = np.random.default_rng(script.seed)
    wind = Wind(drawn_from.empties[0], random)
    noise = random.standard_normal((_NOISES, HEIGHT, WIDTH)).astype(np.float32)
    before_s = 0.0
    for number in range(round(script.duration_s * script.fps)):
        at_s = number / script.fps
        picture = wind.blow(_scene(script, drawn_from, at_s), at_s, gust_px(script.events, at_s, random))
        for one in script.passes:
            if one.path[0][0] <= at_s <= one.path[-1][0]:
                _put(picture, one, drawn_from.animals[one.file, one.box], at_s)
        picture = insects(rain(picture, script.events, at_s, random), script.events, at_s)
        gain = dusk_gain(script.events, at_s) * exposure_gain(script.events, at_s) * lamp_gain(script.events, at_s)
        picture = picture * cloud_gain(script.events, at_s) * np.float32(gain)
        luma = _sensed(picture, noise[number % _NOISES], random, night=script.night)
        yield Shown(luma, at_s, switched(script.events, before_s, at_s))
        before_s = at_s


def _scene(script: Script, drawn_from: Materials, at_s: float) -> Array:
    """The first empty, or another real frame of the camera: faded in by an event of kind sun, at once by a filter."""
    picture = drawn_from.empties[0]
    for event in of_kind(script.events, "filter"):
        if event.start_s <= at_s < event.end_s:
            picture = drawn_from.empties[int(event.strength)]
    for event in of_kind(script.events, "sun"):
        share = np.float32(swell(event, at_s, 6.0))
        picture = picture * (1 - share) + drawn_from.empties[int(event.strength)] * share
    return picture.copy()


def _put(picture: Array, one: Pass, animal: Cutout, at_s: float) -> None:
    """Lay an animal over the picture where it is by now."""
    moments = [knot[0] for knot in one.path]
    x = float(np.interp(at_s, moments, [knot[1] for knot in one.path]))
    y = float(np.interp(at_s, moments, [knot[2] for knot in one.path]))
    width, height = max(3, round(one.size[0] * WIDTH)), max(3, round(one.size[1] * HEIGHT))
    body = animal.drawn(width, height, mirrored=one.mirrored)
    left, top = round(x * WIDTH - width / 2), round(y * HEIGHT - height / 2)
    rows, columns = slice(max(0, top), min(HEIGHT, top + height)), slice(max(0, left), min(WIDTH, left + width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    part = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    tone = np.clip(float(np.median(picture)) / max(body.surroundings, 1.0), _LEAST_TONE, _MOST_TONE)
    cover = body.cover[part]
    picture[rows, columns] += cover * (np.clip(body.luma[part] * tone, 0, 255) - picture[rows, columns])


def _sensed(picture: Array, noise: Array, random: np.random.Generator, *, night: bool) -> NDArray[np.uint8]:
    """What the sensor makes of it: noise that grows with the light, whole numbers."""
    shift = int(random.integers(0, HEIGHT)), int(random.integers(0, WIDTH))
    floor = _NIGHT_NOISE if night else _DAY_NOISE
    light = np.clip(picture, 0, 255)
    sensed = light + np.roll(noise, shift, (0, 1)) * (floor + _SHOT_NOISE * np.sqrt(light))
    return np.clip(sensed + 0.5, 0, 255).astype(np.uint8)
