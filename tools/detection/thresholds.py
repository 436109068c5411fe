"""Choosing a threshold for cameras from what is known of others.

Wanted is the least threshold at which at most eight in a hundred frames without animals raise an alarm, on cameras
that had no say in it. Frames without animals are few, and most are of one camera, so that much hangs on what counts
as an alarm. ``RULES`` are three answers; each estimates the share of false alarms from the frames it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from trainer.classes import ANIMAL_CLASSES
from trainer.held_out import Corners

from detection.bursts import bursts
from detection.figures import Judged, false_alarms, found, share
from detection.intervals import SEED
from detection.readings import Reading, frame_by_frame
from detection.record import Record

MOST_FALSE_ALARMS = 0.08
THRESHOLDS = tuple(round(0.05 + 0.01 * step, 2) for step in range(91))

# From frames to the share of false alarms that is to be expected of others.
Rule = Callable[[Sequence[Judged]], float]


def by_frame(judged: Sequence[Judged]) -> float:
    """The share of the frames without animals that raise an alarm."""
    return _share([one.count > 0 for one in judged if not one.frame.has_animal])


def by_burst(judged: Sequence[Judged]) -> float:
    """The share of their bursts that do: a leaf that hangs in three frames is one mistake."""
    alarmed = {one.frame.path: one.count > 0 for one in judged if not one.frame.has_animal}
    empty = bursts(one.frame for one in judged if not one.frame.has_animal)
    return _share([any(alarmed[frame.path] for frame in burst) for burst in empty])


def by_background(judged: Sequence[Judged]) -> float:
    """The share of all frames in which a box touches no animal, with one more such frame than there were.

    What surrounds an animal is background too, so that four times as many frames have a say, of four times as many
    cameras. The one more keeps the promise on frames to come (the quantile of split conformal prediction).
    """
    alarms = [any(not _touches_an_animal(one, box) for box in one.animals) for one in judged if one.frame.located]
    return (sum(alarms) + 1) / (len(alarms) + 1)


def _share(alarms: Sequence[bool]) -> float:
    return sum(alarms) / len(alarms) if alarms else 1.0


RULES: Mapping[str, Rule] = {"frames": by_frame, "bursts": by_burst, "background": by_background}
# Chosen on the two published detectors alone, over 200 random halves of the cameras (--halves): of the three its
# false alarms on the other half vary least.
USUAL_RULE = "background"


def pick(judged_at: Callable[[float], Sequence[Judged]], rule: Rule) -> float:
    """The least threshold at which the rule expects alarms to be rare enough; the highest of all where none is.

    ``judged_at`` gives the frames that have a say as they are read at a threshold. None of them may then be measured
    at the threshold that is picked.
    """
    rare = (threshold for threshold in THRESHOLDS if rule(judged_at(threshold)) <= MOST_FALSE_ALARMS)
    return next(rare, THRESHOLDS[-1])


def crossed(record: Record, reading: Reading, rule: Rule) -> dict[int, float]:
    """For each fold the threshold that the other folds choose. Raises ValueError where there is one fold alone."""
    if len(record.folds) < 2:
        raise ValueError("one fold alone has no other to take its threshold from")
    return {fold: _picked_outside(record, fold, reading, rule) for fold in record.folds}


def _picked_outside(record: Record, fold: int, reading: Reading, rule: Rule) -> float:
    others = [answer for answer in record.answers if answer.fold != fold]
    return pick(lambda threshold: reading(others, dict.fromkeys(record.folds, threshold)), rule)


def over_halves(record: Record, rule: Rule, draws: int) -> list[tuple[float, float]]:
    """How a rule fares when cameras are cut in halves at random and each half is read at the other's threshold.

    Mean and standard deviation over the draws: of the threshold, of the share of animals found, of false alarms.
    """
    read_at = {
        threshold: frame_by_frame(record.answers, dict.fromkeys(record.folds, threshold)) for threshold in THRESHOLDS
    }
    cameras = sorted({answer.frame.camera for answer in record.answers})
    random = np.random.default_rng(SEED)
    thresholds: list[float] = []
    outcomes: list[tuple[float, float]] = []
    for _ in range(draws):
        half = {camera for camera in cameras if random.random() < 0.5}
        rest = set(cameras) - half
        read: list[Judged] = []
        for choosing, away in ((half, rest), (rest, half)):
            threshold = pick(_of_cameras(read_at, choosing), rule)
            thresholds.append(threshold)
            read += _of_cameras(read_at, away)(threshold)
        outcomes.append((share(read, found).value, share(read, false_alarms).value))
    columns = (thresholds, *zip(*outcomes, strict=True))
    return [(float(np.mean(column)), float(np.std(column))) for column in columns]


def _of_cameras(read_at: Mapping[float, Sequence[Judged]], cameras: Collection[str]) -> Callable[[float], list[Judged]]:
    return lambda threshold: [one for one in read_at[threshold] if one.frame.camera in cameras]


def _touches_an_animal(one: Judged, corners: Corners) -> bool:
    animals = (box.corners for box in one.frame.boxes if box.label is None or box.label in ANIMAL_CLASSES)
    return any(
        min(corners[2], x1) > max(corners[0], x0) and min(corners[3], y1) > max(corners[1], y0)
        for x0, y0, x1, y1 in animals
    )
