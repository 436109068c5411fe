"""A trap in virtual time: whatever takes time moves one clock, and triggers come when that says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.detections import DetectedFrame
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import DeviceError
from cameratrap.ports import EndOfTriggers, Frame, Trigger
from tests.fakes import NamedDetector, jpeg

START = datetime(2026, 6, 1, 5, tzinfo=UTC)


class VirtualClock:
    """The port Clock. ``now_s`` is monotonic; the wall clock may be set apart from it."""

    def __init__(self, start: datetime = START) -> None:
        self.start, self.now_s = start, 0.0

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.now_s)

    def monotonic_s(self) -> float:
        return self.now_s

    def quality(self) -> ClockQuality | None:
        return ClockQuality.OK

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds


class VirtualTriggers:
    """Triggers at given seconds, in order; without any left it ends, or with ``forever`` is silent until ``ends_s``."""

    def __init__(self, clock: VirtualClock, at_s: Sequence[float], *, ends_s: float = 0.0) -> None:
        self.clock, self.left, self.ends_s = clock, deque(at_s), ends_s
        self.waits: list[float | None] = []
        self.meanwhile: Callable[[float], None] = lambda _: None

    def wait(self, timeout_s: float | None) -> Trigger | None:
        if timeout_s != 0:
            self.waits.append(timeout_s)
            self._let_pass(timeout_s)
        if self.left and self.left[0] <= self.clock.now_s:
            at_s = self.left.popleft()
            return Trigger(f"t{at_s:g}", self.clock.start + timedelta(seconds=at_s), TriggerCause.PIR, at_s)
        if not self.left and timeout_s != 0 and self.clock.now_s >= self.ends_s:
            raise EndOfTriggers
        return None

    def _let_pass(self, timeout_s: float | None) -> None:
        until_s = self.left[0] if self.left else self.ends_s
        if timeout_s is not None:
            until_s = min(until_s, self.clock.now_s + timeout_s)
        self.clock.now_s = max(self.clock.now_s, until_s)
        self.meanwhile(self.clock.now_s)

    def suppressed(self) -> Mapping[str, int]:
        return {}

    def incidents(self) -> Sequence[Incident]:
        return ()

    def close(self) -> None:
        pass


class VirtualCamera:
    """A picture each ``spacing_s``, the first one 0.3 s after it is asked; those of ``fails`` (by number) fail."""

    def __init__(self, clock: VirtualClock, log: list[str] | None = None, fails: Sequence[int] = ()) -> None:
        self.clock, self.log, self.fails = clock, [] if log is None else log, fails
        self.profiles: list[BurstProfile] = []
        self.taken = 0

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        self.profiles.append(profile)
        self.log.append(f"take {trigger.key}")
        if len(self.profiles) in self.fails:
            raise DeviceError("the camera does not answer", device="camera")
        self.clock.pass_s(0.3)
        for position in range(1, profile.count + 1):
            self.taken += 1
            yield Frame(
                jpeg(self.taken), self.clock.now(), name=f"{trigger.key}-{position}", position=position,
                of=profile.count, monotonic_s=self.clock.now_s, lamp=profile.lamp, brightness=80.0,
            )  # fmt: skip
            self.clock.pass_s(profile.spacing_s)

    def incidents(self) -> Sequence[Incident]:
        return ()

    def close(self) -> None:
        pass


class SlowDetector(NamedDetector):
    """Looks at a picture for so many seconds."""

    def __init__(self, clock: VirtualClock, seconds: float, log: list[str]) -> None:
        super().__init__({})
        self.clock, self.seconds, self.log = clock, seconds, log
        self.looked_s: dict[str, float] = {}

    def detect(self, frame: Frame) -> DetectedFrame:
        self.log.append(f"look {frame.name}")
        self.looked_s[frame.name] = self.clock.now_s
        self.clock.pass_s(self.seconds)
        return super().detect(frame)
