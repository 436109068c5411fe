"""Common batteries, and what is left of them in the cold.

What a cell gives at a low temperature depends on the current; a trap's is small, so these are the upper curves of
makers' data sheets, read off to five points in a hundred. They are assumed, not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Chemistry(StrEnum):
    """What the cells are made of."""

    LITHIUM_IRON_DISULFIDE = "li-fes2"
    LITHIUM_ION = "li-ion"
    LITHIUM_IRON_PHOSPHATE = "lifepo4"
    NICKEL_METAL_HYDRIDE = "nimh"
    LEAD_ACID = "lead-acid"
    ALKALINE = "alkaline"


# Degrees Celsius -> share of the capacity at 20 degrees, warmest first. No lithium cell may be charged below 0 degrees.
COLD: Mapping[Chemistry, tuple[tuple[float, float], ...]] = {
    Chemistry.LITHIUM_IRON_DISULFIDE: ((20, 1.0), (0, 0.95), (-20, 0.8), (-40, 0.4)),
    Chemistry.LITHIUM_ION: ((20, 1.0), (0, 0.85), (-10, 0.7), (-20, 0.5), (-30, 0.0)),
    Chemistry.LITHIUM_IRON_PHOSPHATE: ((20, 1.0), (0, 0.8), (-10, 0.65), (-20, 0.5), (-30, 0.0)),
    Chemistry.NICKEL_METAL_HYDRIDE: ((20, 1.0), (0, 0.8), (-10, 0.6), (-20, 0.3), (-30, 0.0)),
    Chemistry.LEAD_ACID: ((20, 1.0), (0, 0.8), (-20, 0.5), (-40, 0.0)),
    Chemistry.ALKALINE: ((20, 1.0), (0, 0.75), (-20, 0.2), (-30, 0.0)),
}


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery by its nominal watt-hours, of which ``usable`` can be drawn at 20 degrees before the trap stops."""

    name: str
    chemistry: Chemistry
    nominal_wh: float
    usable: float = 1.0

    def usable_wh(self, temperature_c: float = 20.0) -> float:
        """What it gives at ``temperature_c``."""
        return self.nominal_wh * self.usable * share_in_the_cold(self.chemistry, temperature_c)


def share_in_the_cold(chemistry: Chemistry, temperature_c: float) -> float:
    """The share of the capacity that is left, between the points of COLD on straight lines; 0 below the last."""
    points = COLD[chemistry]
    if temperature_c >= points[0][0]:
        return 1.0
    for (warm, more), (cold, less) in pairwise(points):
        if temperature_c >= cold:
            return less + (more - less) * (temperature_c - cold) / (warm - cold)
    return 0.0


BATTERIES = (
    Battery("8 x AA L91", Chemistry.LITHIUM_IRON_DISULFIDE, 8 * 1.5 * 3.0, 0.85),
    Battery("12 x AA L91", Chemistry.LITHIUM_IRON_DISULFIDE, 12 * 1.5 * 3.0, 0.85),
    Battery("4 x 18650", Chemistry.LITHIUM_ION, 4 * 3.6 * 3.0, 0.9),
    Battery("LiFePO4 12.8 V 20 Ah", Chemistry.LITHIUM_IRON_PHOSPHATE, 12.8 * 20, 0.9),
)
