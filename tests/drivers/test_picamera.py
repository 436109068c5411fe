"""The Pi camera's driver over a stand-in for picamera2 that behaves, and fails, as the real one does."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("gpiozero", reason="the lamp needs gpiozero")
from PIL import Image

from cameratrap.domain.capture import BurstProfile, Focus
from cameratrap.domain.events import TriggerCause
from cameratrap.drivers import picamera, picamera_shot, steady_camera
from cameratrap.drivers.clock import SystemClock
from cameratrap.drivers.lamp import Lighting, LightSettings
from cameratrap.drivers.picamera import PiCamera, PiCameraSettings
from cameratrap.drivers.picamera_shot import exposure_start_s, has_settled
from cameratrap.drivers.trap_camera import CameraSettings, TrapCamera
from cameratrap.errors import DeviceError
from cameratrap.ports import Frame, Trigger
from tests.fake_picamera2 import AF_CONTROLS, PI_CONTROLS, Sensor, installed

SMALL = PiCameraSettings(width=640, height=480, standby_fps=30)
TRIGGER = Trigger("boot:1:pir", datetime(2026, 6, 1, tzinfo=UTC), TriggerCause.PIR)
VIRTUAL = {"FrameDurationLimits": (33_333, 33_333, 33_333)}

Build = Callable[..., TrapCamera]


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    with installed(Sensor()) as sensor:
        yield sensor


@pytest.fixture
def build(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Cameras over ``sensor`` that give up soon; each is closed, and has then given everything back."""
    monkeypatch.setattr(steady_camera, "RESTART_PAUSE_S", 0.01)
    monkeypatch.setattr(picamera, "CALL_S", 1.0)
    made: list[TrapCamera] = []
    memory = sensor.memory

    def build(settings: PiCameraSettings = SMALL, **options: Any) -> TrapCamera:
        device = PiCamera(settings)
        device.open()
        clock = SystemClock()
        chosen = {"settle_s": 0.3, "stall_s": 0.15, "restarts": 2} | options
        made.append(TrapCamera(device, Lighting(LightSettings(), clock.monotonic_s), clock, CameraSettings(**chosen)))
        return made[-1]

    yield build
    for camera in made:
        camera.close()
    assert (sensor.users, sensor.held, sensor.memory) == (0, 0, memory)


def burst(camera: TrapCamera, count: int = 3, spacing_s: float = 0.02) -> list[Frame]:
    return list(camera.capture_burst(TRIGGER, BurstProfile(count, spacing_s)))


def test_a_burst_is_pictures_of_the_size_and_quality_asked_for(build: Build, sensor: Sensor) -> None:
    """JPEG in full, each with its own time, the mean of the small picture as its brightness, and no lamp."""
    sensor.brightness = lambda: 77.0
    frames = burst(build())
    for frame in frames:
        with Image.open(io.BytesIO(frame.jpeg)) as image:
            assert (image.format, image.size) == ("JPEG", (640, 480))
        assert (frame.brightness, frame.lamp) == (77.0, False)
    age = datetime.now(UTC) - frames[-1].captured_at
    assert 0 <= age.total_seconds() < 5


def test_one_configuration_serves_both_streams(build: Build, sensor: Sensor) -> None:
    """Pictures and small frames in turn: configured once, started once a run, no memory taken anew."""
    camera = build(standby=True)
    memory = sensor.memory
    for _ in range(3):
        assert len(burst(camera)) == 3
        luma = camera.next_luma(1.0)
        assert luma is not None
        assert (luma.luma.shape, luma.luma.dtype.name) == ((480, 640), "uint8")
    assert (sensor.opened, sensor.started, sensor.memory) == (1, 1, memory)
    assert sensor.configuration["main"] == {"size": (640, 480), "format": "YUV420"}
    assert sensor.configuration["raw"] is None
    assert sensor.configuration["queue"] is False, "a frame that nobody asked for would be kept, and given later"


def test_a_closed_standby_stops_the_stream_and_keeps_the_memory(build: Build, sensor: Sensor) -> None:
    """Between bursts nothing is exposed; the next burst needs no new memory, which runs out with each opening."""
    camera = build()
    burst(camera)
    burst(camera)
    assert (sensor.opened, sensor.started, sensor.stopped) == (1, 2, 2)


@pytest.mark.parametrize("key", ["AeLocked", "AeState"])
def test_the_first_picture_waits_for_exposure_to_settle(build: Build, sensor: Sensor, key: str) -> None:
    """As older and newer libcameras say it; the unsettled frames are given back."""
    sensor.ae_key, sensor.ae_frames = key, 8
    began_s = time.monotonic()
    first = burst(build())[0]
    assert first.monotonic_s is not None
    assert first.monotonic_s - began_s >= 0.07


