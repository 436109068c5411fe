"""What grows at the waterhole: umbrella thorns, their dead trunks, and grass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from cameratrap.replay.footage_solids import Array, Limb

SEED = 20260601
DRAWN_PX = 110


@dataclass(frozen=True, slots=True)
class Wood:
    """A tree or a dead trunk and where it stands: metres right of and away from the camera."""

    limbs: tuple[Limb, ...]
    across_m: float
    away_m: float
    size_m: float


@lru_cache(maxsize=1)
def woods() -> tuple[Wood, ...]:
    """Two trees that frame the water, others thinning towards the hills, two dead trunks; the farthest first."""
    draw = np.random.default_rng(SEED)
    trees = [(-8.6, 21.0, 6.2, 1), (15.0, 38.0, 6.8, 2), (-17.0, 48.0, 6.4, 3), (3.5, 72.0, 6.5, 4)]
    for number in range(34):
        away = float(draw.uniform(60, 330))
        trees.append((float(draw.uniform(-0.56, 0.56) * away), away, float(draw.uniform(3.2, 6.5)), 10 + number % 6))
    grown = [
        Wood(acacia(tall, seed, 230 if away < 60 else 55), across, away, tall) for across, away, tall, seed in trees
    ]
    fallen = [Wood(_fallen_log(0.6), -5.2, 13.4, 1.2), Wood(_fallen_log(0.7), 5.1, 12.4, 1.4)]
    return tuple(sorted(grown + fallen, key=lambda wood: -wood.away_m))


@lru_cache(maxsize=16)
def acacia(height: float, seed: int, heads: int) -> tuple[Limb, ...]:
    """An umbrella thorn: a leaning trunk, forking limbs and a flat crown of many small heads of leaves."""
    draw = np.random.default_rng(SEED + seed)
    lean, top = float(draw.uniform(-0.5, 0.5)), 0.80 * height
    fork = (0.35 * lean, 0.34 * height, 0.0)
    limbs = [
        Limb(
            ((0, -0.4, 0), (0, 0.02 * height, 0), (0.1 * lean, 0.16 * height, 0), fork),
            tuple(height * r for r in (0.045, 0.034, 0.022, 0.02)),
            skin="bark",
        )
    ]
    for angle in np.linspace(0.3, 5.9, 7):
        reach = 0.36 * height * float(draw.uniform(0.55, 1.05))
        tip = (
            lean + reach * float(np.cos(angle)),
            top * float(draw.uniform(0.93, 1.04)),
            0.7 * reach * float(np.sin(angle)),
        )
        knee = (fork[0] + 0.45 * (tip[0] - fork[0]), 0.60 * height, 0.45 * tip[2])
        limbs.append(Limb((fork, knee, tip), (0.017 * height, 0.011 * height, 0.006 * height), skin="bark"))
    limbs += [_head_of_leaves(draw, lean, top, height, heads) for _ in range(heads)]
    return tuple(limbs)


def _head_of_leaves(draw: np.random.Generator, lean: float, top: float, height: float, heads: int) -> Limb:
    """One of the small clusters that make the crown; the fewer they are, the larger."""
    angle, share = float(draw.uniform(0, 2 * np.pi)), float(np.sqrt(draw.random()))
    x, z = 0.56 * height * share * float(np.cos(angle)), 0.45 * height * share * float(np.sin(angle))
    y = top + height * (0.13 * (1 - share**2) + float(draw.uniform(-0.045, 0.05)))
    radius = height * float(draw.uniform(0.020, 0.050)) * (230 / heads) ** 0.25
    return Limb(((lean + x, y, z), (lean + x + 0.3 * radius, y, z)), (radius, radius), (1, 0.55, 1), skin="leaf")


def _fallen_log(size: float = 1.0) -> tuple[Limb, ...]:
    """A dead trunk, its bark gone, with the stumps of its branches."""
    lines = (
        (((-1.5, 0.14, 0.2), (-0.6, 0.20, 0.1), (0.5, 0.18, -0.1), (1.5, 0.24, -0.2)), (0.20, 0.19, 0.15, 0.09)),
        (((0.3, 0.24, 0), (0.6, 0.55, 0.1), (0.75, 0.95, 0.0)), (0.09, 0.06, 0.025)),
        (((-0.5, 0.28, 0), (-0.75, 0.55, 0.2), (-0.7, 0.72, 0.3)), (0.08, 0.05, 0.02)),
        (((1.2, 0.25, -0.2), (1.6, 0.42, 0.0), (2.0, 0.40, 0.3)), (0.07, 0.05, 0.02)),
    )
    return tuple(
        Limb(
            tuple((size * x, size * y, size * z) for x, y, z in points),
            tuple(size * r for r in radii),
            skin="dead wood",
        )
        for points, radii in lines
    )


def grown_clump(number: int, height_px: int) -> Array:
    """One of the drawn clumps at a height, in 0..1."""
    drawn = _clump_drawn(number)
    size = (max(2, drawn.width * height_px // DRAWN_PX), max(2, drawn.height * height_px // DRAWN_PX))
    return np.asarray(drawn.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0), np.float32) / np.float32(255)


@lru_cache(maxsize=24)
def _clump_drawn(number: int) -> Image.Image:
    draw = np.random.default_rng(SEED + 100 + number)
    return Image.fromarray(grass_image(draw, height_px=DRAWN_PX, blades=int(draw.uniform(16, 44))))


def grass_image(
    draw: np.random.Generator, *, height_px: float, blades: int, wind: float = 0.0
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A clump of grass (rows, columns, RGBA) standing on its lower edge; ``wind`` bends it to the right."""
    half = max(4, int(height_px * (0.9 + 1.2 * abs(wind))))
    scale = 2
    image = Image.new("RGBA", (2 * half * scale, (int(height_px * 1.15) + 4) * scale), (150, 122, 70, 0))
    pen = ImageDraw.Draw(image)
    for _ in range(blades):
        aside = float(draw.normal(0, 0.11))
        x0 = (half + aside * height_px) * scale
        y0 = image.height - abs(float(draw.normal(0, 0.05))) * height_px * scale
        tall = height_px * float(draw.uniform(0.35, 1.05)) * scale
        bend = 2.0 * aside + float(draw.normal(0, 0.20)) + wind * float(draw.uniform(0.6, 1.2))
        curve = [
            (x0 + bend * tall * t**2, y0 - tall * (t - 0.18 * abs(bend) * t**2)) for t in np.linspace(0, 1, 7).tolist()
        ]
        _blade(pen, curve, max(1.0, height_px * float(draw.uniform(0.010, 0.022))) * scale, draw)
    return np.asarray(image.resize((image.width // scale, image.height // scale), Image.Resampling.BOX))


def _blade(pen: ImageDraw.ImageDraw, curve: list[tuple[float, float]], thick: float, draw: np.random.Generator) -> None:
    """One blade, dark at the foot and pale at the tip; some are straw, some still green."""
    red, green, blue = (205, 176, 108) if draw.random() < 0.8 else (150, 148, 82)
    shade = float(draw.uniform(0.62, 1.15))
    for number, (start, end) in enumerate(pairwise(curve)):
        share = number / (len(curve) - 1)
        glow = shade * (0.55 + 0.5 * share)
        tint = (min(255, int(red * glow)), min(255, int(green * glow)), min(255, int(blue * glow)), 255)
        pen.line([start, end], fill=tint, width=max(1, round(thick * (1 - 0.6 * share))))
