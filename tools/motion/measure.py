"""Our detector and MOG2 on the same frames."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cameratrap.vision.motion import MotionDetector, MotionReason, MotionSettings
from motion.baseline import Mog2, Mog2Settings
from motion.render import Shown
from motion.score import Expected, Score, score

# The areas from which a region of MOG2's foreground may count, as shares of the frame: 61 pixels to a twentieth.
AREAS = tuple(round(0.0002 * 1.26**step, 6) for step in range(25))


@dataclass(frozen=True, slots=True)
class Limit:
    """MOG2 fires where its largest region has ``least_area``, a share of the frame, in ``frames`` frames in a row."""

    least_area: float
    frames: int


@dataclass(slots=True)
class Looked:
    """What the detectors said of one recording. ``areas`` holds, for each MOG2, a share of the frame a frame."""

    times_s: list[float] = field(default_factory=list)
    fired_s: list[float] = field(default_factory=list)
    reasons: Counter[MotionReason] = field(default_factory=Counter)
    areas: list[list[float]] = field(default_factory=list)
    ours_cpu_s: float = 0.0
    mog2_cpu_s: list[float] = field(default_factory=list)

    def ours(self, expected: Expected) -> Score:
        """Our detector's score."""
        return score(expected, self.fired_s)

    def mog2(self, expected: Expected, number: int, limit: Limit) -> Score:
        """The score of the MOG2 of that number."""
        fired_s, in_a_row = [], 0
        for at_s, area in zip(self.times_s, self.areas[number], strict=True):
            in_a_row = in_a_row + 1 if area >= limit.least_area else 0
            fired_s += [at_s] * (in_a_row >= limit.frames)
        return score(expected, fired_s)


def look(
    frames: Iterable[Shown], fps: float, others: Sequence[Mog2Settings], settings: MotionSettings | None = None
) -> Looked:
    """Show the frames of one recording to a new detector of ours and to each MOG2."""
    ours, mog2s = MotionDetector(settings), [Mog2(one, fps) for one in others]
    looked = Looked(areas=[[] for _ in others], mog2_cpu_s=[0.0 for _ in others])
    for frame in frames:
        began_s = time.process_time()
        verdict = ours.look(frame.luma, frame.at_s, light_switched=frame.light_switched)
        looked.ours_cpu_s += time.process_time() - began_s
        looked.times_s.append(frame.at_s)
        looked.fired_s += [frame.at_s] * verdict.moved
        looked.reasons[verdict.reason] += 1
        for number, mog2 in enumerate(mog2s):
            began_s = time.process_time()
            looked.areas[number].append(mog2.look(frame.luma, light_switched=frame.light_switched))
            looked.mog2_cpu_s[number] += time.process_time() - began_s
    return looked
