"""What the trap's energy goes into, and how many days are left at the rate of the days before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cameratrap.domain.energy import DAY_S
from cameratrap.domain.power_plan import Boot

RATE_DAYS = 7  # a week evens out the weather, and is over before a battery that sinks fast


class Activity(StrEnum):
    """What the trap does while it is on. One at a time is counted, but the lamp and the satellite come on top."""

    IDLE = "idle"  # on, and waiting for a trigger
    BOOT = "boot"
    CAPTURE = "capture"  # until the pictures are safe
    LAMP = "lamp"
    INFERENCE = "inference"
    SATELLITE = "satellite"


ON_TOP = (Activity.LAMP, Activity.SATELLITE)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of an activity and the joules they are estimated at; and what a gauge measured, over how long."""

    seconds: float = 0.0
    joules: float = 0.0
    measured_s: float = 0.0
    measured_j: float = 0.0

    def battery_j(self, converter_loss: float) -> float:
        """What the battery gave: over the seconds counted, at the rate measured; the estimate where none was."""
        if not self.measured_s:
            return self.joules / (1 - converter_loss)
        return self.measured_j * (self.seconds / self.measured_s if self.seconds else 1.0)


def watts_of(
    figures: Mapping[str, float], board: str, boot: Boot, *, looks_for_motion: bool = False, camera_open: bool = False
) -> dict[Activity, float]:
    """What each activity takes by the figures of a forecast: watts, the lamp's and a boot's on average.

    The satellite's part is counted with its sessions.
    """
    name = board.replace("-", "_")
    active_w = figures[f"{name}_active_w"]
    idle = "motion_w" if looks_for_motion else "tuned_idle_w" if boot is Boot.TUNED else "idle_w"
    open_w = figures["camera_open_w"] if camera_open and not looks_for_motion else 0.0
    return {
        Activity.IDLE: figures[f"{name}_{idle}"] + open_w,
        Activity.BOOT: figures[f"{name}_{boot}_boot_j"] / figures[f"{name}_{boot}_boot_s"],
        Activity.CAPTURE: active_w,
        Activity.INFERENCE: active_w,
        Activity.LAMP: figures["lamp_j"] / figures["session_s"],
    }


def estimated_j(activity: Activity, seconds: float, watts: Mapping[Activity, float]) -> float:
    """What so many seconds take, by what each activity is configured to take; nothing where that is not known."""
    return seconds * watts.get(activity, 0.0)


@dataclass(frozen=True, slots=True)
class DaysLeft:
    """How long a battery lasts at the rate of the last whole days; watt-hours as the battery gives them."""

    days: float
    wh_per_day: float
    used_wh: float
    from_days: int


def days_left(
    usable_wh: float,
    spent: Mapping[date, Mapping[Activity, Spent]],
    today: date,
    *,
    standby_w: float = 0.0,
    converter_loss: float = 0.0,
) -> DaysLeft | None:
    """What is left of ``usable_wh``, full when the first of ``spent`` began; None before a whole day is over.

    The hours of a day of which nothing is written are taken as off, at ``standby_w``. None also where the days so far
    took nothing on the whole, since the sun gave more.
    """
    whole = [day for day in sorted(spent) if day < today]
    joules = [_day_j(spent[day], converter_loss) + _off_j(spent[day], standby_w) for day in whole]
    latest = joules[-RATE_DAYS:]
    if sum(latest) <= 0:
        return None
    wh_per_day = sum(latest) / len(latest) / 3600
    used_wh = (sum(joules) + _day_j(spent.get(today, {}), converter_loss)) / 3600
    return DaysLeft(max(usable_wh - used_wh, 0.0) / wh_per_day, wh_per_day, used_wh, len(latest))


def _day_j(day: Mapping[Activity, Spent], converter_loss: float) -> float:
    return sum(each.battery_j(converter_loss) for each in day.values())


def _off_j(day: Mapping[Activity, Spent], standby_w: float) -> float:
    """What waited for the trigger while the trap was off; that is before the converter."""
    on_s = sum(each.seconds or each.measured_s for activity, each in day.items() if activity not in ON_TOP)
    return standby_w * max(DAY_S - on_s, 0.0)
