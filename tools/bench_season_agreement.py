"""Holding a card, its plain tables and what was received against what really happened."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from bench_season_reckoning import HOUR_S, Reckoning
from bench_season_script import DAY_S

from cameratrap.app.fold import CardFold
from cameratrap.app.nights import nights
from cameratrap.app.received_days import ReceivedDay
from cameratrap.config.tree import Config
from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.bursts import all_pictures
from cameratrap.store.card import Card
from cameratrap.store.outbox import Outbox, OutboxState
from cameratrap.wire.quantise import quantise

EXACT_H = 1e-4  # a third of a second in a day of some hundred sums


@dataclass(frozen=True, slots=True)
class Agreement:
    """Disagreements in words; none is what it should be. ``allowed_*``: what cuts of the power have really cost."""

    wrong: tuple[str, ...]
    bursts: int
    suppressed: Mapping[str, int]
    lost_triggers: int
    lost_suppressed: int
    lost_hours: float


class Auditor:
    """Compares, day by day."""

    def __init__(self, reckoning: Reckoning, card: Card, folded: CardFold, config: Config, start: datetime) -> None:
        self._reckoning = reckoning
        self._card = card
        self._folded = folded
        self._config = config
        self._start = start
        self._lost_triggers = self._lost_suppressed = 0
        self._lost_hours = 0.0

    def audit(self, received: Iterable[ReceivedDay], taxa: TaxaTable) -> Agreement:
        """Everything that does not agree."""
        told = {each.day: each for each in received}
        wrong = [
            *self._reckoning.wrong,
            *self._bursts(),
            *self._days(),
            *self._hours(),
            *self._tables(),
            *self._told(told, taxa),
        ]
        kinds: Counter[str] = Counter()
        for (_, reason), triggers in self._reckoning.suppressed.items():
            kinds[reason] += triggers
        bursts = len(self._reckoning.bursts) - self._lost_triggers
        return Agreement(
            tuple(wrong), bursts, kinds, self._lost_triggers, self._lost_suppressed, round(self._lost_hours, 2)
        )

    def _day(self, number: int) -> date:
        return (self._start + timedelta(days=number)).date()

    def _number(self, day: date) -> int:
        return (day - self._start.date()).days

    def _bursts(self) -> Iterator[str]:
        """Each burst and each picture is on the card, once, and no other."""
        there = {str(row[0]) for row in self._card.connection.execute("SELECT trigger_key FROM bursts")}
        for key in there - self._reckoning.bursts.keys():
            yield f"{key} is on the card and was never photographed"
        for key in self._reckoning.bursts.keys() - there:
            if self._reckoning.bursts[key].is_sure:
                yield f"{key} was photographed and is not on the card"
            self._lost_triggers += 1
        pictures = sum(len(each.pictures) for each in self._reckoning.bursts.values())
        kept = len(all_pictures(self._card.connection))
        if kept != pictures:
            yield f"{kept} pictures are on the card, {pictures} were safe"

    def _days(self) -> Iterator[str]:
        """Tallies, triggers, blanks, what was suppressed and restarts."""
        folded, reckoning = self._folded, self._reckoning
        seen = reckoning.tallies(self._config.events.interval_minutes * 60)
        on = {self._day(number) for number in reckoning.days_on}
        yield from (f"{day} is no day of the card" for day in sorted(on - {*folded.days}))
        failing = {self._day(int(each.at_s // DAY_S)) for each in reckoning.bursts.values() if each.has_failed}
        for day in sorted(failing - {self._day(number) for number in reckoning.slack}):
            if "camera" not in folded.faults.get(day, ()):
                yield f"{day}: the camera failed, and the card does not say so"
        triggers, blank, suppressed = self._counts()
        for day in folded.days:
            number = self._number(day)
            slack = reckoning.slack[number]
            tallies = {each.taxon: (each.events, each.individuals) for each in folded.tallies[day]}
            if tallies != seen.get(number, {}):
                yield f"{day}: the card tallies {tallies}, seen were {seen.get(number, {})}"
            effort, starts = folded.effort[day], reckoning.starts[number] - (number == 0)
            for what, counted, true, less, more in (
                ("triggers", effort.triggers or 0, triggers[number], slack.bursts, 0),
                ("blanks", effort.blank or 0, blank[number], slack.bursts, slack.bursts),
                ("suppressed", effort.suppressed or 0, suppressed[number], slack.suppressed, 0),
                ("restarts", folded.restarts[day], starts, 0, slack.starts),
            ):
                if not true - less <= counted <= true + more:
                    yield f"{day}: the card has {counted} {what}, there were {true} (-{less} +{more} for cuts)"
            self._lost_suppressed += suppressed[number] - (effort.suppressed or 0)

    def _counts(self) -> tuple[Counter[int], Counter[int], Counter[int]]:
        triggers: Counter[int] = Counter()
        blank: Counter[int] = Counter()
        suppressed: Counter[int] = Counter()
        for each in self._reckoning.bursts.values():
            number = self._number((self._start + timedelta(seconds=each.at_s)).date())
            triggers[number] += not each.is_timelapse
            blank[number] += not each.is_timelapse and each.is_blank
        for (number, _), count in self._reckoning.suppressed.items():
            suppressed[number] += count
        return triggers, blank, suppressed

    def _hours(self) -> Iterator[str]:
        position = self._config.station.latitude, self._config.station.longitude
        assert position[0] is not None
        assert position[1] is not None
        first, last = self._folded.days[0], self._folded.days[-1]
        dark = nights(position[0], position[1], first, last, self._card.zone)
        hours = self._reckoning.hours([(self._s(each.start), self._s(each.end)) for each in dark])
        for day in self._folded.days:
            number, effort = self._number(day), self._folded.effort[day]
            slack = self._reckoning.slack[number].seconds / HOUR_S + EXACT_H
            for what, told, true in zip(
                ("armed", "armed at night"),
                (effort.hours_armed, effort.hours_armed_night),
                hours.get(number, (0.0, 0.0)),
                strict=True,
            ):
                if told is None or abs(told - true) > slack:
                    yield f"{day}: the card says {told} hours {what}, there were {true:.4f}"
            self._lost_hours += hours.get(number, (0.0, 0.0))[0] - (effort.hours_armed or 0.0)

    def _s(self, moment: datetime) -> float:
        return (moment - self._start).total_seconds()

    def _tables(self) -> Iterator[str]:
        """media.csv shows every safe picture with what is in it; effort.csv says what the card does."""
        counts = Counter(
            f"{taxon}={count}" if count else ""
            for burst in self._reckoning.bursts.values()
            for _, taxon, count in burst.pictures
        )
        told = Counter(row["counts"] for row in _rows(self._card.folder / "media.csv"))
        for what in sorted(counts.keys() | told.keys()):
            if counts[what] != told[what]:
                yield f"media.csv has {told[what]} pictures of {what or 'nothing'}, there were {counts[what]}"
        rows = {row["day"]: row for row in _rows(self._card.folder / "effort.csv")}
        for day in self._folded.days:
            effort, row = self._folded.effort[day], rows.get(day.isoformat(), {})
            said = [row.get(name) for name in ("hours_armed", "hours_armed_night", "triggers", "blank", "suppressed")]
            true = [f"{effort.hours_armed:.2f}", f"{effort.hours_armed_night:.2f}"]
            if said != [*true, *map(str, (effort.triggers, effort.blank, effort.suppressed))]:
                yield f"{day}: effort.csv says {said}, the card {effort}"

    def _told(self, told: Mapping[date, ReceivedDay], taxa: TaxaTable) -> Iterator[str]:
        """Each day on which the trap was on is told, its effort as the card has it, as finely as a message does."""
        waiting = {message.day for message in Outbox(self._card.connection).messages(OutboxState.QUEUED)}
        for day in sorted({self._day(number) for number in self._reckoning.days_on} - told.keys() - waiting):
            yield f"{day}: the trap was on, and no message tells of it"
        for day, each in told.items():
            if day not in self._folded.effort:
                continue
            sent = quantise(DailySummary(day, 1, (), self._folded.effort[day]), taxa).effort
            names = ["hours_armed", "hours_armed_night"]
            names += ["triggers", "suppressed"] if each.health is not None else []
            for name in names:
                got, true = getattr(each.effort, name), getattr(sent, name)
                # A day that was told when the battery gave up tells what was counted until then.
                is_early = name in {"triggers", "suppressed"} and self._number(day) in self._reckoning.gave_up
                if got != true and not (is_early and got < true):
                    yield f"{day}: received were {got} {name}, the card has {true}"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
