"""OpenCV, silent: what it thinks of a damaged clip or a missing camera it writes to stderr; we say it in our errors."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg reads it when the first clip is opened

import cv2

__all__ = ["cv2"]

_ERRORS_ONLY = 2
_opencv: Any = cv2
(_opencv if hasattr(cv2, "setLogLevel") else _opencv.utils.logging).setLogLevel(_ERRORS_ONLY)  # OpenCV 4, OpenCV 5
