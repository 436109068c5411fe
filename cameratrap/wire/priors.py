"""What a message expects before it has said anything, in whole numbers that never change within a wire version.

What it expects of tallies is learned from seven published studies (``learned``, written by `tools/priors`). What it
expects of everything else is stated here by hand, smoothly, so that no habit of one trap is built in: a trap is armed
all day, on half of it at night; its clock is right and nothing is at fault; it is fed by a lead battery of 12 volts or
its like; it stands in a temperate climate; it says a day a day, under one number more. Whatever is otherwise costs a
few bits more, and can be said as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType

from cameratrap.domain.taxa import LAST_CODE
from cameratrap.wire.learned import CONTEXTS, STUDIED

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Priors:
    """Pairs of counts (of zeros, of ones) by context, and the shares of the wire codes from 0 on.

    ``below`` adds the shares up: its place ``code`` holds those of all lower codes, its last place those of all.
    """

    contexts: Mapping[str, Pairs]
    taxa: tuple[int, ...]
    below: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "below", tuple(accumulate(self.taxa, initial=0)))


_GIVEN = 512  # the table has 499 taxa; a code beyond is for those to come, and costs about 16 bits


def taxon_shares(studied: Mapping[int, int]) -> tuple[int, ...]:
    """Some for every code, more for the lower ones, which were given first, and what studies add to their own."""
    shares = [10_000 // (code + 20) if code < _GIVEN else 1 for code in range(LAST_CODE + 1)]
    return tuple(share + studied.get(code, 0) for code, share in enumerate(shares))


_EVEN = ((32, 32),)
_FALLING = ((40, 24),)  # where smaller numbers are likelier: the digit after the leading one

STATED: Mapping[str, Pairs] = MappingProxyType(
    {
        "partial": ((127, 1),),
        "day": ((2, 62),),
        "part": _EVEN,
        "part top": _FALLING,
        "sequence": ((4, 28), (8, 24), (12, 20), (16, 16), (16, 16), (16, 16), (20, 12), (24, 8)),
        "sequence top": _EVEN,
        "taxa": _EVEN,
        "taxa top": _FALLING,
        "effort": ((1, 31), (16, 16)),
        "armed": ((1, 15),),
        "night": ((20, 12), (24, 8)),
        "night top": _EVEN,
        "triggers": _EVEN,
        "triggers top": _FALLING,
        "blank": _EVEN,
        "blank top": _FALLING,
        "suppressed": _EVEN,
        "suppressed top": _FALLING,
        "health": ((1, 31), (16, 16)),
        "battery": _EVEN,
        "battery top": _FALLING,
        "coldest": ((20, 12), (24, 8)),
        "coldest top": _EVEN,
        "warmest": ((20, 12), (24, 8)),
        "warmest top": _EVEN,
        "restarts": ((30, 2), (16, 16)),
        "restarts top": _FALLING,
        "clock": ((30, 2), (24, 8)),
        "clock top": _FALLING,
        "faults": ((30, 2),),
        "faults each": ((28, 4),),
        "commands": ((30, 2), (16, 16)),
        "commands top": _EVEN,
        "earlier": ((256, 1792),),
        "gap": ((60, 4), (16, 16)),
        "gap top": _EVEN,
        "earlier sequence": ((60, 4), (16, 16)),
        "earlier sequence top": _EVEN,
        "earlier hours": ((2, 62), (2, 62)),
        "earlier armed": ((4, 60),),
        "earlier night": ((32, 32), (40, 24)),
        "earlier night top": _FALLING,
        "alert sequence": _EVEN,
        "alert sequence top": _EVEN,
        "alert individuals": ((24, 8), (20, 12)),
        "alert individuals top": _FALLING,
        "alert score": ((2, 30),),
    }
)

PRIORS = Priors(MappingProxyType({**CONTEXTS, **STATED}), taxon_shares(STUDIED))
