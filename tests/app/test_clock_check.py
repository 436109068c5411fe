"""The trap's clock against the network's time: judged, stored, and set only where that is allowed and believable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.clock_check import ClockNotSetError, ClockSettings, check, clock_quality, describe, judge
from cameratrap.app.close_day import ClosedDay, Closing, close_due_days
from cameratrap.app.fold import Rules
from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import DeviceError
from cameratrap.ports import SendResult
from cameratrap.resources import builtin_taxa
from cameratrap.sbd.network_time import BUILT
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.clock_readings import newest_reading
from cameratrap.store.connection import open_store
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.migrations import CARD_MIGRATIONS

TRUE = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
OK, DRIFTING, UNSET = ClockQuality.OK, ClockQuality.DRIFTING, ClockQuality.UNSET


class WrongClock:
    """A clock that is ``wrong_by`` ahead of the truth, until it is set."""

    def __init__(self, wrong_by: timedelta) -> None:
        self.shows = TRUE + wrong_by

    def now(self) -> datetime:
        return self.shows

    def set(self, now: datetime) -> None:
        self.shows = now

    def monotonic_s(self) -> float:
        return 0.0

    def quality(self) -> ClockQuality | None:
        return None


class Network:
    """A modem that knows the time, or does not."""

    def __init__(self, time: datetime | None = TRUE) -> None:
        self.time = time

    def network_time(self, *, near: datetime, deadline_s: float) -> datetime | None:
        return self.time

    def send(self, payload: bytes, *, deadline_s: float) -> SendResult:
        raise AssertionError("asking for the time costs nothing")

    def check_mailbox(self, *, deadline_s: float) -> SendResult:
        raise AssertionError("asking for the time costs nothing")

    def imei(self, *, deadline_s: float) -> str:
        return ""

    def close(self) -> None:
        """Whoever opened it closes it."""


@pytest.fixture
def card(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_store(tmp_path / "card.db", CARD_MIGRATIONS, create=True)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("wrong_by", "quality", "words"),
    [
        (timedelta(0), OK, "right to 1 s"),
        (timedelta(seconds=-60), OK, "right to 60 s"),
        (timedelta(seconds=61), DRIFTING, "61 s fast"),
        (timedelta(hours=-20), DRIFTING, "72000 s slow"),
        (timedelta(days=2), UNSET, "2.0 days fast"),
        (timedelta(days=900), UNSET, "too much to believe either"),
        (datetime(1970, 1, 2, tzinfo=UTC) - TRUE, UNSET, "days slow"),
    ],
)
def test_each_offset_has_its_name(
    card: sqlite3.Connection, wrong_by: timedelta, quality: ClockQuality, words: str
) -> None:
    """Judged, stored with the offset, told in words; a clock that may not be set is not touched."""
    clock = WrongClock(wrong_by)
    reading = check(Network(), clock, card, ClockSettings())
    assert reading is not None
    assert (reading.quality, reading.offset_s, reading.corrected) == (quality, wrong_by.total_seconds(), False)
    assert newest_reading(card) == reading
    assert clock.now() == TRUE + wrong_by
    assert words in describe(reading)


@pytest.mark.parametrize(
    ("wrong_by", "is_set"),
    [
        (timedelta(seconds=59), False),
        (timedelta(seconds=90), True),
        (timedelta(days=-5), True),
        (datetime(1970, 1, 2, tzinfo=UTC) - TRUE, True),
        (timedelta(days=400), False),
    ],
)
def test_a_wrong_clock_is_set_where_that_is_allowed(
    card: sqlite3.Connection, wrong_by: timedelta, is_set: bool
) -> None:
    """Back as well as forward, and the stored offset says by how much; never by what cannot be believed."""
    clock = WrongClock(wrong_by)
    reading = check(Network(), clock, card, ClockSettings(set_clock=clock.set))
    assert reading is not None
    assert reading.corrected == is_set
    assert clock.now() == (TRUE if is_set else TRUE + wrong_by)
    assert newest_reading(card) == reading
    if is_set:
        assert "was set by the network's time" in describe(reading)
        assert clock_quality(card, clock.now()) is OK


def test_what_was_found_is_stored_before_the_clock_is_touched(card: sqlite3.Connection) -> None:
    """A system that refuses it leaves the reading, and the summary says that the clock is wrong."""
    clock = WrongClock(timedelta(hours=1))

    def refuse(_: datetime) -> None:
        assert newest_reading(card) is not None
        raise DeviceError("the system clock cannot be set", hint="run it as root", device="clock")

    with pytest.raises(ClockNotSetError, match="3600 s fast and was not set: the system clock") as caught:
        check(Network(), clock, card, ClockSettings(set_clock=refuse))
    assert caught.value.hint == "run it as root"
    reading = newest_reading(card)
    assert reading is not None
    assert not reading.corrected
    assert clock_quality(card, clock.now()) is DRIFTING


def test_a_modem_without_the_time_says_nothing_of_the_clock(card: sqlite3.Connection) -> None:
    """No reading, no quality, no invention."""
    assert check(Network(None), WrongClock(timedelta(0)), card, ClockSettings()) is None
    assert newest_reading(card) is None
    assert clock_quality(card, TRUE) is None


def test_what_was_found_holds_for_a_month(card: sqlite3.Connection) -> None:
    """Then the clock may have drifted, and nothing is known again; one before the build was never set."""
    check(Network(), WrongClock(timedelta(0)), card, ClockSettings())
    assert clock_quality(card, TRUE + timedelta(days=30)) is OK
    assert clock_quality(card, TRUE + timedelta(days=31)) is None
    assert clock_quality(card, BUILT - timedelta(seconds=1)) is UNSET


def test_the_newest_reading_counts(card: sqlite3.Connection) -> None:
    """Whatever the clock showed when it was made: after it was set back, times repeat."""
    check(Network(), WrongClock(timedelta(days=3)), card, ClockSettings())
    check(Network(), WrongClock(timedelta(0)), card, ClockSettings())
    assert clock_quality(card, TRUE) is OK


def test_the_summary_says_how_good_the_clock_is(tmp_path: Path) -> None:
    """What the newest comparison found; a card whose clock was never compared says nothing of it."""
    with make_card(tmp_path / "card", Deployment("d", "s", 0, TRUE)) as card:
        stretch = arm(card.connection, TRUE, 0.0, "boot")
        told = []
        for day in (1, 2):
            now = TRUE + timedelta(days=day)
            stretch = still_armed(card.connection, stretch, now, day * 86400.0)
            (closed,) = close_due_days(card, Closing(Rules(), builtin_taxa()), now)
            assert isinstance(closed, ClosedDay)
            told.append(closed.summary.health.clock)
            check(Network(), WrongClock(timedelta(minutes=5)), card.connection, ClockSettings())
    assert told == [None, DRIFTING]


def test_the_limits_are_as_they_are_told() -> None:
    """A minute is right, a day drifts, and beyond it the clock was never set."""
    assert [judge(TRUE, offset) for offset in (60, -60, 60.1, 86400, -86401)] == [OK, OK, DRIFTING, DRIFTING, UNSET]
