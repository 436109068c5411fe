"""Reading a file of MegaDetector's format, 1.0 to 1.6, whoever wrote it: every value checked before anything is used.

What the format allows is let through: categories that the file does not explain mean no detection, a box may stand out
of the picture by what rounding makes, a file that failed has no detections. What it does not allow is an error that
names the place, so that nothing is taken for an empty picture that only could not be read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cameratrap.app.json_reader import ObjectReader, parse_object
from cameratrap.domain.detections import BBox
from cameratrap.domain.taxa import ANIMAL, TaxaTable
from cameratrap.errors import StoreError

OWN = "cameratrap"
_HEAD_BYTES = 65_536
_ROUNDING = 0.01  # of the picture: how far a box may stand out of it
_SHOWN_PROBLEMS = 10
# What MegaDetector's authors recommend where the file does not say: version 4 scored higher than those after it.
_THRESHOLD, _THRESHOLD_4 = 0.2, 0.8
_CLASS_THRESHOLD = 0.5
_CLASS_SAYS_NOTHING = frozenset({"blank", "empty", "no cv result", "unknown", ""})


@dataclass(frozen=True, slots=True)
class Found:
    """One box: its taxon, by the taxa table's name where it has one, what the file calls it, and its score."""

    taxon: str
    label: str
    score: float
    bbox: BBox
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class FileResult:
    """One picture or clip: its file by slashes, and what was found in it, best first; None where that failed.

    ``taken`` is the time that the file of results tells of it, as it is written there. ``own`` is what
    ``export.megadetector`` wrote beside.
    """

    file: str
    found: tuple[Found, ...] | None
    taken: str | None
    frame_rate: float | None
    frames: tuple[int, ...]
    own: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Results:
    """A whole file: who detected, when (as it is written there), from which score on its boxes count."""

    detector: str
    completed: str | None
    threshold: float
    files: tuple[FileResult, ...]
    own: Mapping[str, Any] = field(repr=False)


