"""The sampling units that species are accumulated over: days or longer occasions at a station, or whole stations.

A unit is one at which a camera saw on at least one day. Every such unit counts, those without a species too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import by_day, subtract
from cameratrap.domain.events import Event, station_day

Unit = tuple[str, int]  # a station, and the number of the occasion there


def occasions(
    deployments: Iterable[Deployed], events: Iterable[Event], *, days: int, since: date | None, until: date | None
) -> dict[Unit, set[str]]:
    """What was seen in each unit of ``days`` days, counted at each station from the first on which it saw.

    An event belongs to the unit of the day on which it begins. ``since`` and ``until``, both included, bound the days.
    """
    places = {each.deployment: each for each in deployments}
    seen: dict[tuple[str, date], set[str]] = {
        (each.station, day): set() for each in places.values() for day in _days(each, since, until)
    }
    for event in events:
        place = places[event.deployment]
        seen.setdefault((place.station, station_day(event.start, place.zone)), set()).add(event.taxon)
    first = _first_days(seen)
    units: dict[Unit, set[str]] = {}
    for (station, day), taxa in seen.items():
        units.setdefault((station, (day - first[station]).days // days), set()).update(taxa)
    return units


def stations(units: Mapping[Unit, Iterable[str]]) -> dict[str, set[str]]:
    """The same with a unit a station."""
    merged: dict[str, set[str]] = {}
    for (station, _), taxa in units.items():
        merged.setdefault(station, set()).update(taxa)
    return merged


def _days(each: Deployed, since: date | None, until: date | None) -> list[date]:
    days = by_day(subtract([each.span], each.down), each.zone)
    return [day for day in days if (since or day) <= day <= (until or day)]


def _first_days(seen: Iterable[tuple[str, date]]) -> dict[str, date]:
    first: dict[str, date] = {}
    for station, day in seen:
        first[station] = min(first.get(station, day), day)
    return first
