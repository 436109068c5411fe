"""What a session may take from the battery, however the clock behaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.energy import MIN_SESSION_S, Claim, PowerFigures, Taken

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POWER = PowerFigures()
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
jumps = st.timedeltas(timedelta(hours=-11), timedelta(hours=11))
entries = st.lists(st.tuples(jumps, st.floats(0, 200), st.booleans()), max_size=12)


def test_a_day_pays_for_five_starts_with_a_session_of_a_minute() -> None:
    """The default budget, from its figures: two at midnight, two later, one that is kept."""
    assert POWER.least_j == pytest.approx(119)
    assert POWER.day_j >= 5 * POWER.least_j
    assert POWER.left_j([], MIDNIGHT, Claim.NEWEST) >= 2 * POWER.least_j
    assert POWER.left_j([], MIDNIGHT + timedelta(hours=23, minutes=59), Claim.NEWEST) >= 4 * POWER.least_j
    assert POWER.reserve_j >= POWER.least_j


@pytest.mark.parametrize(("claim", "other"), [(Claim.ALERT, Claim.NEWEST), (Claim.NEWEST, Claim.ALERT)])
def test_alerts_and_summaries_leave_each_other_the_reserve(claim: Claim, other: Claim) -> None:
    """One has taken all it may: it has nothing left, the other a start and a minute."""
    used = [Taken(NOW - timedelta(hours=1), POWER.day_j - POWER.reserve_j, claim is Claim.ALERT)]
    assert POWER.left_j(used, NOW, claim, in_contact=True) == 0
    assert POWER.left_j(used, NOW, other) == POWER.reserve_j >= POWER.least_j


def test_an_older_summary_leaves_the_newest_the_reserve() -> None:
    """While that waits."""
    assert POWER.left_j([], NOW, Claim.NEWEST) - POWER.left_j([], NOW, Claim.OTHER) == POWER.reserve_j


@given(st.floats(0, 1e4), st.floats(0, 1000), st.floats(0, 20), st.integers(0, 86_399))
def test_what_ever_pays_pays_at_every_hour(day_j: float, reserve_j: float, session_w: float, second: int) -> None:
    """With nothing taken yet a start and a minute may be had at midnight too, or never: then it is said beforehand."""
    power = PowerFigures(session_w=session_w, day_j=day_j, reserve_j=reserve_j)
    now = MIDNIGHT + timedelta(seconds=second)
    for claim in (Claim.ALERT, Claim.NEWEST):
        assert (power.left_j([], now, claim) >= power.least_j) is power.ever_pays


@given(st.floats(-1e6, 1e6), st.floats(30, 900))
def test_a_session_never_takes_more_than_is_left(left_j: float, deadline_s: float) -> None:
    """It is shortened to what is left, and not begun where that is too short to be worth it."""
    limit_s = POWER.session_limit_s(left_j, deadline_s)
    assert limit_s == 0 or MIN_SESSION_S <= limit_s <= deadline_s or limit_s == deadline_s < MIN_SESSION_S
    assert limit_s * POWER.session_w <= max(0.0, left_j) + 1e-6


@given(entries, jumps)
def test_the_budget_holds_while_the_clock_only_goes_forward(
    found: list[tuple[timedelta, float, bool]], jump: timedelta
) -> None:
    """Whatever was taken before is what is missing, to whoever claims more."""
    used = sorted((Taken(NOW + at, joules, alert) for at, joules, alert in found), key=lambda each: each.at)
    now = max([NOW + jump, *(each.at for each in used)])
    total = sum(each.joules for each in used)
    for claim in Claim:
        own = sum(each.joules for each in used if each.for_alert is (claim is Claim.ALERT))
        most = min(POWER.day_j - total, POWER.day_j - POWER.reserve_j - own)
        assert POWER.left_j(used, now, claim) <= most + 1e-6


@given(entries, st.sampled_from([Claim.ALERT, Claim.NEWEST]))
def test_a_clock_that_was_set_back_leaves_the_reserve(found: list[tuple[timedelta, float, bool]], claim: Claim) -> None:
    """A clock that begins at the same moment at each boot would else end the messages with its first day."""
    used = [Taken(NOW + at, joules, alert) for at, joules, alert in found]
    before_all = NOW - timedelta(hours=11, minutes=2)
    if used:
        assert POWER.reserve_j - 1e-6 <= POWER.left_j(used, before_all, claim) <= POWER.day_j
