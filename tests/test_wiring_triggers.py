"""What the configuration's triggers, schedule and bursts become."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="the PIR needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from cameratrap.app.no_sensor import NoSensor  # noqa: E402
from cameratrap.config import Config, resolve  # noqa: E402
from cameratrap.config.overrides import effective  # noqa: E402
from cameratrap.domain.capture import PROFILES, BurstProfile, Incident  # noqa: E402
from cameratrap.domain.events import TriggerCause  # noqa: E402
from cameratrap.domain.throttle import Suppression  # noqa: E402
from cameratrap.drivers.motion_trigger import LumaFrame, MotionTriggers  # noqa: E402
from cameratrap.drivers.pir import PirTriggers  # noqa: E402
from cameratrap.drivers.trigger_mix import ConfirmedTriggers, TriggerMix  # noqa: E402
from cameratrap.errors import ConfigError, DeviceError  # noqa: E402
from cameratrap.ports import Camera, Frame, Trigger, TriggerSource  # noqa: E402
from cameratrap.replay.clock import ReplayClock  # noqa: E402
from cameratrap.store.card import Deployment, make_card  # noqa: E402
from cameratrap.store.commands import override  # noqa: E402
from cameratrap.store.connection import transaction  # noqa: E402
from cameratrap.vision import motion  # noqa: E402
from cameratrap.vision.motion import MotionSettings  # noqa: E402
from cameratrap.wiring import burst_profile, open_schedule, open_throttle, open_triggers  # noqa: E402
from cameratrap.wiring.pins import check_pins  # noqa: E402

START = datetime(2027, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


def configured(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "c.toml"
    path.write_text(text)
    return resolve(path, {}).config


class Recording:
    """The port Camera without small pictures."""

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        yield from ()

    def incidents(self) -> Sequence[Incident]:
        return ()

    def close(self) -> None:
        raise AssertionError("it is not closed with the triggers")


class Streaming(Recording):
    """And one with them."""

    def next_luma(self, timeout_s: float) -> LumaFrame | None:
        return None


def opened(config: Config, camera: Camera | None = None) -> TriggerSource:
    return open_triggers(config, ReplayClock(START), "boot", camera or Streaming())


def test_each_mode_has_its_sensor(tmp_path: Path) -> None:
    """And the time-lapse stands beside it only where it is asked for."""
    kinds = {"pir": PirTriggers, "motion": MotionTriggers, "pir_and_motion": ConfirmedTriggers}
    for mode, kind in kinds.items():
        source = opened(configured(tmp_path, f'[trigger]\nmode = "{mode}"\n'))
        assert type(source) is kind
        source.close()
    source = opened(configured(tmp_path, "[trigger]\ntimelapse_minutes = 10\n"))
    assert type(source) is TriggerMix
    source.close()


def test_the_pin_and_the_settling_are_the_configuration_s(tmp_path: Path, pins: MockFactory) -> None:
    """From the key to the pin: an edge within settle_s of boot is counted."""
    source = opened(configured(tmp_path, "[trigger]\npin = 22\nsettle_s = 5\n"))
    pins.pin(22).drive_high()
    assert source.wait(0) is None
    assert source.suppressed() == {"settling": 1}
    source.close()


def test_what_is_set_of_motion_reaches_its_detector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is one of the detector's; what is not set stays as it was tuned."""
    given: list[MotionSettings | None] = []
    monkeypatch.setattr(motion, "MotionDetector", given.append)
    opened(configured(tmp_path, '[trigger]\nmode = "motion"\n'))
    text = "least_area = 0.01\ntimes_noise = 9\nlight_share = 0.7\n"
    opened(configured(tmp_path, f'[trigger]\nmode = "motion"\n[motion]\n{text}'))
    assert given == [MotionSettings(), MotionSettings(least_area=0.01, times_noise=9, light_share=0.7)]


def test_a_sensor_that_cannot_be_had_triggers_nothing_and_is_down(tmp_path: Path) -> None:
    """Where that is no error it is told, once, as the fault of its device; time-lapse goes on beside it."""
    told: list[DeviceError] = []
    text = "[trigger]\npin = 22\n"
    with closing(gpiozero.OutputDevice(22)):
        with pytest.raises(DeviceError, match="pin 22"):
            opened(configured(tmp_path, text))
        for more, kind in (("", NoSensor), ("timelapse_minutes = 10\n", TriggerMix)):
            source = open_triggers(
                configured(tmp_path, text + more), ReplayClock(START), "boot", Streaming(), absent=told.append
            )
            assert type(source) is kind
            (down,) = source.incidents()
            assert (down.device, down.recovered, down.what) == ("pir", False, str(told[-1]))
            assert (source.incidents(), source.suppressed(), source.wait(0)) == ((), {}, None)
            source.close()
    open_triggers(
        configured(tmp_path, '[trigger]\nmode = "motion"\n'),
        ReplayClock(START), "boot", Recording(), absent=lambda error: told.append(error),
    ).close()  # fmt: skip
    assert "small pictures" in str(told[-1])


