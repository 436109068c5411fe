"""The bodies at the waterhole, in metres: limbs for a posture.

Proportions are those of the species' published measurements (shoulder and head heights), drawn for this project.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, radians, sin

from cameratrap.replay.footage_solids import Limb, Point
from cameratrap.replay.footage_story import Posture

Chain = tuple[Point, ...]
SIDES = (1.0, -1.0)


Body = Callable[[Posture], tuple[Limb, ...]]


def _mirrored(chain: Chain, side: float) -> Chain:
    return tuple((x, y, side * z) for x, y, z in chain)


def _pair(
    points: Chain, radii: tuple[float, ...], *, shape: Point = (1, 1, 1), lean_deg: float = 0, skin: str
) -> list[Limb]:
    return [Limb(_mirrored(points, side), radii, shape, side * lean_deg, skin) for side in SIDES]


def _swung(chain: Chain, degrees: float) -> Chain:
    """Turn a leg about its first point, forwards for positive degrees."""
    (x0, y0, _), c, s = chain[0], cos(radians(degrees)), sin(radians(degrees))
    return tuple((x0 + c * (x - x0) - s * (y - y0), y0 + s * (x - x0) + c * (y - y0), z) for x, y, z in chain)


def _between(up: Chain, down: Chain, share: float) -> Chain:
    return tuple(
        (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2]) for a, b in zip(up, down, strict=True)
    )


def _legs(
    front: Chain, front_r: tuple[float, ...], hind: Chain, hind_r: tuple[float, ...], swing_deg: float
) -> list[Limb]:
    """Four legs in the order of a walk: the front leg of one side goes with the hind leg of the other."""
    legs = []
    for side in SIDES:
        legs.append(Limb(_mirrored(_swung(front, side * swing_deg), side), front_r, (1, 1, 0.72), skin="leg"))
        legs.append(Limb(_mirrored(_swung(hind, -side * swing_deg), side), hind_r, (1, 1, 0.72), skin="leg"))
    return legs


def zebra(posture: Posture) -> tuple[Limb, ...]:
    """A plains zebra, 1.35 m at the shoulder."""
    neck = _between(
        ((0.52, 1.10, 0), (0.76, 1.36, 0), (0.94, 1.60, 0), (1.02, 1.71, 0)),
        ((0.56, 1.06, 0), (0.90, 0.86, 0), (1.10, 0.58, 0), (1.17, 0.44, 0)),
        posture.head,
    )
    head = _between(
        ((1.00, 1.70, 0), (1.15, 1.58, 0), (1.32, 1.42, 0), (1.41, 1.33, 0)),
        ((1.15, 0.46, 0), (1.23, 0.30, 0), (1.30, 0.14, 0), (1.33, 0.08, 0)),
        posture.head,
    )
    mane = _between(
        ((0.58, 1.40, 0), (0.70, 1.58, 0), (0.85, 1.78, 0), (0.98, 1.87, 0)),
        ((0.70, 1.20, 0), (1.02, 1.03, 0), (1.24, 0.72, 0), (1.31, 0.55, 0)),
        posture.head,
    )
    ear = _between(
        ((0.99, 1.80, 0.07), (0.98, 1.90, 0.10), (1.00, 1.98, 0.11)),
        ((1.21, 0.53, 0.08), (1.12, 0.57, 0.13), (1.05, 0.60, 0.15)),
        posture.head,
    )
    eye = _between(((1.14, 1.66, 0.085),), ((1.26, 0.40, 0.085),), posture.head)[0]
    hoofed = ((0.50, 0.95, 0.15), (0.50, 0.66, 0.15), (0.53, 0.41, 0.14), (0.51, 0.14, 0.14), (0.55, 0.05, 0.14))
    hind = ((-0.64, 0.98, 0.13), (-0.54, 0.73, 0.15), (-0.76, 0.48, 0.14), (-0.71, 0.14, 0.14), (-0.67, 0.05, 0.14))
    return (
        Limb(
            ((-0.73, 1.03, 0), (-0.42, 1.03, 0), (0, 0.99, 0), (0.34, 1.02, 0), (0.58, 1.07, 0)),
            (0.27, 0.33, 0.355, 0.33, 0.25),
            (1, 1, 0.85),
        ),
        Limb(neck, (0.25, 0.175, 0.13, 0.115), (1, 1, 0.75), skin="neck"),
        Limb(head, (0.13, 0.115, 0.08, 0.072), (1, 1, 0.8), skin="head"),
        Limb(mane, (0.05, 0.075, 0.075, 0.05), (1, 1, 0.35), skin="mane"),
        *_pair(ear, (0.03, 0.045, 0.014), shape=(1, 1, 0.6), skin="head"),
        *_pair((eye, (eye[0] + 0.01, eye[1], eye[2])), (0.034, 0.034), skin="eye"),
        *_legs(hoofed, (0.2, 0.115, 0.068, 0.043, 0.06), hind, (0.27, 0.175, 0.073, 0.045, 0.06), 17 * posture.stride),
        Limb(
            ((-0.98, 1.16, 0), (-1.07, 0.9, 0), (-1.09, 0.65, 0), (-1.07, 0.45, 0)),
            (0.05, 0.026, 0.045, 0.02),
            skin="tail",
        ),
    )


def elephant(posture: Posture) -> tuple[Limb, ...]:
    """An African savanna elephant cow, 2.8 m at the shoulder."""
    trunk = _between(
        ((1.92, 2.02, 0), (2.18, 1.55, 0), (2.28, 1.05, 0), (2.24, 0.62, 0), (2.34, 0.34, 0), (2.50, 0.32, 0)),
        ((1.92, 2.02, 0), (2.18, 1.45, 0), (2.30, 0.85, 0), (2.30, 0.36, 0), (2.36, 0.12, 0), (2.42, 0.06, 0)),
        posture.head,
    )
    front = ((0.78, 1.7, 0.36), (0.82, 1.05, 0.42), (0.82, 0.55, 0.42), (0.84, 0.15, 0.42))
    hind = ((-1.18, 1.7, 0.30), (-1.02, 1.05, 0.40), (-1.2, 0.55, 0.40), (-1.18, 0.15, 0.40))
    return (
        Limb(
            ((-1.32, 1.78, 0), (-0.9, 1.90, 0), (-0.2, 1.78, 0), (0.5, 1.86, 0), (0.95, 2.0, 0)),
            (0.66, 0.80, 0.86, 0.84, 0.68),
            (1, 1, 0.86),
        ),
        Limb(
            ((1.15, 2.32, 0), (1.48, 2.48, 0), (1.75, 2.32, 0), (1.92, 2.02, 0)),
            (0.50, 0.50, 0.42, 0.30),
            (1, 1, 0.82),
            skin="head",
        ),
        Limb(trunk, (0.30, 0.215, 0.16, 0.12, 0.095, 0.075), skin="trunk"),
        *_pair(
            ((1.42, 2.62, 0.42), (1.12, 2.45, 0.60), (0.92, 2.12, 0.70), (1.06, 1.72, 0.64), (1.2, 1.38, 0.52)),
            (0.22, 0.42, 0.50, 0.36, 0.14),
            shape=(1, 1, 0.11),
            lean_deg=28,
            skin="ear",
        ),
        *_pair(
            ((1.82, 1.86, 0.24), (2.12, 1.50, 0.30), (2.48, 1.38, 0.31), (2.68, 1.46, 0.28)),
            (0.09, 0.08, 0.055, 0.022),
            skin="tusk",
        ),
        *_pair(((1.83, 2.30, 0.32), (1.84, 2.30, 0.32)), (0.04, 0.04), skin="eye"),
        *_legs(front, (0.5, 0.31, 0.235, 0.26), hind, (0.56, 0.36, 0.225, 0.25), 11 * posture.stride),
        Limb(
            ((-1.9, 2.15, 0), (-2.04, 1.7, 0), (-2.04, 1.2, 0), (-2.0, 0.92, 0)), (0.09, 0.05, 0.04, 0.06), skin="tail"
        ),
    )


def calf(posture: Posture) -> tuple[Limb, ...]:
    """A young elephant, drawn at a grown one's size: no tusks yet."""
    return tuple(limb for limb in elephant(posture) if limb.skin != "tusk")


