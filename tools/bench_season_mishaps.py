"""What becomes of sessions with a satellite: everything that is documented to go wrong, as a deck of cards."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cameratrap.sbd.status import Verdict, classify

GOOD = "nothing"
LATE_S = 130.0  # when the driver has stopped waiting for it
# Codes that the manual describes come up one by one; of each range that it only reserves, one at a time.
DESCRIBED = (*range(9, 20), *range(32, 39), 64, 65)
RESERVED = (range(5, 9), range(20, 32), range(39, 64))
SENT = (0, 0, 0, 0, 0, 0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Mishap:
    """What becomes of one session.

    ``lost``: positions of the modem's bytes that vanish, ``unheard`` of the computer's. After ``breaks_after`` bytes
    the port is gone, for a moment if it ``comes_back``. A ``dead`` modem says nothing. ``noise`` comes before all else.
    """

    name: str
    status: int = 0
    answers: bool = True
    takes_s: float = 0.0
    lost: frozenset[int] = frozenset()
    unheard: frozenset[int] = frozenset()
    breaks_after: int | None = None
    comes_back: bool = False
    dead: bool = False
    noise: bytes = b""
    uncertain: bool = False


class Deck:
    """Draws a mishap for each session, failures in the share ``failing``: each of them once before any comes again.

    Of the sessions whose outcome a modem cannot know, the gateway has at least every second message.
    """

    def __init__(self, chance: random.Random, failing: float) -> None:
        self._chance = chance
        self._failing = failing
        self._cards: list[Mishap] = []
        self._uncertain = self._uncertain_delivered = 0

    def draw(self) -> Mishap:
        """A failure; now and then a bad line that may be good enough; else a good session."""
        chance = self._chance
        if chance.random() < self._failing:
            return self._failure()
        if chance.random() < self._failing / 4:
            return chance.choice(disturbances(chance))
        return Mishap(GOOD, status=chance.choice(SENT), takes_s=chance.uniform(6, 30))

    def delivers(self, mishap: Mishap) -> bool | None:
        """Whether the gateway gets the message of such a session; None: as its status says."""
        if not mishap.uncertain:
            return None
        self._uncertain += 1
        delivers = 2 * self._uncertain_delivered < self._uncertain
        self._uncertain_delivered += delivers
        return delivers

    def _failure(self) -> Mishap:
        if not self._cards:
            self._cards = mishaps(self._chance)
            self._chance.shuffle(self._cards)
        return self._cards.pop()


def mishaps(chance: random.Random) -> list[Mishap]:
    """Every way a session fails, once each, with what is random about them drawn."""
    codes = [*DESCRIBED, *(chance.choice(codes) for codes in RESERVED)]
    return [
        *(_status(code, chance) for code in codes),
        Mishap("no answer to the session", answers=False, takes_s=20, uncertain=True),
        Mishap("no answer to the session", answers=False, takes_s=20, uncertain=True),
        Mishap("an answer long after its time", takes_s=LATE_S),
        Mishap("the modem is silent", dead=True),
        Mishap("the port is gone", breaks_after=chance.randrange(300), takes_s=10),
    ]


def disturbances(chance: random.Random) -> list[Mishap]:
    """What a session may survive: a line that is not a good one."""
    lost, unheard = (frozenset(chance.sample(range(400), 3)) for _ in range(2))
    return [
        Mishap("bytes lost from the modem", takes_s=10, lost=lost),
        Mishap("bytes lost to the modem", takes_s=10, unheard=unheard),
        Mishap("the port is gone for a moment", breaks_after=chance.randrange(300), comes_back=True, takes_s=10),
        Mishap("noise on the line", noise=chance.randbytes(200), takes_s=10),
    ]


def _status(code: int, chance: random.Random) -> Mishap:
    status = classify(code)
    assert status.verdict is not Verdict.SENT, code
    return Mishap(f"MO status {code}", status=code, takes_s=chance.uniform(6, 60), uncertain=status.uncertain)
