"""The price list of certainty: how many days stay unknown when messages get lost, for how many credits.

A trap's whole record is told over the studies' real sequences of days, with the real encoder, in one sealed message of
one credit every so many days. Which days a message carries again, and in what order they are offered to it, is the
trap's own rule (``app.telling``). Then messages are lost, and a day is known if any message that arrived told its
tallies and hours. The trap does not know of the loss, and nothing is sent twice: it costs not one credit more.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

from bench_message_days import SEED, StationDay
from bench_message_measure import in_processes
from bench_message_wire import message_of

from cameratrap.app.telling import RECENT_DAYS, in_order_of_worth, own_day, tellings_of, untold
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.summaries import Telling, TellingState
from cameratrap.wire.priors import Priors
from cameratrap.wire.quantise import quantise

EVERY_DAYS = (1, 2, 3, 7)
LOST = 0.2
OUTAGE_DAYS = 5
ROUNDS = 100
MEMORY_DAYS = 30  # what lies further back has long been told, and is not offered any more
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Sent:
    """One station's messages: on which of its days each was sent, and which of its days each told; by number."""

    days: int
    sent_on: tuple[int, ...]
    told: tuple[frozenset[int], ...]

    @property
    def judged(self) -> int:
        """How many of its days are judged, from the first; the others had no time to be told again."""
        return max(0, self.days - RECENT_DAYS)

    def told_by(self) -> list[list[int]]:
        """For each of those the messages that told it."""
        by_day: list[list[int]] = [[] for _ in range(self.days)]
        for number, days in enumerate(self.told):
            for day in days:
                by_day[day].append(number)
        return by_day[: self.judged]


def send(station: Sequence[StationDay], taxa: TaxaTable, priors: Priors, *, every: int, carry: bool = True) -> Sent:
    """Tell a station's record as a trap does: with ``every`` day of so many, and at its end; see ``Teller``.

    Without ``carry`` no message tells any day but its own, and each day has one.
    """
    teller = Teller([quantise(each.full, taxa) for each in station], taxa, priors, every=every)
    for number in range(len(station)):
        if not carry:
            teller.tell(number, number, offered=())
        elif teller.has_its_own_message(number):
            teller.tell(number, number)
            while passed_over := teller.passed_over(number):
                teller.tell(passed_over[-1], number)
    return Sent(len(station), tuple(teller.sent_on), tuple(teller.told))


class Teller:
    """What ``app.close_day`` decides, for one credit a message: the last day of each period has a message, which
    offers first what nothing tells; a day that a period's messages passed over has its own with the next day's."""

    def __init__(self, days: Sequence[DailySummary], taxa: TaxaTable, priors: Priors, *, every: int) -> None:
        self.sent_on: list[int] = []
        self.told: list[frozenset[int]] = []
        self._days = days
        self._taxa = taxa
        self._priors = priors
        self._every = every
        self._place = {each.day: number for number, each in enumerate(days)}
        self._tellings: list[Telling] = []

    def has_its_own_message(self, number: int) -> bool:
        """Whether the day that was closed now speaks."""
        day = self._days[number].day
        ends_its_period = self._period(day + timedelta(days=1)) > self._period(day)
        return ends_its_period or number + 1 == len(self._days) or bool(self.passed_over(number))

    def passed_over(self, number: int) -> list[int]:
        """The days of earlier periods, before this one, that nothing tells."""
        period = self._period(self._days[number].day)
        missing = untold(self._known(number), self._tellings)
        return sorted(self._place[day] for day in missing if self._period(day) < period)

    def tell(self, number: int, today: int, offered: Sequence[EarlierDay] | None = None) -> None:
        """Send a day's message on the day ``today``."""
        if offered is None:
            offered = in_order_of_worth(self._known(number), self._tellings)
        _, heard = message_of(self._days[number], self._taxa, earlier=offered, sealed=True, priors=self._priors)
        told = [replace(each, state=TellingState.SENT) for each in tellings_of(heard)]
        self._tellings = [each for each in self._tellings if self._place[each.day] >= today - MEMORY_DAYS] + told
        self.sent_on.append(today)
        self.told.append(frozenset(self._place[each.day] for each in told))

    def _known(self, number: int) -> dict[date, EarlierDay]:
        return {each.day: own_day(each) for each in self._days[max(0, number - MEMORY_DAYS) : number]}

    def _period(self, day: date) -> int:
        return day.toordinal() // self._every


