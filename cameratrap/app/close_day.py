"""Closing a day: fold it, encode it, put it into the outbox. Doing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cameratrap.app.fold import CardFold, Rules, earlier_day, fold, summary_of
from cameratrap.domain.effort import day_span
from cameratrap.domain.events import station_day
from cameratrap.domain.summaries import ClockQuality, DailySummary, EarlierDay
from cameratrap.domain.tallies import OTHERS
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import CameraTrapError
from cameratrap.ports import PowerReading
from cameratrap.store.card import Card
from cameratrap.store.effort import armed_spans
from cameratrap.store.summaries import all_summaries, is_told, sequences, tell_day, tell_day_anew, untouched
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.parts import join_neighbours
from cameratrap.wire.quantise import quantise

EARLIER_DAYS = 14  # offered to the encoder, which takes as many of the newest as fit into spare bytes
PATIENCE = timedelta(hours=6)  # an event still growing after midnight holds its day open for so long at most


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day that was closed now, and its messages."""

    summary: DailySummary
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ClosingFailed:
    """A day that should have been closed and could not be; the others were."""

    day: date
    error: CameraTrapError


@dataclass(frozen=True, slots=True)
class DayOutgrown:
    """The card says more of a day than any message that has been tried or waits: the next day's message will say so."""

    day: date


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing a day needs to know besides the card."""

    rules: Rules
    taxa: TaxaTable
    max_messages: int = 1
    power: Callable[[], PowerReading] | None = None
    clock: ClockQuality | None = None


def close_due_days(
    card: Card, closing: Closing, now: datetime, *, everything: bool = False
) -> list[ClosedDay | ClosingFailed | DayOutgrown]:
    """Close every day that is over and not closed yet, oldest first.

    A day is over at the station's midnight, or as soon after it as no event that began on it can still grow. With
    ``everything`` the deployment has ended and the last day is closed too. A day on which the trap was off is left
    out: it has nothing to tell, and the numbers of the days around it follow each other, so that it is not missed.

    A message that nobody has tried to send yet is composed anew where its day has grown since. One that may be out
    is never changed; the day then travels again, as it is, in the spare bytes of a later day's message.
    """
    if not everything and _yesterday_is_closed(card, now):
        return []
    folded = fold(card, closing.rules)
    done = sequences(card.connection)
    due = [
        day
        for day in folded.days
        if day not in done
        and folded.was_operating(day)
        and (everything or _is_over(card, folded, closing.rules, day, now))
    ]
    outcomes: list[ClosedDay | ClosingFailed | DayOutgrown] = []
    for day in due:
        try:
            outcomes.append(_close(card, closing, folded, day, done, now))
        except CameraTrapError as error:
            outcomes.append(ClosingFailed(day, error))
    outcomes += _compose_anew(card, closing, folded, done, now)
    if everything:
        outcomes += [DayOutgrown(day) for day in _outgrown(card, closing, folded)]
    return outcomes


def _close(
    card: Card, closing: Closing, folded: CardFold, day: date, done: dict[date, int], now: datetime
) -> ClosedDay:
    summary = _summary(card, closing, folded, day, max(done.values(), default=0) + 1)
    messages = _messages(closing, folded, summary, done)
    tell_day(card.connection, day, summary.sequence, messages, now)
    done[day] = summary.sequence
    return ClosedDay(summary, messages)


def _yesterday_is_closed(card: Card, now: datetime) -> bool:
    """The usual case at a trigger, told without folding the whole card."""
    today = station_day(now, card.zone)
    if is_told(card.connection, today - timedelta(days=1)):
        return True
    first = min((span.start for span in armed_spans(card.connection)), default=now)
    return station_day(first, card.zone) >= today


def _is_over(card: Card, folded: CardFold, rules: Rules, day: date, now: datetime) -> bool:
    midnight = day_span(day, card.zone).end
    if now < midnight:
        return False
    growing = [e for e in folded.events if station_day(e.start, card.zone) == day and e.end + rules.interval > now]
    return not growing or now >= midnight + PATIENCE


def _summary(card: Card, closing: Closing, folded: CardFold, day: date, sequence: int) -> DailySummary:
    power = closing.power() if closing.power else None
    return summary_of(card, folded, day, sequence, power=power, clock=closing.clock)


def _messages(closing: Closing, folded: CardFold, summary: DailySummary, done: dict[date, int]) -> tuple[bytes, ...]:
    earlier = [earlier_day(folded, day, done[day]) for day in sorted(done, reverse=True) if day < summary.day]
    known = [day for day in earlier if day.day in folded.effort]
    return tuple(encode(summary, closing.taxa, max_messages=closing.max_messages, earlier=known[:EARLIER_DAYS]))


def _compose_anew(
    card: Card, closing: Closing, folded: CardFold, done: dict[date, int], now: datetime
) -> list[ClosingFailed]:
    """Bring the messages that still lie untouched in the outbox up to what the card says now."""
    days = {sequence: day for day, sequence in done.items()}
    failed = []
    for sequence, payloads in untouched(card.connection).items():
        day = days.get(sequence)
        if day is None or day not in folded.effort:
            continue
        try:
            if not _says(payloads, folded, closing):
                summary = _summary(card, closing, folded, day, sequence)
                tell_day_anew(card.connection, day, sequence, _messages(closing, folded, summary, done), now)
        except CameraTrapError as error:
            failed.append(ClosingFailed(day, error))
    return failed


def _says(payloads: Sequence[bytes], folded: CardFold, closing: Closing) -> bool:
    """Whether messages tell every day they carry as the card has it now."""
    return all(_is_so(each, folded, closing) for each in _days_told(payloads, closing))


def _days_told(payloads: Sequence[bytes], closing: Closing) -> list[EarlierDay]:
    """Every day that one summary's messages tell, its own first."""
    (told,) = join_neighbours(decode(payload, closing.taxa) for payload in payloads)
    effort = told.effort
    return [
        EarlierDay(told.day, told.sequence, effort.hours_armed, effort.hours_armed_night, told.tallies),
        *told.earlier,
    ]


def _is_so(told: EarlierDay, folded: CardFold, closing: Closing) -> bool:
    """Whether a day's tallies and hours, as told, are the card's, rounded as messages round them."""
    if told.day not in folded.effort:
        return True
    card_says = DailySummary(told.day, 0, tallies=folded.tallies[told.day], effort=folded.effort[told.day])
    rounded = quantise(card_says, closing.taxa)
    merged = any(tally.taxon == OTHERS for tally in told.tallies)
    return told.hours_armed == rounded.effort.hours_armed and (merged or told.tallies == rounded.tallies)


def _is_told_so(told: EarlierDay, folded: CardFold, closing: Closing) -> bool:
    """A day that no message can tell as it is now has outgrown those it has."""
    try:
        return _is_so(told, folded, closing)
    except CameraTrapError:
        return False


def _outgrown(card: Card, closing: Closing, folded: CardFold) -> list[date]:
    """The days that no message tells as they are: of each, what the newest message about it says."""
    newest: dict[date, bool] = {}
    for payloads in reversed(all_summaries(card.connection)):
        for told in _days_told(payloads, closing):
            if told.day not in newest:
                newest[told.day] = _is_told_so(told, folded, closing)
    return sorted(day for day, is_so in newest.items() if not is_so)
