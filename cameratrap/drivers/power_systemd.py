"""Switching off by shutting the system down, and on again by the alarm of a real-time clock."""

from __future__ import annotations

from datetime import datetime

from cameratrap.drivers.rtc_alarm import RtcAlarm
from cameratrap.drivers.systemctl import Systemctl
from cameratrap.errors import CameraTrapError, DeviceError


class SystemdPower:
    """The port PowerController over ``systemctl poweroff``; ``alarm`` None where nothing wakes the trap again."""

    def __init__(self, alarm: RtcAlarm | None) -> None:
        self._alarm = alarm if alarm is not None and alarm.is_there else None

    @property
    def has_alarm(self) -> bool:
        """Whether a clock can wake it."""
        return self._alarm is not None

    def power_off(self, wake_at: datetime | None) -> None:
        """Set the alarm, then ask systemd to shut down. Raises DeviceError."""
        set_or_clear(self._alarm, wake_at)
        shut_down()

    def close(self) -> None:
        """Nothing is held."""


def set_or_clear(alarm: RtcAlarm | None, wake_at: datetime | None) -> None:
    """Set an alarm, or see that none rings. Raises DeviceError where it cannot be set."""
    if wake_at is None:
        clear_if_possible(alarm)
    elif alarm is None:
        raise DeviceError(
            "nothing can switch the trap on at a given time",
            device="alarm",
            why="no real-time clock has an alarm that wakes the machine",
            hint="name one in power.rtc; `ls /sys/class/rtc/*/wakealarm` shows which can",
        )
    else:
        alarm.set(wake_at)


def clear_if_possible(alarm: RtcAlarm | None) -> None:
    """An alarm that cannot be cleared wakes the trap once too often; one that is not cut off empties its battery."""
    if alarm is not None:
        try:
            alarm.clear()
        except DeviceError:
            return


def shut_down() -> None:
    """Ask systemd to shut the system down; returns at once. Raises DeviceError where it does not take the order."""
    try:
        Systemctl().power_off()
    except CameraTrapError as error:
        raise DeviceError(
            "the system cannot be shut down",
            device="systemd",
            why=str(error),
            hint="run as root, or allow the user org.freedesktop.login1.power-off by a polkit rule",
        ) from error
