"""What happens to a trap in a season: animals, wind, timers, and cuts of the power at moments drawn by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from bench_season_power import Fuse, PowerCut
from bench_season_trap import Burst, SeasonClock, Trap

# What walks by, and how often one of each: shares of a made-up wood. One of them is worth an alert.
WATCHED = "Lynx lynx"
ANIMALS = {
    "Vulpes vulpes": 30, "Capreolus capreolus": 25, "Sus scrofa": 15, "Meles meles": 12, "Sciurus vulgaris": 8,
    "Lepus europaeus": 5, "Homo sapiens": 4, WATCHED: 1,
}  # fmt: skip
TIMER = timedelta(hours=2)
FIRST_TIMER = timedelta(minutes=10)  # after midnight
BUSY_TIMERS = 4  # of a day: the first ones close the day before and send it
PATIENCE = timedelta(minutes=30)  # a trigger is taken up so late at most; after that the trap was off
OFF_S = (60.0, 7200.0)  # how long a cut of the power lasts
LAST_STEP = 60  # a cut comes at most so many steps after the moment that was drawn for it


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens at its time; ``is_timer``: it is made up for when the power is back."""

    at: datetime
    do: Callable[[], None]
    is_timer: bool


def bursts_of(day: date, chance: random.Random, start: datetime, *, animals: int, blanks: int) -> list[Burst]:
    """A day's triggers: what walks by, each alone or with others, and the wind."""
    midnight = datetime.combine(day, time(), tzinfo=start.tzinfo)
    moments = [midnight + timedelta(seconds=chance.uniform(0, 86_399)) for _ in range(animals + blanks)]
    taxa = chance.choices(list(ANIMALS), weights=list(ANIMALS.values()), k=animals)
    seen = [Burst(at, taxon, 1 + int(chance.expovariate(1.5))) for at, taxon in zip(moments, taxa, strict=False)]
    return [*seen, *(Burst(at, None, 0) for at in moments[animals:])]


class Life:
    """A trap's days one after the other, with ``cuts`` of the power a day on average."""

    def __init__(self, trap: Trap, clock: SeasonClock, fuse: Fuse, chance: random.Random, *, cuts: float) -> None:
        self._trap = trap
        self._clock = clock
        self._fuse = fuse
        self._chance = chance
        self._cuts = cuts

    def live(self, day: date, bursts: Sequence[Burst]) -> None:
        """One day: its triggers as they come; and every two hours what is over is closed, and what is due is sent."""
        acts = self._acts(day, bursts)
        cut_at = self._moment_of_cut(acts)
        for number, act in enumerate(acts):
            if number == cut_at:
                self._fuse.set(self._chance.randint(1, LAST_STEP))
            self._clock.wait_until(act.at)
            if act.is_timer or self._clock.now() - act.at < PATIENCE:
                self._until_done(act.do)

    def end(self, days: int) -> None:
        """The deployment is over; what waits is sent for so many days more at most."""
        self._until_done(lambda: self._trap.close_days(everything=True))
        for _ in range(days * (timedelta(days=1) // TIMER)):
            if self._trap.is_on and not self._trap.is_waiting:
                break
            self._until_done(self._trap.transmit)
            self._clock.wait(TIMER.total_seconds())

    def _acts(self, day: date, bursts: Sequence[Burst]) -> list[Act]:
        acts = [Act(burst.at, partial(self._trap.see, burst), is_timer=False) for burst in bursts]
        first = datetime.combine(day, time(), tzinfo=self._clock.now().tzinfo) + FIRST_TIMER
        for number in range(timedelta(days=1) // TIMER):
            at = first + number * TIMER
            acts += [Act(at, do, is_timer=True) for do in (self._trap.close_days, self._trap.transmit)]
        return sorted(acts, key=lambda act: act.at)

    def _moment_of_cut(self, acts: Sequence[Act]) -> int | None:
        """Which act has a cut drawn for it, if any: every other time one that closes and sends, else any."""
        if self._chance.random() >= self._cuts:
            return None
        timers = [number for number, act in enumerate(acts) if act.is_timer][: 2 * BUSY_TIMERS]
        return self._chance.choice(timers if self._chance.random() < 0.5 else range(len(acts)))

    def _until_done(self, do: Callable[[], None]) -> None:
        """Do it, again after every cut of the power, until it is done."""
        while True:
            try:
                if not self._trap.is_on:
                    self._trap.boot()
                do()
            except PowerCut:
                self._trap.power_off()
                self._clock.wait(self._chance.uniform(*OFF_S))
            else:
                return
