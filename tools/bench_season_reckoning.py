"""What a trap in simulation must have counted, reckoned from what really happened to it, without any of its own code.

Plain accounting on purpose: the throttle, the battery's steps (``bench_season_reckoner``), events and hours are written
down a second time. What a cut of the power may cost is kept apart, as ``Slack``: everything else must agree to the last
event.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench_season_script import DAY_S

HOUR_S = 3600.0


@dataclass
class Shown:
    """One burst as it was taken: its safe pictures (when, what, how many). ``is_sure`` is False where it may be lost.

    ``end_s`` is when all were safe, None where the card need not know it.
    """

    at_s: float
    is_timelapse: bool
    pictures: list[tuple[float, str | None, int]] = field(default_factory=list)
    end_s: float | None = None
    has_failed: bool = False
    is_sure: bool = True

    @property
    def is_blank(self) -> bool:
        """Whether nothing is in any of its pictures."""
        return bool(self.pictures) and not any(count for _, _, count in self.pictures)


@dataclass
class Slack:
    """What the cuts of a day may have cost: triggers that were only counted, seconds, starts, bursts not finished."""

    suppressed: int = 0
    seconds: float = 0.0
    starts: int = 0
    bursts: int = 0


@dataclass
class Reckoning:
    """By day, as a number from the season's first: what must be on the card."""

    bursts: dict[str, Shown] = field(default_factory=dict)
    suppressed: Counter[tuple[int, str]] = field(default_factory=Counter)
    starts: Counter[int] = field(default_factory=Counter)
    levels: Counter[int] = field(default_factory=Counter)
    slack: defaultdict[int, Slack] = field(default_factory=lambda: defaultdict(Slack))
    on: list[tuple[float, float]] = field(default_factory=list)
    armed: list[tuple[float, float]] = field(default_factory=list)
    down: list[tuple[float, float]] = field(default_factory=list)
    dark: list[tuple[float, float]] = field(default_factory=list)
    gave_up: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    @property
    def days_on(self) -> set[int]:
        """The days on which the trap was on at all."""
        return {day for start, end in self.on for day in range(int(start // DAY_S), int(end // DAY_S) + 1)}

    def tallies(self, interval_s: float) -> dict[int, dict[str, tuple[int, int]]]:
        """By day and taxon: independent events that began on it, and the sum of the most seen at once in each."""
        seen: defaultdict[str, list[tuple[float, float, int]]] = defaultdict(list)
        for burst in self.bursts.values():
            found = [each for each in burst.pictures if each[2]]
            if found and not burst.is_timelapse:
                times = [at_s for at_s, _, _ in found]
                seen[str(found[0][1])].append((min(times), max(times), max(count for _, _, count in found)))
        days: defaultdict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
        for taxon, sightings in seen.items():
            for start_s, most in _events(sorted(sightings), interval_s):
                events, individuals = days[int(start_s // DAY_S)].get(taxon, (0, 0))
                days[int(start_s // DAY_S)][taxon] = events + 1, individuals + most
        return dict(days)

    def hours(self, nights: Iterable[tuple[float, float]]) -> dict[int, tuple[float, float]]:
        """By day: hours in which the trap could photograph, and those of them at night and with the lamp."""
        dead = [(each.at_s, each.end_s) for each in self.bursts.values() if each.end_s is not None]
        edges = [
            (at_s, kind, step)
            for kind, spans in enumerate((self.armed, [*dead, *self.down], nights, self.dark))
            for span in spans
            for at_s, step in zip(span, (1, -1), strict=True)
        ]
        edges += [(day * DAY_S, 4, 0) for day in self.days_on]
        inside, before_s = [0, 0, 0, 0, 0], 0.0
        hours: defaultdict[int, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        for at_s, kind, step in sorted(edges):
            if inside[0] and not inside[1]:
                day, passed = int(before_s // DAY_S), (at_s - before_s) / HOUR_S
                hours[day] = hours[day][0] + passed, hours[day][1] + passed * bool(inside[2] and not inside[3])
            inside[kind] += step
            before_s = at_s
        return dict(hours)


def _events(sightings: Sequence[tuple[float, float, int]], interval_s: float) -> Iterable[tuple[float, int]]:
    """When each event began, and the most seen at once in it."""
    start_s, end_s, most = sightings[0]
    for begins_s, ends_s, count in sightings[1:]:
        if begins_s - end_s >= interval_s:
            yield start_s, most
            start_s, end_s, most = begins_s, ends_s, 0
        end_s, most = max(end_s, ends_s), max(most, count)
    yield start_s, most
