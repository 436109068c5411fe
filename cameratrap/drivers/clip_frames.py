"""Frames out of a clip, by OpenCV's FFmpeg. How a clip is decoded is known here; what a clip is, in ``app.clips``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cameratrap.app.clips import ClipFrame
from cameratrap.app.regular_files import open_regular
from cameratrap.drivers.opencv import cv2
from cameratrap.errors import ImageError

# Beyond 5K; a frame and the decoder's references to earlier ones are held whole.
MAX_PIXELS = 16_000_000
MAX_CLIP_S = 3600.0
MAX_FRAMES = 500_000
MAX_SAMPLES = 7200
_FASTEST_FPS = 1000.0
_JPEG_QUALITY = 95
# A container's own count of its frames is off by some for good clips too.
_MISSING_SHARE, _MISSING_FRAMES = 0.05, 3


def sample_clip(path: Path, frame_rate: float) -> Iterator[ClipFrame]:
    """The frames nearest after 0, 1, 2 … times ``1 / frame_rate`` seconds; at least the first one.

    Raises ImageError when the clip cannot be opened, breaks off early, or is longer or larger than the limits.
    """
    with _opened(path) as capture:
        _check_size(capture)
        frames, samples, last_s, due = 0, 0, 0.0, 0
        while capture.grab():
            offset_s = _offset_s(capture, frames, last_s)
            if offset_s > MAX_CLIP_S or frames == MAX_FRAMES or samples == MAX_SAMPLES:
                raise ImageError("the clip is too long", why=f"only its first {last_s:.0f} s were looked at")
            if offset_s * frame_rate >= due - 0.001:
                due = int(offset_s * frame_rate + 0.001) + 1
                yield _frame(capture, offset_s)
                samples += 1
            frames, last_s = frames + 1, offset_s
        _check_whole(capture, frames)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    # By the open file: a name may be one that OpenCV takes for an address or a pattern, or no text at all.
    with open_regular(path) as file:
        capture = cv2.VideoCapture(f"/dev/fd/{file.fileno()}", cv2.CAP_FFMPEG)
        try:
            if not capture.isOpened():
                raise ImageError("the clip cannot be opened", why="it is damaged, cut off, or of an unknown coding")
            yield capture
        finally:
            capture.release()


def _check_size(capture: Any) -> None:
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if width * height > MAX_PIXELS:
        limit = f"the limit is {MAX_PIXELS // 1_000_000} megapixels"
        raise ImageError("the clip's frames are too large", why=f"{width:.0f} x {height:.0f}; {limit}")


def _offset_s(capture: Any, frame: int, last_s: float) -> float:
    """The time of the frame that was just grabbed; by the clip's frame rate where its own times make no sense."""
    stated_s = float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
    if frame == 0:
        return 0.0
    if stated_s > last_s:
        return stated_s
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return last_s + (1 / fps if 0 < fps <= _FASTEST_FPS else 0.04)


def _frame(capture: Any, offset_s: float) -> ClipFrame:
    ok, pixels = capture.retrieve()
    if not ok or pixels is None:
        raise ImageError("the clip cannot be decoded", why=f"its data is damaged {offset_s:.0f} s from the start")
    encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    return ClipFrame(round(offset_s, 3), pixels.shape[1], pixels.shape[0], encoded.tobytes())


def _check_whole(capture: Any, frames: int) -> None:
    if frames == 0:
        raise ImageError("the clip cannot be decoded", why="it has no frame")
    stated = float(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    if stated > frames * (1 + _MISSING_SHARE) + _MISSING_FRAMES:
        raise ImageError("the clip is cut off or damaged", why=f"{frames} of its {stated:.0f} frames can be read")
