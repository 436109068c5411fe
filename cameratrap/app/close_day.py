"""Closing a day: fold it, give it its number, and put what tells it into the outbox. Doing it twice changes nothing.

Every ``every_days``-th day has a message of its own, which carries the days before it. Which days those are follows
from the calendar, so that it needs no state: the last of each period of so many days, counted from the year 1. A trap
that was off then sends with the first day it closes afterwards. Effort and health go in full only with a day's own
message; of a day that is carried, tallies and hours armed.

What does not fit is never dropped. A day that nothing tells, or nothing as it is now, is offered to each message
before all that are told; one that a message has passed over gets a message of its own with the next, and
``max_messages`` allows it at once. What was sealed otherwise than the trap seals now is told anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from cameratrap.app.alerts import seal_alerts_anew
from cameratrap.app.clock_check import clock_quality
from cameratrap.app.clock_shift import correct_by_network, true_now
from cameratrap.app.closing import (
    ClockCorrected,
    ClosedDay,
    Closing,
    ClosingFailed,
    DayOutgrown,
    DayTold,
    Outcome,
)
from cameratrap.app.command_effects import SEND_NOW
from cameratrap.app.fold import CardFold, and_empty, earlier_day, fold, summary_of
from cameratrap.app.sealed_otherwise import summaries_sealed_otherwise
from cameratrap.app.telling import in_order_of_worth, is_so, outgrown, own_day, tellings_of, untold
from cameratrap.domain.effort import Effort, day_span
from cameratrap.domain.events import station_day
from cameratrap.domain.summaries import FAULTS, DailySummary, EarlierDay
from cameratrap.errors import CameraTrapError
from cameratrap.store import summaries as store
from cameratrap.store.card import Card
from cameratrap.store.clock_shifts import days_left, has_untold, mark_told
from cameratrap.store.commands import days_to_repeat, forget_override, overrides, unreported
from cameratrap.store.connection import transaction
from cameratrap.store.effort import armed_spans
from cameratrap.store.sessions import had_modem_fault
from cameratrap.store.summaries import Composed, Telling
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.parts import join_neighbours
from cameratrap.wire.quantise import quantise

__all__ = [
    "ClockCorrected",
    "ClosedDay",
    "Closing",
    "ClosingFailed",
    "DayOutgrown",
    "DayTold",
    "Outcome",
    "close_due_days",
    "seal_anew",
]

PATIENCE = timedelta(hours=6)  # an event still growing after midnight holds its day open for so long at most


def close_due_days(card: Card, closing: Closing, now: datetime, *, everything: bool = False) -> list[Outcome]:
    """Close every day that is over and not closed yet, oldest first.

    A day is over at the station's midnight, or as soon after it as no event that began on it can still grow. With
    ``everything`` the deployment has ended: the last day is closed too, and has its message. A day on which the trap
    was off is left out: it has nothing to tell, and the numbers of the days around it follow each other, so that it
    is not missed.

    A command to send now gives the days that wait for a message one at once.

    Times that a clock told which was never set belong to no day: they wait until they are corrected. What a comparison
    with the network's time says of wrong ones is corrected first, and the days concerned are told anew.

    A message that nobody has tried to send yet is composed anew where its day has grown since, or where it waits under
    another seal than the trap has now. One that may be out is never changed; its day then travels again, as it is, in
    a later day's message or in one of its own.
    """
    true = true_now(card.connection, now)
    corrected = correct_by_network(card.connection, now)
    seal_alerts_anew(card, closing.taxa, closing.sealer, closing.opener)
    hurried = SEND_NOW in overrides(card.connection)
    otherwise = summaries_sealed_otherwise(card.connection, closing.opener)
    moved = has_untold(card.connection)
    if not (everything or hurried or otherwise or moved) and _yesterday_is_closed(card, true):
        return []
    outcomes: list[Outcome] = [ClockCorrected(each.count("bursts"), each.offset) for each in corrected]
    outcomes += _closer(card, closing, true, otherwise).run(everything=everything, hurried=hurried, moved=moved)
    if moved:
        mark_told(card.connection)
    if hurried:
        with transaction(card.connection):
            forget_override(card.connection, SEND_NOW)
    return outcomes


def seal_anew(card: Card, closing: Closing, now: datetime) -> list[Outcome]:
    """Bring what waits under another seal than the trap has now under that one, without closing any day."""
    seal_alerts_anew(card, closing.taxa, closing.sealer, closing.opener)
    otherwise = summaries_sealed_otherwise(card.connection, closing.opener)
    return _closer(card, closing, now, otherwise).bring_up_to_date() if otherwise else []


def due_days(card: Card, closing: Closing, now: datetime, *, everything: bool = False) -> list[date]:
    """The days that ``close_due_days`` would close now, oldest first; nothing is changed."""
    return _Closer(card, closing, fold(card, closing.rules), true_now(card.connection, now)).due(everything=everything)


def _closer(card: Card, closing: Closing, now: datetime, otherwise: Collection[int]) -> _Closer:
    withdrawn = store.withdraw_tried(card.connection, otherwise)
    folded = fold(card, closing.rules)
    left = days_left(card.connection, card.zone) & store.sequences(card.connection).keys()
    folded = and_empty(folded, left, nights_known=closing.rules.position is not None)
    return _Closer(card, closing, folded, now, otherwise, withdrawn)


def _yesterday_is_closed(card: Card, now: datetime) -> bool:
    """The usual case at a trigger, told without folding the whole card."""
    today = station_day(now, card.zone)
    if store.is_closed(card.connection, today - timedelta(days=1)):
        return True
    first = min((span.start for span in armed_spans(card.connection)), default=now)
    return station_day(first, card.zone) >= today


@dataclass
class _Closer:
    """One look at a card. ``done``: each closed day's number; ``days``: what they say now, where it can be told.

    ``otherwise`` numbers the summaries that wait under another seal, ``withdrawn`` those of them that had been tried
    already: they are not sent any more, and the days they tell have other messages at once.
    """

    card: Card
    closing: Closing
    folded: CardFold
    now: datetime
    otherwise: Collection[int] = ()
    withdrawn: Collection[int] = ()
    done: dict[date, int] = field(init=False)
    days: dict[date, EarlierDay] = field(init=False)
    tellings: list[Telling] = field(init=False)

    def __post_init__(self) -> None:
        self.done = store.sequences(self.card.connection)
        self.tellings = store.tellings(self.card.connection)
        self.days = {}
        for day in self.done:
            self._remember(day)

    def run(self, *, everything: bool, hurried: bool, moved: bool = False) -> list[Outcome]:
        """Close what is due and bring up to date what waits; ``everything`` and ``hurried`` leave no day untold.

        With ``moved`` a day to come that was told of by a wrong clock is told anew at once: no later message would.
        """
        outcomes: list[Outcome] = []
        for day in self.due(everything=everything):
            outcomes += self._attempt(self._close, day)
        outcomes += self.bring_up_to_date()
        if everything or hurried:
            outcomes += self._tell_silent(self._silent)
        if moved:
            outcomes += self._tell_silent(self._days_to_come)
        if everything:
            grown = outgrown(self.days, self.tellings)
            outcomes += [DayOutgrown(day) for day in grown if day in self.folded.effort]
        return outcomes

    def bring_up_to_date(self) -> list[Outcome]:
        """Compose anew what waits untouched and is not so any more, or not so sealed; tell what was withdrawn."""
        return [*self._compose_anew(), *self._tell_silent(self._withdrawn_days)]

    def due(self, *, everything: bool) -> list[date]:
        """The days to close now."""
        operating = [day for day in self.folded.days if day not in self.done and self.folded.was_operating(day)]
        return [day for day in operating if everything or self._is_over(day)]

    def _is_over(self, day: date) -> bool:
        midnight = day_span(day, self.card.zone).end
        if self.now < midnight:
            return False
        interval = self.closing.rules.interval
        events = [event for event in self.folded.events if station_day(event.start, self.card.zone) == day]
        return self.now >= midnight + PATIENCE or not any(event.end + interval > self.now for event in events)

    def _attempt(self, do: Callable[[date], Sequence[Outcome]], day: date) -> Sequence[Outcome]:
        try:
            return do(day)
        except CameraTrapError as error:
            return [ClosingFailed(day, error)]

    def _close(self, day: date) -> Sequence[Outcome]:
        summary = self._summary(day, max(self.done.values(), default=0) + 1)
        self._rounded(day, summary.sequence)  # raises for a day that cannot be told: it is not closed
        speaks = self._has_its_own_message(summary)
        composed = self._compose(summary) if speaks else Composed()
        store.close(self.card.connection, day, summary.sequence, composed, self.now)
        self.done[day] = summary.sequence
        self._remember(day)
        self.tellings += composed.told
        closed = ClosedDay(summary, composed.messages)
        return [closed, *self._tell_leftovers(closed)] if speaks else [closed]

    def _has_its_own_message(self, summary: DailySummary) -> bool:
        volts, low = summary.health.battery_v, self.closing.low_battery_v
        if low is not None and volts is not None and volts < low:
            return True
        ends_its_period = self._period(summary.day + timedelta(days=1)) > self._period(summary.day)
        return ends_its_period or bool(self._before_period(summary.day, self._silent()))

    def _period(self, day: date) -> int:
        return day.toordinal() // self.closing.every_days

    def _silent(self) -> list[date]:
        """The days that nothing tells and that have no message of their own, or had one that was refused for good."""
        spoke = {telling.day for telling in self.tellings if telling.stands and self._is_own(telling)}
        return [day for day in self._missing() if day not in spoke]

    def _is_own(self, telling: Telling) -> bool:
        return telling.sequence == self.done.get(telling.day)

    def _missing(self) -> list[date]:
        """The days that nothing tells as they are now, also those that have grown since; the newest first.

        Without those whose own message is composed anew, and those of an old card that were told nobody knows how.
        """
        left_alone = {telling.sequence for telling in self.tellings if telling.stands and not telling.says}
        left_alone.update(store.untouched(self.card.connection))
        missing = untold(self.days, self.tellings)
        return sorted((day for day in missing if self.done[day] not in left_alone), reverse=True)

    def _days_to_come(self) -> list[date]:
        today = station_day(self.now, self.card.zone)
        return [day for day in self._missing() if day > today]

    def _withdrawn_days(self) -> list[date]:
        """Those of the silent days that only a withdrawn message told."""
        told_there = {telling.day for telling in self.tellings if telling.sequence in self.withdrawn}
        return [day for day in self._silent() if day in told_there]

    def _before_period(self, today: date, days: Sequence[date]) -> list[date]:
        return [day for day in days if self._period(day) < self._period(today)]

    def _tell_leftovers(self, closed: ClosedDay) -> Sequence[Outcome]:
        """What a day's message had to leave out: at once what was left out before, the rest as far as is allowed."""
        outcomes = self._tell_silent(lambda: self._before_period(closed.summary.day, self._missing()))
        allowed = self.closing.max_messages - len(closed.messages) - len(outcomes)
        return [*outcomes, *self._tell_silent(self._missing, most=allowed)]

    def _tell_silent(self, silent: Callable[[], Sequence[date]], *, most: int = sys.maxsize) -> list[Outcome]:
        """Messages of their own for silent days, the newest first, since it may carry the others."""
        outcomes: list[Outcome] = []
        tried: set[date] = set()
        while len(outcomes) < most and (days := [day for day in silent() if day not in tried]):
            outcomes += self._attempt(self._tell, days[0])
            tried.add(days[0])
        return outcomes

    def _tell(self, day: date) -> Sequence[Outcome]:
        # A number that a message had stays taken: other bytes under it would not be the same message.
        taken = self.done[day] in store.spoken(self.card.connection)
        number = max(self.done.values()) + 1 if taken else self.done[day]
        composed = self._compose(self._summary(day, number))
        put = store.close if taken else store.tell
        put(self.card.connection, day, number, composed, self.now)
        self.done[day] = number
        self.tellings += composed.told
        return [DayTold(day, composed.messages)]

    def _summary(self, day: date, sequence: int) -> DailySummary:
        closing = self.closing
        power = closing.power() if closing.power else None
        clock = closing.clock or clock_quality(self.card.connection, self.now)
        summary = summary_of(self.card, self.folded, day, sequence, power=power, clock=clock)
        faults = {*(summary.health.faults or ())}
        if had_modem_fault(self.card.connection, day):
            faults.add("modem")
        if self.folded.waiting:  # bursts on the card that no day has: their clock was never set
            faults.add("clock")
        return replace(summary, health=replace(summary.health, faults=tuple(f for f in FAULTS if f in faults)))

    def _compose(self, summary: DailySummary) -> Composed:
        closing, connection, number = self.closing, self.card.connection, summary.sequence
        reports = unreported(connection, number)
        before = {day: each for day, each in self.days.items() if day < summary.day}
        others = [telling for telling in self.tellings if telling.sequence != number]
        messages = encode(
            replace(summary, commands=tuple(each.report for each in reports)),
            closing.taxa,
            max_messages=closing.max_messages,
            earlier=in_order_of_worth(before, others, days_to_repeat(connection, number)),
            sealer=closing.sealer,
        )
        parts = [decode(message, closing.taxa, opener=closing.opener) for message in messages]
        (told,) = join_neighbours(part for part in parts if isinstance(part, DailySummary))
        return Composed(tuple(messages), tellings_of(told), reports)

    def _rounded(self, day: date, sequence: int) -> EarlierDay:
        """A day as a message would tell it now. Raises CameraTrapError where none can."""
        carried = earlier_day(self.folded, day, sequence)
        effort = Effort(hours_armed=carried.hours_armed, hours_armed_night=carried.hours_armed_night)
        return own_day(quantise(DailySummary(day, sequence, carried.tallies, effort), self.closing.taxa))

    def _remember(self, day: date) -> None:
        """Note what a closed day says now. One that cannot be told any more, or is not on the card, is left out."""
        if day not in self.folded.effort:
            return
        try:
            self.days[day] = self._rounded(day, self.done[day])
        except CameraTrapError:
            self.days.pop(day, None)

    def _compose_anew(self) -> list[Outcome]:
        """Bring the messages that still lie untouched in the outbox up to what the card says now."""
        by_number = {sequence: day for day, sequence in self.done.items()}
        outcomes: list[Outcome] = []
        for sequence in store.untouched(self.card.connection):
            day = by_number[sequence]
            if day in self.folded.effort and (sequence in self.otherwise or not self._says_what_is_so(sequence)):
                outcomes += self._attempt(self._tell_anew, day)
        return outcomes

    def _says_what_is_so(self, sequence: int) -> bool:
        told = [telling for telling in self.tellings if telling.sequence == sequence]
        known = [telling for telling in told if telling.day in self.folded.effort]
        return all(telling.day in self.days and is_so(telling, self.days[telling.day]) for telling in known)

    def _tell_anew(self, day: date) -> Sequence[Outcome]:
        sequence = self.done[day]
        composed = self._compose(self._summary(day, sequence))
        if store.tell_anew(self.card.connection, day, sequence, composed, self.now):
            self.tellings = [telling for telling in self.tellings if telling.sequence != sequence]
            self.tellings += composed.told
        return []