def test_exposure_that_never_settles_costs_no_more_than_its_time(build: Build, sensor: Sensor) -> None:
    """A picture that is not quite right is better than none."""
    sensor.ae_frames = 10**9
    began_s = time.monotonic()
    burst(build(settle_s=0.1), count=1)
    assert 0.1 <= time.monotonic() - began_s < 1.0


def test_the_virtual_camera_has_no_controls_to_set(build: Build, sensor: Sensor) -> None:
    """No autofocus, no exposure, no metadata but the time: nothing unadvertised is set, and no picture waits."""
    sensor.controls = dict(VIRTUAL)
    frames = burst(build(PiCameraSettings(width=640, height=480, focus=Focus.CONTINUOUS)))
    assert len(frames) == 3
    assert {name for controls in sensor.set for name in controls} <= {"FrameDurationLimits"}


@pytest.mark.parametrize(
    ("focus", "expected"),
    [
        (Focus.FIXED, {"AfMode": 0, "LensPosition": 0.5}),
        (Focus.ONCE, {"AfMode": 1, "AfTrigger": 0}),
        (Focus.CONTINUOUS, {"AfMode": 2}),
    ],
)
def test_a_lens_with_a_motor_is_focused(build: Build, sensor: Sensor, focus: Focus, expected: dict[str, float]) -> None:
    """At two metres, once, or all the time."""
    sensor.controls = PI_CONTROLS | AF_CONTROLS
    burst(build(PiCameraSettings(width=640, height=480, focus=focus, focus_m=2)))
    assert expected in sensor.set


def test_frames_come_slowly_in_standby_and_fast_in_a_burst(build: Build, sensor: Sensor) -> None:
    """Few frames a second between bursts; within one, as the sensor can, and no exposure that blurs what walks."""
    camera = build(PiCameraSettings(width=640, height=480, standby_fps=5), standby=True)
    burst(camera)
    limits = [controls["FrameDurationLimits"] for controls in sensor.set if "FrameDurationLimits" in controls]
    assert limits == [(10_000, 100_000), (200_000, 200_000)]


def test_a_camera_that_hangs_upside_down(build: Build, sensor: Sensor) -> None:
    """Both axes: that is a rotation."""
    build(PiCameraSettings(width=640, height=480, rotated=True))
    transform = sensor.configuration["transform"]
    assert (transform.hflip, transform.vflip) == (1, 1)


def test_a_stall_is_told_and_mended(build: Build, sensor: Sensor) -> None:
    """The camera is closed and opened again, the burst is whole, and both are incidents."""
    sensor.lives = deque([4, None])
    camera = build()
    frames = burst(camera, count=5)
    assert [frame.position for frame in frames] == [1, 2, 3, 4, 5]
    assert sensor.opened == 2
    assert sensor.set.count({"FrameDurationLimits": (10_000, 100_000)}) == 2
    first, second = camera.incidents()
    assert (first.device, first.recovered, second.device, second.recovered) == ("camera", False, "camera", True)
    assert "restart 1 of 2" in first.what
    assert camera.incidents() == ()


def test_a_camera_that_never_comes_back_is_given_up(build: Build, sensor: Sensor) -> None:
    """After so many restarts in a row, each told; the next trigger tries anew, and finds it working."""
    sensor.lives = deque([0, 0, 0])
    camera = build()
    with pytest.raises(DeviceError, match="after 2 restarts") as caught:
        burst(camera)
    assert (caught.value.device, caught.value.exit_status) == ("camera", 4)
    assert [incident.recovered for incident in camera.incidents()] == [False, False, False]
    assert len(burst(camera)) == 3
    assert [incident.recovered for incident in camera.incidents()] == [True]


def test_only_restarts_in_a_row_are_counted(build: Build, sensor: Sensor) -> None:
    """A camera that gives a few pictures after each restart goes on; one given up has all its restarts again."""
    sensor.lives = deque([3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0])
    camera = build()
    with pytest.raises(DeviceError, match="after 2 restarts"):
        burst(camera, count=100, spacing_s=0)
    assert sensor.opened == 5 + 2
    with pytest.raises(DeviceError, match="after 2 restarts"):
        burst(camera)
    assert sensor.opened == 5 + 2 + 3


def test_a_camera_that_does_not_stop_costs_no_picture(build: Build, sensor: Sensor) -> None:
    """The burst is whole; the camera is closed instead, that is told, and the next burst opens it again."""
    camera = build()
    sensor.stop_refusals.append(RuntimeError("Device timeout"))
    assert len(burst(camera)) == 3
    assert [(incident.recovered, "Device timeout" in incident.what) for incident in camera.incidents()] == [
        (False, True)
    ]
    assert len(burst(camera)) == 3
    assert sensor.opened == 2
    assert [incident.recovered for incident in camera.incidents()] == [True]