def unknown_at_random(stations: Sequence[Sent], chance: random.Random, *, rounds: int = ROUNDS) -> float:
    """The share of days that no message told, each message being lost by chance, on average over the rounds."""
    days = sum(station.judged for station in stations)
    by_day = [station.told_by() for station in stations]
    unknown = 0
    for _ in range(rounds):
        for station, told in zip(stations, by_day, strict=True):
            arrived = [chance.random() >= LOST for _ in station.told]
            unknown += sum(not any(arrived[message] for message in messages) for messages in told)
    return unknown / (days * rounds) if days else 0.0


def unknown_after_outage(stations: Sequence[Sent]) -> float:
    """Of five days on which everything sent was lost, the share that stays unknown; over every such five days."""
    shares = []
    for station in stations:
        told = station.told_by()
        for first in range(station.judged - OUTAGE_DAYS + 1):
            out = range(first, first + OUTAGE_DAYS)
            lost = {number for number, day in enumerate(station.sent_on) if day in out}
            shares.append(sum(lost.issuperset(told[day]) for day in out) / OUTAGE_DAYS)
    return statistics.fmean(shares) if shares else 0.0


def credits_a_year(stations: Sequence[Sent]) -> float:
    """One a message."""
    return YEAR_DAYS * sum(len(station.told) for station in stations) / sum(station.days for station in stations)


def certainty_table(
    studies: Mapping[str, Sequence[Sequence[StationDay]]], taxa: TaxaTable, priors: Mapping[str, Priors], *, jobs: int
) -> Iterator[str]:
    """The price list, of all studies together, and of the worst of them."""
    stations = sum(len(each) for each in studies.values())
    days = sum(len(station) for each in studies.values() for station in each)
    yield "\n## What certainty costs: one sealed message of one credit every so many days\n"
    yield f"{days:,} days of {stations} stations. Unknown: no message that arrived told the day's tallies and hours."
    yield f"The last {RECENT_DAYS} days of each are not judged: nothing came after them to tell them again."
    yield f"Either {LOST:.0%} of messages are lost at random, {ROUNDS} times over, or all of {OUTAGE_DAYS} days;"
    yield "then the share is of those days. In brackets the worst study.\n"
    yield f"| `summary.every_days` | credits a year | {LOST:.0%} lost: unknown | {OUTAGE_DAYS} days lost: unknown |"
    yield "| --- | ---: | ---: | ---: |"
    for every, carry in ((1, False), *((every, True) for every in EVERY_DAYS)):
        sent = {}
        for study, each in studies.items():
            telling = partial(send, taxa=taxa, priors=priors[study], every=every, carry=carry)
            sent[study] = list(in_processes(telling, each, jobs=jobs))
        yield _row(f"{every}" if carry else f"{every}, no day carried again", sent)


def _row(name: str, sent: Mapping[str, Sequence[Sent]]) -> str:
    together = [station for each in sent.values() for station in each]
    at_random = {
        study: unknown_at_random(each, random.Random(f"{SEED} {name} {study}")) for study, each in sent.items()
    }
    weights = {study: sum(station.judged for station in each) for study, each in sent.items()}
    mean = sum(at_random[study] * weight for study, weight in weights.items()) / max(1, sum(weights.values()))
    outage, worst = unknown_after_outage(together), max(unknown_after_outage(each) for each in sent.values())
    return (
        f"| {name} | {credits_a_year(together):.0f} | {mean:.3%} ({max(at_random.values()):.3%}) "
        f"| {outage:.2%} ({worst:.2%}) |"
    )
