"""Shadows: bodies are rows of balls, and each ball darkens an ellipse of the ground."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from cameratrap.replay.footage_bodies import BODIES
from cameratrap.replay.footage_light import Light
from cameratrap.replay.footage_plants import Wood
from cameratrap.replay.footage_solids import Array, Limb, Part, Prism, faces, sample, turn
from cameratrap.replay.footage_story import SceneAnimal
from cameratrap.replay.footage_view import CAMERA_M, HEIGHT, WIDTH, column_of, px_per_m, row_of

BALL_M = 0.2  # how finely a prism is filled


def shadows(animals: Sequence[SceneAnimal], light: Light) -> tuple[Array, Array]:
    """Where the bodies keep the sun from the ground, and where they stand so near to it that the sky is hidden."""
    size = (WIDTH // 2, HEIGHT // 2)
    cast, contact = Image.new("L", size), Image.new("L", size)
    sun_pen, contact_pen = ImageDraw.Draw(cast), ImageDraw.Draw(contact)
    for item in animals:
        spots = _spots(
            BODIES[item.body].shape(item.posture), turn(item.heading_deg), item.scale, item.across_m, item.away_m
        )
        _cast(sun_pen, spots, light)
        low = spots[spots[:, 1] - spots[:, 3] < 0.42 * item.scale]
        for across, _, away, radius in low:
            _spot(contact_pen, across, away, 1.25 * radius, stretch=1)
    return _soft(cast, 1.3), _soft(contact, 2.8)


def wood_shadow(woods: Sequence[Wood], light: Light) -> Array:
    """Where trees and dead trunks keep the sun from the ground."""
    image = Image.new("L", (WIDTH // 2, HEIGHT // 2))
    pen = ImageDraw.Draw(image)
    for wood in woods:
        if wood.away_m < 60:
            _cast(pen, _spots(wood.limbs, turn(0), 1, wood.across_m, wood.away_m), light)
    return _soft(image, 1.0)


def _spots(limbs: Sequence[Part], spin: Array, scale: float, across_m: float, away_m: float) -> Array:
    """The balls that a body is made of, (n, 4): metres right, above the ground, away from the camera, and radius."""
    points = np.vstack([sample(limb, 0.05)[:, :4] if isinstance(limb, Limb) else _balls_in(limb) for limb in limbs])
    placed = points[:, :3] @ spin.T * scale
    return np.column_stack([across_m + placed[:, 0], placed[:, 1], away_m - placed[:, 2], points[:, 3] * scale])


def _balls_in(prism: Prism) -> Array:
    """Balls that fill it, (n, 4): x, y, z and radius."""
    (left, low), (right, high) = np.min(prism.outline, axis=0), np.max(prism.outline, axis=0)
    x, y, z = np.meshgrid(
        np.arange(left, right, BALL_M), np.arange(low, high, BALL_M), np.arange(-1, 1.1, 0.25) * prism.half_width
    )
    points = np.column_stack([x.ravel(), y.ravel(), z.ravel(), np.ones(x.size)]).astype(np.float32)
    inside = (points @ faces(prism).T < 0.01).all(axis=1)
    return np.asarray(points[inside] * (1, 1, 1, 0.7 * BALL_M), np.float32)


def _cast(pen: ImageDraw.ImageDraw, spots: Array, light: Light) -> None:
    right, up, towards = (float(part) for part in light.sun_direction)
    if light.flash or up <= 0:
        return
    for across, height, away, radius in spots:
        _spot(pen, across - height * right / up, away + height * towards / up, radius, stretch=1 / up)


def _spot(pen: ImageDraw.ImageDraw, across: float, away: float, radius: float, *, stretch: float) -> None:
    if away < 2:  # beside or behind the camera
        return
    x, y, scale = column_of(across, away) / 2, row_of(away) / 2, px_per_m(away) / 2
    wide, tall = radius * scale, max(0.6, radius * scale * CAMERA_M / away * min(stretch, 2.5))
    pen.ellipse([x - wide, y - tall, x + wide, y + tall], fill=255)


def _soft(image: Image.Image, radius: float) -> Array:
    soft = cv2.GaussianBlur(np.asarray(image, np.float32) / np.float32(255), (0, 0), radius)
    return np.asarray(cv2.resize(soft, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.float32)
