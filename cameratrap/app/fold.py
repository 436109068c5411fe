"""What a card says, folded afresh from its index: events, tallies and effort. The one place these are computed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone

from cameratrap.app.armed import ArmedDay, armed_days
from cameratrap.app.nights import nights
from cameratrap.domain.effort import Effort, Span
from cameratrap.domain.events import (
    DEFAULT_INTERVAL,
    Event,
    IndependenceRule,
    settled_events,
    station_day,
)
from cameratrap.domain.summaries import FAULTS, ClockQuality, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally, fold_days
from cameratrap.ports import PowerReading
from cameratrap.store.card import Card
from cameratrap.store.clock_shifts import waiting_days
from cameratrap.store.effort import DayCounts, day_counts, starts_by_day
from cameratrap.store.observations import sightings
from cameratrap.store.power_readings import DayPower, day_power, days_without_pictures


@dataclass(frozen=True, slots=True)
class Rules:
    """How sightings become events, and where the sun sets; ``position`` is degrees (north, east), or None."""

    interval: timedelta = DEFAULT_INTERVAL
    rule: IndependenceRule = IndependenceRule.LAST_RECORD
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class CardFold:
    """A card's days: from the first on which it was armed or triggered to the last, none left out.

    ``events`` is how many there are, ``last_seen`` when the last was seen of those that began on a day.
    ``suppressed_detections`` counts the boxes that the background spoke against; they are in no tally. ``armed`` is
    what each day's effort was reckoned from. ``waiting`` are days that a clock told which was not set: they are none
    of ``days``, and their bursts are in no tally until the clock is corrected. On those ``only_counting`` the battery
    allowed no pictures at some time.
    """

    days: tuple[date, ...]
    events: int
    tallies: Mapping[date, tuple[Tally, ...]]
    effort: Mapping[date, Effort]
    restarts: Mapping[date, int]
    faults: Mapping[date, tuple[str, ...]]
    suppressed_detections: Mapping[date, int]
    armed: Mapping[date, ArmedDay]
    last_seen: Mapping[date, datetime]
    waiting: frozenset[date] = frozenset()
    only_counting: frozenset[date] = frozenset()

    def was_operating(self, day: date) -> bool:
        """Whether the trap was on at all: a day on which it was off has nothing to report.

        One that only counted its triggers, since the battery allowed no pictures, still tells that it is there, also
        where there were none.
        """
        effort = self.effort[day]
        counted = effort.hours_armed or effort.triggers or effort.suppressed
        return bool(counted or self.tallies[day] or self.faults[day] or day in self.only_counting)


def fold(card: Card, rules: Rules) -> CardFold:
    """Fold the whole card. Nothing is cached: what is stored is the truth, and this is what it says now."""
    met = _Met(card.zone)
    found = sightings(card.connection, card.deployment.deployment)
    tallies = fold_days(met.each(settled_events(found, interval=rules.interval, rule=rules.rule)), card.zone)
    waiting = frozenset(waiting_days(card.connection, card.zone))
    armed = armed_days(card, _nights(card, rules))
    counts = day_counts(card.connection, card.zone)
    on = {day for day, each in armed.items() if each.on_h}
    known = (on | tallies.keys() | counts.keys()) - waiting
    waited = days_without_pictures(card.connection, card.zone) - waiting
    only_counting = _since(min(known, default=None), waited)
    days = _every_day(known | only_counting)
    starts = starts_by_day(card.connection, card.zone)
    first_start = min(starts.keys() - waiting, default=None)
    return CardFold(
        days=days,
        events=met.events,
        tallies={day: tallies.get(day, ()) for day in days},
        effort={day: _effort(rules, armed.get(day, _OFF), counts.get(day, DayCounts())) for day in days},
        restarts={day: starts[day] - (day == first_start) for day in days},
        faults={day: _faults(armed.get(day, _OFF), counts.get(day, DayCounts())) for day in days},
        suppressed_detections={day: counts[day].suppressed_detections if day in counts else 0 for day in days},
        armed={day: armed.get(day, _OFF) for day in days},
        last_seen=met.last_seen,
        waiting=waiting,
        only_counting=only_counting,
    )


@dataclass
class _Met:
    """What is kept of events that pass by."""

    zone: timezone
    events: int = 0
    last_seen: dict[date, datetime] = field(default_factory=dict)

    def each(self, events: Iterable[Event]) -> Iterator[Event]:
        """The same events."""
        for event in events:
            day = station_day(event.start, self.zone)
            self.events += 1
            self.last_seen[day] = max(event.end, self.last_seen.get(day, event.end))
            yield event


def _nights(card: Card, rules: Rules) -> Callable[[date], list[Span]] | None:
    position = rules.position
    return None if position is None else lambda day: nights(*position, day, day, card.zone)


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


def _since(first: date | None, days: Collection[date]) -> frozenset[date]:
    """Those of ``days`` that a clock which was never set cannot have told: readings do not say how far it is right."""
    return frozenset(day for day in days if first is not None and day >= first)


def _every_day(known: set[date]) -> tuple[date, ...]:
    if not known:
        return ()
    first, last = min(known), max(known)
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def _faults(armed: ArmedDay, counts: DayCounts) -> tuple[str, ...]:
    return _in_order(counts.faults.union(armed.faulty))


def _in_order(faults: set[str]) -> tuple[str, ...]:
    return tuple(fault for fault in FAULTS if fault in faults)


def _effort(rules: Rules, armed: ArmedDay, counts: DayCounts) -> Effort:
    return Effort(
        hours_armed=armed.seeing_h,
        hours_armed_night=None if rules.position is None else armed.night_h or 0.0,
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
