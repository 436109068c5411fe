"""The birds at the waterhole, in metres: limbs for a posture."""

from __future__ import annotations

from cameratrap.replay.footage_limbs import SIDES, between, mirrored, pair, swung
from cameratrap.replay.footage_solids import Limb
from cameratrap.replay.footage_story import Posture


def stork(posture: Posture) -> tuple[Limb, ...]:
    """A marabou stork, 1.25 m tall."""
    neck = between(
        ((0.16, 0.88, 0), (0.28, 1.02, 0), (0.25, 1.14, 0), (0.30, 1.22, 0)),
        ((0.18, 0.84, 0), (0.38, 0.78, 0), (0.46, 0.60, 0), (0.52, 0.50, 0)),
        posture.head,
    )
    bill = between(
        ((0.34, 1.22, 0), (0.46, 1.13, 0), (0.60, 1.00, 0)),
        ((0.54, 0.47, 0), (0.58, 0.32, 0), (0.62, 0.14, 0)),
        posture.head,
    )
    skull = neck[-1]
    leg = ((-0.02, 0.68, 0.07), (0.02, 0.52, 0.07), (-0.03, 0.30, 0.07), (-0.01, 0.06, 0.07))
    legs = [
        Limb(mirrored(swung(leg, side * 14 * posture.stride), side), (0.07, 0.03, 0.017, 0.016), skin="leg")
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
        *pair(
            ((0.14, 0.86, 0.10), (-0.06, 0.80, 0.13), (-0.28, 0.65, 0.10), (-0.46, 0.50, 0.05)),
            (0.10, 0.16, 0.11, 0.025),
            shape=(1, 1, 0.45),
            skin="wing",
        ),
        Limb(neck, (0.085, 0.05, 0.045, 0.062), skin="neck"),
        Limb((skull, (skull[0] + 0.02, skull[1], 0)), (0.068, 0.068), skin="neck"),
        Limb(bill, (0.05, 0.038, 0.010), (1, 1, 0.8), skin="bill"),
        *pair(
            ((skull[0] + 0.03, skull[1] + 0.02, 0.055), (skull[0] + 0.035, skull[1] + 0.02, 0.055)),
            (0.012, 0.012),
            skin="eye",
        ),
        *legs,
        *(Limb(toe, (0.015, 0.008), skin="leg") for toe in toes),
    )


def guineafowl(posture: Posture) -> tuple[Limb, ...]:
    """A helmeted guineafowl, 0.5 m tall with its head up."""
    neck = between(
        ((0.10, 0.33, 0), (0.15, 0.39, 0), (0.16, 0.45, 0)),
        ((0.10, 0.28, 0), (0.19, 0.21, 0), (0.23, 0.12, 0)),
        posture.head,
    )
    bill = between(((0.17, 0.46, 0), (0.22, 0.445, 0)), ((0.24, 0.10, 0), (0.26, 0.05, 0)), posture.head)
    skull = neck[-1]
    leg = ((0.0, 0.20, 0.05), (0.02, 0.12, 0.05), (0.0, 0.02, 0.05), (0.05, 0.01, 0.05))
    return (
        Limb(
            ((-0.20, 0.24, 0), (-0.08, 0.29, 0), (0.04, 0.29, 0), (0.12, 0.27, 0)),
            (0.05, 0.125, 0.125, 0.07),
            (1, 1, 0.85),
        ),
        Limb(((-0.20, 0.25, 0), (-0.27, 0.17, 0)), (0.06, 0.03), (1, 1, 0.6), skin="wing"),
        Limb(neck, (0.06, 0.03, 0.024), skin="neck"),
        Limb((skull, (skull[0] + 0.015, skull[1], 0)), (0.032, 0.03), skin="face"),
        Limb(((skull[0], skull[1] + 0.03, 0), (skull[0] - 0.01, skull[1] + 0.06, 0)), (0.018, 0.008), skin="bill"),
        Limb(bill, (0.014, 0.006), skin="bill"),
        *(
            Limb(mirrored(swung(leg, side * 20 * posture.stride), side), (0.035, 0.014, 0.011, 0.01), skin="leg")
            for side in SIDES
        ),
    )
