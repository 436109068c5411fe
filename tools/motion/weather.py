"""What moves in a picture without an animal: wind, clouds, rain, insects, the lamp, the exposure. Luma 0 to 255."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from motion.truth import HEIGHT, WIDTH, Event

Array = NDArray[np.float32]
# Below this share of its light a night scene lies while its lamp is off.
_LAMP_OFF = 0.06
# How long a camera takes to find its exposure again, and by how much it is off at first.
_EXPOSURE_S, _EXPOSURE_OFF = 0.35, 0.5


def smooth(random: np.random.Generator, scale_px: float) -> Array:
    """A field of smooth noise, mean 0 and deviation 1."""
    side = max(2, int(np.ceil(WIDTH / scale_px)) + 2), max(2, int(np.ceil(HEIGHT / scale_px)) + 2)
    coarse = random.standard_normal(side[::-1]).astype(np.float32)
    field = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray((field - field.mean()) / field.std(), np.float32)


class Wind:
    """Moves what looks like vegetation: textured parts, in clumps of their own amplitude, phase and rate."""

    def __init__(self, base: Array, random: np.random.Generator) -> None:
        texture = cv2.GaussianBlur(np.abs(base - cv2.GaussianBlur(base, (0, 0), 4)), (0, 0), 12)
        clumps = np.clip(smooth(random, 110) + 0.3, 0, 1.5)
        self._sway: Array = np.asarray(clumps * np.clip(texture / np.quantile(texture, 0.9), 0, 1), np.float32)
        self._phase = 2.5 * smooth(random, 60)
        self._turns_s = random.uniform(0.5, 1.4)
        self._flutter = 2.5 * smooth(random, 14), random.uniform(2.5, 4.5)
        self._columns, self._rows = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))

    def blow(self, picture: Array, at_s: float, gust_px: float) -> Array:
        """The picture with its vegetation bent by up to ``gust_px``."""
        if gust_px < 0.05:
            return picture
        turn = 2 * np.pi * at_s
        lean = 0.5 + 0.7 * np.sin(self._turns_s * turn + self._phase)
        flutter = 0.35 * np.sin(self._flutter[1] * turn + self._flutter[0])
        across = (gust_px * self._sway * (lean + flutter)).astype(np.float32)
        return np.asarray(
            cv2.remap(picture, self._columns + across, self._rows + 0.3 * across, cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_REFLECT)
        )  # fmt: skip


def swell(event: Event, at_s: float, edge_s: float = 1.5) -> float:
    """How far an event has come up: 0 outside it, 1 within, straight between over ``edge_s``."""
    return float(np.clip(min(at_s - event.start_s, event.end_s - at_s) / edge_s, 0, 1))


def of_kind(events: Sequence[Event], kind: str) -> list[Event]:
    """The events of one kind, in their order."""
    return [event for event in events if event.kind == kind]


def gust_px(events: Sequence[Event], at_s: float, random: np.random.Generator) -> float:
    """The wind's strength now: the gusts that blow, each a little uneven."""
    return sum(e.strength * swell(e, at_s) * random.uniform(0.8, 1.2) for e in of_kind(events, "wind"))


def cloud_gain(events: Sequence[Event], at_s: float) -> Array | float:
    """The light that is left: a cloud's edge comes over the scene, stays, and goes the way it came."""
    gain: Array | float = 1.0
    columns = np.linspace(0, 1, WIDTH, dtype=np.float32)[None, :]
    rows = np.linspace(0, 0.4, HEIGHT, dtype=np.float32)[:, None]
    for event in of_kind(events, "cloud"):
        edge = 1.9 * swell(event, at_s, 4.0) - 0.2
        shade = 1 - event.strength / (1 + np.exp((columns + rows - edge) / 0.08))
        gain = np.asarray(gain * shade, np.float32)
    return gain


def dusk_gain(events: Sequence[Event], at_s: float) -> float:
    """The light falls over an event of kind dusk to ``1 - strength``, and stays there."""
    gain = 1.0
    for event in of_kind(events, "dusk"):
        gain *= 1 - event.strength * float(np.clip((at_s - event.start_s) / (event.end_s - event.start_s), 0, 1))
    return gain


def exposure_gain(events: Sequence[Event], at_s: float) -> float:
    """Steps of the automatic exposure, and its search after the lamp or the filter has switched."""
    gain = 1.0
    for event in of_kind(events, "exposure"):
        gain *= 1 + event.strength * (event.start_s <= at_s < event.end_s)
    for event in (*of_kind(events, "dark"), *of_kind(events, "filter")):
        for switched_s in (event.start_s, event.end_s):
            if at_s >= switched_s:
                gain *= 1 + _EXPOSURE_OFF * float(np.exp(-(at_s - switched_s) / _EXPOSURE_S))
    return gain


def lamp_gain(events: Sequence[Event], at_s: float) -> float:
    """1 with the lamp on, and next to nothing within an event of kind dark."""
    return _LAMP_OFF if any(e.start_s <= at_s < e.end_s for e in of_kind(events, "dark")) else 1.0


def switched(events: Sequence[Event], before_s: float, at_s: float) -> bool:
    """Whether the trap itself switched its lamp or its filter between two frames, and says so."""
    own = (*of_kind(events, "dark"), *of_kind(events, "filter"))
    return any(e.told and before_s < moment <= at_s for e in own for moment in (e.start_s, e.end_s))


def rain(picture: Array, events: Sequence[Event], at_s: float, random: np.random.Generator) -> Array:
    """Streaks of drops: ``strength`` of them a frame."""
    drops = sum(int(e.strength * swell(e, at_s)) for e in of_kind(events, "rain"))
    for _ in range(drops):
        x, y, length = random.uniform(0, WIDTH), random.uniform(0, HEIGHT), random.uniform(8, 60)
        end = int(x + 0.1 * length), int(y + length)
        brightness = float(np.clip(picture[int(y), int(x)] + random.uniform(15, 60), 0, 255))
        cv2.line(picture, (int(x), int(y)), end, (brightness,), int(random.integers(1, 3)), cv2.LINE_AA)
    return picture


def insects(picture: Array, events: Sequence[Event], at_s: float) -> Array:
    """Moths in the lamp's light: bright, out of focus and fast; ``strength`` of them a second, a fifth of one each."""
    for number, event in enumerate(of_kind(events, "insects")):
        if event.start_s <= at_s < event.end_s:
            flight = int((at_s - event.start_s) * event.strength)
            random = np.random.default_rng((int(1000 * event.start_s), number, flight))
            since = at_s - event.start_s - flight / event.strength
            if since < random.uniform(0.1, 0.6):
                _moth(picture, random, since)
    return picture


def _moth(picture: Array, random: np.random.Generator, since_s: float) -> None:
    start, speed = random.uniform(0, 1, 2) * (WIDTH, HEIGHT), random.uniform(-900, 900, 2)
    radius, glow = random.uniform(3, 16), random.uniform(40, 150)
    x, y = start + speed * since_s
    left, top, reach = int(x - 3 * radius), int(y - 3 * radius), int(6 * radius)
    rows, columns = slice(max(0, top), max(0, top + reach)), slice(max(0, left), max(0, left + reach))
    part = picture[rows, columns]
    if part.size:
        down = np.arange(rows.start, rows.start + part.shape[0], dtype=np.float32)[:, None] - y
        over = np.arange(columns.start, columns.start + part.shape[1], dtype=np.float32)[None, :] - x
        part += glow * np.exp(-(down**2 + over**2) / (2 * radius**2)).astype(np.float32)
