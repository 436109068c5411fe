"""What the energy goes into, and how long it lasts at that rate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.activities import Activity, Spent, days_left, estimated_j

FIRST = date(2026, 11, 1)


def days(*watt_hours: float) -> Mapping[date, Mapping[Activity, Spent]]:
    """So many whole days, idle all day."""
    return {FIRST + timedelta(n): {Activity.IDLE: Spent(86400, wh * 3600)} for n, wh in enumerate(watt_hours)}


def test_joules_by_what_an_activity_takes() -> None:
    """Seconds times watts; what has no figure is not guessed."""
    watts = {Activity.CAPTURE: 1.5}
    assert estimated_j(Activity.CAPTURE, 4, watts) == 6
    assert estimated_j(Activity.LAMP, 4, watts) == 0


def test_what_is_left_at_the_rate_of_the_last_week() -> None:
    """100 Wh, of which ten days of 2 Wh and seven of 4 Wh took 48: 13 days at 4 Wh are left."""
    left = days_left(100, days(*[2.0] * 10, *[4.0] * 7), FIRST + timedelta(17))
    assert left is not None
    assert (left.days, left.wh_per_day, left.used_wh, left.from_days) == pytest.approx((13, 4, 48, 7))


def test_today_counts_as_used_and_not_as_a_rate() -> None:
    """An hour into a day is no day."""
    spent = {**days(2.0, 2.0), FIRST + timedelta(2): {Activity.IDLE: Spent(3600, 7200)}}
    left = days_left(10, spent, FIRST + timedelta(2))
    assert left is not None
    assert (left.wh_per_day, left.used_wh, left.days) == pytest.approx((2, 6, 2))


def test_before_a_whole_day_is_over_nothing_is_known() -> None:
    """The first hours are setting up. A day on which nothing was taken is no rate either."""
    assert days_left(10, days(2.0), FIRST) is None
    assert days_left(10, {}, FIRST) is None
    assert days_left(10, days(0.0), FIRST + timedelta(1)) is None


def test_the_hours_off_take_what_waits_for_the_trigger() -> None:
    """A trap that is on for an hour is off for 23, at 5 mW; the lamp is no hour of its own."""
    spent = {FIRST: {Activity.CAPTURE: Spent(3600, 3600), Activity.LAMP: Spent(3600, 0)}}
    left = days_left(10, spent, FIRST + timedelta(1), standby_w=0.005)
    assert left is not None
    assert left.wh_per_day == pytest.approx((3600 + 0.005 * 82800) / 3600)


def test_the_converters_loss_is_the_batterys() -> None:
    """What the Pi takes at 5 V is more at the battery."""
    left = days_left(10, days(2.0), FIRST + timedelta(1), converter_loss=0.2)
    assert left is not None
    assert (left.wh_per_day, left.days) == pytest.approx((2.5, 3))


def test_what_was_measured_stands_for_the_estimate() -> None:
    """A gauge saw 0.4 W for half of a day that was estimated at 1 W: it stands for the whole, without a loss."""
    spent = {FIRST: {Activity.IDLE: Spent(86400, 86400, measured_s=43200, measured_j=0.4 * 43200)}}
    left = days_left(100, spent, FIRST + timedelta(1), converter_loss=0.2)
    assert left is not None
    assert left.wh_per_day == pytest.approx(0.4 * 24)


def test_what_was_measured_at_rest_stands_for_the_rest_alone() -> None:
    """The gauge saw 0.4 W at rest all day; six hours of it the trap was busy, and those are counted once."""
    busy = {Activity.INFERENCE: Spent(21600, 2.0 * 21600)}
    spent = {FIRST: {Activity.IDLE: Spent(64800, 64800, measured_s=86400, measured_j=0.4 * 86400), **busy}}
    left = days_left(100, spent, FIRST + timedelta(1), standby_w=100.0)
    assert left is not None
    assert left.wh_per_day == pytest.approx(0.4 * 18 + 2.0 * 6), "and no second of the day is taken as off"


def test_a_battery_that_the_sun_fills_has_no_end() -> None:
    """More came in than went out: no number of days is told."""
    spent = {FIRST: {Activity.IDLE: Spent(measured_s=86400, measured_j=-7200)}}
    assert days_left(100, spent, FIRST + timedelta(1)) is None


@given(st.floats(0.1, 1000), st.lists(st.floats(0.01, 100), min_size=1, max_size=30))
def test_days_are_never_negative(usable_wh: float, watt_hours: list[float]) -> None:
    """A battery that was larger than it was said to be has none left, not less."""
    left = days_left(usable_wh, days(*watt_hours), FIRST + timedelta(len(watt_hours)))
    assert left is not None
    assert left.days >= 0
    assert left.used_wh == pytest.approx(sum(watt_hours))
