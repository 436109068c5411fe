"""A burst that is under way while the program still loads, and the triggers of a trap that is up for a moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cameratrap.app.late_detector import LateDetector
from cameratrap.app.power_on import LateCamera, NoCamera, PowerOnTriggers, UnderWay
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import DeviceError, ModelError
from cameratrap.ports import EndOfTriggers, Frame, Trigger
from tests.fakes import NamedDetector
from tests.virtual_trap import START, VirtualCamera, VirtualClock, VirtualTriggers

TWO = BurstProfile(2, 1.0)
FIRST, SECOND = (Trigger(key, START, TriggerCause.PIR) for key in ("first", "second"))


def test_a_burst_is_taken_without_being_asked_for() -> None:
    """It is all there when the program gets so far; another trigger is another burst."""
    camera = VirtualCamera(VirtualClock())
    under_way = UnderWay(camera, FIRST, TWO)
    under_way.close()
    assert camera.taken == 2
    assert [frame.name for frame in under_way.capture_burst(FIRST, TWO)] == ["first-1", "first-2"]
    assert [frame.name for frame in under_way.capture_burst(SECOND, TWO)] == ["second-1", "second-2"]
    assert [frame.name for frame in under_way.capture_burst(FIRST, TWO)] == ["first-1", "first-2"]


def test_what_fails_in_it_fails_where_it_is_asked_for() -> None:
    """After the frames that came before."""

    class Dies(VirtualCamera):
        def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
            yield from super().capture_burst(trigger, BurstProfile(1))
            raise DeviceError("the camera does not answer", device="camera")

    frames = UnderWay(Dies(VirtualClock()), FIRST, TWO).capture_burst(FIRST, TWO)
    assert next(frames).name == "first-1"
    with pytest.raises(DeviceError, match="does not answer"):
        next(frames)


def test_without_a_camera_each_burst_says_why() -> None:
    camera = NoCamera(DeviceError("it is not plugged in", device="camera"))
    with pytest.raises(DeviceError, match="not plugged in"):
        camera.capture_burst(FIRST, TWO)


def test_a_late_camera_is_opened_for_its_first_burst_and_once() -> None:
    """A power-on that takes no picture runs no camera; one that does all the same, for a second animal, has one."""
    opened: list[VirtualCamera] = []

    def camera() -> VirtualCamera:
        opened.append(VirtualCamera(VirtualClock()))
        return opened[-1]

    late = LateCamera(camera)
    assert list(late.incidents()) == []
    late.close()
    assert opened == []
    for trigger in (FIRST, SECOND):
        assert len(list(late.capture_burst(trigger, TWO))) == 2
    late.close()
    assert len(opened) == 1


def until_the_end(triggers: PowerOnTriggers) -> Iterator[Trigger]:
    while True:
        try:
            trigger = triggers.wait(600.0)
        except EndOfTriggers:
            return
        if trigger is not None:
            yield trigger


def test_it_stays_for_a_second_animal_and_not_for_ever() -> None:
    """The first at once, a second within the time, then five seconds more of silence."""
    clock = VirtualClock()
    triggers = PowerOnTriggers(FIRST, VirtualTriggers(clock, [3.0, 100.0], ends_s=1e9), clock, linger_s=5.0)
    given = [(clock.now_s, trigger.key) for trigger in until_the_end(triggers)]
    assert given == [(0.0, "first"), (3.0, "t3")]
    assert clock.now_s == 8.0


def test_woken_by_its_alarm_without_a_pir_it_does_not_wait() -> None:
    clock = VirtualClock()
    triggers = PowerOnTriggers(None, None, clock, linger_s=5.0)
    assert triggers.wait(0) is None
    with pytest.raises(EndOfTriggers):
        triggers.wait(None)
    assert clock.now_s == 0.0


def test_a_model_is_loaded_when_it_is_needed_and_once() -> None:
    loads: list[int] = []

    def load() -> NamedDetector:
        loads.append(1)
        return NamedDetector({})

    late = LateDetector(load)
    late.close()
    assert loads == []
    assert (late.name, late.version, late.sha256, late.score_threshold) == ("by-name", "1", "0" * 64, None)
    late.detect(Frame(b"", START))
    assert loads == [1]

    def missing() -> NamedDetector:
        raise ModelError("no such model")

    with pytest.raises(ModelError):
        LateDetector(missing).detect(Frame(b"", START))
