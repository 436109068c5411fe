"""What a card says, folded afresh from its index: events, tallies and effort. The one place these are computed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cameratrap.app.nights import nights
from cameratrap.domain.effort import Effort, Span, hours_armed, hours_armed_at_night
from cameratrap.domain.events import DEFAULT_INTERVAL, Event, IndependenceRule, independent_events, station_day
from cameratrap.domain.summaries import ClockQuality, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally, fold_days
from cameratrap.ports import PowerReading
from cameratrap.store.card import Card
from cameratrap.store.effort import DayCounts, armed_spans, day_counts, starts_by_day
from cameratrap.store.observations import sightings


@dataclass(frozen=True, slots=True)
class Rules:
    """How sightings become events, and where the sun sets; ``position`` is degrees (north, east), or None."""

    interval: timedelta = DEFAULT_INTERVAL
    rule: IndependenceRule = IndependenceRule.LAST_RECORD
    position: tuple[float, float] | None = None


def card_events(card: Card, rules: Rules) -> list[Event]:
    """The card's independent events, in order of time."""
    found = sightings(card.connection, card.deployment.deployment)
    return independent_events(found, interval=rules.interval, rule=rules.rule)


@dataclass(frozen=True, slots=True)
class CardFold:
    """A card's days: from the first on which it was armed or triggered to the last, none left out."""

    days: tuple[date, ...]
    events: tuple[Event, ...]
    tallies: Mapping[date, tuple[Tally, ...]]
    effort: Mapping[date, Effort]
    restarts: Mapping[date, int]
    failed: Mapping[date, int]


def fold(card: Card, rules: Rules) -> CardFold:
    """Fold the whole card. Nothing is cached: what is stored is the truth, and this is what it says now."""
    events = card_events(card, rules)
    tallies = fold_days(events, card.zone)
    spans = armed_spans(card.connection)
    counts = day_counts(card.connection, card.zone)
    days = _days(card, spans, tallies.keys() | counts.keys())
    starts = starts_by_day(card.connection, card.zone)
    first_start = min(starts, default=None)
    return CardFold(
        days=days,
        events=tuple(events),
        tallies={day: tallies.get(day, ()) for day in days},
        effort={day: _effort(card, rules, spans, day, counts.get(day, DayCounts())) for day in days},
        restarts={day: starts[day] - (day == first_start) for day in days},
        failed={day: counts[day].failed if day in counts else 0 for day in days},
    )


def _days(card: Card, spans: list[Span], seen: set[date]) -> tuple[date, ...]:
    ends = [station_day(moment, card.zone) for span in spans for moment in (span.start, _last_moment(span))]
    known = seen | set(ends)
    if not known:
        return ()
    first, last = min(known), max(known)
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def _last_moment(span: Span) -> datetime:
    """A stretch that ends at midnight does not touch the day that begins there."""
    return max(span.start, span.end - timedelta(microseconds=1))


def _effort(card: Card, rules: Rules, spans: list[Span], day: date, counts: DayCounts) -> Effort:
    night = None
    if rules.position is not None:
        night = hours_armed_at_night(spans, nights(*rules.position, day, day, card.zone), day, card.zone)
    return Effort(
        hours_armed=hours_armed(spans, day, card.zone),
        hours_armed_night=night,
        triggers=counts.triggers,
        blank=counts.blank,
        suppressed=counts.suppressed,
    )


def summary_of(
    card: Card, folded: CardFold, day: date, sequence: int, *, power: PowerReading | None, clock: ClockQuality | None
) -> DailySummary:
    """One day's summary, before it is quantised. What has no sensor is None."""
    temperature = None if power is None or power.temperature_c is None else round(power.temperature_c)
    health = Health(
        battery_v=None if power is None else power.battery_v,
        temperature_min_c=temperature,
        temperature_max_c=temperature,
        disk_free_pct=_disk_free_pct(card),
        restarts=folded.restarts[day],
        clock=clock,
        faults=("detector",) if folded.failed[day] else (),
    )
    return DailySummary(day, sequence, tallies=folded.tallies[day], effort=folded.effort[day], health=health)


def earlier_day(folded: CardFold, day: date, sequence: int) -> EarlierDay:
    """A day to be carried again, as the card says it is now."""
    effort = folded.effort[day]
    return EarlierDay(day, sequence, effort.hours_armed, effort.hours_armed_night, folded.tallies[day])


def _disk_free_pct(card: Card) -> int:
    usage = shutil.disk_usage(card.folder)
    return int(100 * usage.free / usage.total)
