"""When the trap is armed: its windows, the sun where it stands, and the clock as far as it can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

from cameratrap.domain.effort import Span, union
from cameratrap.domain.schedule import SunEvent, SunTimes, Window
from cameratrap.sbd.network_time import BUILT

if TYPE_CHECKING:
    from astral import Observer

# Sunrise and sunset as in `app.nights`: the upper limb on the horizon. Civil twilight is 6 degrees below it.
_ELEVATION_DEG = {
    SunEvent.DAWN: -6.0,
    SunEvent.SUNRISE: -16 / 60,
    SunEvent.SUNSET: -16 / 60,
    SunEvent.DUSK: -6.0,
}
_DAY = timedelta(days=1)
# Half the way round the sky, and a minute: the sun's own days are up to half a minute longer or shorter than ours,
# and a day without end must leave no gap at midnight.
_HALF = timedelta(hours=12, minutes=1)
_GOOD_TO = timedelta(seconds=10)
_LOOK_AHEAD_DAYS = 7


class Sun:
    """Where the sun is over the station at each of its days. Degrees north and east; ``zone`` its standard time."""

    def __init__(self, latitude: float, longitude: float, zone: timezone) -> None:
        from astral import Observer

        self._observer: Observer = Observer(latitude, longitude)
        self._zone = zone
        self._known: dict[tuple[SunEvent, date], datetime] = {}

    def __call__(self, event: SunEvent, day: date) -> datetime:
        """When that is on the station's ``day``, to about a minute.

        Where the sun stays above it, its morning begins at the sun's midnight and its evening ends there; where it
        stays below, both are at the sun's noon, with no time between.
        """
        if (event, day) not in self._known:
            if len(self._known) > 100:  # a trap runs for months
                self._known.clear()
            self._known[event, day] = self._find(event, day)
        return self._known[event, day]

    def daylight(self, day: date) -> Span | None:
        """From sunrise to sunset on the station's ``day``; None where the sun does not rise, or does not set."""
        from astral.sun import elevation

        noon, horizon = self._noon(day), _ELEVATION_DEG[SunEvent.SUNRISE]
        midnights = (noon - _HALF, noon + _HALF)
        if elevation(self._observer, noon) < horizon:
            return None
        if any(elevation(self._observer, midnight) >= horizon for midnight in midnights):
            return None
        return Span(self(SunEvent.SUNRISE, day), self(SunEvent.SUNSET, day))

    def _find(self, event: SunEvent, day: date) -> datetime:
        from astral.sun import elevation

        noon = self._noon(day)
        is_rising = event in (SunEvent.DAWN, SunEvent.SUNRISE)
        crossing = self._crossing(event, noon, is_rising=is_rising)
        if crossing is not None:
            return crossing.astimezone(self._zone)
        if elevation(self._observer, noon) < _ELEVATION_DEG[event]:
            return noon
        midnight = noon - _HALF if is_rising else noon + _HALF
        if elevation(self._observer, midnight) >= _ELEVATION_DEG[event]:
            return midnight
        return self._between(event, midnight, noon)

    def _noon(self, day: date) -> datetime:
        """The sun's noon that is nearest to the middle of the station's day: it may be on another date in UTC."""
        from astral.sun import noon

        middle = datetime.combine(day, time(12), tzinfo=self._zone)
        nearby = (noon(self._observer, (middle + days * _DAY).astimezone(UTC).date(), UTC) for days in (-1, 0, 1))
        found: datetime = min(nearby, key=lambda moment: abs(moment - middle))
        return found.astimezone(self._zone)

    def _crossing(self, event: SunEvent, noon: datetime, *, is_rising: bool) -> datetime | None:
        """When the sun passes that height between its noon and the midnight before, or after, it."""
        from astral import SunDirection
        from astral.sun import time_at_elevation

        direction = SunDirection.RISING if is_rising else SunDirection.SETTING
        for days in (-1, 0, 1):
            near = (noon + days * _DAY).astimezone(UTC).date()
            try:
                moment: datetime = time_at_elevation(self._observer, _ELEVATION_DEG[event], near, direction, UTC)
            except ValueError:  # the sun does not pass that height on that day
                continue
            after = moment - noon
            if (-_HALF <= after <= timedelta(0)) if is_rising else (timedelta(0) <= after <= _HALF):
                return moment
        return None

    def _between(self, event: SunEvent, below: datetime, above: datetime) -> datetime:
        """The crossing by halving, for the days around the polar night on which the library finds none."""
        from astral.sun import elevation

        while abs(above - below) > _GOOD_TO:
            middle = below + (above - below) / 2
            if elevation(self._observer, middle) < _ELEVATION_DEG[event]:
                below = middle
            else:
                above = middle
        return above


def no_sun(event: SunEvent, day: date) -> datetime:
    """For a schedule by the clock alone."""
    raise AssertionError(f"a schedule without a position asks for {event.name} of {day}")


class Schedule:
    """The windows together. Without any, and with a clock that was never set, the trap is always armed.

    Too many pictures are better than none: a trap whose clock stands at 1970 would sleep through the season.
    """

    def __init__(self, windows: Sequence[Window], zone: timezone, sun_times: SunTimes = no_sun) -> None:
        self._windows = windows
        self._zone = zone
        self._sun_times = sun_times

    def is_on(self, now: datetime) -> bool:
        """Whether the trap is armed at ``now`` (aware)."""
        if not self._windows or now < BUILT:
            return True
        today = now.astimezone(self._zone).date()
        return any(span.start <= now < span.end for span in self.spans(today, today))

    def next_change(self, now: datetime) -> datetime | None:
        """When it is armed next, or no longer; None where that is not within a week."""
        if not self._windows or now < BUILT:
            return None
        today = now.astimezone(self._zone).date()
        last = today + _LOOK_AHEAD_DAYS * _DAY
        edges = (edge for span in self.spans(today, last) for edge in (span.start, span.end))
        horizon = datetime.combine(last, time(), tzinfo=self._zone)
        return next((edge for edge in edges if now < edge < horizon), None)

    def spans(self, first: date, last: date) -> list[Span]:
        """When it is armed around the station's days ``first`` to ``last``: in order, without overlaps.

        They begin up to two days earlier and end up to two days later.
        """
        days = [first + number * _DAY for number in range(-2, (last - first).days + 2)]
        return union(window.span(day, self._zone, self._sun_times) for window in self._windows for day in days)
