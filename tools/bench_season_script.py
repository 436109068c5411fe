"""What happens around a trap in a season, drawn by chance: animals, wind, cold, a camera that fails, cuts of the power.

Everything is in seconds since the season began, at midnight. A day's script is drawn when the day comes, so that a long
season takes no more memory than a short one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import pi, sin

DAY_S = 86_400.0
# What walks by, and how often one of each: shares of a made-up wood. One of them is worth an alert.
WATCHED = "Lynx lynx"
ANIMALS = {
    "Vulpes vulpes": 30, "Capreolus capreolus": 25, "Sus scrofa": 15, "Meles meles": 12, "Sciurus vulgaris": 8,
    "Lepus europaeus": 5, "Homo sapiens": 4, WATCHED: 1,
}  # fmt: skip
MOST = 8  # of one kind in a picture
TIMER_S = 7200.0
FIRST_TIMER_S = 600.0  # after midnight
BUSY_TIMERS = 4  # of a day: the first ones send what the day before was closed into
STORM_FROM_S, STORM_S = 9 * 3600.0, 8 * 3600.0
WARM_V, COLD_V = 12.1, 2.75  # of three lithium-ion cells, and how far they sag in the middle of a cold spell
WARM_C, COLD_C = 14.0, 26.0
FAULT_EVERY_DAYS, FAULT_S = 12, 5400.0
SINGLE_FAILURES = 0.005  # of bursts


@dataclass(frozen=True, slots=True)
class Season:
    """What is simulated. ``failing``: the share of sessions that fail; ``cuts``: of the power, a day.

    A storm blows every ``storm_every_days`` days, with ``storm`` triggers; a cold spell of ``cold_days`` begins every
    ``cold_every_days``, each 0 for never.
    """

    days: int = 180
    seed: int = 20261122
    animals: int = 30
    blanks: int = 60
    failing: float = 0.2
    cuts: float = 0.3
    every_days: int = 1
    storm: int = 5000
    storm_every_days: int = 25
    cold_days: int = 8
    cold_every_days: int = 40


@dataclass(frozen=True, slots=True)
class Visit:
    """One trigger: an animal or, without a taxon, the wind. ``counts``: how many each of its pictures shows."""

    at_s: float
    taxon: str | None = None
    counts: tuple[int, ...] = (0,)

    def shows(self, position: int) -> int:
        """How many the picture at this position of the burst shows."""
        return self.counts[(position - 1) % len(self.counts)]


class Script:
    """A season's days, each the same however often it is asked for."""

    def __init__(self, season: Season) -> None:
        self.season = season

    def visits(self, day: int) -> Iterator[Visit]:
        """What triggers on the day, in no order."""
        season, chance = self.season, self._chance(day, "visits")
        for taxon in chance.choices(list(ANIMALS), weights=list(ANIMALS.values()), k=season.animals):
            count = min(1 + int(chance.expovariate(1.5)), MOST)
            counts = tuple(chance.randint(1, count) for _ in range(3))
            yield Visit(self._any_moment(day, chance), taxon, counts)
        for _ in range(season.blanks):
            yield Visit(self._any_moment(day, chance))
        if _comes(day, season.storm_every_days, first=3):
            for _ in range(season.storm):
                yield Visit(day * DAY_S + STORM_FROM_S + chance.uniform(0, STORM_S))

    def timers(self, day: int) -> list[float]:
        """When `transmit` runs on the day."""
        return [day * DAY_S + FIRST_TIMER_S + number * TIMER_S for number in range(int(DAY_S // TIMER_S))]

    def cut(self, day: int) -> float | None:
        """When the power is about to be cut on the day, if it is: every other time while days are closed and sent."""
        chance = self._chance(day, "cuts")
        if chance.random() >= self.season.cuts:
            return None
        if chance.random() < 0.5:
            return chance.choice(self.timers(day)[:BUSY_TIMERS]) - chance.uniform(0, 1)
        return chance.choice(sorted(self.visits(day), key=lambda each: each.at_s) or [Visit(day * DAY_S)]).at_s

    def camera_fails(self, now_s: float) -> bool:
        """Whether the camera answers to nothing at that moment."""
        day = int(now_s // DAY_S)
        if not _comes(day, FAULT_EVERY_DAYS, first=1):
            return False
        return 0 <= now_s - day * DAY_S - self._chance(day, "camera").uniform(6, 18) * 3600 < FAULT_S

    def battery(self, now_s: float) -> tuple[float, float]:
        """Volts and degrees Celsius at that moment; the last day is always a warm one."""
        season, day = self.season, now_s / DAY_S
        into = (day - 2) % season.cold_every_days if season.cold_every_days and day >= 2 else season.cold_days
        is_cold = into < season.cold_days and day < season.days - 1
        depth = sin(pi * into / season.cold_days) ** 2 if is_cold else 0.0
        ripple = 0.02 * sin(2 * pi * day * 7)
        return round(WARM_V - COLD_V * depth + ripple, 3), round(WARM_C - COLD_C * depth + ripple, 3)

    def _any_moment(self, day: int, chance: random.Random) -> float:
        return day * DAY_S + chance.uniform(0, DAY_S - 1)

    def _chance(self, day: int, what: str) -> random.Random:
        return random.Random(f"{self.season.seed} {what} {day}")


def _comes(day: int, every_days: int, *, first: int) -> bool:
    return every_days > 0 and day % every_days == min(first, every_days - 1)
