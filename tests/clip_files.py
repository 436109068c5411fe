"""Clips for tests, written with OpenCV: which frame it is can be seen in each."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np


def write_clip(path: Path, frames: int, *, fps: float = 10.0, size: tuple[int, int] = (96, 64)) -> Path:
    """A clip whose frame ``n`` is grey ``n % 250``: MPEG-4 in MP4 and MOV, Motion JPEG in the other containers."""
    coding = "mp4v" if path.suffix.lower() in (".mp4", ".mov", ".m4v") else "MJPG"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*coding), fps, size)
    assert writer.isOpened(), f"OpenCV cannot write {path.suffix}"
    for number in range(frames):
        writer.write(np.full((size[1], size[0], 3), number % 250, np.uint8))
    writer.release()
    return path


def with_quicktime_time(path: Path, seconds: int) -> Path:
    """The same MP4 with that creation time, in seconds since 1904."""
    data = bytearray(path.read_bytes())
    at = data.index(b"mvhd")
    struct.pack_into(">I", data, at + 8, seconds)
    path.write_bytes(data)
    return path
