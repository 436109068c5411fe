"""The ports Camera and LumaStream over any camera that gives one exposure after the other.

This file alone knows how a burst is taken: what light it needs, when exposure has settled, how its pictures are spaced.
What a camera is, the devices know (``picamera``, ``usb_camera``); that it may stall, ``steady_camera``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING

from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.drivers.camera_device import CameraDevice, Shot
from cameratrap.drivers.lamp import Lighting
from cameratrap.drivers.steady_camera import SteadyCamera
from cameratrap.errors import DeviceError
from cameratrap.ports import Clock, Frame, Trigger

if TYPE_CHECKING:
    from cameratrap.drivers.motion_trigger import LumaFrame

SECOND_LOOK_S = 0.4
"""Longer than lightning; the first burst of the morning waits so long."""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """``standby``: it runs between bursts. ``restarts``: how many in a row are tried before it is given up."""

    standby: bool = False
    settle_s: float = 0.5
    stall_s: float = 5.0
    restarts: int = 3


class TrapCamera:
    """A camera with its lamp. Bursts and the luma stream may be asked for by different threads."""

    def __init__(
        self,
        device: CameraDevice,
        lighting: Lighting,
        clock: Clock,
        settings: CameraSettings,
        *,
        wait: Callable[[float], None] = time.sleep,
        missing: DeviceError | None = None,
        dark: DeviceError | None = None,
    ) -> None:
        """``device`` is open and may have been started; ``close`` closes it and ``lighting``.

        ``missing``: why it could not be opened. It is down from now on, until a burst finds it there.
        ``dark``: why ``lighting`` has no lamp, which is down as long as this lives.
        """
        self._camera = SteadyCamera(
            device, clock.monotonic_s, stall_s=settings.stall_s, restarts=settings.restarts, wait=wait, missing=missing
        )
        self._lighting = lighting
        self._dark = [] if dark is None else [Incident("lamp", str(dark), clock.monotonic_s(), recovered=False)]
        self._clock = clock
        self._settings = settings
        self._wait = wait
        self._burst: object | None = None
        self._luma_s = -inf
        self._luma_restarts = 0

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:  # noqa: ARG002
        """The frames of one burst; a burst that was not taken to its end is ended by the next.

        Raises DeviceError when the camera does not answer after its restarts.
        """
        burst = self._burst = object()
        brightest = -inf
        try:
            after_s = -inf
            for position in range(1, profile.count + 1):
                shot = self._first(profile) if position == 1 else self._next(after_s)
                frame = self._frame(shot, position, profile.count)
                after_s = shot.start_s + max(profile.spacing_s, 1e-6)
                brightest = max(brightest, frame.brightness or 0.0)
                yield frame
        finally:
            if self._burst is burst:
                self._end_burst(brightest)

    def next_luma(self, timeout_s: float) -> LumaFrame | None:
        """The next frame for watching, None when ``timeout_s`` passed. Starts a camera that is not running."""
        from cameratrap.drivers.motion_trigger import LumaFrame

        shot = self._camera.shot(timeout_s, fast=self._burst is not None)
        if shot is None:
            return None
        try:
            luma = shot.luma()
        finally:
            shot.release()
        before_s, self._luma_s = self._luma_s, shot.start_s
        switched_s = self._lighting.switched_s
        switched = switched_s is not None and before_s < switched_s
        if shot.settled and not self._lighting.is_lit and shot.start_s >= self._lighting.ready_s:
            self._lighting.measure(float(luma.mean()))
        before, self._luma_restarts = self._luma_restarts, self._camera.restarted
        return LumaFrame(luma, shot.start_s, switched, restarted=self._luma_restarts != before)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures: those that were asked for, or what the camera gives instead."""
        return self._camera.size

    def recall_lit(self, brightness: Sequence[float]) -> None:
        """How bright the brightest pictures of earlier lit bursts were, oldest first, from before this process."""
        self._lighting.recall(brightness)

    def incidents(self) -> Sequence[Incident]:
        """What happened to camera and lamp since this was last asked, each told once."""
        dark, self._dark = self._dark, []
        return (*self._camera.incidents(), *dark, *self._lighting.incidents())

    def close(self) -> None:
        """The lamp off, camera and pins given back."""
        self._burst = None
        self._lighting.close()
        self._camera.close()

    def _first(self, profile: BurstProfile) -> Shot:
        """The burst's first exposure, in the light that the night asks for.

        By day that is the first one that has settled. At night it only says that it is night, where that was not known.
        """
        self._lighting.off()
        if self._lighting.must_look():
            shot, brightness = self._measured(self._lighting.ready_s)
            if self._lighting.may_be_a_flash(brightness):
                shot.release()
                shot, brightness = self._measured(shot.start_s + SECOND_LOOK_S)
            try:
                self._lighting.look(brightness)
                if not self._lighting.light(allowed=profile.lamp) and shot.start_s >= self._lighting.ready_s:
                    return shot
            except BaseException:
                shot.release()
                raise
            shot.release()
        else:
            self._lighting.light(allowed=profile.lamp)
        return self._settled(self._lighting.ready_s)

    def _measured(self, after_s: float) -> tuple[Shot, float]:
        """A picture without the lamp, and its mean luma."""
        shot = self._settled(after_s)
        try:
            return shot, float(shot.luma().mean())
        except BaseException:
            shot.release()
            raise

    def _settled(self, after_s: float) -> Shot:
        """The first exposure from ``after_s`` on that has settled, or the first ``settle_s`` later."""
        patience_s = max(self._clock.monotonic_s(), after_s) + self._settings.settle_s
        while True:
            shot = self._next(after_s)
            if shot.settled or self._clock.monotonic_s() >= patience_s:
                return shot
            shot.release()

    def _next(self, after_s: float) -> Shot:
        """The first exposure that began at ``after_s`` or later."""
        while True:
            early_s = after_s - self._clock.monotonic_s()
            if early_s > 0:
                self._wait(early_s)
            shot = self._camera.shot(fast=True)
            assert shot is not None  # noqa: S101 - without a time-out there is one, or an error
            if shot.start_s >= after_s:
                return shot
            shot.release()

    def _frame(self, shot: Shot, position: int, of: int) -> Frame:
        try:
            brightness = float(shot.luma().mean())
            jpeg = shot.jpeg()
        finally:
            shot.release()
        ago = timedelta(seconds=self._clock.monotonic_s() - shot.start_s)
        return Frame(
            jpeg,
            self._clock.now() - ago,
            position=position,
            of=of,
            monotonic_s=shot.start_s,
            lamp=self._lighting.is_lit,
            brightness=round(brightness, 1),
        )

    def _end_burst(self, brightest: float) -> None:
        self._burst = None
        lit = self._lighting.is_lit
        self._lighting.off()
        if lit and brightest >= 0:
            self._lighting.judge(brightest)
        self._camera.rest(standby=self._settings.standby)
