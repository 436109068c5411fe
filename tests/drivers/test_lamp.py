"""Lamp and filter on gpiozero's own mock pins, in the hands of a camera that sees what they do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="the lamp needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from cameratrap.domain.capture import BurstProfile, Incident  # noqa: E402
from cameratrap.domain.events import TriggerCause  # noqa: E402
from cameratrap.domain.lamp_health import LampHealth  # noqa: E402
from cameratrap.domain.lighting import LampMode  # noqa: E402
from cameratrap.drivers import lamp, steady_camera, trap_camera  # noqa: E402
from cameratrap.drivers.clock import SystemClock  # noqa: E402
from cameratrap.drivers.lamp import Lighting, LightSettings  # noqa: E402
from cameratrap.drivers.picamera import PiCamera, PiCameraSettings  # noqa: E402
from cameratrap.drivers.trap_camera import CameraSettings, TrapCamera  # noqa: E402
from cameratrap.errors import DeviceError  # noqa: E402
from cameratrap.ports import Frame, Trigger  # noqa: E402
from tests.fake_picamera2 import Sensor, installed  # noqa: E402

LAMP, FILTER = 18, 23
TRIGGER = Trigger("boot:1:pir", datetime(2026, 6, 1, tzinfo=UTC), TriggerCause.PIR)


class Scene:
    """What is before the camera. The lamp lights it unless it is dead; without the filter it is brighter."""

    def __init__(self, pins: MockFactory) -> None:
        self.pins = pins
        self.by_itself = 120.0
        self.lamp_gives = 100.0
        self.seen: list[tuple[bool, bool]] = []
        self.lit_s: float | None = None
        self.flashes = 0

    def __call__(self) -> float:
        lit, filtered = (bool(self.pins.pin(pin).state) for pin in (LAMP, FILTER))
        self.seen.append((lit, filtered))
        if lit and self.lit_s is None:
            self.lit_s = time.monotonic()
        if self.flashes and not lit:
            self.flashes -= 1
            return 200.0
        return self.by_itself + (self.lamp_gives if lit else 0) + (0 if filtered else 10)


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """Pins of no computer."""
    before, gpiozero.Device.pin_factory = gpiozero.Device.pin_factory, MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


@pytest.fixture
def scene(pins: MockFactory) -> Scene:
    return Scene(pins)


Build = Callable[..., TrapCamera]


@pytest.fixture
def build(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Pi cameras with lamp and filter before ``scene``; each is closed."""
    monkeypatch.setattr(lamp, "LAMP_S", 0.02)
    monkeypatch.setattr(lamp, "FILTER_S", 0.02)
    monkeypatch.setattr(steady_camera, "RESTART_PAUSE_S", 0.01)
    made: list[TrapCamera] = []
    with installed(Sensor(brightness=scene, interval_s=0.005)) as sensor:

        def build(mode: LampMode = LampMode.AUTO, *, standby: bool = False, **lights: Any) -> TrapCamera:
            device = PiCamera(PiCameraSettings(width=640, height=480, standby_fps=30))
            device.open()
            clock = SystemClock()
            lighting = Lighting(LightSettings(LAMP, mode, FILTER, **lights), clock.monotonic_s)
            settings = CameraSettings(standby, settle_s=0.3, stall_s=0.2, restarts=0)
            made.append(TrapCamera(device, lighting, clock, settings))
            return made[-1]

        build.sensor = sensor  # type: ignore[attr-defined]
        yield build
        for camera in made:
            camera.close()


def burst(camera: TrapCamera, count: int = 2, *, lamp: bool = True) -> list[Frame]:
    return list(camera.capture_burst(TRIGGER, BurstProfile(count, 0.01, lamp)))


def lamp_is_on(pins: MockFactory) -> bool:
    return bool(pins.pin(LAMP).state)


def test_by_day_the_lamp_stays_off_and_the_filter_in(build: Build, scene: Scene, pins: MockFactory) -> None:
    """No frame is lit, and the first one that has settled is the first picture."""
    frames = burst(build())
    assert {frame.lamp for frame in frames} == {False}
    assert set(scene.seen) == {(False, True)}


def test_at_night_the_lamp_is_lit_for_the_burst(build: Build, scene: Scene, pins: MockFactory) -> None:
    """Every picture is lit and says so, the filter is out, and the lamp is off when the burst is over."""
    scene.by_itself = 5.0
    frames = burst(build())
    assert {frame.lamp for frame in frames} == {True}
    assert {frame.brightness for frame in frames} == {115.0}
    assert not lamp_is_on(pins)
    assert pins.pin(FILTER).state == 0


