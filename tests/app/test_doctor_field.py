"""The checks of a trap on a tree, each made to find what it is for."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cameratrap.app import doctor_field
from cameratrap.app.doctor import State
from cameratrap.app.doctor_camera import SHARP, check_camera, check_lamp, look_at
from cameratrap.app.doctor_field import (
    check_alarm,
    check_battery,
    check_latency,
    check_pir,
    check_rtc,
    check_service,
    check_speed,
    is_watched,
)
from cameratrap.domain.activities import DaysLeft
from cameratrap.domain.battery import BatteryPolicy
from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import DeviceError, ImageError
from cameratrap.ports import Frame, PowerReading, Trigger
from cameratrap.replay.clock import ReplayClock
from cameratrap.store.bursts import begin_burst
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.timings import Timing, add

START = datetime(2027, 3, 20, 12, tzinfo=UTC)


def picture(mean: float, *, blurred: bool = False, spread: float = 40) -> Frame:
    """Noise of that brightness, as a camera frame of 640 x 480 pixels."""
    noise = np.random.default_rng(7).normal(mean, spread, (480, 640)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(noise)
    if blurred:
        image = image.filter(ImageFilter.GaussianBlur(8))
    stream = BytesIO()
    image.save(stream, "JPEG", quality=90)
    return Frame(stream.getvalue(), START, monotonic_s=0.4)


@dataclass
class OneCamera:
    """The port Camera that gives the same pictures each time, with what it went through."""

    frames: Sequence[Frame]
    told: Sequence[Incident] = ()

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        assert (trigger.cause, profile.count) == (TriggerCause.MANUAL, 1)
        yield from self.frames

    def incidents(self) -> Sequence[Incident]:
        return self.told

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("frame", "state", "said"),
    [
        (picture(120), State.OK, "640 x 480"),
        (picture(5, spread=3), State.WARN, "dark"),
        (picture(252), State.WARN, "overexposed"),
        (picture(120, blurred=True), State.WARN, "blurred"),
        (picture(120, spread=0), State.WARN, "nothing to see"),
    ],
    ids=["good", "dark", "burnt", "blurred", "grey"],
)
def test_a_picture_is_judged(frame: Frame, state: State, said: str) -> None:
    """A real picture is taken, and what is wrong with it is said with what to do; the latency is measured."""
    finding, latency_s = check_camera(OneCamera([frame]), ReplayClock(START), BurstProfile(5))
    assert (finding.state, latency_s) == (state, 0.4)
    assert said in finding.what
    assert "0.40 s" in finding.what
    assert bool(finding.hint) is (state is State.WARN)


def test_what_the_camera_went_through_is_told() -> None:
    """A camera that had to be started again gives a picture and is not well."""
    stalled = Incident("camera", "no picture for 5 s; restart 1 of 3", 1.0, recovered=False)
    finding, _ = check_camera(OneCamera([picture(120)], [stalled]), ReplayClock(START), BurstProfile())
    assert finding.state is State.WARN
    assert "restart 1 of 3" in finding.what


def test_no_picture_is_a_device_that_fails() -> None:
    """Neither nothing at all nor bytes that are no picture pass for one."""
    with pytest.raises(DeviceError):
        check_camera(OneCamera([]), ReplayClock(START), BurstProfile())
    with pytest.raises(ImageError):
        check_camera(OneCamera([Frame(b"\xff\xd8\xff", START)]), ReplayClock(START), BurstProfile())


def test_real_pictures_are_sharp_and_blurred_ones_are_not(shared_data: Path) -> None:
    """On a few of the camera traps' own pictures: the limit lies between the two."""
    found = sorted((shared_data / "images").rglob("*.jpg"))[::60][:12]
    assert found
    for path in found:
        with Image.open(path) as image:
            small = image.convert("L")
        small.thumbnail((1280, 1280))
        sharp, blurred = BytesIO(), BytesIO()
        small.save(sharp, "JPEG")
        small.filter(ImageFilter.GaussianBlur(small.width / 64)).save(blurred, "JPEG")
        assert look_at(blurred.getvalue()).sharpness < SHARP < look_at(sharp.getvalue()).sharpness, path


@pytest.mark.parametrize(
    ("lit", "unlit", "state"),
    [(90, 12, State.OK), (13, 12, State.FAIL), (120, 118, State.SKIP), (120, 60, State.SKIP)],
)
def test_the_lamp_shows_in_the_dark_only(lit: float, unlit: float, state: State) -> None:
    """By day nothing can be said: that is not a lamp that works."""
    finding = check_lamp(picture(lit, spread=2), picture(unlit, spread=2))
    assert finding.state is state
    assert finding.is_device is (state is State.FAIL)


def test_a_lamp_that_is_told_as_dead_fails_by_day_too() -> None:
    dead = Incident("lamp", "dark", 1.0, recovered=False)
    assert check_lamp(picture(120), picture(120), [dead]).state is State.FAIL


@dataclass
class Pin:
    """High until ``low_at_s``; waiting turns the clock."""

    low_at_s: float
    now_s: float = 0.0

    @property
    def is_high(self) -> bool:
        return self.now_s < self.low_at_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.mark.parametrize(
    ("low_at_s", "state", "said"), [(0, State.OK, "is low"), (4, State.OK, "it sees"), (999, State.WARN, "10 s")]
)
def test_a_pir_that_sticks_is_seen(low_at_s: float, state: State, said: str) -> None:
    """High for a while is somebody before it; high all the time is told, after ten seconds and not never."""
    pin = Pin(low_at_s)
    finding = check_pir(pin, 4, monotonic_s=lambda: pin.now_s, wait=pin.wait)
    assert finding.state is state
    assert said in finding.what
    assert pin.now_s <= 10.2


