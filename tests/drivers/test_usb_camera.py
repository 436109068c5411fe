"""The USB camera's driver over a stand-in for OpenCV's VideoCapture, and over a real clip."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.events import TriggerCause
from cameratrap.drivers import steady_camera, usb_camera
from cameratrap.drivers.clock import SystemClock
from cameratrap.drivers.lamp import Lighting, LightSettings
from cameratrap.drivers.trap_camera import CameraSettings, TrapCamera
from cameratrap.drivers.usb_camera import WARM_UP_FRAMES, UsbCamera, UsbCameraSettings, UsbShot
from cameratrap.errors import DeviceError
from cameratrap.ports import Frame, Trigger
from tests.clip_files import write_clip
from tests.fake_video import Plug

TRIGGER = Trigger("boot:1:pir", datetime(2026, 6, 1, tzinfo=UTC), TriggerCause.PIR)
VGA = UsbCameraSettings("/dev/video2", 640, 480)

Build = Callable[..., TrapCamera]


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Cameras over a plug that give up soon; each is closed, and has then let go of what it opened."""
    monkeypatch.setattr(steady_camera, "RESTART_PAUSE_S", 0.01)
    made: list[tuple[TrapCamera, Plug]] = []

    def build(plug: Plug, settings: UsbCameraSettings = VGA, **options: Any) -> TrapCamera:
        device = UsbCamera(settings, capture=plug)
        device.open()
        clock = SystemClock()
        chosen = {"settle_s": 0.3, "stall_s": 0.2, "restarts": 2} | options
        camera = TrapCamera(device, Lighting(LightSettings(), clock.monotonic_s), clock, CameraSettings(**chosen))
        made.append((camera, plug))
        return camera

    yield build
    for camera, plug in made:
        plug.flows.set()
        camera.close()
        assert plug.released == plug.opened


def burst(camera: TrapCamera, count: int = 3, spacing_s: float = 0.02) -> list[Frame]:
    return list(camera.capture_burst(TRIGGER, BurstProfile(count, spacing_s)))


def test_a_camera_is_asked_for_what_is_configured(build: Build) -> None:
    """By its number through V4L2, in Motion JPEG; what it gives instead is said."""
    plug = Plug(size=(800, 600))
    camera = build(plug, UsbCameraSettings("/dev/video2", 1920, 1080))
    assert plug.where == (2, cv2.CAP_V4L2)
    assert plug.asked[cv2.CAP_PROP_FRAME_WIDTH] == 1920
    assert plug.asked[cv2.CAP_PROP_FRAME_HEIGHT] == 1080
    assert plug.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert camera.size == (800, 600)
    with Image.open(io.BytesIO(burst(camera)[0].jpeg)) as image:
        assert (image.format, image.size) == ("JPEG", (800, 600))


def test_a_camera_that_comes_back_with_another_size_says_so(build: Build) -> None:
    """Started again on another USB port it may give less: what is said is what its pictures have."""
    plug = Plug()
    camera = build(plug)
    burst(camera, count=1)
    plug.size = (320, 240)
    with Image.open(io.BytesIO(burst(camera, count=1)[0].jpeg)) as image:
        assert camera.size == image.size == (320, 240)


def test_another_name_of_the_device_is_left_as_it_is(build: Build) -> None:
    """udev gives cameras names that stay the same."""
    plug = Plug()
    build(plug, UsbCameraSettings("/dev/v4l/by-id/trap", 640, 480))
    assert plug.where == ("/dev/v4l/by-id/trap", cv2.CAP_V4L2)


@pytest.mark.parametrize("stamps", [True, False])
def test_a_frame_that_lay_in_the_kernel_is_left_out(build: Build, stamps: bool) -> None:
    """It shows what was there before the trigger, whether the kernel says when it is of or not."""
    camera = build(Plug(stamps=stamps, interval_s=0.03), standby=True)
    burst(camera, count=1)
    time.sleep(0.3)
    called_s = time.monotonic()
    luma = camera.next_luma(1.0)
    assert luma is not None
    assert luma.monotonic_s > called_s


