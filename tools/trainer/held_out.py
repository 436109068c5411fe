"""What a detector said of frames whose cameras it had not learned from, as a file.

`tools/train` writes it and `tools/bench detect` measures it, so that every figure can be made again without training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Found:
    """One box: what the detector calls it, its score, and ``x0 y0 x1 y1`` in fractions of the picture."""

    label: str
    score: float
    corners: Corners


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything found in one frame. ``file`` is relative to the data folder; ``fold`` held its camera out."""

    file: str
    camera: str
    fold: int
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """``facts`` say how the detectors were made. ``least_score`` is the score from which boxes were kept."""

    facts: Mapping[str, Any]
    least_score: float
    answers: tuple[Answer, ...]


def write(path: Path, held_out: HeldOut) -> None:
    """One line a frame. Scores are rounded to three places, corners to four."""
    head = json.dumps({"facts": held_out.facts, "least_score": held_out.least_score}, indent=1)
    lines = ",\n".join(json.dumps(_row(answer), separators=(",", ":")) for answer in held_out.answers)
    path.write_text(f'{head[:-2]},\n "answers": [\n{lines}\n]}}\n', encoding="utf-8")


def read(path: Path) -> HeldOut:
    """Raises OSError where there is no file, ValueError where it is not one that ``write`` made."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        answers = tuple(_answer(row) for row in document["answers"])
        held_out = HeldOut(dict(document["facts"]), float(document["least_score"]), answers)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} is not what tools/train writes: {error!r}") from error
    _check_folds(path, answers)
    return held_out


def _check_folds(path: Path, answers: Sequence[Answer]) -> None:
    folds: dict[str, int] = {}
    for answer in answers:
        if folds.setdefault(answer.camera, answer.fold) != answer.fold:
            raise ValueError(f"{path}: the camera {answer.camera} is held out in more than one fold")


def _row(answer: Answer) -> dict[str, object]:
    found = [[one.label, round(one.score, 3), *(round(x, 4) for x in one.corners)] for one in answer.found]
    return {"file": answer.file, "camera": answer.camera, "fold": answer.fold, "found": found}


def _answer(row: Mapping[str, Any]) -> Answer:
    found = tuple(Found(str(label), float(score), _corners(corners)) for label, score, *corners in row["found"])
    return Answer(str(row["file"]), str(row["camera"]), int(row["fold"]), found)


def _corners(given: Sequence[float]) -> Corners:
    x0, y0, x1, y1 = (float(value) for value in given)
    return x0, y0, x1, y1
