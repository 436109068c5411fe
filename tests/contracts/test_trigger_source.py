"""What whoever waits for triggers may rely on, of every source of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

gpiozero = pytest.importorskip("gpiozero", reason="the PIR needs gpiozero")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from cameratrap.drivers.clock import SystemClock  # noqa: E402
from cameratrap.drivers.motion_trigger import LumaFrame, MotionTriggers  # noqa: E402
from cameratrap.drivers.pir import PirTriggers  # noqa: E402
from cameratrap.drivers.timelapse import Timelapse  # noqa: E402
from cameratrap.drivers.trigger_mix import ConfirmedTriggers, TriggerMix  # noqa: E402
from cameratrap.ports import EndOfTriggers, Trigger, TriggerSource  # noqa: E402
from cameratrap.replay.clock import ReplayClock  # noqa: E402
from cameratrap.replay.folder import FolderReplay, TimedPicture  # noqa: E402
from cameratrap.replay.footage import FootageTriggers  # noqa: E402

PIN = 4
START = datetime(2027, 3, 20, 12, tzinfo=UTC)


class Walker:
    """The port LumaStream: 20 small pictures a second of a wood, in which something walks once it is let go."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(5)
        self.wood = cv2.GaussianBlur(self.random.integers(40, 200, (480, 640), dtype=np.uint8), (0, 0), 3)
        self.walks_from_s = float("inf")

    def next_luma(self, timeout_s: float) -> LumaFrame | None:
        time.sleep(min(timeout_s, 0.05))
        if timeout_s < 0.05:
            return None
        now_s = time.monotonic()
        luma = self.wood.astype(np.int16) + self.random.integers(-2, 3, self.wood.shape)
        if now_s >= self.walks_from_s:
            left = int(400 * (now_s - self.walks_from_s)) % 500
            luma[250:350, left : left + 120] = 20
        return LumaFrame(luma.clip(0, 255).astype(np.uint8), now_s)


@dataclass
class Case:
    """A source, and what makes it trigger."""

    source: TriggerSource
    provoke: Callable[[], None]


@pytest.fixture(params=["pir", "mix", "confirmed", "motion", "folder", "footage"])
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", MockFactory())
    clock, walker = SystemClock(UTC), Walker()

    def edge() -> None:
        gpiozero.Device.pin_factory.pin(PIN).drive_low()
        gpiozero.Device.pin_factory.pin(PIN).drive_high()

    def walk() -> None:
        walker.walks_from_s = min(walker.walks_from_s, time.monotonic())

    def both() -> None:
        walk()
        edge()

    def pir() -> PirTriggers:
        return PirTriggers(PIN, clock, boot_id="b", settle_s=0)

    def motion() -> MotionTriggers:
        return MotionTriggers(walker, clock, boot_id="b")

    pictures = [TimedPicture(Path(name), name, START + timedelta(minutes=n), name) for n, name in enumerate("abc")]
    cases: dict[str, Callable[[], Case]] = {
        "pir": lambda: Case(pir(), edge),
        "mix": lambda: Case(TriggerMix(pir(), Timelapse(clock, 1440, boot_id="b"), clock), edge),
        "confirmed": lambda: Case(ConfirmedTriggers(pir(), motion(), clock, confirm_s=1), both),
        "motion": lambda: Case(motion(), walk),
        "folder": lambda: Case(FolderReplay(pictures, ReplayClock(START)), lambda: None),
        "footage": lambda: Case(FootageTriggers(), lambda: None),
    }
    made = cases[request.param]()
    yield made
    made.source.close()
    gpiozero.Device.pin_factory.reset()


def next_of(case: Case) -> Trigger:
    """One trigger, within five seconds."""
    case.provoke()
    trigger = case.source.wait(5)
    assert trigger is not None
    return trigger


def test_a_trigger_says_when_and_why(case: Case) -> None:
    """An aware time, a cause, a key that no other has; two come in their order."""
    with suppress(EndOfTriggers):
        case.source.wait(0.3)  # a motion detector has to see the wood at rest
    first, second = next_of(case), next_of(case)
    assert first.at.tzinfo is not None
    assert first.key != second.key
    assert (first.at, first.monotonic_s) <= (second.at, second.monotonic_s)


def test_a_wait_ends_in_time(case: Case) -> None:
    """Without a trigger it gives None, after the time-out and not much later; a recording may end instead."""
    begin_s = time.monotonic()
    with suppress(EndOfTriggers):
        while case.source.wait(0) is not None:
            assert time.monotonic() - begin_s < 5
        case.source.wait(0.2)
    assert time.monotonic() - begin_s < 5


def test_what_was_told_is_not_told_again(case: Case) -> None:
    """Reasons are names, counts are positive, and both questions may be asked at any time."""
    counts = case.source.suppressed()
    assert all(reason and edges > 0 for reason, edges in counts.items())
    case.source.incidents()
    assert case.source.suppressed() == {}
    assert tuple(case.source.incidents()) == ()


def test_it_may_be_closed_twice(case: Case) -> None:
    case.source.close()
    case.source.close()
