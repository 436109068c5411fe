"""Triggers from the camera's own low-resolution stream: each frame is looked at, and motion is a reason for a burst.

numpy and OpenCV are imported with the first detector, not with this module, so that a camera driver can name
``LumaFrame`` before anything heavy is loaded.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cameratrap.domain.capture import Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import DeviceError
from cameratrap.ports import Clock, Trigger

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cameratrap.vision.motion import MotionReason, MotionSettings, MotionVerdict

DEFAULT_STALL_S = 10.0
# Frames come once a second at the slowest. What passes between two that are further apart may be gone unseen.
_UNSEEN_S = 1.5


@dataclass(frozen=True, slots=True)
class LumaFrame:
    """One frame of the small stream: ``luma`` is ``(height, width)`` uint8, ``monotonic_s`` when it was exposed.

    Since the frame before, ``light_switched``: the trap switched its lamp or its infrared filter; ``restarted``: the
    camera was closed and opened again.
    """

    luma: NDArray[np.uint8] = field(repr=False)
    monotonic_s: float
    light_switched: bool = False
    restarted: bool = False


@runtime_checkable
class LumaStream(Protocol):
    """Where the small frames come from: a camera that is open."""

    def next_luma(self, timeout_s: float) -> LumaFrame | None:
        """The next frame, or None when ``timeout_s`` passed without one. Raises DeviceError when none can come."""
        ...


class MotionTriggers:
    """The port TriggerSource over a stream of small frames. One thread waits; others may ask what it has seen.

    The stream stays its camera's: ``close`` leaves it open. A stream that gives nothing for ``stall_s`` of waiting is
    stalled, which is the camera's fault and raised as such. Raises DeviceError where numpy or OpenCV is not installed.
    """

    def __init__(
        self,
        stream: LumaStream,
        clock: Clock,
        settings: MotionSettings | None = None,
        *,
        boot_id: str,
        stall_s: float = DEFAULT_STALL_S,
    ) -> None:
        try:
            from cameratrap.vision.motion import MotionDetector
        except ImportError as error:
            raise DeviceError(
                "motion cannot be looked for", device="camera", why=str(error), hint="pip install 'cameratrap[detect]'"
            ) from error
        self._stream, self._clock = stream, clock
        self._detector = MotionDetector(settings)
        self._boot_id = boot_id
        self._stall_s = stall_s
        self._waited_s = 0.0
        self._judged_s = -inf
        self._watching_since_s = inf
        self._moved_s = -inf
        self._verdicts: Counter[MotionReason] = Counter()
        self._last: MotionVerdict | None = None
        self._cpu_s = 0.0

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """The next motion, or None when ``timeout_s`` passed without any. Raises DeviceError for a stalled stream."""
        until_s = None if timeout_s is None else self._clock.monotonic_s() + timeout_s
        while True:
            now_s = self._clock.monotonic_s()
            patience_s = self._stall_s - self._waited_s
            left_s = patience_s if until_s is None else min(patience_s, max(0.0, until_s - now_s))
            frame = self._stream.next_luma(left_s)
            if frame is None:
                self._bear(self._clock.monotonic_s() - now_s)
            elif self._moves(frame):
                return self._trigger(frame)
            if until_s is not None and self._clock.monotonic_s() >= until_s:
                return None

    def has_moved_since(self, monotonic_s: float) -> bool | None:
        """Whether anything moved at that moment or later; None where it may have done so between two frames.

        That is where none could be judged from then until now, or none for longer than a second and a half.
        """
        if self._moved_s >= monotonic_s:
            return True
        ends_s = self._clock.monotonic_s() - _UNSEEN_S
        was_watched = self._watching_since_s <= monotonic_s + _UNSEEN_S and self._judged_s >= max(monotonic_s, ends_s)
        return False if was_watched else None

    @property
    def verdicts(self) -> Mapping[MotionReason, int]:
        """How many frames were judged how."""
        return dict(self._verdicts)

    @property
    def last_verdict(self) -> MotionVerdict | None:
        """What was said of the newest frame; None before the first."""
        return self._last

    @property
    def cpu_s_per_frame(self) -> float | None:
        """The processor's time for judging one frame, in the mean; None before the first."""
        frames = self._verdicts.total()
        return self._cpu_s / frames if frames else None

    def suppressed(self) -> Mapping[str, int]:
        """None: a frame without motion is no trigger; ``verdicts`` counts those."""
        return {}

    def incidents(self) -> Sequence[Incident]:
        """What happens to the stream is the camera's to tell."""
        return ()

    def close(self) -> None:
        """Nothing to give back: the stream is the camera's."""

    def _bear(self, waited_s: float) -> None:
        self._waited_s += waited_s
        if self._waited_s >= self._stall_s:
            stalled_s, self._waited_s = self._waited_s, 0.0
            raise DeviceError(
                "the camera gives no frames for the motion trigger",
                device="camera",
                why=f"none came in {stalled_s:.0f} s",
                hint="`cameratrap doctor` looks at the camera by itself",
            )

    def _moves(self, frame: LumaFrame) -> bool:
        from cameratrap.vision.motion import MotionReason

        self._waited_s = 0.0
        if frame.restarted:  # what stands before it by now is not taken for the background
            self._detector.reset()
        began_s = time.thread_time()
        verdict = self._detector.look(frame.luma, frame.monotonic_s, light_switched=frame.light_switched)
        self._cpu_s += time.thread_time() - began_s
        self._verdicts[verdict.reason] += 1
        self._last = verdict
        if verdict.moved:
            self._moved_s = frame.monotonic_s
        if verdict.reason not in {MotionReason.LIGHT, MotionReason.SETTLING}:
            if frame.monotonic_s - self._judged_s > _UNSEEN_S:
                self._watching_since_s = frame.monotonic_s
            self._judged_s = frame.monotonic_s
        return verdict.moved

    def _trigger(self, frame: LumaFrame) -> Trigger:
        age = timedelta(seconds=self._clock.monotonic_s() - frame.monotonic_s)
        return Trigger(
            key=f"{self._boot_id}:{round(frame.monotonic_s * 1e9)}:motion",
            at=self._clock.now() - age,
            cause=TriggerCause.MOTION,
            monotonic_s=frame.monotonic_s,
        )
