"""At what time of day independent events begin, by the clock and by the sun of the place and the date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from math import tau

from cameratrap.app.sun import Sun
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from cameratrap.domain.events import station_day

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """Radians of the station's standard-time day: 0 is midnight, pi noon.

    ``sunrise`` and ``sunset`` are that day's, both None where the position is not known, and where the sun does not
    rise or does not set on that day (``is_polar``).
    """

    clock: float
    sunrise: float | None = None
    sunset: float | None = None
    is_polar: bool = False


def times_of_day(moments: Iterable[tuple[str, datetime]], deployments: Iterable[Deployed]) -> list[TimeOfDay]:
    """The time of day of each moment, which comes with its deployment's name. Sunrise is good to about a minute."""
    places = {each.deployment: each for each in deployments}
    daylight = _Daylight()
    return [_time_of_day(moment, places[deployment], daylight) for deployment, moment in moments]


class _Daylight:
    """Each place's sunrise and sunset, reckoned once a day."""

    def __init__(self) -> None:
        self._suns: dict[tuple[float, float, timezone], Sun] = {}
        self._known: dict[tuple[Sun, date], Span | None] = {}

    def __call__(self, latitude: float, longitude: float, zone: timezone, day: date) -> Span | None:
        sun = self._suns.setdefault((latitude, longitude, zone), Sun(latitude, longitude, zone))
        if (sun, day) not in self._known:
            self._known[sun, day] = sun.daylight(day)
        return self._known[sun, day]


def _time_of_day(moment: datetime, place: Deployed, daylight: _Daylight) -> TimeOfDay:
    clock = radians_of_day(moment, place.zone)
    if place.latitude is None or place.longitude is None:
        return TimeOfDay(clock)
    light = daylight(place.latitude, place.longitude, place.zone, station_day(moment, place.zone))
    if light is None:
        return TimeOfDay(clock, is_polar=True)
    return TimeOfDay(clock, radians_of_day(light.start, place.zone), radians_of_day(light.end, place.zone))


def radians_of_day(moment: datetime, zone: timezone) -> float:
    """An aware moment's time of day in standard time: 0 is midnight, pi noon."""
    local = moment.astimezone(zone)
    return (local - local.replace(hour=0, minute=0, second=0, microsecond=0)) / _DAY * tau
