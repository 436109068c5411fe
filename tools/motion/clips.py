"""Real clips as the small stream would show them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from motion.render import Shown
from motion.truth import HEIGHT, WIDTH, Clip


def clip_frames(clip: Clip, folder: Path) -> Iterator[Shown]:
    """Its frames at ``clip.fps``. Raises OSError where it is missing or another one than the truth was written for."""
    path = folder / clip.file
    if sha256(path.read_bytes()).hexdigest() != clip.sha256:
        raise OSError(f"{path} is not the clip that the truth was written for")
    capture = cv2.VideoCapture(str(path))
    try:
        own_fps, number, due = capture.get(cv2.CAP_PROP_FPS), 0, 0
        while capture.grab():
            if number / own_fps >= due / clip.fps - 1e-6:
                _, picture = capture.retrieve()
                grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
                luma = cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
                yield Shown(np.asarray(luma, np.uint8), number / own_fps, light_switched=False)
                due += 1
            number += 1
    finally:
        capture.release()
