"""A day's messages: what its summary says, and the bytes that it becomes with the earlier days it carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from cameratrap.app.clock_check import clock_quality
from cameratrap.app.closing import Closing
from cameratrap.app.fold import CardFold, earlier_day, summary_of
from cameratrap.app.telling import in_order_of_worth, own_day, tellings_of
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import FAULTS, DailySummary, EarlierDay
from cameratrap.store.card import Card
from cameratrap.store.commands import days_to_repeat, unreported
from cameratrap.store.sessions import had_modem_fault
from cameratrap.store.summaries import Composed, Telling
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.parts import join_neighbours
from cameratrap.wire.quantise import quantise


@dataclass(frozen=True, slots=True)
class DayComposer:
    """Composes from one look at a card, ``folded``; nothing is changed on it. Its methods raise CameraTrapError."""

    card: Card
    closing: Closing
    folded: CardFold
    now: datetime

    def summary(self, day: date, sequence: int) -> DailySummary:
        """All that is known of a day, under the number it has."""
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

    def rounded(self, day: date, sequence: int) -> EarlierDay:
        """A day as a message would tell it now. Raises CameraTrapError where none can."""
        carried = earlier_day(self.folded, day, sequence)
        effort = Effort(hours_armed=carried.hours_armed, hours_armed_night=carried.hours_armed_night)
        return own_day(quantise(DailySummary(day, sequence, carried.tallies, effort), self.closing.taxa))

    def messages(self, summary: DailySummary, days: Mapping[date, EarlierDay], tellings: Iterable[Telling]) -> Composed:
        """The messages of ``summary``; of ``days``, those before it are offered to them, and ``tellings`` rank them."""
        closing, connection, number = self.closing, self.card.connection, summary.sequence
        reports = unreported(connection, number)
        before = {day: each for day, each in days.items() if day < summary.day}
        others = [telling for telling in tellings if telling.sequence != number]
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
