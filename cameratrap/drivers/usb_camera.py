"""A USB camera through OpenCV, or a clip in its place.

OpenCV's reads block for as long as they like, ten seconds where a camera is gone; they are made in a thread of their
own. The small picture is made of the large one. Such cameras have no control of their exposure that could be relied
on: they settle by themselves over their first frames.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cameratrap.drivers.camera_device import FRESH_S, LUMA_SIZE
from cameratrap.drivers.device_thread import DeviceThread
from cameratrap.drivers.video_source import LiveVideo, OpenCapture, RecordedVideo, VideoSource
from cameratrap.errors import DeviceError

WARM_UP_FRAMES = 5
"""UVC cameras begin dark or green, and are right after so many frames."""
CALL_S = 15.0
"""Longer than OpenCV's own limit of ten seconds for a frame that does not come."""


@dataclass(frozen=True, slots=True)
class UsbCameraSettings:
    """``device``: "/dev/video0", or the path of a clip. ``quality``: of the JPEG, to 100."""

    device: str = "/dev/video0"
    width: int = 1920
    height: int = 1080
    quality: int = 90
    rotated: bool = False
    standby_fps: float = 5.0


class UsbCamera:
    """The port CameraDevice over ``cv2.VideoCapture``. Raises DeviceError where OpenCV is not installed."""

    def __init__(self, settings: UsbCameraSettings, *, capture: OpenCapture | None = None) -> None:
        try:
            from cameratrap.drivers.opencv import cv2
        except ImportError as error:
            hint = "pip install 'cameratrap[detect]'"
            raise DeviceError("OpenCV is not installed", device="camera", why=str(error), hint=hint) from error
        self._settings = settings
        self._capture: Any = capture or cv2.VideoCapture
        self._thread: DeviceThread | None = None
        self._source: VideoSource | None = None
        self._reading: Future[UsbShot] | None = None
        self._keep_first = False
        self._frames = 0
        self._interval_s = 0.0
        self._last_s = 0.0
        self.size = (settings.width, settings.height)
        """Width and height of the pictures; a camera may give others than were asked for."""

    def open(self) -> None:
        """Open it and take a frame, which alone proves that it gives any, and how large. Raises DeviceError."""
        self.start()
        try:
            shot = self.next_shot(CALL_S)
        except DeviceError:
            self.close()
            raise
        if shot is None:
            self.close()
            raise DeviceError(
                f"the camera at {self._settings.device} gives no frame",
                device="camera",
                hint="check camera.device: a camera has several of them, and not all give pictures",
            )

    def start(self, *, at_once: bool = False) -> None:
        """Run it; with ``at_once`` the first frame is asked for here. Raises DeviceError."""
        if self._source is None:
            self._start()
        if at_once:
            self._read()
            self._keep_first = True

    def pace(self, *, fast: bool) -> None:
        """Every frame, or only so many a second: each one costs a decoding."""
        self._interval_s = 0.0 if fast else 1 / self._settings.standby_fps

    def next_shot(self, timeout_s: float) -> UsbShot | None:
        """The next frame; None when ``timeout_s`` passed: then it is still being read. Raises DeviceError."""
        called_s = time.monotonic()
        while True:
            reading = self._reading or self._read()
            try:
                shot = reading.result(max(0.0, called_s + timeout_s - time.monotonic()))
            except TimeoutError:
                return None
            except DeviceError:
                self._reading = None
                raise
            self._reading = None
            keep, self._keep_first = self._keep_first, False
            if keep or shot.start_s >= called_s - FRESH_S:
                self.size = shot.size
                return shot

    def stop(self) -> None:
        """Close it: there is no other way to have a USB camera take less power."""
        self.close()

    def close(self) -> None:
        """Give the camera back; a read that hangs gives it back when it ends."""
        source, self._source = self._source, None
        thread, self._thread = self._thread, None
        self._reading = None
        if thread is None:
            return
        if source is not None:
            released = thread.submit(source.release)
            with suppress(TimeoutError):
                released.result(CALL_S)
        thread.end()

    def _start(self) -> None:
        self._thread = DeviceThread("usb-camera")
        try:
            self._source = self._thread.within(CALL_S, self._opened)
        except TimeoutError as error:
            self._thread = None
            why = f"it did not answer in {CALL_S:g} s"
            hint = "unplug it, and plug it in again"
            raise DeviceError("the camera cannot be opened", device="camera", why=why, hint=hint) from error
        except DeviceError:
            self.close()
            raise
        self._frames, self._last_s, self._keep_first = 0, 0.0, False

    def _opened(self) -> VideoSource:
        path, size = Path(self._settings.device), (self._settings.width, self._settings.height)
        if path.is_file():
            return RecordedVideo(path, self._capture)
        return LiveVideo(self._settings.device, size, self._capture)

    def _read(self) -> Future[UsbShot]:
        if self._source is None or self._thread is None:
            raise DeviceError("the camera is closed", device="camera")
        source = self._source
        self._reading = self._thread.submit(lambda: self._take(source))
        return self._reading

    def _take(self, source: VideoSource) -> UsbShot:
        """In the device's thread: the frame that is due, decoded."""
        from cameratrap.drivers.opencv import cv2

        time.sleep(max(0.0, self._last_s + self._interval_s - time.monotonic()))
        with _translated():
            pixels, start_s = source.frame()
            if self._settings.rotated:
                pixels = cv2.rotate(pixels, cv2.ROTATE_180)
        self._frames += 1
        self._last_s = start_s
        settled = isinstance(source, RecordedVideo) or self._frames > WARM_UP_FRAMES
        return UsbShot(pixels, start_s, settled, self._settings.quality)


@dataclass(frozen=True, slots=True)
class UsbShot:
    """The port Shot over one decoded frame: ``pixels`` is BGR ``(height, width, 3)`` uint8."""

    pixels: Any
    start_s: float
    settled: bool
    quality: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def luma(self) -> Any:
        """Array (480, 640) uint8; each pixel is the mean of those that it stands for."""
        from cameratrap.drivers.opencv import cv2

        with _translated():
            return cv2.resize(cv2.cvtColor(self.pixels, cv2.COLOR_BGR2GRAY), LUMA_SIZE, interpolation=cv2.INTER_AREA)

    def jpeg(self) -> bytes:
        """Encoded by OpenCV."""
        from cameratrap.drivers.opencv import cv2

        with _translated():
            encoded: bytes = cv2.imencode(".jpg", self.pixels, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1].tobytes()
        return encoded

    def release(self) -> None:
        """Nothing is held: the frame was copied out of the camera's memory when it was decoded."""


@contextmanager
def _translated() -> Iterator[None]:
    """What OpenCV raises, as a DeviceError."""
    from cameratrap.drivers.opencv import cv2

    try:
        yield
    except (cv2.error, MemoryError) as error:
        raise DeviceError("the camera's frame cannot be used", device="camera", why=str(error)) from error
