"""Night at the station, against published sunset times and at the edges of the world."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.app.nights import nights
from cameratrap.domain.effort import day_span, overlap, union
from cameratrap.domain.events import standard_zone


def dark_hours(latitude: float, longitude: float, day: date, offset_h: float) -> float:
    zone = standard_zone(int(offset_h * 60))
    spans = nights(latitude, longitude, day, day, zone)
    return overlap(spans, [day_span(day, zone)]) / timedelta(hours=1)


def test_sunset_and_sunrise_of_a_known_place() -> None:
    """Greenwich, 21 June 2024: sunrise 03:43, sunset 20:21 UTC (HM Nautical Almanac Office), within two minutes."""
    zone = standard_zone(0)
    spans = nights(51.48, 0.0, date(2024, 6, 21), date(2024, 6, 21), zone)
    morning, evening = union(spans)
    for found, published in ((morning.end, "03:43"), (evening.start, "20:21")):
        assert abs(found - datetime.fromisoformat(f"2024-06-21T{published}:00+00:00")) < timedelta(minutes=2)


@pytest.mark.parametrize(
    ("latitude", "day", "hours"),
    [
        (78.2, date(2026, 6, 21), 0),
        (78.2, date(2026, 12, 21), 24),
        (-77.8, date(2026, 6, 21), 24),
        (-77.8, date(2026, 12, 21), 0),
    ],
)
def test_polar_days_and_nights(latitude: float, day: date, hours: float) -> None:
    """Where the sun does not set there is no night, where it does not rise nothing else."""
    assert dark_hours(latitude, 15.6, day, 1) == hours


@given(st.floats(-89, 89), st.floats(-180, 180), st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(-12, 14))
@settings(max_examples=60, deadline=None)
def test_anywhere_a_day_is_partly_dark_and_its_nights_do_not_overlap(
    latitude: float, longitude: float, day: date, offset_h: int
) -> None:
    """Whatever the place and however odd its offset, nights lie inside the day and are counted once."""
    zone = standard_zone(offset_h * 60)
    whole = day_span(day, zone)
    spans = nights(latitude, longitude, day, day, zone)
    assert all(whole.start <= span.start <= span.end <= whole.end for span in spans)
    assert sum((span.length for span in spans), timedelta()) == sum((span.length for span in union(spans)), timedelta())


@given(st.floats(-60, 60), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
@settings(max_examples=30, deadline=None)
def test_below_the_polar_circles_every_day_has_a_night(latitude: float, day: date) -> None:
    assert 4 < dark_hours(latitude, 0, day, 0) < 20
