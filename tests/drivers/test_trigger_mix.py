"""Time-lapse, and several sources as one, by a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import cv2
import numpy as np
import pytest

from cameratrap.domain.capture import Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.drivers.motion_trigger import LumaFrame, MotionTriggers
from cameratrap.drivers.timelapse import Timelapse
from cameratrap.drivers.trigger_mix import ConfirmedTriggers, TriggerMix
from cameratrap.ports import Trigger

CET = timezone(timedelta(hours=1))
START = datetime(2027, 3, 20, 12, 3, 20, tzinfo=CET)
STUCK = Incident("pir", "high", 1.0, recovered=False)


class TurnedClock:
    """The port Clock: time passes when the test says so, and the wall jumps apart from it."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.jumped = timedelta(0)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s) + self.jumped

    def monotonic_s(self) -> float:
        return self.passed_s

    def quality(self) -> ClockQuality | None:
        return None


class Script:
    """A sensor with edges at known times: waiting turns the clock to the next of them, or to the time-out."""

    def __init__(
        self, clock: TurnedClock, edges_s: Sequence[float] = (), cause: TriggerCause = TriggerCause.PIR
    ) -> None:
        self.clock = clock
        self.edges_s = list(edges_s)
        self.cause = cause
        self.waits: list[float | None] = []
        self.is_closed = False

    def wait(self, timeout_s: float | None) -> Trigger | None:
        self.waits.append(timeout_s)
        until_s = float("inf") if timeout_s is None else self.clock.passed_s + timeout_s
        if not self.edges_s or self.edges_s[0] > until_s:
            self.clock.passed_s = until_s
            return None
        edge_s = self.edges_s.pop(0)
        self.clock.passed_s = max(self.clock.passed_s, edge_s)
        return Trigger(f"{self.cause}:{edge_s}", self.clock.now(), self.cause, edge_s)

    def suppressed(self) -> Mapping[str, int]:
        return {"settling": 2}

    def incidents(self) -> Sequence[Incident]:
        return (STUCK,)

    def close(self) -> None:
        self.is_closed = True


class Motion(Script):
    """Motion at known times; ``is_blind`` gives no pictures."""

    def __init__(self, clock: TurnedClock, moves_s: Sequence[float], *, is_blind: bool = False) -> None:
        super().__init__(clock, moves_s, TriggerCause.MOTION)
        self.all_s = tuple(moves_s)
        self.is_blind = is_blind

    @property
    def cpu_s_per_frame(self) -> float | None:
        return 0.001

    def has_moved_since(self, monotonic_s: float) -> bool | None:
        return None if self.is_blind else any(monotonic_s <= move <= self.clock.passed_s for move in self.all_s)

    def incidents(self) -> Sequence[Incident]:
        return ()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


def taken(wait: Callable[[float | None], Trigger | None], clock: TurnedClock, seconds: float) -> list[Trigger]:
    """The triggers until ``seconds`` have passed."""
    until_s = clock.passed_s + seconds
    found = []
    while clock.passed_s < until_s:
        trigger = wait(until_s - clock.passed_s)
        if trigger is not None:
            found.append(trigger)
    return found


def test_time_lapse_keeps_to_the_full_minutes_of_the_clock(clock: TurnedClock) -> None:
    """12:03:20 and every ten minutes: 12:10, 12:20 ..., each once, with its own cause and key."""
    mix = TriggerMix(Script(clock), Timelapse(clock, 10, boot_id="b"), clock)
    found = taken(mix.wait, clock, 3600)
    assert [f"{each.at:%H:%M:%S}" for each in found] == [
        "12:10:00", "12:20:00", "12:30:00", "12:40:00", "12:50:00", "13:00:00",
    ]  # fmt: skip
    assert {each.cause for each in found} == {TriggerCause.TIMELAPSE}
    assert len({each.key for each in found}) == 6


