"""Rounding as R does it, for tables that have to equal those made with R to the last digit."""

from __future__ import annotations

import math


def r_round(value: float, digits: int) -> float:
    """Round as R 4 does: to the nearer of the two decimals that the computer can write, of two as near the even one.

    Python rounds what the binary number stands for: it makes 0.1 of 0.05, R makes 0.
    """
    scale: float = 10**digits
    below, above = math.floor(value * scale), math.ceil(value * scale)
    down, up = value - below / scale, above / scale - value
    return (below if down < up or (down == up and below % 2 == 0) else above) / scale
