"""Station-days of real studies, with a trap around them that is made up.

Real: the station, the day, its tallies, and the gaps in a station's record. Made up, since no study publishes it, and
the same in every run: everything a trap says of itself. It is made up as a trap lives, not as dice fall: somebody
comes every two months or so with a charged battery and an empty card; in between the battery sinks, faster in the cold;
a lamp or a PIR that broke stays broken until that visit; wind comes in spells and brings false triggers with it;
nights are as long as the latitude makes them; temperatures follow the season and yesterday's; most days bring no
restart and no fault, and a bad spell brings both.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from math import acos, cos, exp, pi, radians, tan
from pathlib import Path
from typing import Any

from cameratrap.app.telling import RECENT_DAYS
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import FAULTS, ClockQuality, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally

SEED = 20261121
SUFFIX = ".daily.jsonl"
# Degrees north, to a degree, of where each study was made; another study is taken to be in the middle of Europe.
LATITUDES = {
    "ain_fr": 46.0, "camtrapr_my": 5.0, "iredell_us": 36.0, "jura_fr": 46.5, "kpz_tas": -42.0,
    "penessoulou_bj": 9.0, "safari_za_a": -25.0,
}  # fmt: skip
ELSEWHERE = 47.0
FULL_V, EMPTY_V = 13.3, 11.5
CARD_TRIGGERS = 7000  # bursts that fill a card


@dataclass(frozen=True, slots=True)
class StationDay:
    """One station-day with effort and health filled in, and the days on record before it, newest first."""

    station: str
    full: DailySummary
    earlier: tuple[EarlierDay, ...]

    @property
    def tallies_only(self) -> DailySummary:
        """The same with nothing but its day and its tallies."""
        return replace(self.full, sequence=0, effort=Effort(), health=Health())


def studies(folder: Path) -> dict[str, list[StationDay]]:
    """Every study of a folder that has a day, by name; each station's days follow each other in order."""
    found = {file.name.removesuffix(SUFFIX): study(file) for file in sorted(folder.glob(f"*{SUFFIX}"))}
    return {name: days for name, days in found.items() if days}


def study(file: Path) -> list[StationDay]:
    """Every station-day of one study."""
    name = file.name.removesuffix(SUFFIX)
    by_station: dict[str, list[dict[str, Any]]] = {}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            by_station.setdefault(entry["station"], []).append(entry)
    return [day for station, entries in by_station.items() for day in _station(name, station, entries)]


def _station(study_name: str, station: str, entries: list[dict[str, Any]]) -> Iterator[StationDay]:
    life = TrapLife(random.Random(f"{SEED} {study_name} {station}"), LATITUDES.get(study_name, ELSEWHERE))
    earlier: list[EarlierDay] = []
    for sequence, entry in enumerate(sorted(entries, key=lambda entry: str(entry["day"]))):
        day = date.fromisoformat(entry["day"])
        tallies = tuple(Tally(each["taxon"], each["events"], each["individuals"]) for each in entry["tallies"])
        effort, health = life.live(day, sum(tally.events for tally in tallies))
        summary = DailySummary(day, sequence, tallies, effort, health)
        yield StationDay(station, summary, tuple(reversed(earlier[-RECENT_DAYS:])))
        earlier.append(EarlierDay(day, sequence, effort.hours_armed, effort.hours_armed_night, tallies))


