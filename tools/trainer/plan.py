"""What each training picture is made of: which frames, where, and where the animals then are.

A plan is numbers only. ``render`` turns many of them into pixels at once, on whatever device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trainer.dataset import Box, Frame

# Size in which frames are kept in memory, and with which fractions of a frame become pixels.
CANVAS_HEIGHT, CANVAS_WIDTH = 480, 640
# Share of an object that must still be seen for it to count as one; what shows less is left out of the loss.
_LEAST_VISIBLE = 0.35
_SMALLEST_PX = 4.0
# How much of a training picture's width a pasted animal takes: camera traps see most of theirs small.
_PASTED_WIDTHS = (0.04, 0.35)
# What part of the drawn pictures each kind of frame makes up, what part must at least show a class, and what is pasted.
# People and vehicles are few in our sources: drawn as they come, the network forgets in minutes what it knew of them.
_KIND_SHARES = {"trap": 0.6, "web": 0.3, "crop": 0.1}
_LEAST_SHARES = {1: 0.1, 2: 0.16, 3: 0.07}
_PASTED_SHARES = {0: 0.55, 1: 0.12, 2: 0.23, 3: 0.1}

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Layer:
    """One frame laid into the picture.

    A pixel x of the picture shows pixel ``(x - offset) / scale`` of the frame's canvas; ``flip`` mirrors the frame
    first. It fills ``window`` (pixels of the picture), or an ellipse within it where ``soft``.
    """

    source: int
    scale: float
    offset: tuple[float, float]
    flip: bool
    window: Corners
    soft: bool = False


@dataclass(slots=True)
class Plan:
    """A picture to be made: its layers from back to front, its boxes in pixels, and regions nobody vouches for."""

    layers: list[Layer] = field(default_factory=list)
    boxes: list[tuple[int, Corners]] = field(default_factory=list)
    ignored: list[Corners] = field(default_factory=list)
    grey: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a frame is inside its canvas, in pixels."""

    width: int
    height: int


class Planner:
    """Draws plans for pictures of ``height`` by ``width`` pixels from ``frames``, the same for the same generator."""

    def __init__(
        self, frames: Sequence[Frame], extents: Sequence[Extent], grey: Sequence[bool], height: int, width: int
    ) -> None:
        self._frames, self._extents, self._grey = frames, extents, grey
        self._height, self._width = height, width
        self._weights = _weights(frames)
        self._backgrounds = [index for index, frame in enumerate(frames) if frame.kind == "trap"]
        self._donors = [
            (index, box)
            for index, frame in enumerate(frames)
            for box in frame.boxes
            if box.label is not None and (box.x1 - box.x0) * (box.y1 - box.y0) > 0.002
        ]
        self._donor_weights = _donor_weights(frames, self._donors)

    def plan(self, random: np.random.Generator, *, plain: float = 0.4, mosaic: float = 0.35) -> Plan:
        """One picture: with chance ``plain`` a frame alone, with ``mosaic`` four of them, else animals pasted in."""
        kind = random.random()
        if kind < plain:
            return self._single(random)
        return self._mosaic(random) if kind < plain + mosaic else self._paste(random)

    def faithful(self, index: int) -> Plan:
        """The frame as the detector will see it: letterboxed, whole."""
        plan = Plan(grey=self._grey[index])
        extent = self._extents[index]
        scale = min(self._width / extent.width, self._height / extent.height)
        self._lay(plan, index, scale, (0.0, 0.0), (0.0, 0.0, self._width, self._height), flip=False)
        return plan

    def _single(self, random: np.random.Generator) -> Plan:
        index = self._draw(random)
        plan = Plan(grey=self._grey[index])
        # A trap frame keeps about the size it will be seen in; an animal on a web photo fills far too much of it.
        low, high = (0.8, 1.7) if self._frames[index].kind != "web" else (0.3, 1.0)
        scale = self._fit(index) * float(np.exp(random.uniform(np.log(low), np.log(high))))
        window = (0.0, 0.0, float(self._width), float(self._height))
        self._lay(plan, index, scale, self._offset(random, index, scale, window), window, flip=random.random() < 0.5)
        return plan

    def _mosaic(self, random: np.random.Generator) -> Plan:
        chosen = [self._draw(random) for _ in range(4)]
        plan = Plan(grey=all(self._grey[index] for index in chosen))
        middle = (self._width * random.uniform(0.3, 0.7), self._height * random.uniform(0.3, 0.7))
        for place, index in enumerate(chosen):
            x0, x1 = (0.0, middle[0]) if place % 2 == 0 else (middle[0], float(self._width))
            y0, y1 = (0.0, middle[1]) if place < 2 else (middle[1], float(self._height))
            extent = self._extents[index]
            fit = min((x1 - x0) / extent.width, (y1 - y0) / extent.height)
            scale = fit * random.uniform(1.0, 2.0 if self._frames[index].kind == "trap" else 1.3)
            window = (x0, y0, x1, y1)
            offset = self._offset(random, index, scale, window)
            self._lay(plan, index, scale, offset, window, flip=random.random() < 0.5)
        return plan

    def _paste(self, random: np.random.Generator) -> Plan:
        base = int(random.choice(self._backgrounds)) if self._backgrounds else self._draw(random)
        plan = Plan(grey=self._grey[base])
        scale = self._fit(base) * random.uniform(1.0, 1.3)
        window = (0.0, 0.0, float(self._width), float(self._height))
        self._lay(plan, base, scale, self._offset(random, base, scale, window), window, flip=random.random() < 0.5)
        for _ in range(int(random.integers(1, 4)) if self._donors else 0):
            self._paste_one(plan, random)
        return plan

    def _paste_one(self, plan: Plan, random: np.random.Generator) -> None:
        index, box = self._donors[int(random.choice(len(self._donors), p=self._donor_weights))]
        extent = self._extents[index]
        across, down = (box.x1 - box.x0) * extent.width, (box.y1 - box.y0) * extent.height
        low, high = np.log(_PASTED_WIDTHS)
        # Never larger than the donor shows it: a blurred animal on a sharp background is a giveaway.
        scale = min(float(np.exp(random.uniform(low, high))) * self._width / max(across, down), 1.5)
        wide, tall = across * scale, down * scale
        if wide >= self._width or tall >= self._height or min(wide, tall) < _SMALLEST_PX:
            return
        x0 = random.uniform(0, self._width - wide)
        # Animals stand on the ground, which is seldom in the upper third.
        y0 = random.uniform(min(0.25 * self._height, self._height - tall), self._height - tall)
        target = (x0, y0, x0 + wide, y0 + tall)
        if any(_shared(target, other) > 0.1 for other in (*(b for _, b in plan.boxes), *plan.ignored)):
            return
        flip = random.random() < 0.5
        left = (1 - box.x1) if flip else box.x0
        offset = (x0 - left * extent.width * scale, y0 - box.y0 * extent.height * scale)
        margin = 0.06
        window = (x0 - margin * wide, y0 - margin * tall, x0 + wide * (1 + margin), y0 + tall * (1 + margin))
        plan.layers.append(Layer(index, scale, offset, flip, window, soft=True))
        plan.boxes.append((int(box.label or 0), target))

    def _lay(
        self, plan: Plan, index: int, scale: float, offset: tuple[float, float], window: Corners, *, flip: bool
    ) -> None:
        plan.layers.append(Layer(index, scale, offset, flip, window))
        for box in self._frames[index].boxes:
            whole = self._place(box, index, scale, offset, flip=flip)
            seen = _within(whole, window)
            area = _area(seen)
            if area <= 0:
                continue
            small = min(seen[2] - seen[0], seen[3] - seen[1]) < _SMALLEST_PX
            if box.label is None or small or area < _LEAST_VISIBLE * _area(whole):
                plan.ignored.append(seen)
            else:
                plan.boxes.append((box.label, seen))

    def _place(self, box: Box, index: int, scale: float, offset: tuple[float, float], *, flip: bool) -> Corners:
        extent = self._extents[index]
        x0, x1 = (1 - box.x1, 1 - box.x0) if flip else (box.x0, box.x1)
        wide, tall = extent.width * scale, extent.height * scale
        return offset[0] + x0 * wide, offset[1] + box.y0 * tall, offset[0] + x1 * wide, offset[1] + box.y1 * tall

    def _fit(self, index: int) -> float:
        extent = self._extents[index]
        return min(self._width / extent.width, self._height / extent.height)

    def _offset(self, random: np.random.Generator, index: int, scale: float, window: Corners) -> tuple[float, float]:
        """Where the frame's corner goes so that the window is full where it can be, and shows a box if there is one."""
        extent = self._extents[index]
        room_x = (window[2] - window[0]) - extent.width * scale
        room_y = (window[3] - window[1]) - extent.height * scale
        return window[0] + random.uniform(min(room_x, 0), max(room_x, 0)), window[1] + random.uniform(
            min(room_y, 0), max(room_y, 0)
        )

    def _draw(self, random: np.random.Generator) -> int:
        return int(random.choice(len(self._frames), p=self._weights))