def test_once_a_day_is_at_midnight(clock: TurnedClock) -> None:
    """1440 minutes: the station's day, not a day after the start."""
    mix = TriggerMix(Script(clock), Timelapse(clock, 1440, boot_id="b"), clock)
    assert [each.at for each in taken(mix.wait, clock, 2 * 86400)] == [
        datetime(2027, 3, day, tzinfo=CET) for day in (21, 22)
    ]


@pytest.mark.parametrize("days", [-400, 30, -1 / 86400, 1 / 86400])
def test_a_clock_that_jumps_costs_one_picture_at_most(clock: TurnedClock, days: float) -> None:
    """At 13:00 it jumps: no sleep that never ends, nothing to catch up with but the interval that runs."""
    timelapse = Timelapse(clock, 10, boot_id="b")
    mix = TriggerMix(Script(clock), timelapse, clock)
    assert len(taken(mix.wait, clock, 3600)) == 6
    clock.jumped = timedelta(days=days)
    later = taken(mix.wait, clock, 3600)
    assert 6 <= len(later) <= 7
    assert all(after.monotonic_s - before.monotonic_s > 299 for before, after in pairwise(later))
    assert timelapse.left_s() <= 600


def test_a_small_step_back_over_the_minute_is_not_photographed_twice(clock: TurnedClock) -> None:
    """The clock is corrected by a second just after the full minute: the same ten minutes begin only once."""
    timelapse = Timelapse(clock, 10, boot_id="b")
    clock.passed_s = 400.5
    assert timelapse.due() is not None
    clock.jumped = timedelta(seconds=-1)
    assert timelapse.due() is None
    clock.passed_s += 1
    assert timelapse.due() is None


def test_a_long_burst_is_followed_by_one_late_picture(clock: TurnedClock) -> None:
    """Half an hour passes without anyone who waits: one is taken, the others were not."""
    mix = TriggerMix(Script(clock), Timelapse(clock, 10, boot_id="b"), clock)
    clock.passed_s = 1800
    assert mix.wait(0) is not None
    assert mix.wait(0) is None


def test_the_sensor_and_the_time_lapse_come_in_their_order(clock: TurnedClock) -> None:
    """An edge between two pictures comes at its time; both keep their cause."""
    sensor = Script(clock, [100, 401, 500])
    mix = TriggerMix(sensor, Timelapse(clock, 10, boot_id="b"), clock)
    found = taken(mix.wait, clock, 700)
    assert [(each.cause, each.monotonic_s) for each in found] == [
        ("pir", 100), ("timelapse", 400), ("pir", 401), ("pir", 500),
    ]  # fmt: skip
    assert (mix.suppressed(), mix.incidents()) == ({"settling": 2}, (STUCK,))
    mix.close()
    assert sensor.is_closed


def test_it_wakes_for_nothing_but_what_is_due(clock: TurnedClock) -> None:
    """A day of one picture an hour asks the sensor 25 times, not once a second."""
    sensor = Script(clock)
    mix = TriggerMix(sensor, Timelapse(clock, 60, boot_id="b"), clock)
    assert len(taken(mix.wait, clock, 86400)) == 24
    assert len(sensor.waits) <= 26


@pytest.mark.parametrize(
    ("edge_s", "moves_s", "confirmed"),
    [
        (10.0, [10.0], True),
        (10.0, [8.5], True),
        (10.0, [11.9], True),
        (10.0, [7.0], False),
        (10.0, [12.5], False),
        (10.0, [], False),
    ],
)
def test_an_edge_counts_with_motion_just_before_or_after(
    clock: TurnedClock, edge_s: float, moves_s: list[float], confirmed: bool
) -> None:
    """It keeps the edge's time and cause; one without motion is counted with its reason."""
    pir, motion = Script(clock, [edge_s]), Motion(clock, moves_s)
    both = ConfirmedTriggers(pir, motion, clock, confirm_s=2)
    found = taken(both.wait, clock, 20)
    assert [(each.cause, each.monotonic_s) for each in found] == ([("pir", edge_s)] if confirmed else [])
    assert both.suppressed() == {"settling": 2} | ({} if confirmed else {"unconfirmed": 1})
    assert both.incidents() == (STUCK,)
    both.close()
    assert pir.is_closed
    assert motion.is_closed


