"""The machine's own clock, and setting it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from cameratrap.domain.summaries import ClockQuality
from cameratrap.drivers import clock as module
from cameratrap.drivers.clock import SystemClock, set_system_clock
from cameratrap.errors import DeviceError

ZONE = timezone(timedelta(hours=2))
MOMENT = datetime(2026, 12, 1, 12, 0, tzinfo=ZONE)


def test_the_time_is_the_stations() -> None:
    """Standard time with its offset, and seconds of this boot beside it."""
    clock = SystemClock(ZONE)
    assert clock.now().utcoffset() == timedelta(hours=2)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    assert clock.monotonic_s() <= clock.monotonic_s()


@pytest.mark.parametrize(("shows", "quality"), [(datetime(1970, 1, 1, tzinfo=UTC), ClockQuality.UNSET), (MOMENT, None)])
def test_a_time_that_cannot_be_is_known_by_itself(
    monkeypatch: pytest.MonkeyPatch, shows: datetime, quality: ClockQuality | None
) -> None:
    """Before this was written no trap ran; of any other time the clock alone knows nothing."""
    monkeypatch.setattr(SystemClock, "now", lambda _: shows)
    assert SystemClock(UTC).quality() is quality


def test_the_clock_is_set_to_the_moment_whatever_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system counts seconds of UTC."""
    told: list[tuple[int, float]] = []
    monkeypatch.setattr(module.time, "clock_settime", lambda which, seconds: told.append((which, seconds)))
    set_system_clock(MOMENT)
    assert told == [(time.CLOCK_REALTIME, datetime(2026, 12, 1, 10, 0, tzinfo=UTC).timestamp())]


def test_a_system_that_refuses_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting a clock needs a right that a service should not have by default."""

    def refuse(_which: int, _seconds: float) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(module.time, "clock_settime", refuse)
    with pytest.raises(DeviceError) as caught:
        set_system_clock(MOMENT)
    assert "CAP_SYS_TIME" in caught.value.hint