def _weights(frames: Sequence[Frame]) -> NDArray[np.float64]:
    """How often each frame is drawn: kinds by their use, a camera by the square root of its frames, rare classes up."""
    sizes: dict[str, int] = {}
    for frame in frames:
        sizes[frame.camera] = sizes.get(frame.camera, 0) + 1
    weights = np.array([sizes[frame.camera] ** -0.5 for frame in frames])
    for kind, share in _KIND_SHARES.items():
        chosen = np.array([frame.kind == kind for frame in frames])
        weights[chosen] *= share / max(weights[chosen].sum(), 1e-9)
    weights /= weights.sum()
    for label, least in _LEAST_SHARES.items():
        chosen = np.array([any(box.label == label for box in frame.boxes) for frame in frames])
        if chosen.any() and weights[chosen].sum() < least:
            weights[chosen] *= least / weights[chosen].sum()
            weights[~chosen] *= (1 - least) / weights[~chosen].sum()
    return np.asarray(weights)


def _donor_weights(frames: Sequence[Frame], donors: Sequence[tuple[int, Box]]) -> NDArray[np.float64]:
    """Pasted boxes: classes by their shares, and within a class evenly over the cameras and sites that show it."""
    groups = [(box.label, frames[index].camera) for index, box in donors]
    sizes = Counter(groups)
    weights = np.array([sizes[group] ** -0.5 for group in groups])
    for label, share in _PASTED_SHARES.items():
        chosen = np.array([group[0] == label for group in groups], dtype=bool)
        weights[chosen] *= share / max(weights[chosen].sum(), 1e-9)
    return np.asarray(weights / weights.sum()) if len(weights) else weights


def _within(box: Corners, window: Corners) -> Corners:
    return max(box[0], window[0]), max(box[1], window[1]), min(box[2], window[2]), min(box[3], window[3])


def _area(box: Corners) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _shared(one: Corners, other: Corners) -> float:
    """The shared area as a share of the smaller box."""
    return _area(_within(one, other)) / max(min(_area(one), _area(other)), 1e-6)