@pytest.mark.parametrize(
    ("mode", "allowed", "by_itself", "lit"),
    [
        (LampMode.NEVER, True, 5.0, False),
        (LampMode.ALWAYS, True, 120.0, True),
        (LampMode.AUTO, False, 5.0, False),
        (LampMode.ALWAYS, False, 5.0, False),
    ],
)
def test_the_lamp_obeys(build: Build, scene: Scene, mode: LampMode, allowed: bool, by_itself: float, lit: bool) -> None:
    """What is configured, and what the burst's profile allows; a battery that sinks forbids it."""
    scene.by_itself = by_itself
    frames = burst(build(mode), lamp=allowed)
    assert {frame.lamp for frame in frames} == {lit}


def test_the_filter_does_not_move_to_and_fro_at_dusk(
    build: Build, scene: Scene, pins: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is night stays night until it is clearly day, though the picture is brighter without the filter."""
    monkeypatch.setattr(lamp, "FRESH_S", 0.0)
    camera = build()
    moved = []
    for luma in (120, 38, 45, 38, 45, 60, 100, 60, 45):
        scene.by_itself = luma
        burst(camera, count=1)
        moved.append(pins.pin(FILTER).state)
    assert moved == [1, 0, 0, 0, 0, 0, 1, 1, 1]


def test_a_filter_that_is_wired_the_other_way_round(build: Build, scene: Scene, pins: MockFactory) -> None:
    """Low by day, high at night."""
    camera = build(filter_inverted=True)
    assert pins.pin(FILTER).state == 0
    scene.by_itself = 5.0
    burst(camera, count=1)
    assert pins.pin(FILTER).state == 1


def test_a_night_that_is_known_is_not_looked_for_again(build: Build, scene: Scene) -> None:
    """Within a minute of the last look the lamp is lit at once: the animal is gone in two seconds."""
    scene.by_itself = 5.0
    camera = build()
    burst(camera)
    scene.seen.clear()
    burst(camera)
    assert scene.seen[0][0]


def test_pictures_begin_when_the_light_is_there(build: Build, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lamp, and the exposure that follows it, take their time."""
    monkeypatch.setattr(lamp, "LAMP_S", 0.2)
    scene.by_itself = 5.0
    first = burst(build())[0]
    assert scene.lit_s is not None
    assert first.monotonic_s is not None
    assert first.monotonic_s >= scene.lit_s + 0.15


def test_an_abandoned_burst_leaves_the_lamp_off(build: Build, scene: Scene, pins: MockFactory) -> None:
    """Closed, or just no longer asked for."""
    scene.by_itself = 5.0
    camera = build()
    for leave in ("close", "forget"):
        frames = camera.capture_burst(TRIGGER, BurstProfile(5, 0.01))
        next(frames)
        assert lamp_is_on(pins)
        if leave == "close":
            frames.close()  # type: ignore[attr-defined]
        del frames
        assert not lamp_is_on(pins)


def test_a_burst_that_is_still_held_is_ended_by_the_next(
    build: Build, scene: Scene, pins: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error keeps its frames alive: its lamp is not taken for daylight, and it does not end the burst after it."""
    monkeypatch.setattr(lamp, "FRESH_S", 0.0)
    scene.by_itself = 5.0
    camera = build()
    held = camera.capture_burst(TRIGGER, BurstProfile(5, 0.01))
    next(held)
    later = camera.capture_burst(TRIGGER, BurstProfile(2, 0.01))
    assert next(later).lamp is True
    assert pins.pin(FILTER).state == 0
    held.close()  # type: ignore[attr-defined]
    assert lamp_is_on(pins)
    assert len(list(later)) == 1
    assert not lamp_is_on(pins)


def test_a_camera_that_fails_leaves_the_lamp_off(build: Build, scene: Scene, pins: MockFactory) -> None:
    """Whatever ends a burst."""
    scene.by_itself = 5.0
    camera = build()
    frames = camera.capture_burst(TRIGGER, BurstProfile(5, 0.01))
    next(frames)
    build.sensor.interval_s = 3600.0  # type: ignore[attr-defined]
    with pytest.raises(DeviceError, match="after 0 restarts"):
        next(frames)
    assert not lamp_is_on(pins)


def told(incidents: Sequence[Incident]) -> list[tuple[str, bool]]:
    return [(incident.device, incident.recovered) for incident in incidents]


def test_a_dead_lamp_is_told_once_and_so_is_its_recovery(build: Build, scene: Scene) -> None:
    """Lit, yet dark, three bursts in a row; then a bright one."""
    scene.by_itself, scene.lamp_gives = -10.0, 0.0
    camera = build(health=LampHealth(8, 3))
    for expected in ([], [], [("lamp", False)], []):
        burst(camera)
        assert told(camera.incidents()) == expected
    scene.lamp_gives = 100.0
    burst(camera)
    assert told(camera.incidents()) == [("lamp", True)]


def test_bursts_without_the_lamp_say_nothing_of_it(build: Build, scene: Scene) -> None:
    """A dark night without lamp is no dead lamp."""
    scene.by_itself = -10.0
    camera = build(health=LampHealth(8, 1))
    burst(camera, lamp=False)
    assert camera.incidents() == ()


def test_what_earlier_processes_saw_counts(build: Build, scene: Scene) -> None:
    """A trap that is switched on for each burst would never see three in a row."""
    scene.by_itself, scene.lamp_gives = -10.0, 0.0
    camera = build(health=LampHealth(8, 3))
    camera.recall_lit([120.0, 2.0, 3.0])
    assert camera.incidents() == ()
    burst(camera)
    assert told(camera.incidents()) == [("lamp", False)]


def test_the_small_stream_tells_of_switches_and_sees_dusk(
    build: Build, scene: Scene, pins: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first frame after a switch is marked, and only that; night is seen before anything triggers."""
    monkeypatch.setattr(lamp, "HOLDS_S", 0.02)
    camera = build(standby=True)
    assert not _luma(camera).light_switched
    scene.by_itself = 5.0
    frames = [_luma(camera) for _ in range(8)]
    assert pins.pin(FILTER).state == 0
    marked = [frame.light_switched for frame in frames]
    assert marked.count(True) in {1, 2}  # one may have been under way
    assert not marked[-1]
    burst(camera)
    assert _luma(camera).light_switched


@pytest.mark.parametrize(("usual", "odd"), [(20.0, 200.0), (120.0, 10.0)])
def test_one_odd_picture_moves_no_filter(pins: MockFactory, usual: float, odd: float) -> None:
    """Lightning at night, an animal before the lens by day: each frame is measured, and only what stays is believed."""
    now_s = 0.0
    lighting = Lighting(LightSettings(LAMP, filter_pin=FILTER), lambda: now_s)
    lighting.measure(usual)
    before = lighting.switched_s
    for number in range(600):
        now_s += 0.2
        lighting.measure(odd if number % 50 in {0, 1, 2} else usual)
    assert lighting.switched_s == before
    assert not lighting.must_look()
    while lighting.switched_s == before:
        now_s += 0.2
        lighting.measure(odd)
    assert now_s == pytest.approx(120 + lamp.HOLDS_S, abs=0.5)
    lighting.close()


def test_a_flash_at_night_does_not_switch_the_lamp_off(
    build: Build, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bright look is followed by a second one; the burst is lit, and so is the next."""
    monkeypatch.setattr(lamp, "FRESH_S", 0.0)
    monkeypatch.setattr(trap_camera, "SECOND_LOOK_S", 0.05)
    scene.by_itself = 5.0
    camera = build()
    burst(camera)
    scene.flashes = 1
    assert {frame.lamp for frame in burst(camera)} == {True}
    assert scene.flashes == 0
    assert {frame.lamp for frame in burst(camera)} == {True}


def test_a_day_that_followed_a_night_is_looked_at_again(pins: MockFactory) -> None:
    """Head lamps that outlast the second look cost that burst its lamp, and not all bursts of the minute after it."""
    now_s = 0.0
    lighting = Lighting(LightSettings(LAMP), lambda: now_s)
    lighting.look(5.0)
    now_s = 61.0
    assert lighting.must_look()
    assert lighting.may_be_a_flash(200.0)
    lighting.look(200.0)
    assert not lighting.light(allowed=True)
    assert lighting.must_look()
    lighting.look(5.0)
    assert lighting.light(allowed=True)
    assert not lighting.must_look()
    lighting.close()


def _luma(camera: TrapCamera) -> Any:
    frame = camera.next_luma(2.0)
    assert frame is not None
    return frame


def test_a_pin_in_use_is_named_and_the_other_given_back(pins: MockFactory) -> None:
    """The filter on the lamp's pin: a fault of the configuration."""
    clock = SystemClock()
    for _ in range(2):
        with pytest.raises(DeviceError, match="infrared-cut filter's pin 18") as caught:
            Lighting(LightSettings(LAMP, filter_pin=LAMP), clock.monotonic_s)
        assert "lamp.ir_cut_pin" in caught.value.hint
    Lighting(LightSettings(LAMP), clock.monotonic_s).close()


def test_closing_switches_the_lamp_off(build: Build, scene: Scene, pins: MockFactory) -> None:
    """Also in the middle of a burst, and twice is once."""
    scene.by_itself = 5.0
    camera = build()
    frames = camera.capture_burst(TRIGGER, BurstProfile(5, 0.01))
    next(frames)
    camera.close()
    assert not lamp_is_on(pins)
    camera.close()
    frames.close()  # type: ignore[attr-defined]
