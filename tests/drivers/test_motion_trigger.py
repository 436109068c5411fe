"""Motion triggers over a stream of small frames: when they fire, how long they wait, and what a dead stream says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.drivers.motion_trigger import LumaFrame, MotionTriggers
from cameratrap.errors import DeviceError
from cameratrap.ports import TriggerSource
from cameratrap.vision.motion import MotionReason

Luma = NDArray[np.uint8]
START = datetime(2026, 6, 1, 12, tzinfo=UTC)
LEAVES = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (480, 640)).astype(np.uint8), (0, 0), 3)


class Hands:
    """A clock that others move."""

    def __init__(self) -> None:
        self.at_s = 50.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at_s)

    def monotonic_s(self) -> float:
        return self.at_s

    def quality(self) -> ClockQuality | None:
        return None


class Stream:
    """Frames that become due at their times, on the clock that it moves on while somebody waits."""

    def __init__(self, clock: Hands, frames: Iterable[LumaFrame] = ()) -> None:
        self._clock = clock
        self.frames = list(frames)
        self.asked_s: list[float] = []

    def next_luma(self, timeout_s: float) -> LumaFrame | None:
        assert timeout_s >= 0
        self.asked_s.append(timeout_s)
        if self.frames and self.frames[0].monotonic_s <= self._clock.at_s + timeout_s:
            self._clock.at_s = max(self._clock.at_s, self.frames[0].monotonic_s)
            return self.frames.pop(0)
        self._clock.at_s += timeout_s
        return None


def frame(at_s: float, x: int | None = None, *, light_switched: bool = False) -> LumaFrame:
    """Leaves, and an animal at ``x``."""
    luma = LEAVES.copy()
    if x is not None:
        cv2.ellipse(luma, (x, 300), (40, 25), 0, 0, 360, 250, -1)
    return LumaFrame(luma, at_s, light_switched)


def quiet(start_s: float, count: int) -> list[LumaFrame]:
    return [frame(start_s + 0.2 * number) for number in range(count)]


def passing(start_s: float, count: int) -> list[LumaFrame]:
    return [frame(start_s + 0.2 * number, 60 + 30 * number) for number in range(count)]


@pytest.fixture
def clock() -> Hands:
    return Hands()


def test_motion_is_a_trigger_with_the_frames_own_time(clock: Hands) -> None:
    """Cause, key, monotonic and wall time are those of the frame that moved, however late it is looked at."""
    stream = Stream(clock, [*quiet(50, 5), *passing(51, 10)])
    triggers: TriggerSource = MotionTriggers(stream, clock, boot_id="boot7")
    clock.at_s = 60.0
    trigger = triggers.wait(5)
    assert trigger is not None
    assert trigger.cause is TriggerCause.MOTION
    assert 51 < trigger.monotonic_s < 52
    assert trigger.key == f"boot7:{round(trigger.monotonic_s * 1e9)}:motion"
    assert trigger.at == START + timedelta(seconds=trigger.monotonic_s)
    triggers.close()


def test_every_trigger_has_a_key_of_its_own(clock: Hands) -> None:
    """An animal that goes on moving is a trigger with every frame: how many of them matter is not decided here."""
    triggers = MotionTriggers(Stream(clock, [*quiet(50, 5), *passing(51, 12)]), clock, boot_id="b")
    keys = [trigger.key for _ in range(5) if (trigger := triggers.wait(5))]
    assert len(keys) == len(set(keys)) == 5


@pytest.mark.parametrize("timeout_s", [0.0, 0.5, 3.0])
def test_without_motion_the_wait_ends_in_time(clock: Hands, timeout_s: float) -> None:
    """Within a frame of the time that was allowed, and with nothing."""
    triggers = MotionTriggers(Stream(clock, quiet(50, 30)), clock, boot_id="b")
    assert triggers.wait(timeout_s) is None
    assert 50 + timeout_s <= clock.at_s <= 50 + timeout_s + 0.2


def test_a_wait_of_no_time_still_looks_at_a_frame_that_is_there(clock: Hands) -> None:
    """So that one who only polls sees everything."""
    triggers = MotionTriggers(Stream(clock, [*quiet(45, 5), *passing(46, 10)]), clock, boot_id="b")
    assert any(triggers.wait(0) for _ in range(15))


def test_a_stream_that_gives_nothing_is_the_cameras_fault(clock: Hands) -> None:
    """However short the waits are: they add up, and the error names the camera."""
    triggers = MotionTriggers(Stream(clock), clock, boot_id="b", stall_s=4.0)
    assert [triggers.wait(1.0) for _ in range(3)] == [None] * 3
    with pytest.raises(DeviceError) as caught:
        triggers.wait(1.0)
    assert caught.value.device == "camera"
    assert caught.value.exit_status == 4
    assert clock.at_s == pytest.approx(54.0)
    assert triggers.wait(1.0) is None


def test_who_waits_for_ever_hears_of_a_stalled_stream(clock: Hands) -> None:
    """A wait without an end is no way to hide one."""
    triggers = MotionTriggers(Stream(clock, quiet(50, 3)), clock, boot_id="b", stall_s=4.0)
    with pytest.raises(DeviceError):
        triggers.wait(None)


def test_time_that_nobody_waited_is_no_stall(clock: Hands) -> None:
    """A minute of taking pictures lies between two waits; and each frame starts the patience anew."""
    stream = Stream(clock, quiet(50, 3))
    triggers = MotionTriggers(stream, clock, boot_id="b", stall_s=4.0)
    assert triggers.wait(3.0) is None
    clock.at_s = 120.0
    stream.frames += quiet(121, 2)
    assert triggers.wait(2.0) is None
    assert triggers.wait(3.0) is None


def test_an_animal_in_view_after_a_restart_is_a_trigger(clock: Hands) -> None:
    """It came while the camera was away, and stands still: the first frame says that the camera was restarted."""
    standing = [frame(56 + 0.2 * number, 300) for number in range(15)]
    standing[0] = replace(standing[0], restarted=True)
    triggers = MotionTriggers(Stream(clock, [*quiet(50, 15), *standing]), clock, boot_id="b")
    assert triggers.wait(3.0) is None
    assert triggers.wait(10.0) is not None


def test_what_no_frame_could_show_is_not_called_still(clock: Hands) -> None:
    """Five seconds without frames: of the time within them, and of what is to come, nothing is known; then it is."""
    triggers = MotionTriggers(Stream(clock, [*quiet(50, 11), *quiet(57, 11)]), clock, boot_id="b")
    assert triggers.wait(2.0) is None
    assert triggers.has_moved_since(51) is False
    clock.at_s = 57.0
    assert triggers.has_moved_since(51) is None
    assert triggers.wait(2.0) is None
    assert triggers.has_moved_since(53) is None
    assert triggers.has_moved_since(57) is False


def test_whether_it_moved_since_is_known_only_from_frames_that_were_judged(clock: Hands) -> None:
    """None before any, False for quiet ones, True from the motion on, None again for the time after the last."""
    triggers = MotionTriggers(Stream(clock, [*quiet(50, 5), *passing(51, 6), *quiet(55, 5)]), clock, boot_id="b")
    assert triggers.has_moved_since(0) is None
    assert triggers.wait(0.9) is None
    assert triggers.has_moved_since(50.5) is False
    trigger = triggers.wait(3)
    assert trigger is not None
    assert triggers.has_moved_since(trigger.monotonic_s) is True
    assert triggers.has_moved_since(50.0) is True
    while triggers.wait(4.0):
        pass
    assert triggers.has_moved_since(55.0) is False
    assert triggers.has_moved_since(99.0) is None


def test_a_frame_that_could_not_be_judged_says_nothing(clock: Hands) -> None:
    """While the light switches, nobody knows whether something moves."""
    switching = [frame(51.0 + 0.2 * number, light_switched=number == 0) for number in range(3)]
    triggers = MotionTriggers(Stream(clock, [*quiet(50, 5), *switching]), clock, boot_id="b")
    assert triggers.wait(2.0) is None
    assert triggers.verdicts[MotionReason.LIGHT] == 1
    assert triggers.has_moved_since(51.0) is None


def test_every_frame_is_counted_with_its_reason_and_its_cost(clock: Hands) -> None:
    """So that what was rejected can be told, and what it took."""
    triggers = MotionTriggers(Stream(clock, quiet(50, 10)), clock, boot_id="b")
    assert triggers.cpu_s_per_frame is None
    assert triggers.last_verdict is None
    triggers.wait(2.5)
    assert sum(triggers.verdicts.values()) == 10
    assert triggers.verdicts[MotionReason.STILL] == 9
    assert triggers.last_verdict is not None
    assert triggers.last_verdict.reason is MotionReason.STILL
    assert triggers.cpu_s_per_frame is not None
    assert 0 < triggers.cpu_s_per_frame < 0.1


def test_without_its_libraries_the_trigger_says_what_to_install(monkeypatch: pytest.MonkeyPatch, clock: Hands) -> None:
    """An error of the device, not of the import."""
    monkeypatch.setitem(sys.modules, "cameratrap.vision.motion", None)
    with pytest.raises(DeviceError) as caught:
        MotionTriggers(Stream(clock), clock, boot_id="b")
    assert "cameratrap[detect]" in caught.value.hint


def test_the_module_loads_nothing_heavy() -> None:
    """A camera driver names its frames before anything heavy of ours is imported."""
    code = "import sys, cameratrap.drivers.motion_trigger; print({'numpy', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
