"""The network's count of frames as a time, under every era."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.sbd.network_time import BUILT, ERAS, FRAME, FRAMES, frames_to_time


def test_the_published_example_reads_as_its_publisher_says() -> None:
    """Ground Control's worked example: d1c6dd38 under the second era."""
    near = datetime(2024, 5, 1, tzinfo=UTC)
    expected = datetime(2024, 5, 24, 17, 10, 16, 360_000, tzinfo=UTC)
    assert frames_to_time(0xD1C6DD38, near, not_before=ERAS[0]) == expected


@pytest.mark.parametrize("era", ERAS)
def test_each_era_is_told_by_the_clock(era: datetime) -> None:
    """A count of two years reads as two years after whichever era's beginning the clock is near."""
    frames = timedelta(days=730) // FRAME
    near = era + timedelta(days=500)
    assert frames_to_time(frames, near, not_before=ERAS[0]) == era + frames * FRAME


@given(
    st.timedeltas(timedelta(seconds=1), timedelta(days=3800)),
    st.timedeltas(-timedelta(days=1000), timedelta(days=1000)),
)
def test_any_time_after_the_build_comes_back(age: timedelta, error: timedelta) -> None:
    """Whatever the clock is wrong by, up to almost three years, until the era's count is full in 2037."""
    true = BUILT + age
    read = frames_to_time((true - ERAS[-1]) // FRAME, max(true + error, BUILT))
    assert read is not None
    assert timedelta(0) <= true - read < FRAME


@given(st.integers(0, FRAMES - 1), st.integers(0, 3_000_000_000))
def test_no_time_lies_before_the_build(frames: int, near_s: int) -> None:
    """Whatever the modem counts and the clock says."""
    read = frames_to_time(frames, datetime.fromtimestamp(near_s, UTC))
    assert read is None or read >= BUILT


def test_a_clock_that_was_never_set_does_not_choose_the_era() -> None:
    """At 1970 the second era would be nearer; only the third gives a date that can be."""
    frames = timedelta(days=800) // FRAME
    assert frames_to_time(frames, datetime(1970, 1, 1, tzinfo=UTC)) == ERAS[2] + frames * FRAME


@pytest.mark.parametrize("frames", [-1, FRAMES, 10**20])
def test_what_is_no_count_gives_no_time(frames: int) -> None:
    """A modem that answers nonsense has no time."""
    assert frames_to_time(frames, BUILT) is None


@pytest.mark.parametrize("year", [2038, 2039])
def test_a_clock_that_is_years_ahead_does_not_make_the_count_overflow(year: int) -> None:
    """What a modem counts today is today, although the same count after an overflow would be nearer to the clock."""
    frames = (BUILT + timedelta(days=30) - ERAS[-1]) // FRAME
    read = frames_to_time(frames, datetime(year, 2, 1, tzinfo=UTC))
    assert read is not None
    assert read - BUILT <= timedelta(days=30)


def test_an_era_that_is_not_known_gives_no_time() -> None:
    """A count that has just begun again is neither of 2025 nor of 2037."""
    assert frames_to_time(0, datetime(2033, 1, 1, tzinfo=UTC)) is None
