"""The machine's own clock: what it rests on, and setting it."""

from __future__ import annotations

import struct
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from cameratrap.app.clock_basis import ClockBasis
from cameratrap.app.clock_check import drift_s_per_day
from cameratrap.app.doctor import State
from cameratrap.app.doctor_link import check_clock
from cameratrap.domain.summaries import ClockQuality
from cameratrap.drivers import clock as module
from cameratrap.drivers.clock import RtcState, SystemClock, boot_id, is_synchronised, rtc_state, set_system_clock
from cameratrap.errors import DeviceError
from cameratrap.store.clock_readings import ClockReading

ZONE = timezone(timedelta(hours=2))
MOMENT = datetime(2026, 12, 1, 12, 0, tzinfo=ZONE)
OK, DRIFTING, UNSET = ClockQuality.OK, ClockQuality.DRIFTING, ClockQuality.UNSET


@pytest.fixture
def rtc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the kernel shows a real-time clock; empty, which is a clock whose invalid flag is set."""
    folder = tmp_path / "rtc0"
    folder.mkdir()
    monkeypatch.setattr(module, "RTC", folder)
    return folder


def shows(rtc: Path, day: str, hour: str) -> None:
    (rtc / "date").write_text(f"{day}\n", encoding="ascii")
    (rtc / "time").write_text(f"{hour}\n", encoding="ascii")


def test_the_time_is_the_stations() -> None:
    """Standard time with its offset, and seconds of this boot beside it."""
    clock = SystemClock(ZONE)
    assert clock.now().utcoffset() == timedelta(hours=2)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    assert clock.monotonic_s() <= clock.monotonic_s()


def test_a_real_time_clock_is_read_as_the_kernel_shows_it(
    rtc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In UTC; one that is invalid, or stands before this program was written, tells no time."""
    assert rtc_state() == RtcState(present=True)
    shows(rtc, "2026-12-01", "10:00:00")
    assert rtc_state() == RtcState(present=True, shows=MOMENT.astimezone(UTC))
    shows(rtc, "2019-12-01", "10:00:00")
    assert rtc_state() == RtcState(present=True)
    shows(rtc, "nonsense", "")
    assert rtc_state() == RtcState(present=True)
    monkeypatch.setattr(module, "RTC", tmp_path / "none")
    assert rtc_state() == RtcState(present=False)


@pytest.mark.parametrize(
    ("now", "kept", "rtc_day", "quality"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), False, "2026-12-01", UNSET),
        (datetime(1970, 1, 1, tzinfo=UTC), True, "1970-01-01", UNSET),
        (MOMENT, True, "2019-01-01", OK),
        (MOMENT, False, "2026-12-01", None),
        (MOMENT, False, "2026-11-30", DRIFTING),
        (MOMENT, False, "2019-01-01", DRIFTING),
    ],
)
def test_a_time_is_trusted_as_far_as_what_keeps_it(
    rtc: Path, monkeypatch: pytest.MonkeyPatch, now: datetime, kept: bool, rtc_day: str, quality: ClockQuality | None
) -> None:
    """A time service is right; a real-time clock was set once, by somebody; without one nothing is known."""
    shows(rtc, rtc_day, "10:00:30")
    monkeypatch.setattr(SystemClock, "now", lambda _: now)
    monkeypatch.setattr(module, "is_synchronised", lambda: kept)
    assert SystemClock(UTC).quality() is quality


def test_the_kernel_says_whether_a_time_service_keeps_the_clock() -> None:
    """By the system call itself: an answer, and the clock is as it was."""
    before = datetime.now(UTC)
    assert is_synchronised() in {True, False}
    assert abs(datetime.now(UTC) - before) < timedelta(seconds=5)


def test_a_boot_has_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same as long as it lasts; where the system has none that is said."""
    assert boot_id() == boot_id()
    assert len(boot_id()) == 36
    monkeypatch.setattr(module, "BOOT_ID", tmp_path / "nothing")
    with pytest.raises(DeviceError, match="this boot has no name"):
        boot_id()


def test_the_clock_is_set_to_the_moment_whatever_its_zone(
    rtc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system counts seconds of UTC; the real-time clock is set with it, or it would bring the error back."""
    told: list[tuple[int, float]] = []
    written: list[tuple[int, tuple[int, ...]]] = []
    (tmp_path / "device").touch()
    monkeypatch.setattr(module.time, "clock_settime", lambda which, seconds: told.append((which, seconds)))
    monkeypatch.setattr(module, "RTC_DEVICE", tmp_path / "device")
    monkeypatch.setattr(module.fcntl, "ioctl", lambda _, what, data: written.append((what, struct.unpack("9i", data))))
    set_system_clock(MOMENT)
    assert told == [(time.CLOCK_REALTIME, datetime(2026, 12, 1, 10, 0, tzinfo=UTC).timestamp())]
    assert written == [(0x4024700A, (0, 0, 10, 1, 11, 126, 0, 0, 0))]


def test_a_system_that_refuses_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting a clock needs a right that a service should not have by default."""

    def refuse(_which: int, _seconds: float) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(module.time, "clock_settime", refuse)
    with pytest.raises(DeviceError) as caught:
        set_system_clock(MOMENT)
    assert "CAP_SYS_TIME" in caught.value.hint


@pytest.mark.parametrize(
    ("basis", "state", "words"),
    [
        (ClockBasis(), State.OK, "no real-time clock"),
        (ClockBasis(has_rtc=True, rtc_shows=MOMENT, drift_s_per_day=-1.5), State.OK, "gains -1.50 s a day"),
        (ClockBasis(has_rtc=True), State.WARN, "is its battery empty"),
        (ClockBasis(has_rtc=True, rtc_shows=MOMENT - timedelta(days=1), is_kept=True), State.WARN, "time service"),
    ],
)
def test_doctor_tells_what_the_clock_rests_on(basis: ClockBasis, state: State, words: str) -> None:
    """And warns of a real-time clock that will bring a wrong time at the next boot."""
    found = check_clock(MOMENT, None, basis=basis)
    assert found.state is state
    assert words in found.what


def reading(days: float, offset_s: float, *, corrected: bool = False) -> ClockReading:
    return ClockReading(MOMENT + timedelta(days=days, seconds=offset_s), offset_s, OK, "iridium", corrected=corrected)


@pytest.mark.parametrize(
    ("readings", "drift"),
    [
        ([], None),
        ([reading(0, 0)], None),
        ([reading(0, 0), reading(0.5, 3)], None),
        ([reading(0, 10), reading(10, 30)], 2.0),
        ([reading(0, 10), reading(0.1, 10), reading(10, -10)], -2.0),
        ([reading(0, 0), reading(1, 5), reading(2, 3), reading(10, 20)], 2.0),
        ([reading(0, 100, corrected=True), reading(10, 0)], None),
        ([reading(0, 0), reading(10, 86400)], None),
        ([reading(0, 0), reading(10, 20), reading(20, 86400), reading(40, 86420)], 1.0),
        ([reading(5, 0), reading(0, 0)], None),
    ],
)
def test_drift_is_what_was_gained_while_nobody_set_the_clock(readings: list[ClockReading], drift: float | None) -> None:
    """By the longest such time; an hour tells nothing, and a day gained in ten was set."""
    found = drift_s_per_day(readings)
    assert found == (None if drift is None else pytest.approx(drift, abs=0.01))
