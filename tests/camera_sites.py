"""Cameras of every kind, each with something that can be seen, for the contract that they share.

A kind is a function that builds a `CameraSite`; to hold another driver to the contract, add its function to `CAMERAS`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.domain.events import TriggerCause
from cameratrap.drivers.camera_device import CameraDevice
from cameratrap.drivers.clock import SystemClock
from cameratrap.drivers.lamp import Lighting, LightSettings
from cameratrap.drivers.picamera import PiCamera, PiCameraSettings
from cameratrap.drivers.trap_camera import CameraSettings, TrapCamera
from cameratrap.drivers.usb_camera import UsbCamera, UsbCameraSettings
from cameratrap.ports import Camera, Trigger
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.folder import FolderReplay
from cameratrap.replay.folder_pictures import read_pictures
from cameratrap.replay.footage import FootageCamera
from cameratrap.replay.footage_script import demo_story
from tests.clip_files import write_clip
from tests.fake_picamera2 import Sensor, installed
from tests.fake_video import Plug
from tests.fakes import write_pictures

START = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CameraSite:
    """A camera, and a trigger that it answers.

    ``live``: it obeys the profile and keeps this boot's time; a recording plays what it has. ``plays``: how many
    pictures a recording has for ``trigger``. ``stall`` and ``flow`` have a camera of ``STALLING`` give no pictures, and
    give some again.
    """

    camera: Camera
    trigger: Trigger
    live: bool
    plays: int | None = None
    stall: Callable[[], None] = lambda: None
    flow: Callable[[], None] = lambda: None


MakeCamera = Callable[[ExitStack, Path], CameraSite]


def _trigger() -> Trigger:
    return Trigger("boot:1:pir", SystemClock().now(), TriggerCause.PIR, SystemClock().monotonic_s())


def _trap(device: CameraDevice) -> TrapCamera:
    clock = SystemClock()
    settings = CameraSettings(settle_s=0.1, stall_s=0.15, restarts=2)
    return TrapCamera(device, Lighting(LightSettings(), clock.monotonic_s), clock, settings)


def _pi(stack: ExitStack, _: Path) -> CameraSite:
    pytest.importorskip("gpiozero", reason="the lamp needs gpiozero")
    sensor = stack.enter_context(installed(Sensor()))

    def stall() -> None:
        sensor.interval_s = 3600.0

    def flow() -> None:
        sensor.interval_s = 0.01

    device = PiCamera(PiCameraSettings(width=640, height=480))
    device.open()
    return CameraSite(_trap(device), _trigger(), live=True, stall=stall, flow=flow)


def _usb(_: ExitStack, __: Path) -> CameraSite:
    plug = Plug(gives_up_s=0.3)
    device = UsbCamera(UsbCameraSettings("/dev/video0", 640, 480), capture=plug)
    device.open()
    return CameraSite(_trap(device), _trigger(), live=True, stall=plug.flows.clear, flow=plug.flows.set)


def _clip(_: ExitStack, folder: Path) -> CameraSite:
    clip = write_clip(folder / "scene.avi", 40, fps=100, size=(640, 480))
    device = UsbCamera(UsbCameraSettings(str(clip), 640, 480))
    device.open()
    return CameraSite(_trap(device), _trigger(), live=True)


def _folder(_: ExitStack, folder: Path) -> CameraSite:
    write_pictures(folder, {f"{n}.jpg": (n, START + timedelta(seconds=n)) for n in range(4)})
    pictures = read_pictures(folder, sorted(folder.glob("*.jpg")), UTC)
    timed = [picture.timed for picture in pictures.pictures if picture.timed is not None]
    player = FolderReplay(timed, ReplayClock(START))
    trigger = player.wait(None)
    assert trigger is not None
    return CameraSite(player, trigger, live=False, plays=4)


def _footage(_: ExitStack, __: Path) -> CameraSite:
    blank = next(burst for burst in demo_story() if not any(frame.animals for frame in burst.frames))
    burst = replace(blank, frames=blank.frames[:2])  # drawing takes a while
    trigger = Trigger(burst.key, burst.at, burst.cause)
    return CameraSite(FootageCamera((burst,)), trigger, live=False, plays=2)


CAMERAS: dict[str, MakeCamera] = {
    "Pi camera": _pi,
    "USB camera": _usb,
    "clip as a camera": _clip,
    "folder of pictures": _folder,
    "drawn footage": _footage,
}
STALLING = ("Pi camera", "USB camera")
