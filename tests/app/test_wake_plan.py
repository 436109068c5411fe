"""When a gated trap is to be switched on again, and from when on its gate was armed: by hand, and by law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.wake_plan import (
    AT_MOST,
    LATE,
    PLAN_FILE,
    NextWake,
    armed_since,
    is_alarm,
    next_alarm,
    read_plan,
    write_plan,
)
from cameratrap.domain.capture import BurstProfile

HALF_AN_HOUR = timedelta(minutes=30)
TIMES = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-{day:02d}T{clock}").replace(tzinfo=UTC)


def alarm(now: datetime, **changes: object) -> tuple[datetime, bool]:
    facts = {"day_is_closed": True, "interval": HALF_AN_HOUR, "timelapse_minutes": 0, "next_attempt": None, **changes}
    return next_alarm(now, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "changes", "expected"),
    [
        # The day is closed when an event that began just before midnight cannot grow any more.
        (at(1, "12:00"), {}, (at(2, "00:31"), False)),
        (at(1, "00:31"), {}, (at(2, "00:31"), False)),
        # An event still grew: again after an interval, and not for ever.
        (at(2, "00:31"), {"day_is_closed": False}, (at(2, "01:01"), False)),
        (at(2, "09:00"), {"day_is_closed": False}, (at(3, "00:31"), False)),
        # A message that failed is tried again when it was planned, one that is overdue soon.
        (at(1, "12:00"), {"next_attempt": at(1, "14:00")}, (at(1, "14:00"), False)),
        (at(1, "12:00"), {"next_attempt": at(1, "11:00")}, (at(1, "12:02"), False)),
        # Pictures by the clock come at the full minutes of the day.
        (at(1, "12:01"), {"timelapse_minutes": 60}, (at(1, "13:00"), True)),
        (at(1, "13:00"), {"timelapse_minutes": 60}, (at(1, "14:00"), True)),
        (at(1, "12:01"), {"timelapse_minutes": 60, "next_attempt": at(1, "12:30")}, (at(1, "12:30"), False)),
        # None is taken while the trap rests: the next is the first after that, or the day is closed before.
        (
            at(1, "12:01"),
            {"timelapse_minutes": 60, "rests": [(at(1, "12:00"), at(1, "20:00"))]},
            (at(1, "20:00"), True),
        ),
        (
            at(1, "12:01"),
            {"timelapse_minutes": 60, "rests": [(at(1, "13:00"), at(1, "20:01"))]},
            (at(1, "21:00"), True),
        ),
        (
            at(1, "12:01"),
            {"timelapse_minutes": 60, "rests": [(at(1, "13:01"), at(1, "20:00"))]},
            (at(1, "13:00"), True),
        ),
        (
            at(1, "12:01"),
            {"timelapse_minutes": 60, "rests": [(at(1, "12:00"), at(3, "12:00"))]},
            (at(2, "00:31"), False),
        ),
    ],
)
def test_the_alarm_is_set_to_what_is_due_first(
    now: datetime, changes: dict[str, object], expected: tuple[datetime, bool]
) -> None:
    assert alarm(now, **changes) == expected


@given(
    TIMES,
    st.booleans(),
    st.integers(0, 1440),
    st.none() | TIMES,
)
def test_no_sleep_is_past_or_without_end(now: datetime, closed: bool, timelapse: int, attempt: datetime | None) -> None:
    """Whatever the clock says and whatever is planned, the alarm is ahead, and no more than a day."""
    rings, _ = alarm(now, day_is_closed=closed, timelapse_minutes=timelapse, next_attempt=attempt)
    assert now < rings <= now + AT_MOST


@given(
    st.none() | TIMES,
    st.booleans(),
    st.builds(BurstProfile, st.integers(1, 20), st.floats(0, 60), st.booleans()),
    st.lists(st.tuples(TIMES, TIMES), max_size=3).map(tuple),
)
def test_a_plan_reads_back(
    tmp_path_factory: pytest.TempPathFactory,
    rings: datetime | None,
    picture: bool,
    profile: BurstProfile,
    rests: tuple[tuple[datetime, datetime], ...],
) -> None:
    folder = tmp_path_factory.mktemp("card")
    plan = NextWake(rings, picture, profile, rests=rests)
    write_plan(folder, plan)
    assert read_plan(folder) == plan


WHOLE = b'{"alarm_at": null, "timelapse": false, "count": 1, "spacing_s": 1, "lamp": true, "rests": %s}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\xff",
        b"[]",
        b'{"alarm_at": 3}',
        b'{"alarm_at": "soon"}',
        *(
            WHOLE % rests
            for rests in (b"3", b"[[]]", b'[["soon", "late"]]', b'[["2026-06-01T00:00", "2026-06-02T00:00"]]')
        ),
    ],
)
def test_a_plan_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    """The trap then takes what switched it on for an animal."""
    assert read_plan(tmp_path) is None
    (tmp_path / PLAN_FILE).write_bytes(content)
    assert read_plan(tmp_path) is None


def test_a_plan_of_an_earlier_version_never_rests(tmp_path: Path) -> None:
    (tmp_path / PLAN_FILE).write_bytes(WHOLE.replace(b', "rests": %s', b""))
    plan = read_plan(tmp_path)
    assert plan is not None
    assert plan.rests == ()


def test_an_alarm_is_known_by_its_time() -> None:
    plan = NextWake(at(2, "00:31"), is_timelapse=False, profile=BurstProfile())
    assert is_alarm(plan, at(2, "00:31:05"))
    assert not is_alarm(plan, at(1, "22:00"))
    assert not is_alarm(plan, at(2, "00:31") + LATE + timedelta(seconds=1))
    assert not is_alarm(None, at(2, "00:31"))


@pytest.mark.parametrize(
    ("now", "rings", "since"),
    [
        (at(1, "14:00"), at(2, "00:31"), at(1, "12:00:15")),
        (at(2, "00:31:10"), at(2, "00:31"), at(1, "12:00:15")),
        (at(2, "08:00"), at(2, "00:31"), None),  # the alarm did not wake it: it had no power
        (at(1, "11:00"), at(2, "00:31"), None),  # the clock went back
        (at(1, "12:00:10"), at(2, "00:31"), at(1, "12:00:10")),  # before it was armed again: for no time
        (at(9, "12:00"), None, None),  # nobody knows that long
        (at(2, "12:00"), None, at(1, "12:00:15")),
    ],
)
def test_the_gate_was_armed_where_nothing_speaks_against_it(
    now: datetime, rings: datetime | None, since: datetime | None
) -> None:
    """The power was handed back at noon of the first, and the gate takes fifteen seconds."""
    assert armed_since(at(1, "12:00"), rings, now, 15.0) == since
