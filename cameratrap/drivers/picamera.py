"""A Raspberry Pi camera through picamera2: a large picture and a small one of the same exposure, in one configuration.

This file alone knows picamera2. One configuration with two streams serves motion and pictures alike: switching modes
for each picture exhausts the memory that cameras share (picamera2 #887, #1102). Nothing heavy of ours is imported, so
that a trap which has just been given power asks for its first frame at once.

picamera2's calls hang where the camera does, so those that open, start, stop and close it are made in a thread of their
own; ``stop`` would wait behind a capture that never comes, so none is left waiting when it is called.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cameratrap.domain.capture import Focus
from cameratrap.drivers.camera_device import FRESH_S, LUMA_SIZE
from cameratrap.drivers.device_thread import DeviceThread
from cameratrap.drivers.picamera_shot import TROUBLE, PiShot, failed, translated
from cameratrap.drivers.picamera_threads import CameraThreads
from cameratrap.errors import DeviceError

# One exposure is read out while the next is taken and a picture of the one before is encoded.
BUFFERS = 3
OPEN_S = 60.0
"""For how long opening may take: many seconds on a Pi Zero 2 W that has just been switched on, at worst for ever."""
CALL_S = 30.0
"""For how long starting, stopping or closing may take."""
FRAME_S = 5.0
"""For how long stopping waits for a frame that is on its way."""
_SLOWEST_BURST_US = 100_000  # a longer exposure than this blurs whatever walks


@dataclass(frozen=True, slots=True)
class PiCameraSettings:
    """``number``: of the camera, as ``rpicam-hello --list-cameras`` counts. ``quality``: of the JPEG, to 100.

    ``focus_m``: how far away is in focus where that is fixed. ``standby_fps``: frames a second between bursts.
    """

    number: int = 0
    width: int = 2304
    height: int = 1296
    quality: int = 90
    rotated: bool = False
    focus: Focus = Focus.FIXED
    focus_m: float = 3.0
    standby_fps: float = 5.0


class PiCamera:
    """The port CameraDevice over picamera2."""

    def __init__(self, settings: PiCameraSettings, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic_s = monotonic_s
        self._thread: DeviceThread | None = None
        self._camera: Any = None
        self._threads: Any = None
        self._controls: Mapping[str, Any] = {}
        self._running = False
        self._fast: bool | None = None
        self._job: Any = None
        self._asked_s = 0.0
        self._keep_first = False
        self.size = (settings.width, settings.height)
        """Width and height of the pictures; libcamera may give others than were asked for."""

    def open(self) -> None:
        """Find the camera, configure it and take its memory, once. Raises DeviceError."""
        if self._camera is None:
            picamera2, libcamera = _libraries()
            opened = self._call(lambda: self._open(picamera2, libcamera), "opened", OPEN_S)
            self._camera, self._threads = opened

    def start(self, *, at_once: bool = False) -> None:
        """Run the camera; open it where it is not. With ``at_once`` the first frame is asked for here.

        Raises DeviceError.
        """
        if self._running:
            return
        self.open()
        self._fast = None
        self.pace(fast=True)
        self._call(self._threads.start, "started")
        self._running = True
        if at_once:
            self._ask()
            self._keep_first = True
        if self._settings.focus is Focus.ONCE:
            self._set({"AfMode": 1, "AfTrigger": 0})

    def pace(self, *, fast: bool) -> None:
        """As fast as the sensor gives such pictures, or the frames a second of standby."""
        if fast is self._fast or self._camera is None:
            return
        self._fast = fast
        standby_us = round(1e6 / self._settings.standby_fps)
        shortest_us = int(self._controls.get("FrameDurationLimits", (standby_us,))[0])
        limits = (shortest_us, max(shortest_us, _SLOWEST_BURST_US)) if fast else (standby_us, standby_us)
        self._set({"FrameDurationLimits": limits})

    def next_shot(self, timeout_s: float) -> PiShot | None:
        """The next exposure; None when ``timeout_s`` passed: then it is still asked for. Raises DeviceError."""
        called_s = self._monotonic_s()
        while True:
            if self._job is None:
                self._ask()
            left_s = max(0.0, called_s + timeout_s - self._monotonic_s())
            shot = self._fetch(left_s)
            if shot is None:
                return None
            keep, self._keep_first = self._keep_first or self._asked_s >= called_s, False
            if keep or shot.start_s >= called_s - FRESH_S:
                return shot
            shot.release()

    def stop(self) -> None:
        """Stop the stream; buffers and configuration stay, so that starting is quick and takes no new memory."""
        if not self._running:
            return
        shot = self._fetch(FRAME_S) if self._job is not None else None
        if shot is not None:
            shot.release()
        elif self._job is not None:
            raise failed("gives no frame", TimeoutError(f"none in {FRAME_S:g} s"))
        self._running = False
        self._call(self._threads.stop, "stopped")

    def close(self) -> None:
        """Give camera and memory back, as far as picamera2 still answers."""
        camera, self._camera, self._threads, self._running = self._camera, None, None, False
        job, self._job = self._job, None
        thread, self._thread = self._thread or DeviceThread("picamera2"), None
        with suppress(*TROUBLE):  # it hangs or refuses: whoever opens it next is told
            if camera is not None:
                thread.within(CALL_S, lambda: _close(camera, job))
        thread.end()

    def _open(self, picamera2: Any, libcamera: Any) -> tuple[Any, CameraThreads]:
        settings = self._settings
        camera = picamera2.Picamera2(settings.number)
        try:
            advertised = camera.camera_controls
            flip = int(settings.rotated)
            camera.configure(
                camera.create_still_configuration(
                    main={"size": (settings.width, settings.height), "format": "YUV420"},
                    lores={"size": LUMA_SIZE, "format": "YUV420"},
                    raw=None,
                    transform=libcamera.Transform(hflip=flip, vflip=flip),
                    buffer_count=BUFFERS,
                    queue=False,
                    controls={name: value for name, value in self._lens().items() if name in advertised},
                )
            )
            self._controls = dict(camera.camera_controls)  # their limits are those of this configuration
            self._check(camera.camera_configuration())
            threads = CameraThreads(camera)
        except BaseException:
            camera.close()
            raise
        camera.options["quality"] = settings.quality
        return camera, threads

    def _check(self, configuration: Mapping[str, Any]) -> None:
        self.size = tuple(configuration["main"]["size"])
        small = tuple(configuration["lores"]["size"])
        if small != LUMA_SIZE:
            raise DeviceError(
                f"the camera gives small pictures of {small[0]} x {small[1]}, not {LUMA_SIZE[0]} x {LUMA_SIZE[1]}",
                device="camera",
                hint="choose a camera.width and camera.height that its sensor has",
            )

    def _lens(self) -> dict[str, object]:
        if self._settings.focus is Focus.CONTINUOUS:
            return {"AfMode": 2}
        if self._settings.focus is Focus.ONCE:
            return {}  # its scan begins with the stream
        return {"AfMode": 0, "LensPosition": 1 / self._settings.focus_m}  # in dioptres

    def _set(self, controls: Mapping[str, object]) -> None:
        """Those that the camera has; picamera2 refuses all where it lacks one."""
        known = {name: value for name, value in controls.items() if name in self._controls}
        if known:
            with translated("refuses its controls"):
                self._camera.set_controls(known)

    def _ask(self) -> None:
        self._asked_s = self._monotonic_s()
        with translated("does not capture"):
            self._job = self._camera.capture_request(wait=False)

    def _fetch(self, timeout_s: float) -> PiShot | None:
        """The frame that was asked for; None when it has not come, and may still come."""
        try:
            with translated("does not capture", but=TimeoutError):
                request = self._camera.wait(self._job, timeout=timeout_s)
        except TimeoutError:
            return None
        except DeviceError:
            self._job = None
            raise
        self._job = None
        return PiShot(request, self._controls, self._monotonic_s())

    def _call(self, call: Callable[[], Any], done: str, limit_s: float | None = None) -> Any:
        """Make a call that may hang. Raises DeviceError; a thread that hangs is left to itself."""
        limit_s = CALL_S if limit_s is None else limit_s
        thread = self._thread = self._thread or DeviceThread("picamera2")
        try:
            with translated(f"cannot be {done}", but=TimeoutError):
                return thread.within(limit_s, call)
        except TimeoutError as error:
            self._thread = None
            raise failed(f"cannot be {done}", TimeoutError(f"it did not answer in {limit_s:g} s")) from error


def _close(camera: Any, job: Any) -> None:
    """Close a camera; a frame that came after nobody waited for it any more would keep its memory."""
    if job is not None:
        with suppress(TimeoutError):
            camera.wait(job, timeout=0).release()
    camera.close()


def _libraries() -> tuple[Any, Any]:
    try:
        import libcamera
        import picamera2
    except (ImportError, ValueError) as error:  # ValueError: its parts were built for another numpy than there is
        raise DeviceError(
            "picamera2 cannot be loaded",
            device="camera",
            why=str(error),
            hint="sudo apt install -y python3-picamera2 --no-install-recommends,"
            " and make the environment with --system-site-packages",
        ) from error
    return picamera2, libcamera
