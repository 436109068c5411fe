"""The schedule by the sun, checked against an almanac's times and at places where the sun does not set."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.nights import nights
from cameratrap.app.sun import Schedule, Sun
from cameratrap.domain.schedule import SunEvent, parse_window

CET = timezone(timedelta(hours=1))
EET = timezone(timedelta(hours=2))
NORTH_CAPE = (71, 26)


def schedule(*windows: str, place: tuple[float, float] = (46, 7), zone: timezone = CET) -> Schedule:
    return Schedule([parse_window(each) for each in windows], zone, Sun(*place, zone))


def test_sunset_is_where_the_nights_of_effort_begin() -> None:
    """One notion of night: what the schedule calls sunset is what night effort is counted from."""
    (_, night) = nights(46, 7, date(2027, 3, 20), date(2027, 3, 20), CET)
    assert Sun(46, 7, CET)(SunEvent.SUNSET, date(2027, 3, 20)) == night.start


def test_the_order_of_the_day_in_the_station_s_own_time() -> None:
    """Also where the date in UTC is another: Fiji, and Fiji on the wrong side of the date line."""
    for hours in (12, -12):
        zone = timezone(timedelta(hours=hours))
        times = [Sun(-18, 178, zone)(event, date(2027, 6, 21)) for event in SunEvent]
        assert times == sorted(times)
        assert {moment.date() for moment in times} == {date(2027, 6, 21)}
        assert times[0].hour == 6
        assert times[3].hour == 18


@pytest.mark.parametrize(
    ("window", "midsummer", "midwinter"),
    [("sunset-sunrise", False, True), ("sunrise-sunset", True, False), ("dusk-dawn", False, None)],
)
def test_a_sun_that_does_not_set_or_rise(window: str, midsummer: bool, midwinter: bool | None) -> None:
    """By night alone means never at midsummer and always at midwinter, without a gap at midnight; dusk stays."""
    always = schedule(window, place=NORTH_CAPE, zone=EET)
    for day, expected in ((date(2027, 6, 21), midsummer), (date(2027, 12, 21), midwinter)):
        moments = [datetime(day.year, day.month, day.day, tzinfo=EET) + timedelta(minutes=n) for n in range(0, 1440, 1)]
        on = {always.is_on(moment) for moment in moments}
        assert on == ({True, False} if expected is None else {expected})
        if expected is not None:
            assert always.next_change(moments[0]) is None


@pytest.mark.parametrize(
    ("place", "hours", "first"),
    [
        ((69.6, 18.9), 1, date(2027, 1, 12)),
        ((70, -150), -10, date(2027, 1, 14)),
        ((-77.8, 166.7), 12, date(2027, 8, 17)),
    ],
)
def test_the_day_on_which_the_sun_returns_is_a_short_one(place: tuple[float, float], hours: int, first: date) -> None:
    """After the polar night the days are hours as the sun's own height says, each longer than the one before.

    Tromso, Alaska and McMurdo: at the first grazing noon the night is not over, nor is there a day of 24 hours.
    """
    from astral import Observer
    from astral.sun import elevation

    zone = timezone(timedelta(hours=hours))
    armed = schedule("sunrise-sunset", place=place, zone=zone)
    lengths = []
    for number in range(7):
        start = datetime.combine(first + timedelta(days=number), time(), zone)
        moments = [start + timedelta(minutes=minute) for minute in range(0, 1440, 5)]
        up = sum(elevation(Observer(*place), moment) > -16 / 60 for moment in moments) / 12
        lengths.append(sum(map(armed.is_on, moments)) / 12)
        assert lengths[-1] == pytest.approx(up, abs=0.5)
    assert lengths == sorted(lengths)
    assert lengths[0] == 0 < lengths[-1] < 6


def test_without_windows_and_without_a_clock_it_is_always_armed() -> None:
    """1970, and whatever lies before this version was made, is no time to judge by: too much is better than nothing."""
    unset = datetime(1970, 1, 1, 3, tzinfo=UTC)
    assert schedule("12:00-13:00").is_on(unset)
    assert schedule("12:00-13:00").next_change(unset) is None
    assert schedule().is_on(datetime(2027, 3, 20, tzinfo=UTC))
    assert schedule().next_change(datetime(2027, 3, 20, tzinfo=UTC)) is None


def test_the_next_change_over_midnight_and_between_windows() -> None:
    """Windows that touch or overlap are one; the next edge is given in order, whatever zone the question comes in."""
    armed = schedule("22:00-02:00", "01:00-05:30", "05:30-09:00")
    start = datetime(2027, 3, 20, 23, tzinfo=CET)
    assert armed.is_on(start)
    assert armed.next_change(start) == datetime(2027, 3, 21, 9, tzinfo=CET)
    assert not armed.is_on(datetime(2027, 3, 21, 9, tzinfo=CET))
    assert armed.next_change(datetime(2027, 3, 21, 8, tzinfo=UTC)) == datetime(2027, 3, 21, 22, tzinfo=CET)
    assert schedule("00:00-24:00").next_change(start) is None


@given(st.integers(0, 2 * 366 * 1440), st.floats(-89, 89), st.floats(-180, 180))
def test_it_changes_when_it_says_and_not_before(minute: int, latitude: float, longitude: float) -> None:
    """At the next change the state is the other one; halfway there it is what it was. At any place and time."""
    zone = timezone(timedelta(hours=round(longitude / 15)))
    armed = schedule("sunset-1:00..sunrise+0:30", "11:00-12:15", place=(latitude, longitude), zone=zone)
    now = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    before = armed.is_on(now)
    change = armed.next_change(now)
    if change is None:
        assert armed.is_on(now + timedelta(days=3)) is before
    else:
        assert now < change <= now + timedelta(days=8)
        assert armed.is_on(change) is not before
        assert armed.is_on(now + (change - now) / 2) is before


def test_daylight_is_from_sunrise_to_sunset_or_none_at_all() -> None:
    """Where the sun does not rise, or does not set, a day has no sunrise that a record could be told by."""
    sun = Sun(*NORTH_CAPE, EET)
    spring = sun.daylight(date(2027, 3, 20))
    assert spring is not None
    assert (spring.start, spring.end) == tuple(
        sun(event, date(2027, 3, 20)) for event in (SunEvent.SUNRISE, SunEvent.SUNSET)
    )
    assert sun.daylight(date(2027, 6, 21)) is None
    assert sun.daylight(date(2027, 12, 21)) is None
