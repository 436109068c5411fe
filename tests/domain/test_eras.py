"""Eras of a clock: cut where it was set, and put right by what is known of one moment of a boot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.eras import STEP, Boot, ClockPoint, eras, true_zeros

ZERO = datetime(2027, 3, 10, tzinfo=UTC)
HOUR = 3600.0


def point(hours: float, wrong_by: timedelta = timedelta(0)) -> ClockPoint:
    return ClockPoint(hours * HOUR, ZERO + timedelta(hours=hours) + wrong_by)


def boot(name: str, start_h: float, wrong_by: timedelta, *, on_rtc: bool = True) -> Boot:
    """An hour of a boot that began ``start_h`` after ZERO, by a clock ``wrong_by`` ahead."""
    begun = ZERO + timedelta(hours=start_h) + wrong_by
    return Boot(name, eras([ClockPoint(0, begun), ClockPoint(HOUR, begun + timedelta(hours=1))]), on_rtc)


def true_zero(start_h: float) -> datetime:
    return ZERO + timedelta(hours=start_h)


@given(st.lists(st.tuples(st.floats(0.1, 100), st.integers(-(10**8), 10**8)), min_size=1, max_size=6))
def test_each_setting_of_the_clock_is_an_era(settings: list[tuple[float, int]]) -> None:
    """As many eras as settings by more than a step, in order, each with all its points and one error."""
    points, at, expected = [], 0.0, []
    for hours, seconds in settings:
        wrong_by = timedelta(seconds=seconds)
        points += [point(at, wrong_by), point(at + hours, wrong_by)]
        if not expected or abs(wrong_by - expected[-1]) > STEP:
            expected.append(wrong_by)
        at += hours + 1
    found = eras(reversed(points))
    assert [each.number for each in found] == list(range(1, len(expected) + 1))
    assert [each.error(ZERO) for each in found] == expected
    assert all(any(era.holds(each.monotonic_s) for era in found) for each in points)


def test_drift_is_no_setting() -> None:
    """A clock that gains seconds from record to record stays in one era, however far it gets."""
    (era,) = eras([point(hours, timedelta(seconds=hours)) for hours in range(0, 1000, 10)])
    assert era.last.zero - era.first.zero == timedelta(seconds=990)


def test_what_is_known_of_one_boot_is_known_of_its_neighbours_on_a_real_time_clock() -> None:
    """In both directions, as far as each began with the time that the one before had left."""
    wrong = timedelta(days=30)
    boots = [boot(str(n), 5.0 * n, wrong) for n in range(5)]
    zeros = true_zeros(boots, {"2": true_zero(10)})
    assert zeros == {str(n): true_zero(5.0 * n) for n in range(5)}


def test_a_boot_without_one_ends_what_is_known() -> None:
    """What its clock was set to is anybody's guess."""
    wrong = timedelta(days=30)
    boots = [boot("0", 0, wrong), boot("1", 5, wrong, on_rtc=False), boot("2", 10, wrong), boot("3", 15, wrong)]
    assert true_zeros(boots, {"2": true_zero(10)}) == {"2": true_zero(10), "3": true_zero(15)}


def test_a_clock_that_went_back_between_two_boots_was_set_there() -> None:
    """So that neither says anything of the other."""
    boots = [boot("0", 0, timedelta(days=30)), boot("1", 5, timedelta(0))]
    assert true_zeros(boots, {"1": true_zero(5)}) == {"1": true_zero(5)}


def test_two_that_contradict_each_other_say_nothing_of_what_lies_between() -> None:
    """Somebody set the real-time clock between them, and nobody knows when."""
    boots = [boot("0", 0, timedelta(0)), boot("1", 5, timedelta(0)), boot("2", 10, timedelta(days=30))]
    known = {"0": true_zero(0), "2": true_zero(10)}
    assert true_zeros(boots, known) == known


def test_nothing_known_is_nothing_said() -> None:
    """No comparison, no truth."""
    assert true_zeros([boot("0", 0, timedelta(0))], {}) == {}
    assert eras([]) == ()
