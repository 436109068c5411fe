"""Several sources of triggers as one, without a thread: time-lapse beside a sensor, and a PIR that motion confirms."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from cameratrap.domain.capture import Incident
from cameratrap.domain.throttle import Suppression
from cameratrap.drivers.timelapse import Timelapse
from cameratrap.ports import Clock, FrameWatcher, Trigger, TriggerSource

_GLANCE_S = 0.5  # between two looks at the PIR while small pictures are looked at: they come several times a second


class MotionSource(TriggerSource, FrameWatcher, Protocol):
    """Motion, and whether there was some."""

    def has_moved_since(self, monotonic_s: float) -> bool | None:
        """None where something may have moved since then that no picture could show."""
        ...


class TriggerMix:
    """A sensor, with a ``timelapse`` beside it."""

    def __init__(self, sensor: TriggerSource, timelapse: Timelapse, clock: Clock) -> None:
        self._sensor = sensor
        self._timelapse = timelapse
        self._clock = clock

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """Whichever comes first. It wakes for the sensor, the next picture and the time-out, and for nothing else."""
        until_s = None if timeout_s is None else self._clock.monotonic_s() + timeout_s
        while True:
            due = self._timelapse.due()
            if due is not None:
                return due
            left_s = self._timelapse.left_s()
            if until_s is not None:
                left_s = min(left_s, until_s - self._clock.monotonic_s())
            trigger = self._sensor.wait(max(0.0, left_s))
            if trigger is not None:
                return trigger
            if until_s is not None and self._clock.monotonic_s() >= until_s:
                return self._timelapse.due()

    def suppressed(self) -> Mapping[str, int]:
        return self._sensor.suppressed()

    @property
    def cpu_s_per_frame(self) -> float | None:
        """The sensor's, where it looks at pictures."""
        return self._sensor.cpu_s_per_frame if isinstance(self._sensor, FrameWatcher) else None

    def incidents(self) -> Sequence[Incident]:
        return self._sensor.incidents()

    def close(self) -> None:
        self._sensor.close()


class ConfirmedTriggers:
    """A PIR's edges, each a trigger where there is motion within ``confirm_s`` before or after it.

    Warm air moves no pixel, and a leaf in the wind is not warm. The others are counted as unconfirmed. Where small
    pictures did not come all along after it the PIR is believed: neither a stream that stalls nor a trap that is busy
    with the burst before may cost the animals.
    """

    def __init__(self, pir: TriggerSource, motion: MotionSource, clock: Clock, *, confirm_s: float) -> None:
        self._pir = pir
        self._motion = motion
        self._clock = clock
        self._confirm_s = confirm_s
        self._edges: deque[Trigger] = deque()
        self._suppressed: Counter[str] = Counter()

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """The next confirmed edge: it keeps its own time. Raises DeviceError where the camera does not answer."""
        until_s = None if timeout_s is None else self._clock.monotonic_s() + timeout_s
        while True:
            self._collect()
            confirmed = self._confirmed()
            if confirmed is not None:
                return confirmed
            now_s = self._clock.monotonic_s()
            if until_s is not None and now_s >= until_s:
                return None
            ends_s = [now_s + _GLANCE_S, *(edge.monotonic_s + self._confirm_s for edge in self._edges)]
            self._motion.wait(min(ends_s if until_s is None else [*ends_s, until_s]) - now_s)

    def suppressed(self) -> Mapping[str, int]:
        """The PIR's own, and the edges without motion."""
        counts, self._suppressed = self._suppressed, Counter()
        return counts + Counter(self._pir.suppressed())

    @property
    def cpu_s_per_frame(self) -> float | None:
        """The motion's."""
        return self._motion.cpu_s_per_frame

    def incidents(self) -> Sequence[Incident]:
        return (*self._pir.incidents(), *self._motion.incidents())

    def close(self) -> None:
        self._pir.close()
        self._motion.close()

    def _collect(self) -> None:
        while (edge := self._pir.wait(0)) is not None:
            self._edges.append(edge)

    def _confirmed(self) -> Trigger | None:
        """The first edge with motion; those whose time is over are given up."""
        while self._edges:
            edge = self._edges[0]
            moved = self._motion.has_moved_since(edge.monotonic_s - self._confirm_s)
            was_still = self._motion.has_moved_since(edge.monotonic_s) is False
            is_over = self._clock.monotonic_s() >= edge.monotonic_s + self._confirm_s
            if not moved and not is_over:
                return None
            self._edges.popleft()
            if moved or not was_still:
                return edge
            self._suppressed[Suppression.UNCONFIRMED] += 1
        return None
