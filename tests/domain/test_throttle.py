"""What is photographed and what is only counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.events import TriggerCause
from cameratrap.domain.throttle import Limits, Suppression, Throttle

START = datetime(2027, 3, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Edge:
    """A trigger ``monotonic_s`` after the start."""

    monotonic_s: float
    cause: TriggerCause = TriggerCause.PIR
    at: datetime = START


def test_the_cool_down_holds_from_what_was_taken() -> None:
    """A trigger that is only counted does not start it anew: an animal that moves on and on is photographed on."""
    throttle = Throttle(Limits(cooldown_s=2))
    admitted = [throttle.admit(Edge(at_s)) for at_s in (0, 0.5, 1.9, 2.0, 3.9, 4.0)]
    cooldown = Suppression.COOLDOWN
    assert admitted == [None, cooldown, cooldown, None, cooldown, None]
    assert throttle.suppressed() == {"cooldown": 3}
    assert throttle.suppressed() == {}


def test_a_storm_of_wind_is_thinned_and_counted_to_the_last_trigger() -> None:
    """5,000 triggers in a day: a bucketful at once, then as many as the hour allows, and the sum is right."""
    throttle = Throttle(Limits(cooldown_s=2, at_once=60, per_hour=60))
    taken = sum(throttle.admit(Edge(number * 17.28)) is None for number in range(5000))
    assert 60 + 24 * 60 - 2 <= taken <= 60 + 24 * 60
    assert throttle.suppressed() == {"flood": 5000 - taken}


def test_a_herd_of_sixty_passes_at_once() -> None:
    """The limit is for storms: nothing is held back before the bucket is empty, and it fills again."""
    throttle = Throttle(Limits(cooldown_s=0, at_once=60, per_hour=60))
    assert all(throttle.admit(Edge(number * 3.0)) is None for number in range(60))
    later = [throttle.admit(Edge(181 + number * 0.5)) for number in range(10)]
    assert later.count(None) == 3  # three minutes have filled it by three
    assert sum(throttle.admit(Edge(4 * 3600 + number)) is None for number in range(100)) in (60, 61)


def test_no_limit_and_no_pause_where_none_is_wanted() -> None:
    """Zero is off."""
    throttle = Throttle(Limits(cooldown_s=0, at_once=1, per_hour=0))
    assert all(throttle.admit(Edge(0.0)) is None for _ in range(1000))


@pytest.mark.parametrize("cause", [TriggerCause.TIMELAPSE, TriggerCause.MANUAL])
def test_what_keeps_its_own_pace_is_not_throttled(cause: TriggerCause) -> None:
    """A time-lapse picture falls into the cool-down and the flood now and then; it uses up neither."""
    throttle = Throttle(Limits(cooldown_s=100, at_once=1, per_hour=1))
    assert throttle.admit(Edge(0)) is None
    assert throttle.admit(Edge(1, cause)) is None
    assert throttle.admit(Edge(2)) is Suppression.COOLDOWN
    assert throttle.admit(Edge(101)) is Suppression.FLOOD


def test_out_of_hours_and_asleep_use_up_nothing() -> None:
    """They hold for every cause, and cost the animal that comes after them neither cool-down nor bucket."""
    is_on = False
    is_asleep = True
    throttle = Throttle(Limits(at_once=1), is_on=lambda _: is_on, is_asleep=lambda _: is_asleep)
    assert throttle.admit(Edge(0, TriggerCause.TIMELAPSE)) is Suppression.ASLEEP
    is_asleep = False
    assert throttle.admit(Edge(1, TriggerCause.TIMELAPSE)) is Suppression.SCHEDULE
    assert throttle.admit(Edge(2)) is Suppression.SCHEDULE
    is_on = True
    assert throttle.admit(Edge(2.1)) is None
    assert throttle.suppressed() == {"asleep": 1, "schedule": 2}


def test_the_clock_does_not_matter() -> None:
    """A wall clock that jumps by years changes neither pause nor bucket."""
    throttle = Throttle(Limits(cooldown_s=2))
    assert throttle.admit(Edge(0, at=START)) is None
    assert throttle.admit(Edge(1, at=START + timedelta(days=30))) is Suppression.COOLDOWN
    assert throttle.admit(Edge(2, at=START - timedelta(days=400))) is None


@given(
    st.lists(st.floats(0, 600), max_size=200),
    st.floats(0, 30),
    st.integers(1, 20),
    st.floats(1, 3600),
)
def test_every_trigger_is_taken_or_counted(gaps: list[float], cooldown_s: float, at_once: int, per_hour: float) -> None:
    """The sum is whole, and what is taken keeps to the pause and to the bucket over any stretch from the start."""
    throttle = Throttle(Limits(cooldown_s, at_once, per_hour))
    now_s, taken = 0.0, []
    for gap in gaps:
        now_s += gap
        if throttle.admit(Edge(now_s)) is None:
            taken.append(now_s)
    assert len(taken) + sum(throttle.suppressed().values()) == len(gaps)
    assert all(after - before >= cooldown_s for before, after in pairwise(taken))
    assert all(
        number <= at_once + (moment - taken[0]) * per_hour / 3600 + 1e-6 for number, moment in enumerate(taken, 1)
    )
