"""Solar time against the sun itself: astral's sunrise is 6:00, its sunset 18:00, and noon lies half way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from math import pi, tau

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.activity_times import radians_of_day, times_of_day
from cameratrap.domain.deployed import Deployed

np = pytest.importorskip("numpy")

from cameratrap.analysis.solar import mean_anchors, mean_time, solar_times  # noqa: E402

MINUTE = tau / 1440
START = datetime(2026, 1, 1, tzinfo=UTC)
PLACES = [(46.8, 9.4, 1), (-42.0, 146.5, 10), (0.5, 102.0, 7), (56.0, -3.0, 0), (-18.0, 178.0, -12), (64.0, -21.9, 0)]


def deployed(latitude: float | None, longitude: float | None, hours: int) -> Deployed:
    zone = timezone(timedelta(hours=hours))
    return Deployed("d", "s", START, START + timedelta(days=800), zone, latitude=latitude, longitude=longitude)


def solar_of(place: tuple[float, float, int], moments: list[datetime]) -> np.ndarray:
    """Through the whole way that the command takes."""
    times = times_of_day([("d", moment) for moment in moments], [deployed(*place)])
    nan = float("nan")
    return solar_times(
        [each.clock for each in times],
        [nan if each.sunrise is None else each.sunrise for each in times],
        [nan if each.sunset is None else each.sunset for each in times],
    )


@pytest.mark.parametrize("place", PLACES)
def test_the_sun_rises_at_six_and_sets_at_eighteen(place: tuple[float, float, int]) -> None:
    """Every month, at all these places: astral's sunrise and sunset, to within half a minute.

    Also where the clock's noon is at night: Fiji by a clock on the wrong side of the date line.
    """
    from astral import Observer
    from astral.sun import sunrise, sunset

    observer, days = Observer(*place[:2]), [date(2026, month, 14) for month in range(1, 13)]
    rising, setting = ([event(observer, day, UTC) for day in days] for event in (sunrise, sunset))
    assert solar_of(place, rising) == pytest.approx([pi / 2] * 12, abs=MINUTE / 2)
    assert solar_of(place, setting) == pytest.approx([3 * pi / 2] * 12, abs=MINUTE / 2)


def test_the_almanacs_sunrise_is_as_good_as_the_same() -> None:
    """R's sunTime takes the sun's centre at -0.833 degrees, without reckoning refraction: within two minutes."""
    from astral import Observer, SunDirection
    from astral.sun import time_at_elevation

    for latitude, longitude, hours in PLACES[:4]:
        for month in range(1, 13):
            rising = time_at_elevation(
                Observer(latitude, longitude), -0.833, date(2026, month, 14), SunDirection.RISING, UTC,
                with_refraction=False,
            )  # fmt: skip
            assert solar_of((latitude, longitude, hours), [rising])[0] == pytest.approx(pi / 2, abs=2 * MINUTE)


@pytest.mark.parametrize("place", PLACES)
def test_halfway_between_is_noon_and_midnight(place: tuple[float, float, int]) -> None:
    """The day and the night are each stretched evenly: astral's noon is 12:00 within three minutes."""
    from astral import Observer
    from astral.sun import noon

    moments = [noon(Observer(*place[:2]), date(2026, month, 14), UTC) for month in range(1, 13)]
    assert solar_of(place, moments) == pytest.approx([pi] * 12, abs=3 * MINUTE)


def test_the_anchoring_is_that_of_sun_time() -> None:
    """By hand, with sunrise at 4:00 and sunset at 20:00: two hours of sixteen are an eighth of the day."""
    hour = tau / 24
    clock = [4, 6, 12, 20, 22, 0, 2]
    found = solar_times(np.multiply(clock, hour), [4 * hour] * 7, [20 * hour] * 7) / hour
    assert found == pytest.approx([6, 7.5, 12, 18, 21, 0, 3])


def test_a_place_without_sunrise_has_no_solar_time() -> None:
    """At midsummer and at midwinter beyond the circle each record says so, one by one; in spring it has a time."""
    moments = [datetime(2026, month, 21, 13, tzinfo=UTC) for month in (3, 6, 12)]
    times = times_of_day([("d", moment) for moment in moments], [deployed(71.0, 26.0, 2)])
    assert [each.is_polar for each in times] == [False, True, True]
    assert [each.sunrise is None for each in times] == [False, True, True]
    assert list(np.isnan(solar_of((71.0, 26.0, 2), moments))) == [False, True, True]


def test_a_place_that_nobody_wrote_down_has_a_clock_only() -> None:
    """Not known is not polar."""
    (time,) = times_of_day([("d", START + timedelta(hours=6))], [deployed(None, None, 0)])
    assert (time.clock, time.sunrise, time.sunset, time.is_polar) == (pytest.approx(pi / 2), None, None, False)


def test_average_anchors_leave_an_average_day_as_it_is() -> None:
    """Where each day is the same, solar time at the mean anchors is clock time; otherwise it stays near."""
    hour = tau / 24
    clock = np.linspace(0, tau, 50)
    rises, sets = np.full(50, 5 * hour), np.full(50, 21 * hour)
    assert mean_anchors(rises, sets) == (pytest.approx(5 * hour), pytest.approx(21 * hour))
    assert solar_times(clock, rises, sets, mean_anchors(rises, sets))[1:-1] == pytest.approx(clock[1:-1])


def test_a_mean_time_goes_around_midnight() -> None:
    """Half an hour before and after are midnight, not noon; what is not known does not count."""
    hour = tau / 24
    assert np.cos(mean_time([23.5 * hour, 0.5 * hour, float("nan")])) == pytest.approx(1)
    assert np.isnan(mean_time([]))


@given(st.floats(0, tau), st.floats(0, tau), st.floats(0.05, tau - 0.05))
def test_solar_time_never_runs_backwards(clock: float, sunrise: float, day: float) -> None:
    """A minute later by the clock is later by the sun, by no more than the night or the day are stretched."""
    sunset = (sunrise + day) % tau
    first, second = solar_times([clock, clock + MINUTE], [sunrise] * 2, [sunset] * 2)
    step = (second - first) % tau
    assert 0 <= first < tau
    assert 0 < step <= MINUTE * pi / min(day, tau - day) + 1e-9


def test_the_day_of_a_record_is_the_station_s() -> None:
    """Radians count from midnight of standard time, whatever offset the moment was written with."""
    zone = timezone(timedelta(hours=10))
    assert radians_of_day(datetime(2026, 3, 1, 20, 0, tzinfo=UTC), zone) == pytest.approx(pi / 2)