def test_motion_without_small_pictures_is_said(tmp_path: Path) -> None:
    """A camera that gives none, or a trap without OpenCV, is no reason to fall back to the PIR silently."""
    with pytest.raises(DeviceError, match="small pictures"):
        opened(configured(tmp_path, '[trigger]\nmode = "motion"\n'), Recording())


def test_a_pir_that_is_missing_leaves_nothing_open(tmp_path: Path, pins: MockFactory) -> None:
    """Its pin is taken: the error names it, and the other way round nothing holds the pin."""
    taken = gpiozero.OutputDevice(4)
    for mode in ("pir", "pir_and_motion"):
        with pytest.raises(DeviceError, match="pin 4"):
            opened(configured(tmp_path, f'[trigger]\nmode = "{mode}"\n'))
    taken.close()
    with pytest.raises(DeviceError):
        opened(configured(tmp_path, '[trigger]\nmode = "pir_and_motion"\n'), Recording())
    gpiozero.OutputDevice(4).close()


def test_every_window_that_cannot_be_is_named(tmp_path: Path) -> None:
    """One by the sun without a position, one that is empty; the pattern keeps out the others."""
    config = configured(tmp_path, '[trigger]\nschedule = ["dusk-dawn", "08:00-08:00", "05:00-06:00"]\n')
    with pytest.raises(ConfigError) as caught:
        open_schedule(config)
    assert [problem.found for problem in caught.value.problems] == ['"dusk-dawn"', '"08:00-08:00"']
    with pytest.raises(ConfigError, match="list of windows"):
        configured(tmp_path, '[trigger]\nschedule = ["dusk-dawm"]\n')


def test_two_things_on_one_pin_are_named(tmp_path: Path) -> None:
    """Both keys are said. A PIR that is not used has no pin."""
    check_pins(Config())
    text = "[led]\npin = 4\n[lamp]\npin = 18\nir_cut_pin = 18\n"
    with pytest.raises(ConfigError) as caught:
        check_pins(configured(tmp_path, text))
    assert [str(problem) for problem in caught.value.problems] == [
        "led.pin = 4: is trigger.pin's pin already",
        "lamp.ir_cut_pin = 18: is lamp.pin's pin already",
    ]
    check_pins(configured(tmp_path, '[trigger]\nmode = "motion"\n[led]\npin = 4\n'))


def test_schedule_and_limits_reach_the_throttle(tmp_path: Path) -> None:
    """Noon is out of hours; at night one is taken and the next is too many."""
    config = configured(
        tmp_path,
        '[station]\nutc_offset = "+01:00"\nlatitude = 46\nlongitude = 7\n'
        '[trigger]\nschedule = ["dusk-dawn"]\ncooldown_s = 0\nflood_at_once = 1\nflood_per_hour = 1\n',
    )
    throttle = open_throttle(config)
    night = START.replace(hour=22)
    triggers = [
        Trigger("a", START, TriggerCause.PIR, 1.0),
        Trigger("b", night, TriggerCause.PIR, 2.0),
        Trigger("c", night, TriggerCause.PIR, 3.0),
    ]
    assert [throttle.admit(each) for each in triggers] == [Suppression.SCHEDULE, None, Suppression.FLOOD]


def test_the_profile_and_what_stands_above_it(tmp_path: Path) -> None:
    """The profile's pictures, then the configuration's, then a command's; each key by itself."""
    assert burst_profile(Config()) == BurstProfile(3, 1.0)
    config = configured(tmp_path, '[burst]\nprofile = "bird"\nspacing_s = 0\n')
    assert burst_profile(config) == BurstProfile(PROFILES["bird"].count, 0.0)
    with make_card(tmp_path / "card", Deployment("d", "s", 0, START)) as card:
        with transaction(card.connection):
            override(card.connection, "burst.count", 5, 1, START)
        assert burst_profile(effective(config, card.connection)) == BurstProfile(5, 0.0)
        with transaction(card.connection):
            override(card.connection, "burst.spacing_s", 0.5, 2, START)
        assert burst_profile(effective(config, card.connection)) == BurstProfile(5, 0.5)


def test_a_pir_alone_loads_nothing_heavy() -> None:
    """A trap that waits for an edge holds neither numpy nor OpenCV, Pillow nor the sun."""
    program = (
        "import sys, gpiozero\n"
        "from gpiozero.pins.mock import MockFactory\n"
        "gpiozero.Device.pin_factory = MockFactory()\n"
        "from cameratrap.config import Config\n"
        "from cameratrap.drivers.clock import SystemClock\n"
        "from cameratrap.wiring import open_throttle, open_triggers\n"
        "open_throttle(Config())\n"
        "open_triggers(Config(), SystemClock(), 'boot', None).close()\n"
        "heavy = {'numpy', 'cv2', 'PIL', 'astral', 'tflite_runtime', 'ai_edge_litert', 'picamera2'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
