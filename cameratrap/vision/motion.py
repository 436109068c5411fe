"""Whether something moves in front of a still camera: luma frames in, a verdict with its reason out.

Each frame is compared with the usual background (what does not belong there?) and with the moment before (does it move
now?). A region counts where both say so, if it is large enough and there, or not far, in another frame as well.

When the light switches the backgrounds of earlier lights are kept. One that fits what is seen once the camera has
settled is taken up again, so that an animal that came with the light is no part of the background.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from cameratrap.vision.motion_background import Background, Cells, Seen, see
from cameratrap.vision.motion_regions import Box, Region, box_of, connected, gap, has_run, strange_elsewhere

# By daylight, under the lamp, and without it.
_KNOWN_LIGHTS = 3
# Frames further apart than this say nothing of what moves between them.
_LONGEST_GAP_S = 3.0
_REMEMBERED_REGIONS = 8


class MotionReason(StrEnum):
    """Why a frame counts as motion, or why not."""

    MOVED = "moved"
    STILL = "still"
    SETTLING = "settling"
    """Too soon after the start or after a change of light: nothing to compare it with."""
    LIGHT = "light"
    """The light switched: the trap said so, or too much of the frame changed at once."""
    NOISE = "noise"
    """What strays from the background is smaller than any animal looked for."""
    RESTING = "resting"
    """Something is there that does not belong to the background, but it does not move."""
    BRIEF = "brief"
    """A region moved that no other frame confirms, yet: a drop, an insect, or the first frame of an animal."""


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """What counts as motion. Areas are shares of the frame's; seconds are of the frames' own times.

    A frame is divided into square cells, ``columns`` in a row. A cell is strange that differs from the background by
    more than ``times_noise`` times what is usual for it and ``sway`` times the steps to its neighbours (a background
    that sways by less than a cell); it moves where it differs from the ``moment_s`` before by ``fresh`` of that.

    A region of strange cells counts from ``least_area``, if ``least_moving`` of so many cells move and the frames of
    the last ``confirm_s`` bear it out with ``witnesses``: each is 1 where a region touches it, and a half where it can
    have come from one at ``speed``, in frame widths a second. Where frames are rarer than every ``rare_s`` one does,
    and so does the frame before with a region as large and as high above the ground: a body that runs past.

    If more than ``light_share`` of all cells move, and beside the largest region more than ``elsewhere`` are strange,
    or if the frame's light changes by ``light_step`` (in logarithms: by half as much again), it is the light: for
    ``settle_s`` nothing is judged, and then an earlier background is taken up again that was no darker or brighter, and
    of which beside the largest region ``known_share`` is as it was; for ``arrival_s`` what is strange to it need not
    move. A light switches once: what moves as much again within ``again_s`` is judged like all else.

    Backgrounds adapt in ``background_s``, and what is usual for a cell in ``noise_s``.
    """

    columns: int = 160
    times_noise: float = 6.0
    sway: float = 0.2
    fresh: float = 0.6
    least_area: float = 0.0003
    least_moving: float = 0.25
    witnesses: float = 1.5
    confirm_s: float = 0.7
    speed: float = 0.5
    rare_s: float = 0.4
    light_share: float = 0.3
    elsewhere: float = 0.15
    light_step: float = 0.4
    settle_s: float = 0.8
    again_s: float = 3.0
    arrival_s: float = 1.0
    known_share: float = 0.9
    moment_s: float = 0.4
    background_s: float = 40.0
    noise_s: float = 5.0


@dataclass(frozen=True, slots=True)
class MotionVerdict:
    """What one frame says. ``area`` is the share of the frame that the largest region fills, ``box`` where it is.

    A frame that did not move has an area where something strayed, and a box where that was large and moving.
    """

    moved: bool
    reason: MotionReason
    area: float = 0.0
    box: Box | None = None


class MotionDetector:
    """Looks at the frames of one camera in their order. Not for several threads at once."""

    def __init__(self, settings: MotionSettings | None = None) -> None:
        self._settings = settings or MotionSettings()
        self._background: Background | None = None
        self._known: deque[Background] = deque(maxlen=_KNOWN_LIGHTS)
        self._moment: Cells | None = None
        self._level = 0.0
        self._settled_s = float("-inf")
        self._at_s = float("-inf")
        self._light_s = float("-inf")
        self._recalled_s = float("-inf")
        self._regions: deque[Region] = deque(maxlen=_REMEMBERED_REGIONS)

    def look(self, luma: NDArray[np.uint8], at_s: float, *, light_switched: bool = False) -> MotionVerdict:
        """Judge the next frame: ``(height, width)`` uint8, seen at ``at_s`` of a clock that never goes back.

        ``light_switched``: the trap switched its lamp or its filter since the last one. Raises ValueError for an array
        of another kind.
        """
        if luma.ndim != 2 or luma.dtype != np.uint8 or not luma.size:
            raise ValueError(f"a frame of luma is two-dimensional uint8, not {luma.shape} {luma.dtype}")
        seen = see(luma, self._settings.columns)
        passed_s, self._at_s = at_s - self._at_s, at_s
        step, self._level = abs(seen.level - self._level), seen.level
        if self._moment is None or self._moment.shape != seen.relief.shape:
            return self._start(seen)
        if light_switched:
            return self._blank(seen)
        if passed_s > _LONGEST_GAP_S:
            step, self._moment = 0.0, seen.relief
        if at_s < self._settled_s:
            self._moment = seen.relief
            return MotionVerdict(moved=False, reason=MotionReason.SETTLING)
        return self._compare(seen, self._moment, step, min(max(passed_s, 0.0), _LONGEST_GAP_S))

    def reset(self) -> None:
        """The camera was restarted. Its background is kept: an animal that stands there by now is no part of it."""
        self._put_aside()
        self._moment = None

    def _start(self, seen: Seen) -> MotionVerdict:
        """Of the first frame, or the first after a restart; frames of another size are another camera's."""
        self._put_aside()
        self._known = deque((one for one in self._known if one.fits(seen)), maxlen=_KNOWN_LIGHTS)
        self._moment = seen.relief
        if self._known:
            self._settled_s = self._at_s + self._settings.settle_s
        return MotionVerdict(moved=False, reason=MotionReason.SETTLING)

    def _blank(self, seen: Seen) -> MotionVerdict:
        self._put_aside()
        self._moment = seen.relief
        self._settled_s = self._at_s + self._settings.settle_s
        return MotionVerdict(moved=False, reason=MotionReason.LIGHT)

    def _put_aside(self) -> None:
        if self._background is not None:
            self._known.append(self._background)
            self._background = None

    def _compare(self, seen: Seen, moment: Cells, step: float, passed_s: float) -> MotionVerdict:
        settings, here = self._settings, seen.relief
        if self._background is None:
            self._background = self._known_or_new(seen)
        allowed = self._background.allowed(settings.times_noise, settings.sway)
        strange = self._background.difference(here) - allowed
        moving = cv2.absdiff(here, moment) > settings.fresh * allowed
        if self._is_light(step, strange, moving):
            return self._blank(seen)
        self._moment = moment + min(1.0, passed_s / settings.moment_s) * (here - moment)
        self._background.learn(seen, passed_s, settings.background_s, settings.noise_s)
        return self._judge(strange, moving, passed_s)

    def _is_light(self, step: float, strange: Cells, moving: NDArray[np.bool_]) -> bool:
        settings = self._settings
        moves_much = bool(moving.mean() > settings.light_share)
        if not moves_much and step <= settings.light_step:
            return False
        is_first = self._at_s - self._light_s > settings.again_s
        switched = step > settings.light_step or strange_elsewhere(strange) > settings.elsewhere
        if moves_much or is_first:
            self._light_s = self._at_s
        return is_first and switched

    def _known_or_new(self, seen: Seen) -> Background:
        """The earlier background under such a light that fits best but for one body; without any, what is seen now."""
        settings = self._settings

        def share(known: Background) -> float:
            if known.darker_or_brighter(seen) > settings.light_step:
                return 0.0
            allowed = known.allowed(settings.times_noise, settings.sway)
            return 1 - strange_elsewhere(known.difference(seen.relief) - allowed)

        best = max(self._known, key=share, default=None)
        if best is None or share(best) < settings.known_share:
            return Background(seen)
        self._known.remove(best)
        self._recalled_s = self._at_s
        return best

    def _judge(self, strange: Cells, moving: NDArray[np.bool_], passed_s: float) -> MotionVerdict:
        settings = self._settings
        mask = (cv2.blur(strange, (3, 3)) > 0).astype(np.uint8)
        count, labels, stats = connected(mask)
        if count == 1:
            return MotionVerdict(moved=False, reason=MotionReason.STILL)
        cells = stats[:, cv2.CC_STAT_AREA].copy()
        cells[0] = 0  # what is not strange
        least = settings.least_area * mask.size
        moves = np.bincount(labels[moving], minlength=count) >= settings.least_moving * least
        # What was not there under this light the last time came while nothing could be judged.
        moves |= self._at_s - self._recalled_s < settings.arrival_s
        largest = int(np.max(cells))
        area = largest / mask.size
        if largest < least:
            return MotionVerdict(moved=False, reason=MotionReason.NOISE, area=area)
        cells[~moves] = 0
        region = int(np.argmax(cells))
        if cells[region] < least:
            return MotionVerdict(moved=False, reason=MotionReason.RESTING, area=area)
        here = Region(self._at_s, box_of(stats[region], mask.shape), float(cells[region] / mask.size))
        return self._confirm(here, passed_s)

    def _confirm(self, region: Region, passed_s: float) -> MotionVerdict:
        """Whether earlier frames bear a region out."""
        settings = self._settings
        touching, apart = (settings.witnesses,) * 2 if passed_s > settings.rare_s else (1.0, 0.5)
        witnesses = 0.0
        for other in self._regions:
            age_s, apart_by = region.at_s - other.at_s, gap(region.box, other.box)
            if age_s > max(settings.confirm_s, 1.5 * passed_s):
                continue
            if age_s <= 1.5 * passed_s and has_run(other, region):
                witnesses += settings.witnesses
            elif apart_by <= settings.speed * age_s:
                witnesses += touching if apart_by <= 0 else apart
        self._regions.append(region)
        moved = witnesses >= settings.witnesses
        return MotionVerdict(moved, MotionReason.MOVED if moved else MotionReason.BRIEF, region.area, region.box)
