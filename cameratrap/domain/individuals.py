"""Which boxes are one individual: within a frame, and from frame to frame of one burst.

Boxes only; what they are called matters here in one place: a small box inside a large one is a part of the same animal
where the names allow it, and an oxpecker on a buffalo where they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import hypot

from cameratrap.domain.detections import BBox, DetectedFrame, Detection

# Two boxes that share half of what they cover together are one animal, under one name or two.
SAME_IOU = 0.5
# Of the pairs of SSD-MobileNetV1's animal boxes on 210 camera-trap frames of which one lies to 85 % or more inside the
# other, 9 in 10 are one animal found twice, whole and in part; of those between 50 and 85 %, 1 in 4 are two animals.
NESTED = 0.85
# Between two frames of a burst an animal's centre moves by no more than this many times its box's diagonal.
REACH = 1.0

MayBeOne = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A detection and where it stands: the number of its frame, its place among that frame's detections."""

    frame: int
    place: int
    detection: Detection


@dataclass(slots=True)
class Individual:
    """One individual, as far as the frames of one burst tell: the boxes that show it, by the frame's number.

    The first box of each frame stands for it there; the others are duplicates of that one.
    """

    boxes: dict[int, list[PlacedBox]] = field(default_factory=dict)

    @property
    def last(self) -> PlacedBox:
        """Where it was seen last."""
        return self.boxes[max(self.boxes)][0]


def individuals(frames: Sequence[DetectedFrame], boxes: Iterable[PlacedBox], may_be_one: MayBeOne) -> list[Individual]:
    """The individuals behind ``boxes``, which are of one kind and from the detections of ``frames``.

    Within a frame boxes that are one animal become one (``distinct``). Then, frame by frame, each is linked to an
    individual of the frames before: the pair whose centres are nearest first, by the distance over the mean diagonal of
    the two boxes, while that is at most ``REACH``; what is left over is somebody new. It is greedy: two animals that
    change places may each be taken for the other, which leaves the count as it is.
    """
    by_frame: list[list[PlacedBox]] = [[] for _ in frames]
    for box in boxes:
        by_frame[box.frame].append(box)
    known: list[Individual] = []
    for frame, here in zip(frames, by_frame, strict=True):
        groups = distinct(here, may_be_one)
        homes = _nearest(frame, known, [group[0] for group in groups])
        for place, group in enumerate(groups):
            home = homes.get(place) or Individual()
            if place not in homes:
                known.append(home)
            home.boxes[group[0].frame] = group
    return known


def distinct(boxes: Iterable[PlacedBox], may_be_one: MayBeOne) -> list[list[PlacedBox]]:
    """Boxes of one frame in groups that show one animal each, the best score first among and within them.

    ``may_be_one`` says whether two names may be of one animal (an ancestor and its descendant may).
    """
    groups: list[list[PlacedBox]] = []
    for box in sorted(boxes, key=lambda box: -box.detection.score):
        home = next((group for group in groups if is_one(group[0].detection, box.detection, may_be_one)), None)
        if home is None:
            groups.append([box])
        else:
            home.append(box)
    return groups


def is_one(one: Detection, other: Detection, may_be_one: MayBeOne) -> bool:
    """Whether two boxes of a frame are of one animal: nearly the same box, or one inside the other under one name."""
    shared = _shared(one.bbox, other.bbox)
    areas = (one.bbox.width * one.bbox.height, other.bbox.width * other.bbox.height)
    if shared >= SAME_IOU * (sum(areas) - shared):
        return True
    return shared >= NESTED * min(areas) and may_be_one(one.taxon, other.taxon)


def _nearest(frame: DetectedFrame, known: Sequence[Individual], boxes: Sequence[PlacedBox]) -> dict[int, Individual]:
    """The known individual that each box is, by the box's place in the list."""
    pairs = [
        (distance, who, place)
        for who, individual in enumerate(known)
        for place, box in enumerate(boxes)
        if (distance := _distance(individual.last.detection.bbox, box.detection.bbox, frame)) <= REACH
    ]
    homes: dict[int, Individual] = {}
    taken: set[int] = set()
    for _, who, place in sorted(pairs):
        if place not in homes and who not in taken:
            homes[place] = known[who]
            taken.add(who)
    return homes


def _distance(one: BBox, other: BBox, frame: DetectedFrame) -> float:
    """How far apart two centres are, in mean diagonals; fractions of a frame are not square, so in pixels."""
    across = (one.x + one.width / 2 - other.x - other.width / 2) * frame.width
    down = (one.y + one.height / 2 - other.y - other.height / 2) * frame.height
    diagonals = [hypot(box.width * frame.width, box.height * frame.height) for box in (one, other)]
    return hypot(across, down) / (sum(diagonals) / 2)


def _shared(one: BBox, other: BBox) -> float:
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(width, 0.0) * max(height, 0.0)
