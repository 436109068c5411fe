"""Frames out of OpenCV's VideoCapture: of a USB camera, or of a recording that is played as one.

Both give the newest frame and when it was taken. A camera's kernel driver keeps a few frames, which are old when they
are asked for; a recording is played in real time, over and over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from cameratrap.errors import DeviceError

# OpenCV asks the kernel for four buffers; a grab that returns at once took a frame that lay there.
_OLD_FRAMES = 5
_AT_ONCE_S = 0.005
_OLDEST_S = 10.0
_USUAL_FPS = 25.0

OpenCapture = Callable[[int | str, int], Any]


class VideoSource(Protocol):
    """A camera that is running. Every call blocks as long as its library does."""

    def frame(self) -> tuple[Any, float]:
        """The newest frame, BGR ``(height, width, 3)`` uint8, and when it was taken (monotonic). Raises DeviceError."""
        ...

    def release(self) -> None: ...


class LiveVideo:
    """A USB camera: Motion JPEG, in which alone most of them give large pictures at a useful rate."""

    def __init__(self, device: str, size: tuple[int, int], capture: OpenCapture) -> None:
        from cameratrap.drivers.opencv import cv2

        index = device.removeprefix("/dev/video")
        self._capture = capture(int(index) if index.isdigit() else device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            self._capture.release()
            raise DeviceError(
                f"there is no camera at {device}",
                device="camera",
                why="it is not plugged in, another program uses it, or this user is not in the group video",
                hint="`ls /dev/video*` shows what is there; camera.device names it",
            )
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def frame(self) -> tuple[Any, float]:
        """The first frame that was not waiting already."""
        for _ in range(_OLD_FRAMES):
            began_s = time.monotonic()
            if not self._capture.grab():
                why, hint = "it may have been unplugged", "check its cable and its power"
                raise DeviceError("the camera gives no frame", device="camera", why=why, hint=hint)
            if time.monotonic() - began_s > _AT_ONCE_S:
                break
        taken_s = self._taken_s()
        return _retrieved(self._capture), taken_s

    def release(self) -> None:
        self._capture.release()

    def _taken_s(self) -> float:
        """By the kernel's stamp, which is on the monotonic clock for all but a few old drivers; else now."""
        from cameratrap.drivers.opencv import cv2

        now_s, stamp_s = time.monotonic(), float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        return stamp_s if now_s - _OLDEST_S < stamp_s <= now_s else now_s


class RecordedVideo:
    """A clip in place of a camera: what it showed after 3 s is what it shows 3 s after it was opened."""

    def __init__(self, path: Path, capture: OpenCapture) -> None:
        from cameratrap.drivers.opencv import cv2

        self._path = path
        self._capture = capture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            self._capture.release()
            why, hint = "it is no clip, or damaged", "camera.device names a camera, or a clip that OpenCV can read"
            raise DeviceError(f"{path} cannot be played as a camera", device="camera", why=why, hint=hint)
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        self._interval_s = 1 / fps if 1 <= fps <= 1000 else 1 / _USUAL_FPS
        self._began_s = time.monotonic()
        self._taken = 0

    def frame(self) -> tuple[Any, float]:
        """The frame that is due next; those whose time has passed are left out."""
        due = max(self._taken + 1, 1 + int((time.monotonic() - self._began_s) / self._interval_s))
        while self._taken < due:
            self._grab()
        taken_s = self._began_s + (due - 1) * self._interval_s
        time.sleep(max(0.0, taken_s - time.monotonic()))
        return _retrieved(self._capture), taken_s

    def release(self) -> None:
        self._capture.release()

    def _grab(self) -> None:
        from cameratrap.drivers.opencv import cv2

        if not self._capture.grab():
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            if not self._capture.grab():
                raise DeviceError(f"{self._path} has no frame", device="camera", why="it is cut off or damaged")
        self._taken += 1


def _retrieved(capture: Any) -> Any:
    good, pixels = capture.retrieve()
    if not good or pixels is None:
        raise DeviceError("the camera's frame cannot be decoded", device="camera", why="its data is damaged")
    return pixels
