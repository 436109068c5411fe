"""What is true of every frame: when an animal passes, in real clips and in scripts that are drawn over real empties.

Times are seconds from the first frame; places and sizes are fractions of the frame, which is ``WIDTH`` by ``HEIGHT``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

WIDTH, HEIGHT = 640, 480
TRUTH = Path(__file__).with_name("truth.json")

Interval = tuple[float, float]
Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Pass:
    """One animal's way through the frame, in view from ``start_s`` to ``end_s``.

    ``file`` and ``box`` (x0, y0, x1, y1) say which real animal it is; ``size`` is its width and height as drawn, and
    ``path`` the knots (s, x, y) between which its middle moves evenly.
    """

    start_s: float
    end_s: float
    file: str
    box: Corners
    size: tuple[float, float]
    path: tuple[tuple[float, float, float], ...]
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is no animal. ``strength`` is in the unit of its kind, as ``motion.weather`` draws it."""

    kind: str
    start_s: float
    end_s: float
    strength: float
    told: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """One scripted recording. ``half`` is "tuning" or "report"; of ``files``, the empties, the first is shown first.

    ``stratum``: "fast" with small animals that cross in a second at most, "close" with large ones, or "any".
    """

    name: str
    half: str
    files: tuple[str, ...]
    seed: int
    fps: float
    duration_s: float
    night: bool
    events: tuple[Event, ...]
    passes: tuple[Pass, ...]
    stratum: str = "any"


@dataclass(frozen=True, slots=True)
class Clip:
    """One real clip. What is in ``unsure`` counts neither for nor against anybody."""

    file: str
    sha256: str
    fps: float
    passes: tuple[Interval, ...]
    unsure: tuple[Interval, ...]
    notes: str


@dataclass(frozen=True, slots=True)
class Truth:
    """All of it."""

    clips: tuple[Clip, ...]
    scripts: tuple[Script, ...]


def read_truth(path: Path = TRUTH) -> Truth:
    """Raises OSError where there is none, msgspec.ValidationError where it is something else."""
    return msgspec.json.decode(path.read_bytes(), type=Truth)


def write_truth(truth: Truth, path: Path = TRUTH) -> None:
    """Write it with a line for each clip and each script, so that a diff shows which of them changed."""
    clips, scripts = (_lines(its) for its in (truth.clips, truth.scripts))
    path.write_text(f'{{"clips": {clips},\n"scripts": {scripts}}}\n', encoding="utf-8")


def _lines(its: Sequence[Clip | Script]) -> str:
    return "[\n" + ",\n".join(msgspec.json.encode(one).decode() for one in its) + "\n]"
