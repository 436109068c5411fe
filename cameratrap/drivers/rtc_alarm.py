"""The alarm of a real-time clock that the kernel drives, through /sys/class/rtc.

The alarm is set by the clock's own time plus the seconds that are left, so that it rings in time whether the clock
counts UTC or local time, or was never set. The kernel shows ``wakealarm`` only of a clock that is wired to wake the
machine (a DS3231's overlay needs ``wakeup-source``; a Pi 5's own has it, and needs POWER_OFF_ON_HALT=1).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cameratrap.errors import DeviceError

CLOCKS = Path("/sys/class/rtc")
# A Pi takes up to half a minute to shut down. An alarm that rings meanwhile is lost, and the trap never wakes again.
LEAD_S = 90


class RtcAlarm:
    """The alarm of the clock ``name``; ``now`` is the wall clock by which it is told when to ring."""

    def __init__(
        self, name: str, *, clocks: Path = CLOCKS, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._name = name
        self._folder = clocks / name
        self._now = now

    @property
    def is_there(self) -> bool:
        """Whether the kernel can set an alarm that wakes the machine."""
        return (self._folder / "wakealarm").exists()

    def set(self, wake_at: datetime) -> None:
        """Ring at ``wake_at`` (aware), at the earliest in LEAD_S. Raises DeviceError, also for a time that is past."""
        target = int(self._read("since_epoch")) + seconds_until(wake_at, self._now(), self._name)
        self.clear()  # the kernel refuses a second alarm while one is set
        self._write(str(target))
        found = self._read("wakealarm")
        if found != str(target):
            raise self._failed(f'it reads "{found}" after {target} was written', "is it wired to wake the machine?")

    def clear(self) -> None:
        """Ring no more. Raises DeviceError."""
        self._write("0")

    def _read(self, name: str) -> str:
        try:
            text = (self._folder / name).read_text("ascii").strip()
            if name == "since_epoch":
                int(text)
        except (OSError, ValueError) as error:
            raise self._failed(
                f"{name}: {_reason(error)}", "set it with `hwclock --systohc`; is its cell empty?"
            ) from error
        return text

    def _write(self, text: str) -> None:
        try:
            (self._folder / "wakealarm").write_text(text, "ascii")
        except OSError as error:
            raise self._failed(
                f"wakealarm: {_reason(error)}", "run as root, and name the clock in power.rtc"
            ) from error

    def _failed(self, why: str, hint: str) -> DeviceError:
        return DeviceError("the alarm of the real-time clock cannot be set", device=self._name, why=why, hint=hint)


def seconds_until(wake_at: datetime, now: datetime, device: str) -> int:
    """Whole seconds from now to an alarm, LEAD_S at least. Raises DeviceError for one that is past."""
    seconds = (wake_at - now).total_seconds()
    if seconds <= 0:
        why = f"{wake_at:%Y-%m-%d %H:%M:%S%z} is past, it is {now:%Y-%m-%d %H:%M:%S%z}"
        raise DeviceError("an alarm cannot be set", device=device, why=why, hint="is the system's clock right?")
    return max(round(seconds), LEAD_S)


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
