"""What came of a season in simulation, and how it is told."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench_season_agreement import Agreement
from bench_season_ground import Arrival, Credits
from bench_season_mishaps import GOOD
from bench_season_script import Season
from bench_season_sky import SkyLedger

from cameratrap.domain.saving import Saving
from cameratrap.store.card import DATABASE

MB = 1e6
ROUNDING_J = 1e-6  # of sums of fractions
SETTLED_DAYS = 10  # after so many days everything has been used once: from then on memory must not grow


@dataclass
class Sizes:
    """Of this process in bytes, by day; of the card's index and its log in bytes, at most.

    ``held`` is what Python's objects take, where ``tracemalloc`` traces it. ``resident`` grows with the card, too: each
    closing folds the whole of it, and what is given back then is in pieces that the system does not take.
    """

    resident: dict[int, int] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    index: int = 0
    log: int = 0

    def take(self, day: int, card: Path) -> None:
        """Note how large everything is now."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        self.resident[day] = pages * 4096
        if tracemalloc.is_tracing():
            self.held[day] = tracemalloc.get_traced_memory()[0]
        index, log = card / DATABASE, card / f"{DATABASE}-wal"
        self.index = max(self.index, index.stat().st_size)
        self.log = max(self.log, log.stat().st_size if log.exists() else 0)

    @property
    def growth(self) -> int:
        """Of what is held, from the day when everything had been used once to the last one."""
        days = sorted(self.held)
        settled = next(day for day in days if day >= min(SETTLED_DAYS, days[-1]))
        return self.held[days[-1]] - self.held[settled]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it.

    ``joules`` is the most that the trap wrote down for a day, ``joules_in_sessions`` the most that sessions really took
    of it, ``joules_allowed`` what it may take. Of the ``alerts`` raised, ``alerts_received`` arrived, and
    ``alerts_refused`` were of those that the network takes under no circumstances: their day's summary tells of them.
    """

    arrival: Arrival
    credits: Credits
    sky: SkyLedger
    power_cuts: int
    duplicates: int
    alerts: int
    alerts_received: int
    alerts_refused: int
    calls: int
    joules: float
    joules_in_sessions: float
    joules_allowed: float
    failures: tuple[str, ...]
    agreement: Agreement
    levels: Mapping[int, int]
    pictures: int
    restarts: int
    sizes: Sizes

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing told wrongly, every credit explained, no more energy than allowed."""
        arrived = self.arrival
        wrong = arrived.missing or arrived.wrong or arrived.strange or self.failures or self.credits.unexplained
        wrong = wrong or self.agreement.wrong
        told = self.alerts_received + self.alerts_refused
        return not wrong and told == self.alerts and self.joules <= self.joules_allowed + ROUNDING_J


def report(season: Season, result: Result) -> Iterator[str]:
    """The table, as Markdown."""
    arrived, spent, sky, agreed = result.arrival, result.credits, result.sky, result.agreement
    yield f"{season.days} days of {season.animals} animals and {season.blanks} false triggers, seed {season.seed}\n"
    yield "| | |"
    yield "| --- | ---: |"
    for what, count in (
        ("bursts taken", agreed.bursts),
        ("pictures", result.pictures),
        *((f"triggers only counted: {reason}", count) for reason, count in sorted(agreed.suppressed.items())),
        *(
            (f"times the battery came to {Saving(level).name.lower()}", result.levels.get(level, 0))
            for level in range(len(Saving))
        ),
        ("restarts", result.restarts),
        ("lost in cuts of the power: triggers nobody had answered", agreed.lost_triggers),
        ("triggers that were only counted", agreed.lost_suppressed),
        ("hours armed", agreed.lost_hours),
        ("disagreements of card, tables or messages with what happened", len(agreed.wrong)),
        ("days that arrived in their own message", len(arrived.own)),
        ("days that arrived in another day's message only", len(arrived.carried)),
        ("days still waiting in the outbox", len(arrived.waiting)),
        ("days lost", len(arrived.missing)),
        ("days received with other tallies than the card's", len(arrived.wrong)),
        ("days received that the card has not", len(arrived.strange)),
        ("alerts raised", result.alerts),
        ("alerts received", result.alerts_received),
        ("alerts that the network refused for good", result.alerts_refused),
        ("messages to the trap that it received", result.calls),
        ("cuts of the power", result.power_cuts),
        ("sessions", sky.sessions),
        ("sessions that failed", sky.failed),
        ("sessions that a cut of the power ended", sky.cut),
        ("messages that came again and were recognised", result.duplicates),
        ("energy of the modem on its worst day, J", round(result.joules)),
        ("of it really taken by sessions, at most, J", round(result.joules_in_sessions)),
        ("energy it may take a day, J", round(result.joules_allowed)),
        ("credits that the gateway counted", spent.counted),
        ("for days", spent.days),
        ("for messages sent again, since nobody knew", spent.sent_again),
        ("for alerts", spent.alerts),
        ("for looks into the mailbox", spent.mailbox_checks),
        ("unexplained", spent.unexplained),
    ):
        yield f"| {what} | {count} |"
    sizes = result.sizes
    memory = ", ".join(f"{sizes.resident[day] / MB:.1f} on day {day}" for day in _some(sorted(sizes.resident)))
    yield f"\nResident memory, MB: {memory}"
    if max(sizes.held, default=0) > SETTLED_DAYS:
        yield f"Python's objects take {sizes.growth / MB:+.2f} MB more at the end than when all had been used once"
    yield f"The index has {sizes.index / MB:.1f} MB, its log {sizes.log / MB:.1f} at most"
    happened = [f"{name} ({times})" for name, times in sorted(sky.mishaps.items()) if name != GOOD]
    yield f"\nWhat happened to sessions: {', '.join(happened) or 'nothing'}"
    for name, days in (("waiting", arrived.waiting), ("lost", arrived.missing), ("wrong", arrived.wrong)):
        if days:
            yield f"{name}: {', '.join(day.isoformat() for day in days)}"
    yield from (f"failed: {failure}" for failure in result.failures)
    yield from (f"disagrees: {what}" for what in agreed.wrong)


def _some(days: Sequence[int]) -> list[int]:
    return sorted({days[0], *days[SETTLED_DAYS :: len(days) // 6 or 1], days[-1]}) if days else []