def giraffe(posture: Posture) -> tuple[Limb, ...]:
    """A giraffe, 4.8 m to the tips of its ossicones."""
    front = ((0.42, 2.25, 0.15), (0.46, 1.62, 0.17), (0.48, 1.12, 0.16), (0.46, 0.26, 0.16), (0.5, 0.07, 0.16))
    hind = ((-0.80, 2.02, 0.14), (-0.64, 1.52, 0.18), (-0.9, 1.06, 0.17), (-0.86, 0.26, 0.17), (-0.82, 0.07, 0.17))
    return (
        Limb(
            ((-0.83, 2.0, 0), (-0.4, 2.1, 0), (0.08, 2.22, 0), (0.42, 2.42, 0)), (0.38, 0.47, 0.52, 0.44), (1, 1, 0.78)
        ),
        Limb(
            ((0.42, 2.5, 0), (0.80, 3.1, 0), (1.06, 3.7, 0), (1.28, 4.25, 0), (1.36, 4.42, 0)),
            (0.42, 0.26, 0.18, 0.145, 0.135),
            (1, 1, 0.8),
            skin="neck",
        ),
        Limb(
            ((0.56, 2.92, 0), (0.62, 3.2, 0), (0.90, 3.8, 0), (1.14, 4.35, 0)),
            (0.06, 0.07, 0.07, 0.05),
            (1, 1, 0.4),
            skin="mane",
        ),
        Limb(
            ((1.34, 4.46, 0), (1.55, 4.38, 0), (1.80, 4.2, 0), (1.89, 4.13, 0)),
            (0.15, 0.13, 0.08, 0.08),
            (1, 1, 0.8),
            skin="face",
        ),
        *_pair(((1.32, 4.55, 0.07), (1.28, 4.70, 0.08), (1.27, 4.77, 0.08)), (0.04, 0.033, 0.045), skin="mane"),
        *_pair(
            ((1.26, 4.50, 0.11), (1.20, 4.54, 0.24), (1.17, 4.55, 0.33)),
            (0.03, 0.065, 0.02),
            shape=(1, 1, 0.7),
            skin="face",
        ),
        *_pair(((1.50, 4.47, 0.10), (1.51, 4.47, 0.10)), (0.03, 0.03), skin="eye"),
        *_legs(front, (0.3, 0.16, 0.095, 0.06, 0.085), hind, (0.36, 0.21, 0.1, 0.06, 0.085), 12 * posture.stride),
        Limb(
            ((-1.17, 2.2, 0), (-1.26, 1.7, 0), (-1.25, 1.3, 0), (-1.25, 1.0, 0)),
            (0.05, 0.025, 0.055, 0.025),
            skin="tail",
        ),
    )