@pytest.mark.parametrize(
    ("volts", "state", "said"),
    [
        (12.6, State.OK, "12.60 V, -5 °C; 41 days left at 0.80 Wh a day"),
        (11.7, State.WARN, "given up to save power: lamp, burst, inference"),
        (15.2, State.FAIL, "15.2 V cannot be of this battery"),
        (None, State.FAIL, "no voltage"),
    ],
)
def test_the_battery(volts: float | None, state: State, said: str) -> None:
    """Volts, degrees, what is given up for them, and the days that are left; a voltage that cannot be is none."""
    policy = BatteryPolicy((12.2, 12.0, 11.8, 11.6), 0.2, full_v=14.4)
    finding = check_battery(PowerReading(volts, -5.0), policy, DaysLeft(41.2, 0.8, 3.0, 7))
    assert finding.state is state
    assert said in finding.what


def test_a_load_that_the_gauge_cannot_tell() -> None:
    """The volts are good, and it is said what is missing."""
    policy = BatteryPolicy((12.2, 12.0, 11.8, 11.6), 0.2, full_v=14.4)
    reading = PowerReading(13.4, None, trouble="the current is beyond the 0.82 A of the gauge's shunt")
    finding = check_battery(reading, policy, None)
    assert finding.state is State.WARN
    assert finding.what == "13.40 V; the current is beyond the 0.82 A of the gauge's shunt"


class Controller:
    def __init__(self, *, has_alarm: bool) -> None:
        self.has_alarm = has_alarm

    def power_off(self, wake_at: datetime | None) -> None:
        raise AssertionError("the doctor switches nothing off")

    def close(self) -> None:
        pass


def test_a_gated_trap_without_an_alarm_fails() -> None:
    """Silence must mean failure: a day without an animal has to be told, too."""
    assert check_alarm(Controller(has_alarm=True)).state is State.OK
    finding = check_alarm(Controller(has_alarm=False))
    assert finding.state is State.FAIL
    assert "never be told" in finding.what


def test_the_latency_is_the_card_s_own_where_it_has_one(tmp_path: Path) -> None:
    """The median of its bursts, else this minute's picture; the slow design is called so."""
    assert "not measured" in check_latency(tmp_path, gated=False, measured_s=None).what
    assert "0.61 s after it was asked for; always on" in check_latency(None, gated=False, measured_s=0.61).what
    with make_card(tmp_path, Deployment("d", "s", 0, START)) as card:
        for number, first_s in enumerate((4.0, 5.0, 9.0)):
            name = f"b{number}"
            begin_burst(card.connection, name, Trigger(name, START, TriggerCause.PIR), boot_id="b", clock=None)
            with transaction(card.connection):
                add(card.connection, name, Timing(first_s, 10.0, 3, 1.0))
    finding = check_latency(tmp_path, gated=True, measured_s=0.61)
    assert "5.00 s after the edge (median of 3 bursts); slow-trigger design" in finding.what


@pytest.mark.parametrize(
    ("present", "shows", "state"),
    [(False, None, State.WARN), (True, None, State.WARN), (True, START, State.OK)],
)
def test_the_real_time_clock(present: bool, shows: datetime | None, state: State) -> None:
    """Missing, empty, or right."""
    assert check_rtc(present=present, shows=shows).state is state


@dataclass(frozen=True)
class Unit:
    unit: str
    installed: bool
    ok: bool


@pytest.mark.parametrize(
    ("units", "state", "said"),
    [
        ([Unit("a", False, False), Unit("b", False, False)], State.WARN, "not installed"),
        ([Unit("a", True, True), Unit("b", True, False)], State.WARN, "as it should be: b"),
        ([Unit("a", True, True)], State.OK, "a"),
    ],
)
def test_the_service(units: list[Unit], state: State, said: str) -> None:
    """Whether the trap starts by itself."""
    finding = check_service(units)
    assert finding.state is state
    assert said in finding.what


def test_room_in_days_and_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that took 100 kB in two days and has 350 kB left is full in a week; a slow one is told first."""
    with make_card(tmp_path, Deployment("d", "s", 0, START)):
        pass
    assert "days" not in check_speed(tmp_path, START + timedelta(days=2)).what
    (tmp_path / "DCIM").mkdir(exist_ok=True)
    (tmp_path / "DCIM" / "a.jpg").write_bytes(bytes(100_000))
    free: Callable[[Path], object] = lambda _: type("Usage", (), {"free": 300_000})  # noqa: E731
    monkeypatch.setattr(doctor_field.shutil, "disk_usage", free)
    monkeypatch.setattr(doctor_field, "_mb_per_s", lambda _: 20.0)
    finding = check_speed(tmp_path, START + timedelta(days=2))
    assert (finding.state, "room for 6 days" in finding.what) == (State.WARN, True)
    assert "days" not in check_speed(tmp_path, START + timedelta(hours=2)).what
    monkeypatch.setattr(doctor_field, "_mb_per_s", lambda _: 1.0)
    assert "a burst waits" in check_speed(tmp_path, START + timedelta(days=2)).hint


def test_a_folder_that_cannot_be_written_is_a_finding(tmp_path: Path) -> None:
    assert check_speed(tmp_path / "gone", START).state is State.FAIL


def test_a_running_watch_is_noticed(tmp_path: Path) -> None:
    """Only while its lock is held; looking makes no file."""
    assert not is_watched(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with (tmp_path / "watch.lock").open("w") as lock:
        assert not is_watched(tmp_path)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert is_watched(tmp_path)
    assert not is_watched(tmp_path)
