"""What a card says, folded afresh from its index: events, tallies and effort. The one place these are computed."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cameratrap.app.armed import ArmedDay, armed_days
from cameratrap.app.nights import nights
from cameratrap.domain.effort import Effort, hours, hours_at_night
from cameratrap.domain.events import DEFAULT_INTERVAL, Event, IndependenceRule, independent_events
from cameratrap.domain.summaries import FAULTS, ClockQuality, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally, fold_days
from cameratrap.ports import PowerReading
from cameratrap.store.card import Card
from cameratrap.store.clock_shifts import waiting_days
from cameratrap.store.effort import DayCounts, day_counts, starts_by_day
from cameratrap.store.observations import sightings
from cameratrap.store.power_readings import DayPower, day_power


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

    ``suppressed_detections`` counts the boxes that the background spoke against; they are in no tally. ``armed`` is
    what each day's effort was reckoned from. ``waiting`` are days that a clock told which was not set: they are none
    of ``days``, and their bursts are in no tally until the clock is corrected.
    """

    days: tuple[date, ...]
    events: tuple[Event, ...]
    tallies: Mapping[date, tuple[Tally, ...]]
    effort: Mapping[date, Effort]
    restarts: Mapping[date, int]
    faults: Mapping[date, tuple[str, ...]]
    suppressed_detections: Mapping[date, int]
    armed: Mapping[date, ArmedDay]
    waiting: frozenset[date] = frozenset()

    def was_operating(self, day: date) -> bool:
        """Whether the trap was on at all: a day on which it was off has nothing to report.

        One that only counted its triggers, since the battery allowed no pictures, still tells that it is there.
        """
        effort = self.effort[day]
        counted = effort.hours_armed or effort.triggers or effort.suppressed
        return bool(counted or self.tallies[day] or self.faults[day])


def fold(card: Card, rules: Rules) -> CardFold:
    """Fold the whole card. Nothing is cached: what is stored is the truth, and this is what it says now."""
    events = card_events(card, rules)
    waiting = frozenset(waiting_days(card.connection, card.zone))
    tallies = fold_days(events, card.zone)
    armed = armed_days(card)
    counts = day_counts(card.connection, card.zone)
    on = {day for day, each in armed.items() if each.on}
    days = _every_day((on | tallies.keys() | counts.keys()) - waiting)
    starts = starts_by_day(card.connection, card.zone)
    first_start = min(starts.keys() - waiting, default=None)
    return CardFold(
        days=days,
        events=tuple(events),
        tallies={day: tallies.get(day, ()) for day in days},
        effort={day: _effort(card, rules, armed.get(day, _OFF), day, counts.get(day, DayCounts())) for day in days},
        restarts={day: starts[day] - (day == first_start) for day in days},
        faults={day: _faults(armed.get(day, _OFF), counts.get(day, DayCounts())) for day in days},
        suppressed_detections={day: counts[day].suppressed_detections if day in counts else 0 for day in days},
        armed={day: armed.get(day, _OFF) for day in days},
        waiting=waiting,
    )


_OFF = ArmedDay()


def and_empty(folded: CardFold, days: Collection[date], *, nights_known: bool) -> CardFold:
    """The same, able to tell of ``days`` that it does not have that nothing was there, without counting them."""
    missing = set(days) - folded.effort.keys() - folded.waiting
    nothing = Effort(0.0, 0.0 if nights_known else None, 0, 0, 0)
    return replace(
        folded,
        tallies={**folded.tallies, **dict.fromkeys(missing, ())},
        effort={**folded.effort, **dict.fromkeys(missing, nothing)},
        restarts={**folded.restarts, **dict.fromkeys(missing, 0)},
        faults={**folded.faults, **dict.fromkeys(missing, ())},
    )


def _every_day(known: set[date]) -> tuple[date, ...]:
    if not known:
        return ()
    first, last = min(known), max(known)
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def _faults(armed: ArmedDay, counts: DayCounts) -> tuple[str, ...]:
    return _in_order(counts.faults.union(armed.faulty))


def _in_order(faults: set[str]) -> tuple[str, ...]:
    return tuple(fault for fault in FAULTS if fault in faults)


def _effort(card: Card, rules: Rules, armed: ArmedDay, day: date, counts: DayCounts) -> Effort:
    night = None
    if rules.position is not None:
        night = hours_at_night(armed.lit, nights(*rules.position, day, day, card.zone)) if armed.lit else 0.0
    return Effort(
        hours_armed=hours(armed.seeing),
        hours_armed_night=night,
        triggers=counts.triggers,
        blank=counts.blank,
        suppressed=counts.suppressed,
    )


def summary_of(
    card: Card, folded: CardFold, day: date, sequence: int, *, power: PowerReading | None, clock: ClockQuality | None
) -> DailySummary:
    """One day's summary, before it is quantised; ``power`` is a reading of now, for a day without any of its own.

    What has no sensor is None, and so is a reading that cannot be, which is a fault of its own: a gauge that has
    come loose must not keep the day's counts from being sent.
    """
    battery = day_power(card.connection, day, card.zone) or _now(power)
    battery_v = _possible(battery.battery_v, 0, 60)
    coldest_c = _possible(battery.temperature_min_c, -90, 120)
    warmest_c = _possible(battery.temperature_max_c, -90, 120)
    read = DayPower(battery_v, coldest_c, warmest_c, failed=False)
    faults = {*folded.faults[day], *(["battery"] if read != battery else [])}
    health = Health(
        battery_v=battery_v,
        temperature_min_c=None if coldest_c is None else round(coldest_c),
        temperature_max_c=None if warmest_c is None else round(warmest_c),
        disk_free_pct=_disk_free_pct(card),
        restarts=folded.restarts[day],
        clock=clock,
        faults=_in_order(faults),
    )
    return DailySummary(day, sequence, tallies=folded.tallies[day], effort=folded.effort[day], health=health)


def _now(power: PowerReading | None) -> DayPower:
    if power is None:
        return DayPower(None, None, None, failed=False)
    return DayPower(power.battery_v, power.temperature_c, power.temperature_c, failed=False)


def _possible(value: float | None, least: float, most: float) -> float | None:
    return value if value is not None and least <= value <= most else None


def earlier_day(folded: CardFold, day: date, sequence: int) -> EarlierDay:
    """A day to be carried again, as the card says it is now."""
    effort = folded.effort[day]
    return EarlierDay(day, sequence, effort.hours_armed, effort.hours_armed_night, folded.tallies[day])


def _disk_free_pct(card: Card) -> int:
    usage = shutil.disk_usage(card.folder)
    return int(100 * usage.free / usage.total)
