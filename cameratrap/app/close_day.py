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
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cameratrap.app.alerts import seal_alerts_anew
from cameratrap.app.clock_shift import correct_by_network, true_now
from cameratrap.app.closed_days import ClosedDays
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
from cameratrap.app.compose_day import DayComposer
from cameratrap.app.fold import and_empty, fold
from cameratrap.app.sealed_otherwise import summaries_sealed_otherwise
from cameratrap.app.telling import outgrown
from cameratrap.domain.effort import day_span
from cameratrap.domain.events import station_day
from cameratrap.domain.summaries import DailySummary
from cameratrap.errors import CameraTrapError
from cameratrap.store import summaries as store
from cameratrap.store.card import Card
from cameratrap.store.clock_shifts import days_left, has_untold, mark_told
from cameratrap.store.commands import forget_override, overrides
from cameratrap.store.connection import transaction
from cameratrap.store.effort import armed_spans
from cameratrap.store.summaries import Composed

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
    composer = DayComposer(card, closing, fold(card, closing.rules), true_now(card.connection, now))
    return _Closer(ClosedDays(composer)).due(everything=everything)


def _closer(card: Card, closing: Closing, now: datetime, otherwise: Collection[int]) -> _Closer:
    withdrawn = store.withdraw_tried(card.connection, otherwise)
    folded = fold(card, closing.rules)
    left = days_left(card.connection, card.zone) & store.sequences(card.connection).keys()
    folded = and_empty(folded, left, nights_known=closing.rules.position is not None)
    return _Closer(ClosedDays(DayComposer(card, closing, folded, now)), otherwise, withdrawn)


def _yesterday_is_closed(card: Card, now: datetime) -> bool:
    """The usual case at a trigger, told without folding the whole card."""
    today = station_day(now, card.zone)
    if store.is_closed(card.connection, today - timedelta(days=1)):
        return True
    first = min((span.start for span in armed_spans(card.connection)), default=now)
    return station_day(first, card.zone) >= today


@dataclass(frozen=True, slots=True)
class _Closer:
    """Closes what is due and brings up to date what waits, after one look at a card.

    ``otherwise`` numbers the summaries that wait under another seal, ``withdrawn`` those of them that had been tried
    already: they are not sent any more, and the days they tell have other messages at once.
    """

    closed: ClosedDays
    otherwise: Collection[int] = ()
    withdrawn: Collection[int] = ()

    @property
    def _look(self) -> DayComposer:
        return self.closed.composer

    def run(self, *, everything: bool, hurried: bool, moved: bool = False) -> list[Outcome]:
        """Close what is due and bring up to date what waits; ``everything`` and ``hurried`` leave no day untold.

        With ``moved`` a day to come that was told of by a wrong clock is told anew at once: no later message would.
        """
        outcomes: list[Outcome] = []
        for day in self.due(everything=everything):
            outcomes += self._attempt(self._close, day)
        outcomes += self.bring_up_to_date()
        if everything or hurried:
            outcomes += self._tell_each(self.closed.silent)
        if moved:
            outcomes += self._tell_each(self.closed.to_come)
        if everything:
            grown = outgrown(self.closed.says, self.closed.tellings)
            outcomes += [DayOutgrown(day) for day in grown if day in self._look.folded.effort]
        return outcomes

    def bring_up_to_date(self) -> list[Outcome]:
        """Compose anew what waits untouched and is not so any more, or not so sealed; tell what was withdrawn."""
        outcomes: list[Outcome] = []
        for day in self.closed.not_so_any_more(self.otherwise):
            outcomes += self._attempt(self._tell_anew, day)
        return [*outcomes, *self._tell_each(lambda: self.closed.told_only_in(self.withdrawn))]

    def due(self, *, everything: bool) -> list[date]:
        """The days to close now."""
        folded = self._look.folded
        operating = [day for day in folded.days if day not in self.closed.numbers and folded.was_operating(day)]
        return [day for day in operating if everything or self._is_over(day)]

    def _is_over(self, day: date) -> bool:
        look, zone = self._look, self._look.card.zone
        midnight = day_span(day, zone).end
        if look.now < midnight:
            return False
        last_seen = look.folded.last_seen.get(day)
        is_growing = last_seen is not None and last_seen + look.closing.rules.interval > look.now
        return look.now >= midnight + PATIENCE or not is_growing

    def _attempt(self, do: Callable[[date], Sequence[Outcome]], day: date) -> Sequence[Outcome]:
        try:
            return do(day)
        except CameraTrapError as error:
            return [ClosingFailed(day, error)]

    def _close(self, day: date) -> Sequence[Outcome]:
        summary = self._look.summary(day, max(self.closed.numbers.values(), default=0) + 1)
        self._look.rounded(day, summary.sequence)  # raises for a day that cannot be told: it is not closed
        speaks = self.closed.needs_its_own_message(summary)
        composed = self._compose(summary) if speaks else Composed()
        store.close(self._look.card.connection, day, summary.sequence, composed, self._look.now)
        self.closed.add(day, summary.sequence, composed)
        outcome = ClosedDay(summary, composed.messages)
        return [outcome, *self._tell_leftovers(outcome)] if speaks else [outcome]

    def _compose(self, summary: DailySummary) -> Composed:
        return self._look.messages(summary, self.closed.says, self.closed.tellings)

    def _tell_leftovers(self, closed: ClosedDay) -> Sequence[Outcome]:
        """What a day's message had to leave out: at once what was left out before, the rest as far as is allowed."""
        day, days = closed.summary.day, self.closed
        outcomes = self._tell_each(lambda: days.before_period(day, days.missing()))
        allowed = self._look.closing.max_messages - len(closed.messages) - len(outcomes)
        return [*outcomes, *self._tell_each(days.missing, most=allowed)]

    def _tell_each(self, silent: Callable[[], Sequence[date]], *, most: int = sys.maxsize) -> list[Outcome]:
        """Messages of their own for silent days, the newest first, since it may carry the others."""
        outcomes: list[Outcome] = []
        tried: set[date] = set()
        while len(outcomes) < most and (days := [day for day in silent() if day not in tried]):
            outcomes += self._attempt(self._tell, days[0])
            tried.add(days[0])
        return outcomes

    def _tell(self, day: date) -> Sequence[Outcome]:
        # A number that a message had stays taken: other bytes under it would not be the same message.
        connection, numbers = self._look.card.connection, self.closed.numbers
        taken = numbers[day] in store.spoken(connection)
        number = max(numbers.values()) + 1 if taken else numbers[day]
        composed = self._compose(self._look.summary(day, number))
        put = store.close if taken else store.tell
        put(connection, day, number, composed, self._look.now)
        self.closed.renumber(day, number, composed)
        return [DayTold(day, composed.messages)]

    def _tell_anew(self, day: date) -> Sequence[Outcome]:
        sequence = self.closed.numbers[day]
        composed = self._compose(self._look.summary(day, sequence))
        if store.tell_anew(self._look.card.connection, day, sequence, composed, self._look.now):
            self.closed.replace(sequence, composed)
        return []
