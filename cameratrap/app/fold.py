"""What a card says, folded afresh from its index: events, tallies and effort. The one place these are computed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from cameratrap.app.nights import nights
from cameratrap.domain.effort import Effort, Span, by_day, hours, hours_at_night
from cameratrap.domain.events import DEFAULT_INTERVAL, Event, IndependenceRule, independent_events
from cameratrap.domain.summaries import FAULTS, ClockQuality, DailySummary, EarlierDay, Health
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
    """A card's days: from the first on which it was armed or triggered to the last, none left out.

    ``suppressed_detections`` counts the boxes that the background spoke against; they are in no tally.
    """

    days: tuple[date, ...]
    events: tuple[Event, ...]
    tallies: Mapping[date, tuple[Tally, ...]]
    effort: Mapping[date, Effort]
    restarts: Mapping[date, int]
    faults: Mapping[date, tuple[str, ...]]
    suppressed_detections: Mapping[date, int]

    def was_operating(self, day: date) -> bool:
        """Whether the trap was on at all: a day on which it was off has nothing to report."""
        effort = self.effort[day]
        return bool(effort.hours_armed or effort.triggers or self.tallies[day] or self.faults[day])


def fold(card: Card, rules: Rules) -> CardFold:
    """Fold the whole card. Nothing is cached: what is stored is the truth, and this is what it says now."""
    events = card_events(card, rules)
    tallies = fold_days(events, card.zone)
    armed = by_day(armed_spans(card.connection), card.zone)
    counts = day_counts(card.connection, card.zone)
    days = _every_day(armed.keys() | tallies.keys() | counts.keys())
    starts = starts_by_day(card.connection, card.zone)
    first_start = min(starts, default=None)
    return CardFold(
        days=days,
        events=tuple(events),
        tallies={day: tallies.get(day, ()) for day in days},
        effort={day: _effort(card, rules, armed.get(day, []), day, counts.get(day, DayCounts())) for day in days},
        restarts={day: starts[day] - (day == first_start) for day in days},
        faults={day: _in_order(counts[day].faults) if day in counts else () for day in days},
        suppressed_detections={day: counts[day].suppressed_detections if day in counts else 0 for day in days},
    )


def _every_day(known: set[date]) -> tuple[date, ...]:
    if not known:
        return ()
    first, last = min(known), max(known)
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def _in_order(faults: set[str]) -> tuple[str, ...]:
    return tuple(fault for fault in FAULTS if fault in faults)


def _effort(card: Card, rules: Rules, armed: list[Span], day: date, counts: DayCounts) -> Effort:
    night = None
    if rules.position is not None:
        night = hours_at_night(armed, nights(*rules.position, day, day, card.zone)) if armed else 0.0
    return Effort(
        hours_armed=hours(armed),
        hours_armed_night=night,
        triggers=counts.triggers,
        blank=counts.blank,
        suppressed=counts.suppressed,
    )


def summary_of(
    card: Card, folded: CardFold, day: date, sequence: int, *, power: PowerReading | None, clock: ClockQuality | None
) -> DailySummary:
    """One day's summary, before it is quantised.

    What has no sensor is None, and so is a reading that cannot be, which is a fault of its own: a gauge that has
    come loose must not keep the day's counts from being sent.
    """
    power = power or PowerReading(None, None)
    battery_v, temperature_c = _possible(power.battery_v, 0, 60), _possible(power.temperature_c, -90, 120)
    broken = (battery_v, temperature_c) != (power.battery_v, power.temperature_c)
    faults = {*folded.faults[day], *(["battery"] if broken else [])}
    health = Health(
        battery_v=battery_v,
        temperature_min_c=None if temperature_c is None else round(temperature_c),
        temperature_max_c=None if temperature_c is None else round(temperature_c),
        disk_free_pct=_disk_free_pct(card),
        restarts=folded.restarts[day],
        clock=clock,
        faults=_in_order(faults),
    )
    return DailySummary(day, sequence, tallies=folded.tallies[day], effort=folded.effort[day], health=health)


def _possible(value: float | None, least: float, most: float) -> float | None:
    return value if value is not None and least <= value <= most else None


def earlier_day(folded: CardFold, day: date, sequence: int) -> EarlierDay:
    """A day to be carried again, as the card says it is now."""
    effort = folded.effort[day]
    return EarlierDay(day, sequence, effort.hours_armed, effort.hours_armed_night, folded.tallies[day])


def _disk_free_pct(card: Card) -> int:
    usage = shutil.disk_usage(card.folder)
    return int(100 * usage.free / usage.total)
