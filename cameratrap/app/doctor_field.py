"""What `doctor` looks at in a trap that hangs on a tree, besides its pictures: sensor, battery, power, clock, card."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Protocol

from cameratrap.app.doctor import Finding, State
from cameratrap.app.power_watch import days_left
from cameratrap.domain.activities import DaysLeft
from cameratrap.domain.battery import BatteryPolicy
from cameratrap.domain.saving import Saving
from cameratrap.ports import PowerController, PowerReading
from cameratrap.store.card import DATABASE, RECORD, open_card
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.reading import open_for_reading
from cameratrap.store.timings import timings

PIR_PATIENCE_S = 10.0
_SAMPLE_BYTES = 8_000_000  # some four pictures
SLOW_MB_PER_S = 2.0
_DCIM = "DCIM"
_WEEK_DAYS = 7
RESIDENT = "always on: only the camera stands between an edge and its picture"
GATED = (
    "slow-trigger design: the power comes with the edge and a Pi boots in 3.5 to 12 s, while an animal is gone in 0.2"
    " to 2; right for places where they stay, such as bait, water, a nest"
)


class Sensor(Protocol):
    """The output of a PIR."""

    @property
    def is_high(self) -> bool: ...


class UnitState(Protocol):
    """A unit of the service, as the system sees it."""

    @property
    def unit(self) -> str: ...
    @property
    def installed(self) -> bool: ...
    @property
    def ok(self) -> bool: ...


def is_watched(folder: Path) -> bool:
    """Whether a `watch` runs on this card, and so has its camera and its sensor. Changes nothing."""
    try:
        with (folder / "watch.lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is no lock, or none that can be read: nobody holds it, or the card's own check tells
        return False
    return False


def check_pir(
    pir: Sensor,
    pin: int,
    *,
    monotonic_s: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Finding:
    """Whether it is low, or becomes so: high means that something warm moves, or that it sticks."""
    end_s = monotonic_s() + PIR_PATIENCE_S
    was_high = pir.is_high
    while pir.is_high:
        if monotonic_s() >= end_s:
            what = f"pin {pin} was high for {PIR_PATIENCE_S:.0f} s without a break"
            return Finding(State.WARN, what, "stand still and look again; stays it high, it sticks, or it is no PIR")
        wait(0.1)
    seen = "was high and is low again: it sees" if was_high else "is low"
    return Finding(State.OK, f"pin {pin} {seen}", "that it sees an animal, `cameratrap aim` shows")


def days_left_on(
    folder: Path | None, usable_wh: float | None, today: date, losses: Mapping[str, float]
) -> DaysLeft | None:
    """How long the battery lasts at the rate so far; None where the card, or the battery's size, is not known.

    ``losses`` are ``days_left``'s ``standby_w`` and ``converter_loss``.
    """
    if folder is None or not (folder / DATABASE).is_file():
        return None
    with open_for_reading(folder / DATABASE, CARD_MIGRATIONS) as connection:
        return days_left(connection, usable_wh, today, **losses)


def check_battery(reading: PowerReading, policy: BatteryPolicy, left: DaysLeft | None) -> Finding:
    """What the gauge says, whether such a battery can show it, what is given up for it, and for how long it lasts."""
    if reading.battery_v is None:
        return Finding(State.FAIL, "the gauge tells no voltage", "is the battery wired to it?", is_device=True)
    what = f"{reading.battery_v:.2f} V"
    if doubt := policy.doubt(reading.battery_v):
        return Finding(State.FAIL, doubt, "set battery.chemistry and battery.cells to the battery that is there")
    saving = policy.saving(reading, Saving.NOTHING)
    if reading.temperature_c is not None:
        what += f", {reading.temperature_c:.0f} °C"
    if left is not None:
        what += f"; {left.days:.0f} days left at {left.wh_per_day:.2f} Wh a day"
    if saving is Saving.NOTHING and reading.trouble:
        hint = "a smaller shunt (battery.shunt_ohm) tells the load, too"
        return Finding(State.WARN, f"{what}; {reading.trouble}", hint)
    if saving is Saving.NOTHING:
        return Finding(State.OK, what)
    given_up = ", ".join(str(step.name).lower() for step in Saving if Saving.NOTHING < step <= saving)
    return Finding(State.WARN, f"{what}; given up to save power: {given_up}", "charge or change the battery")


def check_alarm(controller: PowerController) -> Finding:
    """A trap that is off until its PIR switches it on must also be woken by a clock."""
    if not controller.has_alarm:
        what = "nothing wakes the trap but its PIR: a day without an animal would never be told"
        return Finding(State.FAIL, what, "wire a real-time clock with an alarm (power.rtc), or a board that has one")
    return Finding(State.OK, "it hands the power back, and its alarm wakes it for the day's message")


def check_latency(folder: Path | None, *, gated: bool, measured_s: float | None) -> Finding:
    """How soon after an edge the first picture begins: by what the card says, else by the picture taken now."""
    design = GATED if gated else RESIDENT
    if folder is not None and (folder / DATABASE).is_file():
        with open_for_reading(folder / DATABASE, CARD_MIGRATIONS) as connection:
            known = [each.first_frame_s for each in timings(connection).values()]
        if known:
            what = f"first picture {median(known):.2f} s after the edge (median of {len(known)} bursts)"
            return Finding(State.OK, f"{what}; {design}")
    if measured_s is None:
        return Finding(State.SKIP, f"not measured; {design}")
    return Finding(State.OK, f"first picture {measured_s:.2f} s after it was asked for; {design}")


def check_position(place: tuple[float, float] | None, *, is_told_finer: bool) -> Finding:
    """Whether the configuration says no more of the position than the sun needs: the trap may be stolen."""
    if place is None:
        return Finding(State.SKIP, "station.latitude is not set: hours at night are not known")
    if is_told_finer:
        what = "station.latitude and station.longitude have decimals, which whoever takes the trap can read"
        return Finding(State.WARN, what, f"{place[0]:g} and {place[1]:g} are enough: only whole degrees are used")
    return Finding(State.OK, f"whole degrees, {place[0]:g} and {place[1]:g}")


def check_rtc(*, present: bool, shows: datetime | None) -> Finding:
    """The clock that goes on without power."""
    if not present:
        what = "there is no real-time clock: after a power cut the time is wrong until the satellite has told it"
        return Finding(State.WARN, what, "wire one (a DS3231, or the Pi 5's own with its cell)")
    if shows is None:
        return Finding(State.WARN, "the real-time clock shows no valid time", "a new cell? then `hwclock --systohc`")
    return Finding(State.OK, f"the real-time clock shows {shows:%Y-%m-%d %H:%M:%S} UTC")


def check_service(units: Sequence[UnitState]) -> Finding:
    """Whether the trap starts by itself when it is switched on."""
    if not any(unit.installed for unit in units):
        return Finding(State.WARN, "it is not installed: nothing starts after a reboot", "`cameratrap service install`")
    if wrong := [unit.unit for unit in units if not unit.ok]:
        return Finding(State.WARN, f"not as it should be: {', '.join(wrong)}", f"`journalctl -u {wrong[0]}` says why")
    return Finding(State.OK, ", ".join(unit.unit for unit in units))


def check_speed(folder: Path, now: datetime) -> Finding:
    """How fast the card takes pictures, and for how many days it has room at the rate so far. Raises StoreError."""
    try:
        speed = _mb_per_s(folder)
    except OSError as error:
        return Finding(
            State.FAIL, f"{folder} cannot be written: {error.strerror or error}", "is it full, or read-only?"
        )
    what = f"{speed:.0f} MB/s with every byte synced"
    days = _days_of_room(folder, now)
    if days is not None:
        what += f"; room for {min(days, 9999):.0f} days at the rate so far"
    if speed < SLOW_MB_PER_S:
        return Finding(State.WARN, what, "a burst waits for the card: a counterfeit or worn-out one?")
    if days is not None and days < _WEEK_DAYS:
        return Finding(State.WARN, what, "copy the pictures away before the trap is left alone")
    return Finding(State.OK, what)


def _mb_per_s(folder: Path) -> float:
    with tempfile.TemporaryFile(dir=folder) as file:
        begin_s = time.monotonic()
        file.write(os.urandom(_SAMPLE_BYTES))  # a card may compress zeros
        file.flush()
        os.fsync(file.fileno())
        return _SAMPLE_BYTES / 1e6 / max(time.monotonic() - begin_s, 1e-6)


def _days_of_room(folder: Path, now: datetime) -> float | None:
    """None for a card of less than a day, or without pictures."""
    if not (folder / RECORD).is_file():
        return None
    with open_card(folder) as card:
        days = (now - card.deployment.start) / timedelta(days=1)
    used = sum(path.stat().st_size for path in (folder / _DCIM).rglob("*") if path.is_file())
    return None if days < 1 or not used else shutil.disk_usage(folder).free / (used / days)