def stork(posture: Posture) -> tuple[Limb, ...]:
    """A marabou stork, 1.25 m tall."""
    neck = _between(
        ((0.16, 0.88, 0), (0.28, 1.02, 0), (0.25, 1.14, 0), (0.30, 1.22, 0)),
        ((0.18, 0.84, 0), (0.38, 0.78, 0), (0.46, 0.60, 0), (0.52, 0.50, 0)),
        posture.head,
    )
    bill = _between(
        ((0.34, 1.22, 0), (0.46, 1.13, 0), (0.60, 1.00, 0)),
        ((0.54, 0.47, 0), (0.58, 0.32, 0), (0.62, 0.14, 0)),
        posture.head,
    )
    skull = neck[-1]
    leg = ((-0.02, 0.68, 0.07), (0.02, 0.52, 0.07), (-0.03, 0.30, 0.07), (-0.01, 0.06, 0.07))
    legs = [
        Limb(_mirrored(_swung(leg, side * 14 * posture.stride), side), (0.07, 0.03, 0.017, 0.016), skin="leg")
        for side in SIDES
    ]
    toes = [((limb.points[-1]), (limb.points[-1][0] + 0.13, 0.02, limb.points[-1][2])) for limb in legs]
    return (
        Limb(
            ((0.20, 0.86, 0), (0.06, 0.80, 0), (-0.12, 0.72, 0), (-0.32, 0.60, 0)),
            (0.11, 0.185, 0.18, 0.07),
            (1, 1, 0.85),
            skin="breast",
        ),
        *_pair(
            ((0.14, 0.86, 0.10), (-0.06, 0.80, 0.13), (-0.28, 0.65, 0.10), (-0.46, 0.50, 0.05)),
            (0.10, 0.16, 0.11, 0.025),
            shape=(1, 1, 0.45),
            skin="wing",
        ),
        Limb(neck, (0.085, 0.05, 0.045, 0.062), skin="neck"),
        Limb((skull, (skull[0] + 0.02, skull[1], 0)), (0.068, 0.068), skin="neck"),
        Limb(bill, (0.05, 0.038, 0.010), (1, 1, 0.8), skin="bill"),
        *_pair(
            ((skull[0] + 0.03, skull[1] + 0.02, 0.055), (skull[0] + 0.035, skull[1] + 0.02, 0.055)),
            (0.012, 0.012),
            skin="eye",
        ),
        *legs,
        *(Limb(toe, (0.015, 0.008), skin="leg") for toe in toes),
    )


