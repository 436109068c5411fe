"""When a failed message is tried again, and when the modem is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.patience import ACCOUNT, DAY, HARDWARE, WEEK, retry_delay_s, standing_fault

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def failed(*faults: str) -> list[tuple[datetime, str, str]]:
    return [(NOW + n * DAY, fault, f"failure {n}") for n, fault in enumerate(faults)]


def test_the_network_is_given_more_time_than_the_sky_and_a_busy_modem_less() -> None:
    """After a first failure: seconds, a minute, half an hour."""
    assert [retry_delay_s(1, 0.0, fault) for fault in ("busy", "sky", "network")] == [30, 60, 1800]


@given(st.integers(1, 100), st.sampled_from(["", "sky", "busy", "network", "account", "hardware", "payload"]))
def test_no_class_waits_less_the_oftener_it_fails(attempts: int, fault: str) -> None:
    """Each schedule grows and ends, whatever the class, also for one that has none of its own."""
    assert 0 < retry_delay_s(attempts, 0.0, fault) <= retry_delay_s(attempts + 1, 0.0, fault) <= 6 * 3600


@pytest.mark.parametrize("faults", [(), ("sky", "sky"), ("busy",), ("network",), ("",)])
def test_what_time_mends_stands_for_nothing(faults: tuple[str, ...]) -> None:
    """Sky, network and a busy modem are about a message's next attempt only."""
    assert standing_fault(failed(*faults)) is None


@pytest.mark.parametrize(("times", "rest"), [(1, DAY), (7, DAY), (8, WEEK), (30, WEEK)])
def test_an_account_is_asked_daily_and_after_a_week_weekly(times: int, rest: timedelta) -> None:
    """A trap whose line rental has ended does not empty its battery on it, and finds out when it is paid again."""
    fault = standing_fault(failed(*[ACCOUNT] * times))
    assert fault is not None
    assert (fault.next_at - fault.last_at, fault.sessions, fault.is_permanent) == (rest, times, times >= 8)


def test_hardware_is_tried_a_few_times_a_day_first() -> None:
    """A supply that was cold in the morning is tried at noon."""
    fault = standing_fault(failed(HARDWARE))
    assert fault is not None
    assert fault.next_at - fault.last_at == timedelta(hours=6)


def test_a_cloudy_hour_in_between_mends_nothing() -> None:
    """Only a success ends a fault; a session that failed for another reason neither counts nor clears."""
    fault = standing_fault(failed(ACCOUNT, "sky", ACCOUNT, "sky"))
    assert fault is not None
    assert (fault.sessions, fault.since, fault.detail) == (2, NOW, "failure 2")


@given(st.timedeltas(timedelta(days=-20000), timedelta(days=10000)))
def test_no_clock_makes_it_rest_for_longer_than_its_rest(jump: timedelta) -> None:
    """However the clock is set afterwards, a session may begin within a week by the new clock."""
    fault = standing_fault(failed(*[ACCOUNT] * 9))
    assert fault is not None
    now = fault.last_at + jump
    assert not fault.holds(now) or not fault.holds(now + WEEK + timedelta(minutes=1))
