"""How a detector's word on each frame is read: which passes it found, and how often it fired at nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from motion.truth import Clip, Interval, Script

# A find counts until shortly after the animal is gone: what it uncovered is its trace as well.
_AFTER_S = 1.0
# Frames that fire within this of each other are one trigger: the trap takes pictures meanwhile.
TRIGGER_S = 5.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What one recording should give: its passes, and where firing is no fault."""

    passes: tuple[Interval, ...]
    excused: tuple[Interval, ...]
    duration_s: float

    @classmethod
    def of_script(cls, script: Script) -> Expected:
        """Some of an animal is in the frame from the first knot of its path to the last."""
        passes = tuple((one.start_s, one.end_s) for one in script.passes)
        return cls(passes, tuple((one.path[0][0], one.path[-1][0]) for one in script.passes), script.duration_s)

    @classmethod
    def of_clip(cls, clip: Clip, duration_s: float) -> Expected:
        """What is unsure is excused."""
        return cls(clip.passes, (*clip.passes, *clip.unsure), duration_s)


@dataclass(frozen=True, slots=True)
class Score:
    """``found`` of ``passes``, the seconds from each pass's start to its find, and ``false`` triggers in ``free_s``."""

    passes: int = 0
    found: int = 0
    false: int = 0
    free_s: float = 0.0
    delays_s: tuple[float, ...] = ()

    def __add__(self, other: Score) -> Score:
        return Score(
            self.passes + other.passes,
            self.found + other.found,
            self.false + other.false,
            self.free_s + other.free_s,
            self.delays_s + other.delays_s,
        )

    @property
    def false_an_hour(self) -> float:
        """False triggers in an hour without an animal."""
        return 3600 * self.false / self.free_s


def score(expected: Expected, fired_s: Iterable[float]) -> Score:
    """Score the times at which a detector fired."""
    fired = sorted(fired_s)
    delays = []
    for start_s, end_s in expected.passes:
        within = [at_s for at_s in fired if start_s <= at_s <= end_s + _AFTER_S]
        delays += [within[0] - start_s] if within else []
    stray = [at_s for at_s in fired if not _within(at_s, expected.excused)]
    free_s = expected.duration_s - sum(
        min(end + _AFTER_S, expected.duration_s) - start for start, end in _merged(expected)
    )
    return Score(len(expected.passes), len(delays), _triggers(stray), free_s, tuple(delays))


def _within(at_s: float, excused: Sequence[Interval]) -> bool:
    return any(start_s <= at_s <= end_s + _AFTER_S for start_s, end_s in excused)


def _merged(expected: Expected) -> list[Interval]:
    merged: list[Interval] = []
    for start_s, end_s in sorted(expected.excused):
        if merged and start_s <= merged[-1][1] + _AFTER_S:
            merged[-1] = merged[-1][0], max(end_s, merged[-1][1])
        else:
            merged.append((start_s, end_s))
    return merged


def _triggers(fired_s: Sequence[float]) -> int:
    """How many triggers they make: each holds for ``TRIGGER_S`` from its first frame."""
    count, until_s = 0, float("-inf")
    for at_s in fired_s:
        if at_s >= until_s:
            count, until_s = count + 1, at_s + TRIGGER_S
    return count