def test_motion_without_the_pir_is_none(clock: TurnedClock) -> None:
    """Grass in the wind."""
    both = ConfirmedTriggers(Script(clock), Motion(clock, [1, 2, 3, 9]), clock, confirm_s=2)
    assert taken(both.wait, clock, 20) == []


def test_a_camera_without_pictures_does_not_cost_the_animals(clock: TurnedClock) -> None:
    """Where nothing was seen at all, still or moving, the PIR is believed."""
    both = ConfirmedTriggers(Script(clock, [5]), Motion(clock, [], is_blind=True), clock, confirm_s=2)
    (trigger,) = taken(both.wait, clock, 20)
    assert trigger.monotonic_s == 5
    assert clock.passed_s == 20


def test_a_storm_of_edges_is_rejected_one_by_one(clock: TurnedClock) -> None:
    """A warm wind: fifty edges, one of which had an animal."""
    edges = [float(number) for number in range(10, 510, 10)]
    both = ConfirmedTriggers(Script(clock, edges), Motion(clock, [250.4]), clock, confirm_s=2)
    assert [each.monotonic_s for each in taken(both.wait, clock, 600)] == [250]
    assert both.suppressed()["unconfirmed"] == 49


class Scene:
    """The port LumaStream: five small pictures a second of a still wood, in which something walks for two seconds."""

    def __init__(self, clock: TurnedClock, walks_at_s: float) -> None:
        self.clock = clock
        self.walks_at_s = walks_at_s
        self.random = np.random.default_rng(5)
        self.wood = cv2.GaussianBlur(self.random.integers(40, 200, (480, 640), dtype=np.uint8), (0, 0), 3)

    def next_luma(self, timeout_s: float) -> LumaFrame | None:
        self.clock.passed_s += min(timeout_s, 0.2)
        if timeout_s < 0.2:
            return None
        luma = self.wood.astype(np.int16) + self.random.integers(-2, 3, self.wood.shape)
        walked_s = self.clock.passed_s - self.walks_at_s
        if 0 <= walked_s <= 2:
            left = int(40 + 250 * walked_s)
            luma[250:350, left : left + 120] = 20
        return LumaFrame(luma.clip(0, 255).astype(np.uint8), self.clock.passed_s)


def test_with_the_real_motion_detector(clock: TurnedClock) -> None:
    """Three edges: one as something walks by, two in a still wood. The first is a trigger, the others are counted."""
    motion = MotionTriggers(Scene(clock, 20), clock, boot_id="b")
    both = ConfirmedTriggers(Script(clock, [10.1, 20.5, 40]), motion, clock, confirm_s=2)
    found = taken(both.wait, clock, 60)
    assert [(each.cause, each.monotonic_s) for each in found] == [("pir", 20.5)]
    assert both.suppressed()["unconfirmed"] == 2


@pytest.mark.parametrize("away_s", [1.9, 2.2, 3.0, 8.0])
def test_an_edge_while_nobody_looked_is_believed(clock: TurnedClock, away_s: float) -> None:
    """The trap looked at the pictures of a burst, or the camera hung: still frames before and after prove nothing."""
    motion = MotionTriggers(Scene(clock, 1000), clock, boot_id="b")
    pir = Script(clock, [10.3])
    both = ConfirmedTriggers(pir, motion, clock, confirm_s=2)
    assert taken(both.wait, clock, 10) == []
    clock.passed_s += away_s
    assert [each.monotonic_s for each in taken(both.wait, clock, 5)] == [10.3]


def test_what_a_small_picture_costs_is_told_through_every_mix(clock: TurnedClock) -> None:
    """None where nothing looks at pictures."""
    both = ConfirmedTriggers(Script(clock), Motion(clock, []), clock, confirm_s=2)
    timelapse = Timelapse(clock, 10, boot_id="b")
    assert TriggerMix(both, timelapse, clock).cpu_s_per_frame == 0.001
    assert TriggerMix(Script(clock), timelapse, clock).cpu_s_per_frame is None
