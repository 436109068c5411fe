"""Closing a day: fold it, give it its number, and put what tells it into the outbox. Doing it twice changes nothing.

Every ``every_days``-th day has a message of its own, which carries the days before it. Which days those are follows
from the calendar, so that it needs no state: the last of each period of so many days, counted from the year 1. A trap
that was off then sends with the first day it closes afterwards. Effort and health go in full only with a day's own
message; of a day that is carried, tallies and hours armed.

What does not fit is never dropped. A day that nothing tells is offered to each message before all that are told; one
that a message has passed over gets a message of its own with the next, and ``max_messages`` allows it at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from cameratrap.app.clock_check import clock_quality
from cameratrap.app.closing import ClosedDay, Closing, ClosingFailed, DayOutgrown, DayTold, Outcome
from cameratrap.app.command_effects import SEND_NOW
from cameratrap.app.fold import CardFold, earlier_day, fold, summary_of
from cameratrap.app.telling import in_order_of_worth, is_so, own_day, tellings_of, untold
from cameratrap.domain.effort import Effort, day_span
from cameratrap.domain.events import station_day
from cameratrap.domain.summaries import FAULTS, DailySummary, EarlierDay
from cameratrap.errors import CameraTrapError
from cameratrap.store import summaries as store
from cameratrap.store.card import Card
from cameratrap.store.commands import days_to_repeat, forget_override, overrides, unreported
from cameratrap.store.connection import transaction
from cameratrap.store.effort import armed_spans
from cameratrap.store.sessions import had_modem_fault
from cameratrap.store.summaries import Composed, Telling
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.parts import join_neighbours
from cameratrap.wire.quantise import quantise

__all__ = ["ClosedDay", "Closing", "ClosingFailed", "DayOutgrown", "DayTold", "Outcome", "close_due_days"]

PATIENCE = timedelta(hours=6)  # an event still growing after midnight holds its day open for so long at most


def close_due_days(card: Card, closing: Closing, now: datetime, *, everything: bool = False) -> list[Outcome]:
    """Close every day that is over and not closed yet, oldest first.

    A day is over at the station's midnight, or as soon after it as no event that began on it can still grow. With
    ``everything`` the deployment has ended: the last day is closed too, and has its message. A day on which the trap
    was off is left out: it has nothing to tell, and the numbers of the days around it follow each other, so that it
    is not missed.

    A command to send now gives the days that wait for a message one at once.

    A message that nobody has tried to send yet is composed anew where its day has grown since. One that may be out
    is never changed; the day then travels again, as it is, in a later day's message.
    """
    hurried = SEND_NOW in overrides(card.connection)
    if not (everything or hurried) and _yesterday_is_closed(card, now):
        return []
    outcomes = _Closer(card, closing, fold(card, closing.rules), now).run(everything=everything, hurried=hurried)
    if hurried:
        with transaction(card.connection):
            forget_override(card.connection, SEND_NOW)
    return outcomes


def _yesterday_is_closed(card: Card, now: datetime) -> bool:
    """The usual case at a trigger, told without folding the whole card."""
    today = station_day(now, card.zone)
    if store.is_closed(card.connection, today - timedelta(days=1)):
        return True
    first = min((span.start for span in armed_spans(card.connection)), default=now)
    return station_day(first, card.zone) >= today


@dataclass
class _Closer:
    """One look at a card. ``done``: each closed day's number; ``days``: what they say now, where it can be told."""

    card: Card
    closing: Closing
    folded: CardFold
    now: datetime
    done: dict[date, int] = field(init=False)
    days: dict[date, EarlierDay] = field(init=False)
    tellings: list[Telling] = field(init=False)

    def __post_init__(self) -> None:
        self.done = store.sequences(self.card.connection)
        self.tellings = store.tellings(self.card.connection)
        self.days = {}
        for day in self.done:
            self._remember(day)

    def run(self, *, everything: bool, hurried: bool) -> list[Outcome]:
        """Close what is due and bring up to date what waits; ``everything`` and ``hurried`` leave no day untold."""
        outcomes: list[Outcome] = []
        for day in self._due(everything=everything):
            outcomes += self._attempt(self._close, day)
        outcomes += self._compose_anew()
        if everything or hurried:
            outcomes += self._tell_silent(self._silent)
        if everything:
            outcomes += [DayOutgrown(day) for day in self._outgrown()]
        return outcomes

    def _due(self, *, everything: bool) -> list[date]:
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
        return ends_its_period or bool(self._passed_over(summary.day))

    def _period(self, day: date) -> int:
        return day.toordinal() // self.closing.every_days

    def _silent(self) -> list[date]:
        """The days that nothing tells and that have no message of their own, or had one that was refused for good."""
        spoken = store.spoken(self.card.connection)
        missing = untold(self.days, self.tellings)
        return sorted((day for day in missing if self.done[day] not in spoken or self._was_refused(day)), reverse=True)

    def _was_refused(self, day: date) -> bool:
        told = (telling for telling in self.tellings if (telling.sequence, telling.day) == (self.done[day], day))
        return any(not telling.stands for telling in told)

    def _passed_over(self, today: date) -> list[date]:
        """Those of them that lie in an earlier period."""
        return [day for day in self._silent() if self._period(day) < self._period(today)]

    def _tell_leftovers(self, closed: ClosedDay) -> Sequence[Outcome]:
        """What a day's message had to leave out: at once what was left out before, the rest as far as is allowed."""
        outcomes = self._tell_silent(lambda: self._passed_over(closed.summary.day))
        allowed = self.closing.max_messages - len(closed.messages) - len(outcomes)
        return [*outcomes, *self._tell_silent(self._silent, most=allowed)]

    def _tell_silent(self, silent: Callable[[], Sequence[date]], *, most: int = sys.maxsize) -> list[Outcome]:
        """Messages of their own for silent days, the newest first, since it may carry the others."""
        outcomes: list[Outcome] = []
        failed: set[date] = set()
        while len(outcomes) < most and (days := [day for day in silent() if day not in failed]):
            (outcome,) = self._attempt(self._tell, days[0])
            outcomes.append(outcome)
            if isinstance(outcome, ClosingFailed):
                failed.add(days[0])
        return outcomes

    def _tell(self, day: date) -> Sequence[Outcome]:
        # A number that was refused stays taken: other bytes under it would not be the same message.
        refused = self._was_refused(day)
        number = max(self.done.values()) + 1 if refused else self.done[day]
        composed = self._compose(self._summary(day, number))
        put = store.close if refused else store.tell
        put(self.card.connection, day, number, composed, self.now)
        self.done[day] = number
        self.tellings += composed.told
        return [DayTold(day, composed.messages)]

    def _summary(self, day: date, sequence: int) -> DailySummary:
        closing = self.closing
        power = closing.power() if closing.power else None
        clock = closing.clock or clock_quality(self.card.connection, self.now)
        summary = summary_of(self.card, self.folded, day, sequence, power=power, clock=clock)
        if not had_modem_fault(self.card.connection, day):
            return summary
        faults = {*(summary.health.faults or ()), "modem"}
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
            in_the_clear = self.closing.sealer is not None and sequence in store.in_the_clear(self.card.connection)
            if day in self.folded.effort and (in_the_clear or not self._says_what_is_so(sequence)):
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

    def _outgrown(self) -> list[date]:
        """The days that no message tells as they are: of each, what the newest message about it says."""
        in_order = sorted(self.tellings, key=lambda telling: telling.sequence)
        newest = {telling.day: telling for telling in in_order if telling.says}
        return sorted(
            day
            for day, telling in newest.items()
            if day in self.folded.effort and not (day in self.days and is_so(telling, self.days[day]))
        )