def person(posture: Posture) -> tuple[Limb, ...]:
    """A ranger walking, 1.78 m with a hat."""
    swing = 24 * posture.stride
    leg = ((0.0, 0.92, 0.10), (0.03, 0.50, 0.10), (-0.02, 0.12, 0.10))
    arm = ((0.0, 1.42, 0.21), (-0.03, 1.16, 0.26), (0.10, 0.92, 0.24))
    limbs = [
        Limb(
            ((0, 0.92, 0), (0.0, 1.1, 0), (0.01, 1.3, 0), (0, 1.44, 0)),
            (0.15, 0.14, 0.17, 0.12),
            (0.75, 1, 1),
            skin="shirt",
        ),
        *_pair(((0, 1.42, 0.10), (0, 1.41, 0.17)), (0.09, 0.085), skin="shirt"),
        Limb(
            ((0, 1.44, 0), (0.02, 1.54, 0), (0.03, 1.62, 0), (0.03, 1.67, 0)),
            (0.06, 0.06, 0.095, 0.10),
            (1, 1, 0.9),
            skin="face",
        ),
        Limb(((0.03, 1.715, 0), (0.031, 1.715, 0)), (0.20, 0.20), (1, 0.12, 0.9), skin="hat"),
        Limb(((0.03, 1.73, 0), (0.03, 1.78, 0)), (0.105, 0.09), (1, 0.8, 0.95), skin="hat"),
        Limb(((-0.16, 1.40, 0), (-0.19, 1.22, 0), (-0.17, 1.02, 0)), (0.11, 0.14, 0.12), (0.8, 1, 1), skin="pack"),
    ]
    for side in SIDES:
        thigh = _mirrored(_swung(leg, side * swing), side)
        ankle = thigh[-1]
        limbs.append(Limb(thigh, (0.115, 0.085, 0.062), skin="trousers"))
        limbs.append(
            Limb(
                (ankle, (ankle[0] + 0.03, ankle[1] - 0.06, ankle[2]), (ankle[0] + 0.18, ankle[1] - 0.08, ankle[2])),
                (0.06, 0.06, 0.04),
                skin="boot",
            )
        )
        hand = _mirrored(_swung(arm, -side * 0.9 * swing), side)
        limbs.append(Limb(hand, (0.07, 0.055, 0.045), skin="shirt"))
        limbs.append(
            Limb((hand[-1], (hand[-1][0] + 0.04, hand[-1][1] - 0.08, hand[-1][2])), (0.045, 0.04), skin="face")
        )
    return tuple(limbs)


BODIES: dict[str, Body] = {
    "zebra": zebra,
    "elephant": elephant,
    "calf": calf,
    "giraffe": giraffe,
    "stork": stork,
    "person": person,
}
