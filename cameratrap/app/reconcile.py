"""The card against the satellite: what was sent, what the card says now, and why the two differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cameratrap.app.received_days import ReceivedDay
from cameratrap.app.reconciled import NOTHING, Cause, Compared, Counted
from cameratrap.app.sent_days import MessageFate, SentDays, best_fate
from cameratrap.app.told_then import (
    AT_LAST,
    Step,
    Tallies,
    ToldThen,
    word_looked,
    word_machine,
    word_model,
    word_standing,
    word_told,
)
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.wire.layout import EVENTS, INDIVIDUALS

_STEPS: tuple[tuple[Cause, Step], ...] = (
    (Cause.OTHERWISE, Step(word_told, by_clock_then=True, by_rules_then=True)),
    (Cause.UNLOOKED, Step(word_looked, by_clock_then=True, by_rules_then=True)),
    (Cause.MODEL, Step(word_model, by_clock_then=True, by_rules_then=True)),
    (Cause.CLOCK, Step(word_model, by_clock_then=False, by_rules_then=True)),
    (Cause.RULE, Step(word_model, by_clock_then=False, by_rules_then=False)),
    (Cause.CORRECTION, Step(word_standing, by_clock_then=False, by_rules_then=False)),
)
_Counts = Mapping[str, Counted]


@dataclass(frozen=True, slots=True)
class CardSide:
    """A deployment: what was and is said of it, what its card knows of its messages, the days on which it was on.

    On ``days_off`` it neither saw nor told anything; a message that tells one all the same is this card's.
    ``is_trap`` is False of another maker's camera and of a package: no message is missing that nobody would have sent.
    """

    told: ToldThen
    sent: SentDays
    days: frozenset[date]
    days_off: frozenset[date] = frozenset()
    is_trap: bool = True


def reconcile(
    station: str, sides: Sequence[CardSide], received: Sequence[ReceivedDay], taxa: Collection[str] = ()
) -> Iterator[Compared]:
    """Day by day and taxon by taxon, the deployments of one station against what was received of it.

    Where ``taxa`` are named only those; a day without any of them has a row that says so.
    """
    station_of = _Station(station, sides, taxa)
    by_day = {each.day: each for each in received}
    for day in sorted(station_of.days | by_day.keys()):
        if told := by_day.get(day):
            yield from station_of.received(told)
        elif station_of.had_modem(day):
            yield from station_of.not_received(day)


class _Station:
    """The deployments of one station, their tallies as they are now reckoned once."""

    def __init__(self, station: str, sides: Sequence[CardSide], taxa: Collection[str]) -> None:
        self.station, self.sides, self._taxa = station, sides, taxa
        self.card = [side.told.now(word_standing) for side in sides]
        self.machine = [side.told.now(word_machine) for side in sides]
        tallied = (tallies.keys() for tallies in (*self.card, *self.machine))
        self.days = frozenset[date]().union(*(side.days for side in sides), *tallied)

    def had_modem(self, day: date) -> bool:
        """Whether a trap stood there that day; where no deployment has the day, whether any is one."""
        stood = [side for side in self.sides if day in side.days] or self.sides
        return any(side.is_trap for side in stood)

    def meant(self, *said: Collection[str]) -> list[str]:
        """The taxa of a day's rows; "" of a day without any."""
        names = {taxon for each in said for taxon in each if not self._taxa or taxon in self._taxa}
        return sorted(names) or [""]

    def not_received(self, day: date) -> Iterator[Compared]:
        """What the cards say of a day that no message tells."""
        fate = best_fate([side.sent.fate(day) for side in self.sides if day in side.days])
        was_sent = fate in (MessageFate.SENT, MessageFate.UNKNOWN)
        cause = Cause.LOST_MESSAGE if was_sent else Cause.NOT_SENT
        machine, card = _sum(self.machine, day), _sum(self.card, day)
        for taxon in self.meant(machine, card):
            counts = machine.get(taxon, NOTHING), card.get(taxon, NOTHING)
            yield Compared(self.station, day, taxon, fate, None, *counts, None, (cause,))

    def received(self, told: ReceivedDay) -> Iterator[Compared]:
        """What the cards say of a day that a message tells."""
        sent = {tally.taxon: Counted(tally.events, tally.individuals) for tally in told.tallies}
        if told.day not in self.days and not any(told.day in side.days_off for side in self.sides):
            for taxon in self.meant(sent):
                yield self.row(told.day, taxon, sent.get(taxon, NOTHING), None, None, None, (Cause.NOT_ON_CARD,))
            return
        yield from _Day(self, told, sent).rows()

    def row(
        self,
        day: date,
        taxon: str,
        sent: Counted | None,
        machine: Counted | None,
        card: Counted | None,
        difference: Counted | None,
        causes: tuple[Cause, ...],
    ) -> Compared:
        return Compared(self.station, day, taxon, MessageFate.RECEIVED, sent, machine, card, difference, causes)


