"""The real frames and their boxes, from the files beside them: one list, whatever the source.

``corrections.csv`` beside this module says what truth.csv misses: animals that a detector found on frames listed as
empty, looked at again by eye. Reads ``images/truth.csv``,
``images/boxes.csv`` and ``train/annotations.json`` under the data folder, and no pixel.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from trainer.classes import class_of

# Files whose names do not say which camera took them: one group each, so that no camera can be in both halves.
SITES_OF_UNKNOWN_CAMERAS = ("BUOW", "ENA24")
JURA = "jura"
CORRECTIONS = Path(__file__).with_name("corrections.csv")
# Under the data folder: what is in which picture.
LISTS = ("images/truth.csv", "images/boxes.csv", "train/annotations.json")
# A trap frame shows a place as it is and counts when a model is measured; a crop is background to learn from.
Kind = Literal["trap", "web", "crop"]


@dataclass(frozen=True, slots=True)
class Box:
    """``x0 y0 x1 y1`` in fractions of the picture. ``label`` indexes CLASSES; None: nobody is sure what it is."""

    label: int | None
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        return self.x0, self.y0, self.x1, self.y1


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and what is in it.

    ``camera`` is what a split must not cut. ``located`` is false where an animal is known to be in the picture and
    nobody found it; ``measured`` where the picture belongs to those that a model is measured on. ``count`` is the
    number of animals, None where nobody could say.
    """

    path: Path
    source: str
    camera: str
    kind: Kind
    licence: str
    shippable: bool
    night: bool
    boxes: tuple[Box, ...]
    has_animal: bool
    count: int | None
    located: bool = True
    measured: bool = False

    @property
    def empty(self) -> bool:
        return not self.boxes and self.located and not self.has_animal


def read_frames(data: Path) -> list[Frame]:
    """Every frame of the data folder, in the order of its files. Raises OSError where a list is missing."""
    return [*_trap_frames(data / "images"), *_web_frames(data / "train")]


def without_data(data: Path) -> str | None:
    """Why nothing can be done with this data folder, or None where its lists are all there."""
    missing = next((data / name for name in LISTS if not (data / name).is_file()), None)
    return None if missing is None else f"there is no {missing}; the real data are not part of the repository"


def for_training(frames: Iterable[Frame], *, any_licence: bool = False) -> list[Frame]:
    """Those that may be learned from: everything in them is located, and the licence lets us ship the weights."""
    return [
        frame for frame in frames if frame.located and (any_licence or frame.shippable) and (frame.boxes or frame.empty)
    ]


def shippable(licence: str, confidence: str) -> bool:
    """Whether weights trained on a picture of this licence may go out under ours.

    The uploader's bare word is not enough, nor is a licence that asks the same of what is made from it.
    """
    return confidence.startswith("high") and "BY-SA" not in licence


def _trap_frames(folder: Path) -> Iterable[Frame]:
    boxes = _boxes_by_file(folder / "boxes.csv")
    corrected = _boxes_by_file(CORRECTIONS)
    for row in _rows(folder / "truth.csv"):
        missed = corrected.get(Path(row["kept"]).name, [])
        yield _trap_frame(folder, {**row, "has_animal": "1"} if missed else row, missed or boxes.get(row["kept"], []))


def _trap_frame(folder: Path, row: Mapping[str, str], drawn: Sequence[Mapping[str, str]]) -> Frame:
    trap = row["kind"] == "trap"
    found = [box for box in drawn if box["x0"]]
    boxes = [_drawn_box(box) for box in found] if found else _listed_boxes(row)
    animals = [box for box in boxes if box.label is None or box.label <= 1]
    has_animal = row["has_animal"] == "1"
    count = len(animals) if found else (int(row["count"]) if row["count"] else None)
    return Frame(
        path=folder / row["kept"],
        source=row["repo"],
        camera=_camera(row["camera"]),
        kind="trap" if trap else "web",
        licence=row["licence"],
        # The raccoon photos are other people's: they measure, they do not teach.
        shippable=trap,
        night=row["light"] == "night",
        boxes=tuple(boxes),
        has_animal=has_animal,
        count=count if has_animal else 0,
        located=bool(animals) == has_animal and (bool(boxes) or row["person"] != "1"),
        measured=trap,
    )


def _drawn_box(row: Mapping[str, str]) -> Box:
    label = None if "uncertain" in row["note"] else class_of(row["taxon"])
    return Box(label, float(row["x0"]), float(row["y0"]), float(row["x1"]), float(row["y1"]))


def _listed_boxes(row: Mapping[str, str]) -> list[Box]:
    return [Box(class_of(row["species"]), *corners) for corners in json.loads(row["boxes_xyxy_norm"] or "[]")]


def _camera(name: str) -> str:
    site = name.partition(":")[0]
    return site if site in SITES_OF_UNKNOWN_CAMERAS else name


def _web_frames(folder: Path) -> Iterable[Frame]:
    listed = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    by_image: dict[int, list[Mapping[str, Any]]] = {}
    for annotation in listed["annotations"]:
        by_image.setdefault(annotation["image_id"], []).append(annotation)
    for image in listed["images"]:
        yield _web_frame(folder, image, by_image.get(image["id"], []))


def _web_frame(folder: Path, image: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]]) -> Frame:
    boxes = tuple(_coco_box(annotation, image["width"], image["height"]) for annotation in annotations)
    animals = sum(box.label is not None and box.label <= 1 for box in boxes)
    kinds: Mapping[str, Kind] = {"camera-trap": "trap", "camera-trap-negative-crop": "crop"}
    kind = kinds.get(image["kind"], "web")
    return Frame(
        path=folder / image["file_name"],
        source=image["source"],
        camera=f"web:{Path(image['file_name']).parent.name}" if kind == "web" else JURA,
        kind=kind,
        licence=image["licence"],
        shippable=shippable(image["licence"], image["licence_confidence"]),
        night=False,
        boxes=boxes,
        has_animal=animals > 0,
        count=animals,
    )


def _coco_box(annotation: Mapping[str, Any], width: int, height: int) -> Box:
    x, y, across, down = annotation["bbox"]
    x0, x1 = (min(max(value / width, 0.0), 1.0) for value in (x, x + across))
    y0, y1 = (min(max(value / height, 0.0), 1.0) for value in (y, y + down))
    return Box(class_of(annotation["original"]), x0, y0, x1, y1)


def _boxes_by_file(path: Path) -> dict[str, list[Mapping[str, str]]]:
    by_file: dict[str, list[Mapping[str, str]]] = {}
    for row in _rows(path):
        by_file.setdefault(row["kept"], []).append(row)
    return by_file


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