class TrapLife:
    """A trap's own days, one after the other. All chances are a day's."""

    def __init__(self, chance: random.Random, latitude: float) -> None:
        self._chance = chance
        self._latitude = latitude
        self._wind = self._warmth = 0.0
        self._clock = ClockQuality.OK
        self._battery_v, self._card = FULL_V, 1.0
        self._broken: set[str] = set()
        self._days_to_visit = 0
        self._visit()

    def live(self, day: date, events: int) -> tuple[Effort, Health]:
        """One more day, on which so many independent events of animals began."""
        chance = self._chance
        visited = self._days_to_visit <= 0
        if visited:
            self._visit()
        self._days_to_visit -= 1
        self._wind = 0.7 * self._wind + chance.gauss(0, 0.7)
        self._warmth = 0.6 * self._warmth + chance.gauss(0, 2.5)
        blank = int(chance.expovariate(1) * 12 * exp(self._wind))
        triggers = blank + events + int(chance.expovariate(0.5) * events)
        self._card = max(0.0, self._card - triggers / CARD_TRIGGERS)
        restarts = self._restarts()
        armed = self._armed(restarts, visited=visited)
        effort = Effort(armed, self._night(day) * armed / 24, triggers, blank, int(chance.expovariate(1) * blank / 8))
        return effort, self._health(day, restarts)

    def _visit(self) -> None:
        self._battery_v, self._card = FULL_V + self._chance.uniform(-0.2, 0.1), 0.99
        self._broken = set()
        self._days_to_visit = max(7, int(self._chance.gauss(60, 15)))

    def _restarts(self) -> int:
        low = self._battery_v < EMPTY_V + 0.3
        return self._chance.choices((1, 2, 5), (8, 3, 1))[0] if self._chance.random() < (0.2 if low else 0.012) else 0

    def _armed(self, restarts: int, *, visited: bool) -> float:
        """A restart takes minutes, a visit an hour; an empty battery lasts until the sun is on it."""
        if self._battery_v < EMPTY_V:
            return self._chance.uniform(2, 20)
        if visited:
            return 24 - self._chance.uniform(0.2, 2)
        return 24 - sum(self._chance.expovariate(8) for _ in range(restarts))

    def _night(self, day: date) -> float:
        """Hours between sunset and sunrise."""
        tilt = radians(-23.44) * cos(2 * pi * (day.timetuple().tm_yday + 10) / 365.25)
        cosine = -tan(radians(self._latitude)) * tan(tilt)
        return 24 - 24 / pi * acos(max(-1.0, min(1.0, cosine)))

    def _health(self, day: date, restarts: int) -> Health:
        chance = self._chance
        latitude = abs(self._latitude)
        season = -cos(2 * pi * (day.timetuple().tm_yday - 20) / 365.25) * (1 if self._latitude > 0 else -1)
        mean = 28 - 0.4 * latitude + 0.28 * latitude * season + self._warmth
        coldest = round(mean - chance.uniform(2, 7))
        warmest = round(mean + chance.uniform(3, 10))
        self._battery_v = max(
            EMPTY_V - 0.3, self._battery_v - chance.uniform(0.005, 0.03) * (1.6 if coldest < 0 else 1)
        )
        if restarts and chance.random() < 0.1:
            self._clock = ClockQuality.DRIFTING
        elif chance.random() < 0.4:
            self._clock = ClockQuality.OK
        return Health(
            battery_v=self._battery_v,
            temperature_min_c=coldest,
            temperature_max_c=warmest,
            disk_free_pct=int(100 * self._card),
            restarts=restarts,
            clock=self._clock,
            faults=self._faults(),
        )

    def _faults(self) -> tuple[str, ...]:
        """What broke stays broken until the visit; a modem's bad day is over with the day."""
        chances = {"lamp": 1 / 400, "pir": 1 / 1500, "camera": 1 / 2000}
        self._broken |= {name for name, each in chances.items() if self._chance.random() < each}
        today = {"modem"} if self._chance.random() < 0.02 else set()
        today |= {"battery"} if self._battery_v < EMPTY_V else set()
        today |= {"clock"} if self._clock is not ClockQuality.OK else set()
        return tuple(name for name in FAULTS if name in self._broken | today)


def sampled(days: list[StationDay], size: int | None) -> list[StationDay]:
    """At most ``size`` of them, drawn with a fixed seed; all of them for None."""
    return days if size is None or len(days) <= size else random.Random(SEED).sample(days, size)