def test_a_frame_that_was_read_long_ago_is_left_out(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was asked for by somebody who did not wait for it."""
    monkeypatch.setattr(usb_camera, "FRESH_S", 0.05)
    camera = build(Plug(), standby=True)
    burst(camera, count=1)
    assert camera.next_luma(0.0) is None
    time.sleep(0.3)
    called_s = time.monotonic()
    luma = camera.next_luma(1.0)
    assert luma is not None
    assert luma.monotonic_s >= called_s - 0.05


def test_a_camera_warms_up(build: Build) -> None:
    """Its first frames are dark or green: they are not pictures, unless nothing better comes in time."""
    camera = build(Plug(interval_s=0.02))
    began_s = time.monotonic()
    first = burst(camera, count=1)[0]
    assert first.monotonic_s is not None
    assert first.monotonic_s - began_s >= WARM_UP_FRAMES * 0.02


def test_upside_down(build: Build) -> None:
    """The dark sky is at the bottom of what the sensor gives, and at the top of the picture."""
    camera = build(Plug(), UsbCameraSettings("/dev/video0", 640, 480, rotated=True))
    with Image.open(io.BytesIO(burst(camera, count=1)[0].jpeg)) as image:
        pixels = np.asarray(image)
    assert pixels[:100].mean() > 100
    assert pixels[-100:].mean() < 20


def test_between_bursts_it_is_closed(build: Build) -> None:
    """There is no other way to have it take less power."""
    plug = Plug()
    camera = build(plug)
    burst(camera)
    assert (plug.opened, plug.released) == (1, 1)
    burst(camera)
    assert (plug.opened, plug.released) == (2, 2)


def test_the_small_stream_keeps_its_pace(build: Build) -> None:
    """Each frame costs a decoding: no more of them than were asked for, of 640 x 480."""
    camera = build(Plug(), UsbCameraSettings("/dev/video0", 640, 480, standby_fps=20), standby=True)
    burst(camera, count=1)
    began_s = time.monotonic()
    frames = [camera.next_luma(1.0) for _ in range(5)]
    assert time.monotonic() - began_s >= 4 / 20 - 0.01
    assert all(frame is not None and frame.luma.shape == (480, 640) for frame in frames)


def test_a_read_that_hangs_is_a_stall_and_mended(build: Build) -> None:
    """The camera is opened again, which the next small frame says; the thread that hung is left to itself."""
    plug = Plug(gives_up_s=0.3)
    camera = build(plug, standby=True)
    plug.flows.clear()
    assert camera.next_luma(0.05) is None
    for _ in range(4):
        camera.next_luma(0.05)
    plug.flows.set()
    frames = [camera.next_luma(1.0) for _ in range(2)]
    assert [frame is not None and frame.restarted for frame in frames] == [True, False]
    assert [incident.recovered for incident in camera.incidents()] == [False, True]


def test_a_camera_that_is_unplugged_and_plugged_in_again(build: Build) -> None:
    """Given up after its restarts, each told; the next trigger tries anew."""
    plug = Plug(old_frames=0, frames=WARM_UP_FRAMES + 5)
    camera = build(plug)
    with pytest.raises(DeviceError, match="after 2 restarts") as caught:
        burst(camera, count=20)
    assert (caught.value.device, caught.value.exit_status) == ("camera", 4)
    assert "/dev/video2" in caught.value.why
    told = camera.incidents()
    assert [incident.recovered for incident in told] == [False] * 3
    assert "unplugged" in told[0].what
    plug.is_there, plug.frames = True, None
    assert len(burst(camera)) == 3
    assert [incident.recovered for incident in camera.incidents()] == [True]


def test_a_camera_that_is_not_there(tmp_path: Path) -> None:
    """Named, with what to look at; nothing is played in its place."""
    with pytest.raises(DeviceError, match="no camera at /dev/video9") as caught:
        UsbCamera(UsbCameraSettings("/dev/video9"), capture=Plug(is_there=False)).open()
    assert (caught.value.device, caught.value.exit_status) == ("camera", 4)
    with pytest.raises(DeviceError, match=r"no camera at .*missing.avi"):
        UsbCamera(UsbCameraSettings(str(tmp_path / "missing.avi"))).open()


def test_a_camera_that_opens_and_gives_nothing() -> None:
    """Opening proves little; one frame proves that it works."""
    plug = Plug(frames=0)
    with pytest.raises(DeviceError, match="gives no frame"):
        UsbCamera(VGA, capture=plug).open()
    assert plug.released == plug.opened


def test_the_first_frame_may_be_asked_for_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for at the start is the first frame, as old as it is by then."""
    monkeypatch.setattr(usb_camera, "FRESH_S", 0.05)
    device = UsbCamera(VGA, capture=Plug())
    device.open()
    device.start(at_once=True)
    time.sleep(0.3)
    called_s = time.monotonic()
    shot = device.next_shot(1.0)
    device.close()
    assert shot is not None
    assert shot.start_s < called_s - 0.1


def test_what_opencv_raises_is_the_cameras_fault() -> None:
    """A frame that it cannot work on: no traceback."""
    shot = UsbShot(np.zeros((0, 0, 3), np.uint8), 0.0, settled=True, quality=90)
    for use in (shot.luma, shot.jpeg):
        with pytest.raises(DeviceError, match="cannot be used"):
            use()


def test_a_camera_that_hangs_while_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb_camera, "CALL_S", 0.1)

    def hang(*_: Any) -> Any:
        time.sleep(1.0)
        return Plug()("", 0)

    with pytest.raises(DeviceError, match="cannot be opened"):
        UsbCamera(VGA, capture=hang).open()


def test_a_clip_shows_what_it_showed_at_that_time(tmp_path: Path) -> None:
    """Frame ``n`` of ten a second is grey ``n``: it is played in real time, and again when it is over."""
    clip = write_clip(tmp_path / "scene.avi", 6, fps=20, size=(640, 480))
    device = UsbCamera(UsbCameraSettings(str(clip), standby_fps=20))
    device.open()
    began_s = time.monotonic()
    shots = [device.next_shot(1.0) for _ in range(8)]
    assert time.monotonic() - began_s > 7 * 0.05
    device.close()
    starts = [shot.start_s for shot in shots if shot is not None]
    assert all(after - before > 0.049 for before, after in pairwise(starts))
    shown = [round(float(shot.luma().mean())) for shot in shots if shot is not None]
    assert max(shown) <= 5
    assert shown != sorted(shown)


@pytest.mark.parametrize("content", [b"", b"no clip at all", b"RIFF\x00\x00\x00\x00AVI LIST"])
def test_a_file_that_is_no_clip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.avi"
    path.write_bytes(content)
    with pytest.raises(DeviceError, match=r"broken.avi") as caught:
        UsbCamera(UsbCameraSettings(str(path))).open()
    assert caught.value.device == "camera"
