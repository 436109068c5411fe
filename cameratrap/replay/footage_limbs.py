"""What bodies are put together from: pairs of limbs, legs that swing, necks that bend."""

from __future__ import annotations

from math import cos, radians, sin

from cameratrap.replay.footage_solids import Limb, Point

Chain = tuple[Point, ...]
SIDES = (1.0, -1.0)


def mirrored(chain: Chain, side: float) -> Chain:
    """The chain on one side of the body: 1 its right hand side, -1 its left."""
    return tuple((x, y, side * z) for x, y, z in chain)


def pair(
    points: Chain, radii: tuple[float, ...], *, shape: Point = (1, 1, 1), lean_deg: float = 0, skin: str
) -> list[Limb]:
    """One limb on either side."""
    return [Limb(mirrored(points, side), radii, shape, side * lean_deg, skin) for side in SIDES]


def swung(chain: Chain, degrees: float) -> Chain:
    """Turn a leg about its first point, forwards for positive degrees."""
    (x0, y0, _), c, s = chain[0], cos(radians(degrees)), sin(radians(degrees))
    return tuple((x0 + c * (x - x0) - s * (y - y0), y0 + s * (x - x0) + c * (y - y0), z) for x, y, z in chain)


def between(up: Chain, down: Chain, share: float) -> Chain:
    """A chain that is ``up`` at a share of 0 and ``down`` at 1."""
    return tuple(
        (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2]) for a, b in zip(up, down, strict=True)
    )


def legs(
    front: Chain, front_r: tuple[float, ...], hind: Chain, hind_r: tuple[float, ...], swing_deg: float
) -> list[Limb]:
    """Four legs in the order of a walk: the front leg of one side goes with the hind leg of the other."""
    grown = []
    for side in SIDES:
        grown.append(Limb(mirrored(swung(front, side * swing_deg), side), front_r, (1, 1, 0.72), skin="leg"))
        grown.append(Limb(mirrored(swung(hind, -side * swing_deg), side), hind_r, (1, 1, 0.72), skin="leg"))
    return grown
