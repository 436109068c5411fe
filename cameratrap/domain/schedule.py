"""Windows of the day in which a trap is armed, by the clock and by the sun.

A window is two edges: ``05:30-09:00``, ``dusk-dawn``, and with offsets ``sunset-1:00..sunrise+1:00``, whose two dots
keep the minus apart from the hyphen. One that ends before it starts ends on the next day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import IntEnum

from cameratrap.domain.effort import Span, day_span

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00"
_SUN = r"dawn|sunrise|sunset|dusk"
_OFFSET = r"[+-][0-9]{1,2}:[0-5][0-9]"
_EDGE = rf"(?:{_CLOCK}|(?:{_SUN})(?:{_OFFSET})?)"
PATTERN = rf"^(?:(?:{_CLOCK}|{_SUN})-(?:{_CLOCK}|{_SUN})|{_EDGE}\.\.{_EDGE})\Z"
MAX_OFFSET = timedelta(hours=12)


class SunEvent(IntEnum):
    """In the order of the day. At dawn and dusk the sun is 6 degrees below the horizon."""

    DAWN = 0
    SUNRISE = 1
    SUNSET = 2
    DUSK = 3


SunTimes = Callable[[SunEvent, date], datetime]


@dataclass(frozen=True, slots=True)
class Edge:
    """``offset`` after midnight, or after ``sun`` where that is given; negative is before."""

    offset: timedelta
    sun: SunEvent | None = None

    def at(self, day: date, zone: timezone, sun_times: SunTimes) -> datetime:
        """When it is on that day of the station."""
        origin = day_span(day, zone).start if self.sun is None else sun_times(self.sun, day)
        return origin + self.offset


@dataclass(frozen=True, slots=True)
class Window:
    """From one edge to another, which may be on the next day."""

    start: Edge
    end: Edge

    @property
    def needs_sun(self) -> bool:
        """Whether it depends on where the station is."""
        return self.start.sun is not None or self.end.sun is not None

    def span(self, day: date, zone: timezone, sun_times: SunTimes) -> Span:
        """The stretch that starts on ``day``. It is empty where the sun leaves it no time."""
        start = self.start.at(day, zone, sun_times)
        same_day = self.end.at(day, zone, sun_times)
        order = self._order()
        ends_same_day = same_day > start if order is None else order
        end = same_day if ends_same_day else self.end.at(day + timedelta(days=1), zone, sun_times)
        return Span(start, max(start, end))

    def _order(self) -> bool | None:
        """Whether two edges by the sun are of one day; None where that depends on the day.

        Their times do not tell: near the pole there is no time between sunrise and sunset, or none between sunset and
        sunrise.
        """
        if self.start.sun is None or self.end.sun is None:
            return None
        return (self.start.sun, self.start.offset) < (self.end.sun, self.end.offset)


def parse_window(text: str) -> Window:
    """Raises ValueError, saying why, for a window that is none."""
    if re.match(PATTERN, text) is None:
        raise ValueError("it is no window such as 05:30-09:00, dusk-dawn or sunset-1:00..sunrise+1:00")
    first, second = text.split("..") if ".." in text else text.split("-")
    window = Window(_edge(first), _edge(second))
    if window.start == window.end:
        raise ValueError("it ends where it starts: an empty list is always, and 00:00-24:00 a whole day")
    return window


def _edge(text: str) -> Edge:
    name = re.match(_SUN, text)
    if name is None:
        return Edge(_duration(text))
    offset = text[name.end() :]
    duration = _duration(offset[1:]) if offset else timedelta(0)
    if duration > MAX_OFFSET:
        raise ValueError(f"{offset} is more than 12 hours from {name.group()}")
    return Edge(-duration if offset.startswith("-") else duration, SunEvent[name.group().upper()])


def _duration(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
