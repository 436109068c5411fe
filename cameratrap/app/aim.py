"""The walk-test: what the trap notices of a person who walks before it, in the trigger's own path.

The same sensor, camera and detector as in the field, one trigger at a time; nothing is stored, counted or sent. The
pictures of a burst are all taken before they are looked at, as in the field, so that latency and pace are the real
ones. What the trap would hold back for a cool-down or a schedule is not held back here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Protocol

from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.detections import Detection
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import CameraTrapError
from cameratrap.ports import Camera, Clock, Detector, EndOfTriggers, Frame, FrameWatcher, Trigger, TriggerSource

TICK_S = 1.0  # somebody stands there and waits: what the sensor holds back is told within a second


@dataclass(frozen=True, slots=True)
class Noticed:
    """The sensor has triggered."""

    at: datetime
    cause: TriggerCause


@dataclass(frozen=True, slots=True)
class Photographed:
    """The burst of a trigger. ``latency_s`` is from the edge to the first exposure, None where the camera cannot tell.

    ``per_s`` is pictures a second, None for fewer than two. ``error`` is why not all pictures were taken.
    """

    at: datetime
    pictures: int
    latency_s: float | None
    per_s: float | None
    brightness: float | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the detector says of one picture, best first; ``error`` where it could not look."""

    at: datetime
    position: int
    detections: tuple[Detection, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """So many edges of the sensor were no triggers, for this ``reason``."""

    at: datetime
    reason: str
    edges: int


Happening = Noticed | Photographed | Seen | HeldBack | Incident


class Signal(Protocol):
    """A light that a person at a distance can count."""

    def flash(self, times: int) -> None: ...


@dataclass
class AimSummary:
    """What came of the walk-test so far: ``looked_at`` are pictures, ``detections`` bursts with something in them.

    ``motion_cpu_s`` is the processor's time for one small picture; None where motion is not looked for.
    """

    triggers: Counter[TriggerCause] = field(default_factory=Counter)
    held_back: Counter[str] = field(default_factory=Counter)
    bursts: int = 0
    pictures: int = 0
    looked_at: int = 0
    detections: int = 0
    failures: int = 0
    best: Detection | None = None
    latencies_s: list[float] = field(default_factory=list)
    motion_cpu_s: float | None = None

    @property
    def latency_s(self) -> float | None:
        """The median."""
        return median(self.latencies_s) if self.latencies_s else None


class Aim:
    """One walk-test. ``detector`` None leaves the pictures unlooked at; ``show`` is given each picture with its boxes.

    ``signal`` flashes once for a PIR's edge, twice for motion, and five times where something is found.
    """

    def __init__(
        self,
        triggers: TriggerSource,
        camera: Camera,
        detector: Detector | None,
        clock: Clock,
        *,
        profile: BurstProfile,
        signal: Signal | None = None,
        show: Callable[[Frame, tuple[Detection, ...]], None] = lambda *_: None,
    ) -> None:
        self.summary = AimSummary()
        self._triggers = triggers
        self._camera = camera
        self._detector = detector
        self._clock = clock
        self._profile = profile
        self._signal = signal
        self._show = show

    def happenings(self, seconds: float | None) -> Iterator[Happening | None]:
        """Each thing as it happens, for so long at the most; None about once a second while nothing does.

        Raises DeviceError where a sensor fails altogether; a burst that fails is told and the next is taken.
        """
        until_s = None if seconds is None else self._clock.monotonic_s() + seconds
        while until_s is None or self._clock.monotonic_s() < until_s:
            left_s = TICK_S if until_s is None else min(TICK_S, until_s - self._clock.monotonic_s())
            try:
                trigger = self._triggers.wait(max(0.0, left_s))
            except EndOfTriggers:
                return
            yield from self._told()
            if trigger is None:
                yield None
            else:
                yield from self._burst(trigger)
        yield from self._told()

    def _told(self) -> Iterator[Happening]:
        for reason, edges in self._triggers.suppressed().items():
            self.summary.held_back[str(reason)] += edges
            yield HeldBack(self._clock.now(), str(reason), edges)
        if isinstance(self._triggers, FrameWatcher):
            self.summary.motion_cpu_s = self._triggers.cpu_s_per_frame
        yield from self._triggers.incidents()
        yield from self._camera.incidents()

    def _burst(self, trigger: Trigger) -> Iterator[Happening]:
        self.summary.triggers[trigger.cause] += 1
        self._flash(2 if trigger.cause is TriggerCause.MOTION else 1)
        yield Noticed(trigger.at, trigger.cause)
        frames, error = self._frames(trigger)
        yield self._photographed(trigger, frames, error)
        found = False
        for frame in frames if self._detector else ():
            seen = self._look(frame)
            found = found or bool(seen.detections)
            yield seen
        if found:
            self.summary.detections += 1
            self._flash(5)

    def _frames(self, trigger: Trigger) -> tuple[list[Frame], str]:
        frames: list[Frame] = []
        try:
            frames.extend(self._camera.capture_burst(trigger, self._profile))
        except CameraTrapError as error:
            self.summary.failures += 1
            return frames, str(error)
        return frames, ""

    def _photographed(self, trigger: Trigger, frames: list[Frame], error: str) -> Photographed:
        starts_s = [frame.monotonic_s for frame in frames if frame.monotonic_s is not None]
        latency_s = starts_s[0] - trigger.monotonic_s if starts_s else None
        spread_s = starts_s[-1] - starts_s[0] if starts_s else 0.0
        self.summary.bursts += 1
        self.summary.pictures += len(frames)
        if latency_s is not None:
            self.summary.latencies_s.append(latency_s)
        return Photographed(
            trigger.at,
            len(frames),
            latency_s,
            (len(starts_s) - 1) / spread_s if spread_s > 0 else None,
            frames[0].brightness if frames else None,
            error,
        )

    def _look(self, frame: Frame) -> Seen:
        assert self._detector is not None  # noqa: S101 - nobody asks without one
        self.summary.looked_at += 1
        try:
            detections = self._detector.detect(frame).detections
        except CameraTrapError as error:
            self.summary.failures += 1
            return Seen(frame.captured_at, frame.position, (), str(error))
        for detection in detections:
            if self.summary.best is None or detection.score > self.summary.best.score:
                self.summary.best = detection
        self._show(frame, detections)
        return Seen(frame.captured_at, frame.position, detections)

    def _flash(self, times: int) -> None:
        if self._signal is not None:
            self._signal.flash(times)
