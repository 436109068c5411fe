"""The fixed camera: where a point of the plain comes to lie in the picture."""

from __future__ import annotations

import numpy as np

WIDTH, HEIGHT = 1024, 768
HORIZON, FOCAL_PX, CAMERA_M = 280, 1098.0, 1.8


def row_of(away_m: float) -> float:
    """The image row of the ground ``away_m`` metres from the camera."""
    return HORIZON + FOCAL_PX * CAMERA_M / away_m


def px_per_m(away_m: float) -> float:
    """Pixels a metre at that distance."""
    return FOCAL_PX / away_m


def column_of(across_m: float, away_m: float) -> float:
    """The image column of a point ``across_m`` metres right of the camera's axis."""
    return WIDTH / 2 + FOCAL_PX * across_m / away_m


def pitch_at(away_m: float) -> float:
    """How steeply the camera looks down on a body at that distance, in degrees."""
    return float(np.degrees(np.arctan(0.45 * CAMERA_M / away_m)))


def clip_window(top: int, left: int, size: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The part of the picture that an image laid at ``top``, ``left`` covers, and the part of that image in it."""
    rows = slice(*(min(max(edge, 0), HEIGHT) for edge in (top, top + size[0])))
    columns = slice(*(min(max(edge, 0), WIDTH) for edge in (left, left + size[1])))
    return (rows, columns), (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
