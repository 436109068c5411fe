"""OpenCV's MOG2 as a motion detector, with what its users put around it: its shadows, an opening, the light switch."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.vision.motion_regions import connected


@dataclass(frozen=True, slots=True)
class Mog2Settings:
    """``history_s`` is the memory in seconds, ``threshold`` the squared distance in deviations that is foreground."""

    history_s: float
    threshold: float
    columns: int = 640


class Mog2:
    """The largest region of foreground, as a share of the frame; 0 where the light switched.

    It is told of the trap's own switching as our detector is, and relearns the scene then; and it notices by itself
    where more than half of the frame is foreground, as the program Motion does with its lightswitch option.
    """

    _LIGHT_SHARE, _BLANK_S, _SHADOW = 0.5, 0.8, 127

    def __init__(self, settings: Mog2Settings, fps: float) -> None:
        self._columns = settings.columns
        self._blank = max(1, round(self._BLANK_S * fps))
        frames = max(2, round(settings.history_s * fps))
        self._model = cv2.createBackgroundSubtractorMOG2(frames, settings.threshold, detectShadows=True)
        self._kernel = np.ones((3, 3), np.uint8)
        self._blanked = 1

    def look(self, luma: NDArray[np.uint8], *, light_switched: bool) -> float:
        """The share of the frame that the largest region fills."""
        rows = round(luma.shape[0] * self._columns / luma.shape[1])
        small = cv2.resize(luma, (self._columns, rows), interpolation=cv2.INTER_AREA)
        if light_switched:
            self._blanked = self._blank
        # A learning rate of 1 takes the frame for the background, a negative one is MOG2's own.
        mask = self._model.apply(cv2.GaussianBlur(small, (5, 5), 0), learningRate=1.0 if self._blanked else -1.0)
        if self._blanked:
            self._blanked -= 1
            return 0.0
        solid = (mask > self._SHADOW).astype(np.uint8)
        opened = cv2.morphologyEx(solid, cv2.MORPH_OPEN, self._kernel).astype(np.uint8)
        if float(opened.mean()) > self._LIGHT_SHARE:
            self._blanked = self._blank
            return 0.0
        count, _, stats = connected(opened)
        return float(np.max(stats[1:, cv2.CC_STAT_AREA]) / opened.size) if count > 1 else 0.0
