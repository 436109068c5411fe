"""Closing a day: fold it, encode it, put it into the outbox. Doing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cameratrap.app.fold import CardFold, Rules, earlier_day, fold, summary_of
from cameratrap.domain.effort import day_span
from cameratrap.domain.events import station_day
from cameratrap.domain.summaries import ClockQuality, DailySummary
from cameratrap.domain.taxa import TaxaTable
from cameratrap.ports import PowerReading
from cameratrap.store.card import Card
from cameratrap.store.connection import transaction
from cameratrap.store.effort import armed_spans
from cameratrap.store.outbox import enqueue
from cameratrap.wire.codec import encode

EARLIER_DAYS = 14  # offered to the encoder, which takes as many of the newest as fit into spare bytes
PATIENCE = timedelta(hours=6)  # an event still growing after midnight holds its day open for so long at most


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day that was closed now, and its messages."""

    summary: DailySummary
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing a day needs to know besides the card."""

    rules: Rules
    taxa: TaxaTable
    max_messages: int = 1
    power: Callable[[], PowerReading] | None = None
    clock: ClockQuality | None = None


def close_due_days(card: Card, closing: Closing, now: datetime, *, everything: bool = False) -> list[ClosedDay]:
    """Close every day that is over and not closed yet, oldest first.

    A day is over at the station's midnight, or as soon after it as no event that began on it can still grow. With
    ``everything`` the deployment has ended and the last day is closed too.
    """
    if not everything and _yesterday_is_closed(card, now):
        return []
    folded = fold(card, closing.rules)
    done = {row["day"]: int(row["sequence"]) for row in card.connection.execute("SELECT day, sequence FROM summaries")}
    due = [
        day
        for day in folded.days
        if day.isoformat() not in done and (everything or _is_over(card, folded, closing.rules, day, now))
    ]
    closed = []
    for day in due:
        closed.append(_close(card, closing, folded, day, done, now))
        done[day.isoformat()] = closed[-1].summary.sequence
    return closed


def _yesterday_is_closed(card: Card, now: datetime) -> bool:
    """The usual case at a trigger, told without folding the whole card."""
    last = card.connection.execute("SELECT MAX(day) AS day FROM summaries").fetchone()["day"]
    if last is None:
        first = min((span.start for span in armed_spans(card.connection)), default=now)
        return station_day(first, card.zone) >= station_day(now, card.zone)
    return date.fromisoformat(last) >= station_day(now, card.zone) - timedelta(days=1)


def _is_over(card: Card, folded: CardFold, rules: Rules, day: date, now: datetime) -> bool:
    midnight = day_span(day, card.zone).end
    if now < midnight:
        return False
    growing = [e for e in folded.events if station_day(e.start, card.zone) == day and e.end + rules.interval > now]
    return not growing or now >= midnight + PATIENCE


def _close(card: Card, closing: Closing, folded: CardFold, day: date, done: dict[str, int], now: datetime) -> ClosedDay:
    sequence = max(done.values(), default=0) + 1
    power = closing.power() if closing.power else None
    summary = summary_of(card, folded, day, sequence, power=power, clock=closing.clock)
    earlier = [
        earlier_day(folded, before, done[before.isoformat()])
        for before in reversed(folded.days)
        if before < day and before.isoformat() in done
    ]
    messages = encode(summary, closing.taxa, max_messages=closing.max_messages, earlier=earlier[:EARLIER_DAYS])
    _store(card, day, sequence, messages, now)
    return ClosedDay(summary, tuple(messages))


def _store(card: Card, day: date, sequence: int, messages: Sequence[bytes], now: datetime) -> None:
    """The day's number and its messages in one transaction: a number without a message would look like a lost one."""
    with transaction(card.connection):
        card.connection.execute(
            "INSERT INTO summaries (day, sequence, closed_at) VALUES (?, ?, ?)",
            (day.isoformat(), sequence, now.isoformat()),
        )
        for part, payload in enumerate(messages, start=1):
            enqueue(card.connection, day=day, sequence=sequence, part=part, payload=payload, now=now)
