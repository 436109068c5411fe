"""The machine's own clock: reading it, what it rests on, and setting it.

A Raspberry Pi has no clock that goes on without power, unless one is wired to it (a real-time clock). Without one the
system begins at 1970, or where it was last switched off: later than any time that cannot be, and still wrong.
"""

from __future__ import annotations

import fcntl
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import DeviceError
from cameratrap.sbd.network_time import BUILT

RTC = Path("/sys/class/rtc/rtc0")
RTC_DEVICE = Path("/dev/rtc0")
_RTC_SET_TIME = 0x4024700A  # linux/rtc.h: _IOW('p', 0x0a, struct rtc_time), nine ints
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# The kernel sets the system's clock by the real-time clock at boot, to the second; both then drift by seconds a day.
_AGREES = timedelta(minutes=1)
_TIME_ERROR = 5  # adjtimex(2): "the system clock is not synchronized to a reliable server"
_TIMEX_BYTES = 512  # struct timex has 208 at most; only its answer is wanted, and modes = 0 changes nothing


def boot_id() -> str:
    """What tells this boot from every other. Raises DeviceError where the system has no such name."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError as error:
        why = error.strerror or str(error)
        raise DeviceError("this boot has no name", device="clock", why=why, hint="is /proc mounted?") from error


@dataclass(frozen=True, slots=True)
class RtcState:
    """The real-time clock: whether there is one, and the time in UTC that it keeps; None where that is invalid."""

    present: bool
    shows: datetime | None = None


def rtc_state() -> RtcState:
    """Read the real-time clock. One whose battery was empty tells so, or a time before this program was written."""
    if not RTC.exists():
        return RtcState(present=False)
    try:
        day, hour = ((RTC / name).read_text(encoding="ascii").strip() for name in ("date", "time"))
        shows = datetime.fromisoformat(f"{day}T{hour}+00:00")
    except (OSError, ValueError):  # the kernel refuses to read a clock whose invalid flag is set
        return RtcState(present=True)
    return RtcState(present=True, shows=shows if shows >= BUILT else None)


def is_synchronised() -> bool:
    """Whether the kernel was told by a time service (NTP, GPS) that the clock is right, and that still holds."""
    import ctypes  # a trap that has just been switched on takes its first picture before it is needed

    return int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))) != _TIME_ERROR


class SystemClock:
    """The port Clock over the system's. ``zone`` is the station's standard time."""

    def __init__(self, zone: timezone = UTC) -> None:
        self._zone = zone

    def now(self) -> datetime:
        """The wall time, in the station's standard time."""
        return datetime.now(self._zone)

    def monotonic_s(self) -> float:
        """Seconds since some moment of this boot."""
        return time.monotonic()

    def quality(self) -> ClockQuality | None:
        """How far the time can be trusted, by what the machine itself knows.

        UNSET for a time that cannot be. OK where a time service keeps it. DRIFTING where nothing kept it while the
        power was off, or what did so tells another time. None where it comes from a real-time clock: that was set by
        somebody, once.
        """
        if self.now() < BUILT:
            return ClockQuality.UNSET
        if is_synchronised():
            return ClockQuality.OK
        return None if self.runs_on_rtc() else ClockQuality.DRIFTING

    def runs_on_rtc(self) -> bool:
        """Whether a real-time clock is there, valid, and tells the same time."""
        shows = rtc_state().shows
        return shows is not None and abs(self.now() - shows) <= _AGREES


def set_system_clock(now: datetime) -> None:
    """Set the machine's clock and, where there is one, its real-time clock; ``now`` is aware.

    Raises DeviceError where the system refuses it. The real-time clock left as it was would bring the error back.
    """
    try:
        time.clock_settime(time.CLOCK_REALTIME, now.timestamp())
        if RTC.exists():
            _set_rtc(now.astimezone(UTC))
    except OSError as error:
        raise DeviceError(
            "the system clock cannot be set",
            device="clock",
            why=error.strerror or str(error),
            hint="run it as root or give it CAP_SYS_TIME; or set clock.correct = false, and it is only judged",
        ) from error


def _set_rtc(now: datetime) -> None:
    told = struct.pack("9i", now.second, now.minute, now.hour, now.day, now.month - 1, now.year - 1900, 0, 0, 0)
    with RTC_DEVICE.open("rb") as device:
        fcntl.ioctl(device, _RTC_SET_TIME, told)