def is_megadetector(path: Path) -> bool:
    """Whether a file looks like one of this format, by how it begins; it may still be refused."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8-sig", "replace").lstrip()
    except OSError:
        return False
    of_images = '"images"' in head and '"file"' in head
    return head.startswith("{") and ('"detection_categories"' in head or of_images)


def read_results(path: Path, taxa: TaxaTable) -> Results:
    """Read a file. Raises StoreError for one that cannot be read or is not of this format."""
    try:
        root = ObjectReader(parse_object(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise StoreError(f"{path} cannot be read as MegaDetector's results", why=why) from error
    root.require("images", "detection_categories")
    info = root.inner("info")
    names = _Names(root, info, taxa)
    files = tuple(root.each("images", lambda each: _file(each, names)))
    repeated = (file for file, times in Counter(each.file for each in files).items() if file and times > 1)
    root.problems += [f"images: {file[:200]!r} is there more than once" for file in repeated]
    results = Results(
        " + ".join(filter(None, (_text(info, "detector"), _text(info, "classifier")))) or "MegaDetector",
        _text(info, "classification_completion_time") or _text(info, "detection_completion_time") or None,
        _threshold(info),
        files,
        info.inner(OWN).values,
    )
    _refuse(path, root.problems)
    return results


class _Names:
    """What the numbers of a file mean."""

    def __init__(self, root: ObjectReader, info: ObjectReader, taxa: TaxaTable) -> None:
        self._taxa = taxa
        self._kinds = _categories(root, "detection_categories")
        self._classes = _categories(root, "classification_categories")
        told = info.inner("classifier_metadata").number("typical_classification_threshold")
        self._least = _CLASS_THRESHOLD if told is None else told

    def of(self, each: ObjectReader) -> tuple[str, str] | None:
        """The taxon of a detection and what the file calls it; None for a category that means no detection."""
        number = str(each.values.get("category"))
        kind = self._kinds.get(number, "").strip()
        if number == "0" or kind.casefold() in _CLASS_SAYS_NOTHING:
            return None
        label = self._class(each) or kind
        return (self._taxa.resolve(label).name if label in self._taxa else label), label

    def _class(self, each: ObjectReader) -> str | None:
        """The best class, where the classifier was sure of it."""
        pairs = each.values.get("classifications") or []
        if not isinstance(pairs, list) or not all(_is_pair(pair) and _is_share(pair[1]) for pair in pairs):
            each.problems.append(f"{each.path}classifications: expected pairs of a category and a score from 0 to 1")
            return None
        number, score = max(pairs, key=lambda pair: pair[1], default=("", 0.0))
        name = self._classes.get(str(number), "").strip()
        return name if score >= self._least and name.casefold() not in {*_CLASS_SAYS_NOTHING, ANIMAL} else None


def _categories(root: ObjectReader, key: str) -> dict[str, str]:
    found = root.inner(key).values
    root.problems += [f"{key}.{number}: expected a text" for number, name in found.items() if not isinstance(name, str)]
    return {number: str(name) for number, name in found.items()}


def _file(each: ObjectReader, names: _Names) -> FileResult:
    file = each.text("file")
    each.require("file")
    failed = isinstance(each.values.get("failure"), str) or each.values.get("detections") is None
    found = [found for found in each.each("detections", lambda one: _found(one, names)) if found is not None]
    frames = each.values.get("frames_processed")
    return FileResult(
        (file or "").replace("\\", "/"),
        None if failed else tuple(sorted(found, key=lambda one: -one.score)),
        _taken(each),
        each.number("frame_rate"),
        tuple(frame for frame in frames if isinstance(frame, int)) if isinstance(frames, list) else (),
        each.inner(OWN).values,
    )


def _found(each: ObjectReader, names: _Names) -> Found | None:
    score, bbox = each.values.get("conf"), _bbox(each.values.get("bbox"))
    if not _is_share(score):
        each.problems.append(f"{each.path}conf = {json.dumps(score)[:60]}: expected a number from 0 to 1")
    if bbox is None:
        each.problems.append(f"{each.path}bbox: expected [x, y, width, height] in fractions of the picture")
    named = names.of(each)
    if named is None or bbox is None or not _is_share(score):
        return None
    return Found(*named, float(str(score)), bbox, each.whole("frame_number", least=0))


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _bbox(value: object) -> BBox | None:
    """A box, cut to the picture where rounding let it stand out; None for what is no box in it."""
    if not (isinstance(value, list) and len(value) == 4 and all(map(_is_near_picture, value))):
        return None
    x, y, width, height = (float(each) for each in value)
    if min(x, y) < -_ROUNDING or max(x + width, y + height) > 1 + _ROUNDING:
        return None
    (x, width), (y, height) = _cut(x, width), _cut(y, height)
    try:
        return BBox(x, y, width, height)
    except ValueError:
        return None


def _is_near_picture(value: object) -> bool:
    """Whether a number can be of a box at all; JSON knows whole numbers that are larger than any float."""
    return isinstance(value, int | float) and abs(value) <= 2


def _cut(start: float, length: float) -> tuple[float, float]:
    if start >= 0 and start + length <= 1:
        return start, length
    return max(start, 0.0), min(start + length, 1.0) - max(start, 0.0)


def _taken(each: ObjectReader) -> str | None:
    """When a picture was taken, where the file tells it: as MegaDetector's tools and AddaxAI write it."""
    exif = each.values.get("exif_metadata")
    pairs = exif.items() if isinstance(exif, dict) else filter(_is_pair, exif if isinstance(exif, list) else ())
    told = {str(name).removeprefix("EXIF "): value for name, value in pairs}
    found = told.get("DateTimeOriginal", each.values.get("datetime"))
    return found if isinstance(found, str) else None


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _text(info: ObjectReader, key: str) -> str:
    """A text that may be empty or missing."""
    return (info.text(key) or "") if info.values.get(key) else ""


def _threshold(info: ObjectReader) -> float:
    told = info.inner("detector_metadata").number("typical_detection_threshold")
    if told is not None:
        return told
    detector = (_text(info, "detector") or "v4").casefold()  # files without a name are version 4's
    return _THRESHOLD_4 if "v4" in detector or "v3" in detector else _THRESHOLD


def _refuse(path: Path, problems: list[str]) -> None:
    if problems:
        more = len(problems) - _SHOWN_PROBLEMS
        lines = [*problems[:_SHOWN_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]
        raise StoreError(f"{path} is not a sound file of results", why="\n  " + "\n  ".join(lines))
