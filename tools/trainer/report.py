"""The results of cross-validation: every frame judged by a detector that has not seen its camera."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.classes import CLASSES
from trainer.dataset import JURA
from trainer.measure import Figures, Judged, figures, pick_threshold, recall_interval

_LADDER = (0.2, 0.3, 0.4, 0.5)
_PERSON = "Homo sapiens"


@dataclass(frozen=True, slots=True)
class Fold:
    """The frames held out in one fold, as our detector and the published one see them."""

    number: int
    ours: Sequence[Judged]
    published: Sequence[Judged]


def text(folds: Sequence[Fold]) -> str:
    """A page to read. Thresholds of a fold come from the other folds; with one fold alone there is only the ladder."""
    parts: list[str] = []
    readings: Sequence[tuple[str, Callable[[Fold], Sequence[Judged]]]] = (
        ("ours", lambda fold: fold.ours),
        ("YOLOX-nano COCO 416", lambda fold: fold.published),
    )
    for name, side in readings:
        trap = [one for fold in folds for one in side(fold) if one.frame.measured]
        parts.extend(_line(f"{name} @{threshold}", figures(trap, threshold)) for threshold in _LADDER)
        if len(folds) > 1:
            parts.extend(_crossed(name, [side(fold) for fold in folds]))
        parts.extend(_people(name, [one for fold in folds for one in side(fold)]))
    return "\n".join(parts) + "\n"


def write(out: Path, facts: Mapping[str, object], folds: Sequence[Fold]) -> None:
    """``report.json`` with every box found, and ``report.txt``."""
    found = {
        str(fold.number): {
            name: [
                {"file": "/".join(one.frame.path.parts[-3:]), "camera": one.frame.camera, "found": _rows(one)}
                for one in side
            ]
            for name, side in (("ours", fold.ours), ("published", fold.published))
        }
        for fold in folds
    }
    (out / "report.json").write_text(json.dumps({"facts": facts, "folds": found}), encoding="utf-8")
    (out / "report.txt").write_text(text(folds), encoding="utf-8")


def _crossed(name: str, folds: Sequence[Sequence[Judged]]) -> list[str]:
    """Each fold at the threshold that the others choose."""
    thresholds: dict[str, float] = {}
    for number, fold in enumerate(folds):
        others = [one for place, other in enumerate(folds) if place != number for one in other if one.frame.measured]
        picked = pick_threshold(others)
        thresholds.update({one.frame.camera: picked for one in fold})
    trap = [one for fold in folds for one in fold if one.frame.measured]
    low, high = recall_interval(trap, thresholds)
    lights = [("day", False), ("night", True)]
    return [
        _line(f"{name} @crossed {sorted(set(thresholds.values()))}", figures(trap, thresholds)),
        f"    recall, 95 % over cameras: {low:.2f} to {high:.2f}",
        *(
            _line(f"    {light}", figures([one for one in trap if one.frame.night is night], thresholds))
            for light, night in lights
        ),
        *(
            _line(f"    fold {number}", figures([one for one in fold if one.frame.measured], thresholds))
            for number, fold in enumerate(folds)
            if any(one.frame.measured for one in fold)
        ),
    ]


def _people(name: str, judged: Sequence[Judged]) -> list[str]:
    """Person against animal on the Jura frames, where they were held out."""
    jura = [one for one in judged if one.frame.camera == JURA]
    if not jura:
        return []
    person = next(index for index, trained in enumerate(CLASSES) if trained.taxon == _PERSON)
    people = [one for one in jura if any(box.label == person for box in one.frame.boxes)]
    animals = [one for one in jura if one.frame.has_animal and one not in people]
    lines = []
    for threshold in _LADDER:
        found = sum(one.says(_PERSON, threshold) for one in people)
        wrong = sum(one.says(_PERSON, threshold) for one in animals)
        seen = sum(bool(one.animals(threshold)) for one in animals)
        called = sum(bool(one.animals(threshold)) for one in people)
        lines.append(
            f"{name} Jura @{threshold}: people found {found}/{len(people)}, animals found {seen}/{len(animals)}, "
            f"person said of animals {wrong}/{len(animals)}, animal said of people {called}/{len(people)}"
        )
    return lines


def _line(name: str, its: Figures) -> str:
    return (
        f"{name}: recall {its.recall:.3f} (n {its.with_animals}), by camera {its.recall_by_camera:.3f} "
        f"({its.cameras}), precision {its.precision:.3f}, false alarms {its.false_alarms:.3f} (n {its.empties}), "
        f"exact {its.exact_count:.3f}, of two and more {its.exact_of_many:.3f} (n {its.many}), "
        f"boxes {its.box_recall:.3f} (n {its.boxes})"
    )


def _rows(one: Judged) -> list[list[object]]:
    return [[found.taxon, round(found.score, 4), *(round(x, 4) for x in found.corners)] for found in one.found]
