"""Handing the power back, whatever does not work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cameratrap.errors import DeviceError
from cameratrap.ports import PowerController


def hand_back(
    controller: PowerController, alarm_at: datetime, *, without_alarm: Callable[[], None] = lambda: None
) -> tuple[datetime | None, DeviceError | None]:
    """Set the alarm, where there is one, and have the power cut. Raises DeviceError where it cannot be cut.

    ``without_alarm`` is called before the power goes without one.

    Returns the alarm that was set, and why none could be: its PIR still switches the trap on then, and staying on for
    want of an alarm would end it all.
    """
    if not controller.has_alarm:
        without_alarm()
        controller.power_off(None)
        return None, None
    try:
        controller.power_off(alarm_at)
    except DeviceError as error:
        without_alarm()
        controller.power_off(None)
        return None, error
    return alarm_at, None
