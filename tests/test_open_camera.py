"""From configuration to camera: what is picked, what is refused, and what is given back where something is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="the lamp needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from cameratrap.config import Config, resolve  # noqa: E402
from cameratrap.domain.capture import BurstProfile, Focus  # noqa: E402
from cameratrap.domain.events import TriggerCause  # noqa: E402
from cameratrap.errors import ConfigError, DeviceError  # noqa: E402
from cameratrap.ports import Trigger  # noqa: E402
from cameratrap.wiring import burst_profile, open_camera  # noqa: E402
from tests.clip_files import write_clip  # noqa: E402
from tests.fake_picamera2 import AF_CONTROLS, PI_CONTROLS, Sensor, installed  # noqa: E402

TRIGGER = Trigger("boot:1:pir", datetime(2026, 6, 1, tzinfo=UTC), TriggerCause.PIR)


@pytest.fixture(autouse=True)
def pins() -> Iterator[MockFactory]:
    """Pins of no computer."""
    before, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    with installed(Sensor()) as sensor:
        yield sensor


def configured(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "cameratrap.toml"
    path.write_text(text, encoding="utf-8")
    return resolve(path, {}).config


def test_every_key_of_the_camera_arrives(tmp_path: Path, sensor: Sensor, pins: MockFactory) -> None:
    """Size, rotation, focus, number, lamp and filter, from the file to the hardware."""
    sensor.cameras, sensor.controls = 2, PI_CONTROLS | AF_CONTROLS
    camera_text = 'device = "1"\nwidth = 800\nheight = 600\nrotated = true\nfocus = "fixed"\nfocus_m = 4\nquality = 50'
    config = configured(
        tmp_path, f'[camera]\n{camera_text}\n[lamp]\npin = 18\nmode = "always"\nir_cut_pin = 23\nir_cut_inverted = true'
    )
    assert config.camera.focus is Focus.FIXED
    with closing(open_camera(config)) as camera:
        assert camera.size == (800, 600)
        assert sensor.configuration["transform"].vflip == 1
        assert sensor.configuration["controls"] == {"AfMode": 0, "LensPosition": 0.25}
        assert (pins.pin(18).state, pins.pin(23).state) == (0, 0)
        frames = list(camera.capture_burst(TRIGGER, BurstProfile(1)))
        assert frames[0].lamp is True
    assert sensor.users == 0


@pytest.mark.parametrize(
    ("text", "started"),
    [
        ("", 0),
        ('[camera]\nstandby = "open"', 1),
        ('[trigger]\nmode = "motion"', 1),
        ('[trigger]\nmode = "pir_and_motion"', 1),
    ],
)
def test_the_camera_runs_in_standby_where_that_is_wanted(
    tmp_path: Path, sensor: Sensor, text: str, started: int
) -> None:
    """It is found and configured in every case; running, where it is kept so, or motion is watched for."""
    with closing(open_camera(configured(tmp_path, text))):
        assert (sensor.opened, sensor.started) == (1, started)


def test_a_trap_that_was_just_switched_on_asks_at_once(tmp_path: Path, sensor: Sensor) -> None:
    """The stream runs before pins and everything else."""
    config = configured(tmp_path, "[lamp]\npin = 18")
    with closing(open_camera(config, at_once=True)):
        assert sensor.started == 1


def test_a_lamp_that_cannot_be_had_gives_the_camera_back(tmp_path: Path, sensor: Sensor) -> None:
    """Whoever tries again finds it free."""
    config = configured(tmp_path, "[lamp]\npin = 18\nir_cut_pin = 18")
    with pytest.raises(DeviceError, match="pin 18"):
        open_camera(config)
    assert sensor.users == 0


def test_without_picamera2_nothing_stands_in_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing camera is an error that names it, with the command's exit status for devices."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(DeviceError, match="picamera2") as caught:
        open_camera(configured(tmp_path, ""))
    assert (caught.value.device, caught.value.exit_status) == ("camera", 4)


def test_a_camera_that_is_absent_is_down_until_a_burst_finds_it(tmp_path: Path) -> None:
    """A trap whose cable was chewed through starts all the same: each burst tries again, and what was wrong is told."""
    clip = tmp_path / "scene.avi"
    config = configured(tmp_path, f'[camera]\ntype = "usb"\ndevice = "{clip}"\nrestarts = 0')
    told: list[DeviceError] = []
    with closing(open_camera(config, absent=told.append)) as camera:
        (down,) = camera.incidents()
        assert (down.device, down.recovered, down.what) == ("camera", False, str(told[0]))
        with pytest.raises(DeviceError):
            next(camera.capture_burst(TRIGGER, BurstProfile(1)))
        assert not any(each.recovered for each in camera.incidents())
        write_clip(clip, 10, fps=50, size=(640, 480))
        assert len(list(camera.capture_burst(TRIGGER, BurstProfile(2, 0.05)))) == 2
        assert [each.recovered for each in camera.incidents()] == [True]


@pytest.mark.parametrize("text", ["pin = 18", "pin = 19\nir_cut_pin = 18"])
def test_a_lamp_that_cannot_be_had_costs_only_the_lamp(tmp_path: Path, sensor: Sensor, text: str) -> None:
    """A trap in the field goes on without it: the pictures come, unlit, and the lamp is down, which is told once."""
    told: list[DeviceError] = []
    config = configured(tmp_path, f'[lamp]\nmode = "always"\n{text}')
    with closing(gpiozero.OutputDevice(18)), closing(open_camera(config, unlit=told.append)) as camera:
        (down,) = camera.incidents()
        assert (down.device, down.recovered, down.what) == ("lamp", False, str(told[0]))
        assert [frame.lamp for frame in camera.capture_burst(TRIGGER, BurstProfile(2, 0))] == [False, False]
        assert camera.incidents() == ()


def test_no_burst_takes_longer_than_a_stop_waits(tmp_path: Path) -> None:
    """Count and spacing may come from the profile, the file and a command: together they are kept to 80 s."""
    profile = burst_profile(configured(tmp_path, "[burst]\ncount = 5\nspacing_s = 60"))
    assert (profile.count, profile.spacing_s) == (5, 20.0)
    assert burst_profile(configured(tmp_path, "[burst]\ncount = 1\nspacing_s = 60")).spacing_s == 60
    assert burst_profile(configured(tmp_path, '[burst]\nprofile = "elephant"')) == BurstProfile(6, 3.0)


def test_a_clip_in_place_of_a_usb_camera(tmp_path: Path) -> None:
    """For a trap on a desk: the same driver, and the same pictures each time."""
    clip = write_clip(tmp_path / "scene.avi", 10, fps=50, size=(640, 480))
    with closing(open_camera(configured(tmp_path, f'[camera]\ntype = "usb"\ndevice = "{clip}"'))) as camera:
        assert camera.size == (640, 480)
        assert len(list(camera.capture_burst(TRIGGER, BurstProfile(2, 0.05)))) == 2


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[lamp]\ndark_below = 50\nbright_above = 50", "lamp.bright_above"),
        ('[camera]\ndevice = "/dev/video0"', "camera.device"),
        ("[camera]\nwidth = 641", "camera.width"),
        ('[camera]\ntype = "webcam"', "camera.type"),
        ("[lamp]\npin = 28", "lamp.pin"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(tmp_path: Path, text: str, key: str) -> None:
    """Before any device is touched."""
    with pytest.raises(ConfigError) as caught:
        open_camera(configured(tmp_path, text))
    assert [problem.key for problem in caught.value.problems] == [key]
