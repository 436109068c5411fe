"""When the sun is down at the station."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

from cameratrap.domain.effort import Span, day_span

if TYPE_CHECKING:
    from astral import Observer

# The sun sets when its upper limb is seen on the horizon: its centre is then half its width of 32' below. The library
# adds the atmosphere's refraction itself; the -0.833 degrees of the almanacs contain it already.
_SUNSET_ELEVATION_DEG = -16 / 60


def nights(latitude: float, longitude: float, first: date, last: date, zone: timezone) -> list[Span]:
    """The spans between sunset and sunrise that touch the station's days ``first`` to ``last``.

    Degrees north and east. Beyond the polar circles a day without sunset has no night and one without sunrise is all
    night. Good to about a minute for the place that is given; half a degree from there a
    night is longer or shorter by up to 4 minutes at 46 degrees, 12 at 60, and near a polar circle by up to an hour.
    """
    spans = []
    day = first
    while day <= last:
        spans += _nights_of(latitude, longitude, day, zone)
        day += timedelta(days=1)
    return spans


def _nights_of(latitude: float, longitude: float, day: date, zone: timezone) -> list[Span]:
    from astral import Observer

    observer = Observer(latitude, longitude)
    whole = day_span(day, zone)
    edges = [whole.start, *_crossings(observer, whole), whole.end]
    pieces = [Span(start, end) for start, end in pairwise(edges)]
    return [piece for piece in pieces if _is_dark(observer, piece.start + piece.length / 2)]


def _crossings(observer: Observer, whole: Span) -> list[datetime]:
    """Sunrises and sunsets inside the day. A fixed offset far from the sun's own time can put them on other dates."""
    from astral import SunDirection
    from astral.sun import time_at_elevation

    found = set()
    for nearby in (-1, 0, 1):
        for direction in (SunDirection.RISING, SunDirection.SETTING):
            try:
                moment = time_at_elevation(
                    observer,
                    _SUNSET_ELEVATION_DEG,
                    (whole.start + timedelta(days=nearby)).date(),
                    direction,
                    UTC,
                )
            except ValueError:  # the sun does not reach that height on that day
                continue
            if whole.start < moment < whole.end:
                found.add(moment.astimezone(whole.start.tzinfo))
    return sorted(found)


def _is_dark(observer: Observer, moment: datetime) -> bool:
    from astral.sun import elevation

    return bool(elevation(observer, moment) < _SUNSET_ELEVATION_DEG)
