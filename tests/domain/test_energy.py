"""What a session may take from the battery, however the clock behaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.energy import MIN_SESSION_S, PowerFigures

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POWER = PowerFigures()
jumps = st.timedeltas(timedelta(hours=-11), timedelta(hours=11))


def test_a_day_pays_for_four_sessions_of_a_minute_over_ten_minutes() -> None:
    """The default budget, from its figures."""
    needed = POWER.start_j + 4 * 60 * POWER.session_w + 600 * POWER.idle_w
    assert needed == pytest.approx(425)
    assert needed <= POWER.day_j


def test_the_reserve_is_for_what_is_worth_it() -> None:
    """With all but the reserve used, an older summary waits and the newest may go, for a start and a minute."""
    used = [(NOW - timedelta(hours=1), POWER.day_j - POWER.reserve_j)]
    assert POWER.left_j(used, NOW, worthy=False) == 0
    left = POWER.left_j(used, NOW, worthy=True)
    assert POWER.session_limit_s(left - POWER.start_j, 180.0) >= MIN_SESSION_S


@given(st.floats(-1e6, 1e6), st.floats(30, 900))
def test_a_session_never_takes_more_than_is_left(left_j: float, deadline_s: float) -> None:
    """It is shortened to what is left, and not begun where that is too short to be worth it."""
    limit_s = POWER.session_limit_s(left_j, deadline_s)
    assert limit_s == 0 or MIN_SESSION_S <= limit_s <= deadline_s or limit_s == deadline_s < MIN_SESSION_S
    assert limit_s * POWER.session_w <= max(0.0, left_j) + 1e-6


@given(st.lists(st.tuples(jumps, st.floats(0, 200)), max_size=12), jumps)
def test_the_budget_holds_while_the_clock_only_goes_forward(
    entries: list[tuple[timedelta, float]], jump: timedelta
) -> None:
    """Whatever was used before is what is missing."""
    used = sorted(((NOW + at, joules) for at, joules in entries), key=lambda entry: entry[0])
    now = max([NOW + jump, *(at for at, _ in used)])
    assert POWER.left_j(used, now, worthy=True) == pytest.approx(POWER.day_j - sum(joules for _, joules in used))


@given(st.lists(st.tuples(jumps, st.floats(0, 1000)), max_size=12))
def test_a_clock_that_was_set_back_leaves_the_reserve_and_no_more(entries: list[tuple[timedelta, float]]) -> None:
    """A clock that begins at the same moment at each boot would else end the messages with its first day."""
    used = [(NOW + at, joules) for at, joules in entries]
    before_all = NOW - timedelta(hours=11, minutes=2)
    assert POWER.reserve_j - 1e-6 <= POWER.left_j(used, before_all, worthy=True) <= POWER.day_j
    assert POWER.left_j(used, before_all, worthy=False) >= -1e-6
