"""Windows of the day: what they mean, and what is refused."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.effort import Span
from cameratrap.domain.schedule import PATTERN, SunEvent, parse_window

ZONE = timezone(timedelta(hours=1))
DAY = date(2027, 3, 20)
REASON = re.compile("it ends where it starts|it is no window|more than 12 hours")
HOURS = {SunEvent.DAWN: 6, SunEvent.SUNRISE: 7, SunEvent.SUNSET: 18, SunEvent.DUSK: 19}


def sun(event: SunEvent, day: date) -> datetime:
    """A sun that keeps the same hours every day."""
    return at(HOURS[event], day=day)


def at(hour: float, *, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("05:30-09:00", 5.5, 9),
        ("22:00-05:00", 22, 29),
        ("22:00-24:00", 22, 24),
        ("00:00-24:00", 0, 24),
        ("dusk-dawn", 19, 30),
        ("dawn-dusk", 6, 19),
        ("sunset-1:00..sunrise+1:00", 17, 32),
        ("sunset-01:00", 18, 25),
        ("sunset-0:30..sunset+0:30", 17.5, 18.5),
        ("05:30-sunset", 5.5, 18),
        ("20:00..sunrise", 20, 31),
        ("sunset+2:00..dusk", 20, 20),  # it would end before it starts: empty
    ],
)
def test_a_window_starts_on_its_day(text: str, first: float, last: float) -> None:
    """It ends the next day where its end is not after its start; minus and hyphen are told apart by the dots."""
    assert parse_window(text).span(DAY, ZONE, sun) == Span(at(first), at(last))


@pytest.mark.parametrize(
    "text",
    [
        "", "05:30", "5:30-9:00", "05:30-25:00", "24:30-01:00", "noon-dusk", "dusk-dawn\n", "dusk-1:00-dawn",
        "dusk - dawn", "dusk..", "08:00-08:00", "dusk-dusk", "dusk+13:00..dawn", "\u0660\u0665:30-09:00",
    ],
)  # fmt: skip
def test_what_is_no_window_is_refused(text: str) -> None:
    """A schedule that is misread is a trap that sleeps."""
    with pytest.raises(ValueError, match=REASON):
        parse_window(text)


def test_the_sun_may_leave_no_time_at_all() -> None:
    """Without time between sunrise and sunset, a window by night goes round the clock and one by day is empty."""

    def polar(event: SunEvent, day: date) -> datetime:
        return at(12, day=day)

    assert parse_window("sunset-sunrise").span(DAY, ZONE, polar).length == timedelta(days=1)
    assert parse_window("sunrise-sunset").span(DAY, ZONE, polar).length == timedelta(0)


@given(st.from_regex(re.compile(PATTERN), fullmatch=True))
def test_whatever_the_configuration_lets_in_is_read_or_refused_with_a_reason(text: str) -> None:
    """The pattern and the reader agree; a span never ends before it starts, nor two days after."""
    try:
        window = parse_window(text)
    except ValueError as error:
        said = str(error)
        assert re.search(REASON, said)
        return
    span = window.span(DAY, ZONE, sun)
    assert timedelta(0) <= span.length <= timedelta(days=2)
