"""Which frames of the data one camera took one after another. The pictures carry no times; their names tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from trainer.dataset import Frame

# Names of one burst, or of one clip, have numbers no further apart than this; elsewhere each frame stands alone.
_GAPS = {"alka_squirrels": 100, "SnapshotSerengeti:D04": 1, "video:cougar": 100, "video:coyoteB023": 405}
# This camera numbers its triplets without a gap: 4 5 6, 7 8 9, ...
_TRIPLETS = "peru:SDZG173"


def bursts(frames: Iterable[Frame]) -> list[list[Frame]]:
    """The frames burst by burst, camera by camera, in order of time.

    A frame whose camera nobody knows is a burst of its own, like one of a camera that takes single frames.
    """
    groups: list[list[Frame]] = []
    for frame in sorted(frames, key=lambda frame: (frame.camera, _number(frame), frame.path.name)):
        if groups and _together(groups[-1][-1], frame):
            groups[-1].append(frame)
        else:
            groups.append([frame])
    return groups


def _together(one: Frame, other: Frame) -> bool:
    if one.camera != other.camera:
        return False
    first, second = _number(one), _number(other)
    if one.camera == _TRIPLETS:
        return (first - 1) // 3 == (second - 1) // 3
    return second - first <= _GAPS.get(one.camera, 0) and first != second


def _number(frame: Frame) -> int:
    """The last number in the file's name, which rises with time; 0 where there is none."""
    numbers = re.findall(r"\d+", frame.path.stem)
    return int(numbers[-1]) if numbers else 0
