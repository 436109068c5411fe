"""A USB camera as OpenCV's VideoCapture shows it: frames that lie in the kernel, then live ones; and its faults."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np


@dataclass
class Plug:
    """A camera and its cable. ``frames``: how many it still gives before its cable is pulled; None for ever.

    ``waits`` is set while it gives frames: cleared, a read hangs until it is set or ``gives_up_s`` have passed.
    """

    size: tuple[int, int] = (640, 480)
    is_there: bool = True
    frames: int | None = None
    interval_s: float = 0.01
    old_frames: int = 4
    stamps: bool = True
    brightness: int = 120
    gives_up_s: float = 10.0
    flows: threading.Event = field(default_factory=threading.Event)
    opened: int = 0
    released: int = 0
    asked: dict[int, float] = field(default_factory=dict)
    where: tuple[int | str, int] | None = None

    def __post_init__(self) -> None:
        self.flows.set()

    def __call__(self, device: int | str, backend: int) -> Capture:
        self.where = (device, backend)
        return Capture(self)


class Capture:
    """The part of ``cv2.VideoCapture`` that a camera needs."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug
        self._open = plug.is_there
        self._number = 0
        self._old = 0
        self._last_s = time.monotonic()
        self._stamp_s = 0.0
        plug.opened += self._open

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self._open

    def set(self, key: int, value: float) -> bool:
        self._plug.asked[key] = value
        return True

    def get(self, key: int) -> float:
        return self._stamp_s * 1000 if key == cv2.CAP_PROP_POS_MSEC and self._plug.stamps else 0.0

    def grab(self) -> bool:
        plug = self._plug
        if not plug.flows.wait(plug.gives_up_s) or not plug.is_there or plug.frames == 0:
            plug.is_there = plug.is_there and plug.frames != 0
            return False
        if plug.frames is not None:
            plug.frames -= 1
        waiting = int((time.monotonic() - self._last_s) / plug.interval_s)
        if waiting >= 1 and self._old < plug.old_frames:
            self._old += 1
            self._stamp_s = self._last_s + self._old * plug.interval_s
        else:
            time.sleep(plug.interval_s)
            self._old, self._last_s = 0, time.monotonic()
            self._stamp_s = self._last_s
        self._number += 1
        return True

    def retrieve(self) -> tuple[bool, Any]:
        pixels = np.full((self._plug.size[1], self._plug.size[0], 3), self._plug.brightness, np.uint8)
        pixels[: self._plug.size[1] // 4] = 0  # the sky is dark: it tells up from down
        return True, pixels

    def release(self) -> None:
        self._plug.released += self._open
        self._open = False