class _Day:
    """A day that was received, and is on a card."""

    def __init__(self, station: _Station, told: ReceivedDay, sent: _Counts) -> None:
        self.station, self.told, self.sent = station, told, sent
        self.machine, self.card = _sum(station.machine, told.day), _sum(station.card, told.day)
        self._then: list[tuple[Cause, _Counts]] | None = None

    @property
    def then(self) -> Sequence[tuple[Cause, _Counts]]:
        """What the day's tallies were when the message was composed, and after each step until now."""
        if self._then is None:
            steps = [(cause, self._after(step)) for cause, step in _STEPS]
            is_of_all = len(self._senders()) == len(self.station.sides)
            last = Cause.CORRECTION if is_of_all else Cause.OTHER_CARD
            self._then = [*(steps[:-1] if is_of_all else steps), (last, self.card)]
        return self._then

    def _after(self, step: Step) -> _Counts:
        day = self.told.day
        return _sum([{day: side.told.on(day, step, at)} for side, at in self._senders()], day)

    def _senders(self) -> list[tuple[CardSide, datetime]]:
        """The cards that composed the message, and when; where none says so, all of them, at no moment known."""
        key = (self.told.sequence, self.told.day)
        known = [(side, side.sent.composed_at[key]) for side in self.station.sides if key in side.sent.composed_at]
        return known or [(side, AT_LAST) for side in self.station.sides]

    def rows(self) -> Iterator[Compared]:
        """Of each taxon that was sent or is on the card; of a day without any one row."""
        for taxon in self.station.meant(self.sent, self.machine, self.card):
            yield self._others() if taxon == OTHERS else self._taxon(taxon)

    def _taxon(self, taxon: str) -> Compared:
        machine, card = self.machine.get(taxon, NOTHING), self.card.get(taxon, NOTHING)
        untold = self._untold(taxon)
        if untold is not None:
            return self.station.row(self.told.day, taxon, None, machine, card, None, (untold,))
        sent = self.sent.get(taxon, NOTHING)
        causes = self._causes(sent, card, [taxon])
        return self.station.row(self.told.day, taxon, sent, machine, card, card - sent, causes)

    def _untold(self, taxon: str) -> Cause | None:
        """Why nothing is known of what was sent of it."""
        if taxon in self.sent:
            return None
        if not self.told.complete:
            return Cause.INCOMPLETE
        return Cause.MERGED if taxon in self._merged() else None

    def _merged(self) -> Collection[str]:
        """The taxa that the message could not name: those that the card had then, and it does not."""
        return self.then[0][1].keys() - self.sent.keys() if OTHERS in self.sent else ()

    def _others(self) -> Compared:
        sent, merged = self.sent[OTHERS], sorted(self._merged())
        card = _together(self.card, merged)
        causes = self._causes(sent, card, merged)
        return self.station.row(self.told.day, OTHERS, sent, None, None, card - sent, causes)

    def _causes(self, sent: Counted, card: Counted, taxa: Collection[str]) -> tuple[Cause, ...]:
        """The steps at which the number changes; the first is from what was sent to what the card said then."""
        if sent == card:
            return (Cause.AGREES,)
        found, before = [], sent
        for cause, counts in self.then:
            after = _together(counts, taxa)
            if after != before:
                found.append(self._why_sent_otherwise(sent, after) if cause is Cause.OTHERWISE else cause)
            before = after
        return tuple(found)

    def _why_sent_otherwise(self, sent: Counted, then: Counted) -> Cause:
        if not self.told.complete:
            return Cause.INCOMPLETE
        full = EVENTS.is_saturated(sent.events) or INDIVIDUALS.is_saturated(sent.individuals)
        is_beyond = then.events >= sent.events and then.individuals >= sent.individuals
        return Cause.SATURATED if full and is_beyond else Cause.OTHERWISE


def _sum(parts: Sequence[Tallies], day: date) -> dict[str, Counted]:
    counts: dict[str, Counted] = {}
    for tallies in parts:
        for tally in tallies.get(day, ()):
            counts[tally.taxon] = counts.get(tally.taxon, NOTHING) + _counted(tally)
    return counts


def _together(counts: _Counts, taxa: Collection[str]) -> Counted:
    return sum((counts.get(taxon, NOTHING) for taxon in taxa), NOTHING)


def _counted(tally: Tally) -> Counted:
    return Counted(tally.events, tally.individuals)
