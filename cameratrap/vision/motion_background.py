"""What a still camera sees when nothing moves: each cell's usual texture, and by how much it usually strays from it.

A picture is first turned into *relief*: the logarithm of the luma of each cell less that of its surroundings. More or
less light, or light that changes smoothly over the frame, leaves the relief as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# One value a cell: (rows, columns).
Cells = NDArray[np.float32]

# Added to the luma (0 to 255) before its logarithm: in the dark the sensor's noise, not the light, decides.
_DARK = 12.0
# The surroundings of a cell are a window of this share of the frame's width: small enough to follow the edge of a
# cloud. Of an animal that fills more than that, its outline and its markings are left.
_SURROUNDINGS = 0.15
# A cell strays by this at least, in logarithms of light: sensor noise averaged over a cell.
_LEAST_NOISE = 0.012
_FIRST_NOISE = 0.03
# A single surprise counts as no more than so many times what was usual.
_MOST_SURPRISE = 4.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame of luma: its relief, and the mean logarithm of its light."""

    relief: Cells
    level: float


def see(luma: NDArray[np.uint8], columns: int) -> Seen:
    """See a frame (height, width) in square cells, ``columns`` of them in a row."""
    height, width = luma.shape
    rows = max(1, round(height * columns / width))
    light = cv2.resize(luma, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    light = np.log(light + _DARK)
    side = max(3, int(_SURROUNDINGS * columns))
    return Seen(np.asarray(light - cv2.blur(light, (side, side)), np.float32), float(light.mean()))


class Background:
    """The usual relief under one light, and how unsteady each cell of it is."""

    def __init__(self, first: Seen) -> None:
        self._usual = first.relief.copy()
        self._noise = np.full_like(first.relief, _FIRST_NOISE)
        self._level = first.level

    def difference(self, here: Cells) -> Cells:
        """By how much each cell is unlike its usual self."""
        return np.asarray(cv2.absdiff(here, self._usual))

    def allowed(self, times_noise: float, sway: float) -> Cells:
        """How far each cell may stray without meaning anything.

        ``times_noise`` times what is usual for it, and ``sway`` times the steps between it and its neighbours: what
        a picture that moves by less than a cell changes there.
        """
        step = cv2.morphologyEx(self._usual, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        return np.asarray(times_noise * self._noise + sway * step)

    def learn(self, seen: Seen, passed_s: float, background_s: float, noise_s: float) -> None:
        """Drift towards what is seen, with these time constants in seconds."""
        self._level = seen.level
        strayed = self.difference(seen.relief)
        surprise = np.minimum(1.25 * strayed, _MOST_SURPRISE * self._noise)
        self._noise += min(1.0, passed_s / noise_s) * (surprise - self._noise)
        np.maximum(self._noise, _LEAST_NOISE, out=self._noise)
        self._usual += min(1.0, passed_s / background_s) * (seen.relief - self._usual)

    def fits(self, seen: Seen) -> bool:
        """Whether it has as many cells."""
        return self._usual.shape == seen.relief.shape

    def darker_or_brighter(self, seen: Seen) -> float:
        """By how much the light differs from when it was last seen, in logarithms."""
        return abs(seen.level - self._level)