def test_a_frame_without_metadata_is_given_back(build: Build, sensor: Sensor) -> None:
    """A buffer that is kept would be lost until the next boot."""
    sensor.metadata_refusals.append(RuntimeError("no metadata"))
    camera = build()
    assert len(burst(camera)) == 3
    assert "no metadata" in camera.incidents()[0].what


@pytest.mark.parametrize("refusal", [RuntimeError("Failed to start camera"), OSError(5, "Input/output error")])
def test_a_camera_that_refuses_to_start_is_opened_again(build: Build, sensor: Sensor, refusal: Exception) -> None:
    """Whatever its library raises is a reason for a restart, not for a traceback."""
    camera = build()
    sensor.start_refusals.append(refusal)
    assert len(burst(camera)) == 3
    assert str(refusal.args[-1]) in camera.incidents()[0].what
    assert sensor.opened == 2


def test_a_stall_of_the_small_stream_is_told_and_mended(build: Build, sensor: Sensor) -> None:
    """Waiting in short steps adds up to a stall; a step that only passes is None."""
    sensor.lives = deque([0, None])
    camera = build(standby=True)
    assert camera.next_luma(0.05) is None
    until_s = time.monotonic() + 5
    while camera.next_luma(0.05) is None:
        assert time.monotonic() < until_s
    assert [incident.recovered for incident in camera.incidents()] == [False, True]


def test_a_stream_that_is_stopped_while_a_frame_is_awaited(sensor: Sensor) -> None:
    """picamera2 lets stopping stand in line behind the capture: the frame is taken and given back first."""
    sensor.interval_s = 0.1
    device = PiCamera(SMALL)
    device.start()
    assert device.next_shot(0.0) is None
    device.stop()
    assert (sensor.stopped, sensor.held) == (1, 0)
    device.close()


def test_a_camera_that_is_stopped_wakes_nobody(sensor: Sensor) -> None:
    """picamera2 has two threads that look again and again whether they should end: they run while the camera does."""
    device = PiCamera(SMALL)
    device.open()
    assert sensor.awake == 0
    for _ in range(2):
        device.start()
        assert sensor.awake == 2
        shot = device.next_shot(1.0)
        assert shot is not None
        shot.release()
        device.stop()
        assert sensor.awake == 0
    device.close()
    assert sensor.users == 0


