"""A record table as camtrapR's `recordTable` (version 3.0.3) has it: a row for each independent record of a taxon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from cameratrap.analysis.rounding import r_round
from cameratrap.domain.events import DEFAULT_INTERVAL, Event, IndependenceRule, Sighting, independent_events


@dataclass(frozen=True, slots=True)
class Record:
    """An independent record of a taxon at a station, and the pictures that belong to it.

    ``individuals`` is MaxN over them. ``delta_s`` are seconds since the record that it was compared to, 0 for the
    first at its station. ``delta_min``, ``delta_h`` and ``delta_days`` are each rounded to a tenth from the one
    before, as in camtrapR.
    """

    station: str
    taxon: str
    at: datetime
    pictures: int
    individuals: int
    delta_s: int

    @property
    def delta_min(self) -> float:
        return r_round(self.delta_s / 60, 1)

    @property
    def delta_h(self) -> float:
        return r_round(self.delta_min / 60, 1)

    @property
    def delta_days(self) -> float:
        return r_round(self.delta_h / 24, 1)


def record_table(
    sightings: Iterable[Sighting],
    *,
    interval: timedelta = DEFAULT_INTERVAL,
    rule: IndependenceRule = IndependenceRule.LAST_RECORD,
    stations: Mapping[str, str] | None = None,
) -> list[Record]:
    """Independent records by station, taxon and time.

    ``stations`` names the station of each deployment, so that an animal which passes two cameras of one station is
    one record; without it every deployment is a station. Sightings of a taxon in the same second at a station are
    one, as in camtrapR, of which the largest count stays.
    """
    named = stations or {}
    at_stations = [replace(each, deployment=named.get(each.deployment, each.deployment)) for each in sightings]
    events = independent_events(_one_a_second(at_stations), interval=interval, rule=rule)
    events.sort(key=lambda event: (event.deployment, event.taxon, event.start))
    return [
        record
        for _, stream in groupby(events, key=lambda event: (event.deployment, event.taxon))
        for record in _records(list(stream), rule)
    ]


def _one_a_second(sightings: Iterable[Sighting]) -> list[Sighting]:
    kept: dict[tuple[object, ...], Sighting] = {}
    for each in sorted(sightings, key=lambda sighting: (sighting.start, sighting.burst)):
        key = (each.deployment, each.taxon, each.cause, each.start.replace(microsecond=0))
        first = kept.setdefault(key, each)
        if each.count > first.count:
            kept[key] = replace(first, count=each.count, count_low=each.count_low, count_high=each.count_high)
    return list(kept.values())


def _records(events: list[Event], rule: IndependenceRule) -> Iterable[Record]:
    before: datetime | None = None
    for event in events:
        since = timedelta(0) if before is None else event.start - before
        pictures, delta_s = len(event.sightings), round(since / timedelta(seconds=1))
        yield Record(event.deployment, event.taxon, event.start, pictures, event.count, delta_s)
        before = event.end if rule is IndependenceRule.LAST_RECORD else event.start