def test_a_stream_that_stalls_while_it_is_stopped(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping would wait for ever for a frame that does not come: it is an error, and closing still works."""
    monkeypatch.setattr(picamera, "FRAME_S", 0.1)
    sensor.lives = deque([0])
    device = PiCamera(SMALL)
    device.start()
    assert device.next_shot(0.0) is None
    with pytest.raises(DeviceError, match="gives no frame"):
        device.stop()
    device.close()
    assert sensor.users == 0


def test_one_thread_may_watch_while_another_takes_pictures(build: Build, sensor: Sensor) -> None:
    """Neither gets the other's frame, and a stall in between is mended once."""
    sensor.lives = deque([20, None])
    camera = build(standby=True)
    seen: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            frame = camera.next_luma(0.05)
            seen.extend([] if frame is None else [frame.monotonic_s])

    watcher = threading.Thread(target=watch)
    watcher.start()
    taken = [frame.monotonic_s for _ in range(5) for frame in burst(camera)]
    done.set()
    watcher.join()
    assert len(taken) == 15
    assert seen
    assert not set(seen) & set(taken)
    assert [incident.recovered for incident in camera.incidents()] == [False, True]


def test_a_frame_that_comes_too_late_is_given_back(sensor: Sensor) -> None:
    """Nobody waits for it any more when the camera is closed; its memory is not lost all the same."""
    memory, sensor.interval_s = sensor.memory, 0.05
    device = PiCamera(SMALL)
    device.start()
    assert device.next_shot(0.0) is None
    time.sleep(0.2)
    assert sensor.held == 1
    device.close()
    assert (sensor.held, sensor.memory) == (0, memory)


def test_a_frame_that_lay_waiting_is_not_passed_off_as_new(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that was asked for an hour ago shows what was there an hour ago."""
    monkeypatch.setattr(picamera, "FRESH_S", 0.05)
    camera = build(standby=True)
    assert camera.next_luma(0.0) is None
    time.sleep(0.2)
    called_s = time.monotonic()
    luma = camera.next_luma(1.0)
    assert luma is not None
    assert luma.monotonic_s >= called_s - 0.05


def test_the_first_frame_may_be_asked_for_before_anything_else(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trap that was switched on by its PIR: what was asked for at the start is the first frame, as old as it is."""
    monkeypatch.setattr(picamera, "FRESH_S", 0.05)
    sensor.ae_frames = 0
    device = PiCamera(SMALL)
    device.start(at_once=True)
    assert sensor.set[-1] == {"FrameDurationLimits": (10_000, 100_000)}, "it would start as slowly as it rests"
    time.sleep(0.2)
    began_s = time.monotonic()
    shot = device.next_shot(1.0)
    assert shot is not None
    assert shot.start_s < began_s - 0.1
    shot.release()
    device.close()


def test_memory_that_is_used_up_is_named(sensor: Sensor) -> None:
    """The memory that cameras share does not come back by trying; a reboot clears it."""
    sensor.memory = 1000
    with pytest.raises(DeviceError, match="cannot be opened") as caught:
        PiCamera(SMALL).open()
    assert "Cannot allocate memory" in caught.value.why
    assert "reboot" in caught.value.hint
    assert sensor.users == 0


def test_a_camera_that_is_not_there(sensor: Sensor) -> None:
    sensor.cameras = 0
    with pytest.raises(DeviceError, match="cannot be opened") as caught:
        PiCamera(SMALL).open()
    assert "No camera number 0" in caught.value.why
    assert caught.value.exit_status == 4


def test_a_camera_that_another_program_uses(sensor: Sensor) -> None:
    """The cause is under what picamera2 says at first."""
    sensor.users = 1
    with pytest.raises(DeviceError, match="cannot be opened") as caught:
        PiCamera(SMALL).open()
    assert "busy" in caught.value.why


def test_a_camera_that_hangs_while_it_is_opened(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap goes on without it; the thread that hangs is nobody's business."""
    monkeypatch.setattr(picamera, "OPEN_S", 0.1)
    sensor.hang = threading.Event()
    began_s = time.monotonic()
    with pytest.raises(DeviceError, match="cannot be opened") as caught:
        PiCamera(SMALL).open()
    assert time.monotonic() - began_s < 2.0
    assert "did not answer in 0.1 s" in caught.value.why
    sensor.hang.set()


def test_small_pictures_of_another_size_are_refused(sensor: Sensor) -> None:
    """libcamera adjusts sizes without a word; motion and brightness are for this one."""
    sensor.lores_size = (320, 240)
    with pytest.raises(DeviceError, match="320 x 240") as caught:
        PiCamera(SMALL).open()
    assert caught.value.device == "camera"
    assert sensor.users == 0


def test_without_picamera2_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libcamera", None)
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(DeviceError, match="picamera2 cannot be loaded") as caught:
        PiCamera(SMALL).open()
    assert "apt install" in caught.value.hint
    assert caught.value.exit_status == 4


def test_nothing_heavy_is_imported_before_the_first_frame() -> None:
    """What powers on for one animal must not load what it does not need: picamera2 brings numpy, and no more of it."""
    code = (
        "import sys; from cameratrap.drivers import picamera, lamp, trap_camera;"
        "print(sorted({'numpy', 'cv2', 'PIL', 'gpiozero', 'picamera2', 'sqlite3'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@given(
    now_s=st.floats(0.001, 1e8),
    stamp_ns=st.integers(-(10**18), 10**18),
    exposure_us=st.integers(0, 10**7),
)
def test_no_frame_is_of_the_future_nor_of_long_ago(now_s: float, stamp_ns: int, exposure_us: int) -> None:
    """Whatever clock a stamp is of, the exposure began within the last minute."""
    start_s = exposure_start_s({"SensorTimestamp": stamp_ns, "ExposureTime": exposure_us}, now_s)
    assert now_s - 60 < start_s <= now_s


def test_an_exposure_began_its_length_before_its_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the monotonic clock, and by the one that also counts the time asleep."""
    metadata = {"SensorTimestamp": 100_000_000_000, "ExposureTime": 50_000}
    assert exposure_start_s(metadata, 100.2) == pytest.approx(99.95)
    clocks = {time.CLOCK_BOOTTIME: 5000.0, time.CLOCK_MONOTONIC: 4990.0}
    monkeypatch.setattr(picamera_shot.time, "clock_gettime", clocks.__getitem__)
    assert exposure_start_s(metadata, 90.2) == pytest.approx(89.95)


def test_what_settled_means() -> None:
    """Exposure at rest, and the lens not searching; for a camera that has either."""
    assert has_settled({"AeLocked": True}, PI_CONTROLS)
    assert not has_settled({"AeState": 1}, PI_CONTROLS)
    assert not has_settled({"AeState": 2, "AfState": 1}, PI_CONTROLS | AF_CONTROLS)
    assert has_settled({"AeState": 2, "AfState": 2}, PI_CONTROLS | AF_CONTROLS)
    assert not has_settled({}, PI_CONTROLS)
    assert has_settled({}, VIRTUAL)
