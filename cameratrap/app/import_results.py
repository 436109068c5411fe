"""Reading back the lines that `process --json` has written, for pictures that are imported afterwards."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

import msgspec
from msgspec import Meta

from cameratrap.app.processed import ClipMoment, ProcessedFile
from cameratrap.domain.detections import BBox, Detection
from cameratrap.errors import UsageError


class _Detection(msgspec.Struct):
    taxon: Annotated[str, Meta(min_length=1)]
    model_label: str
    score: Annotated[float, Meta(ge=0, le=1)]
    bbox: tuple[float, float, float, float]


class _Frame(msgspec.Struct):
    offset_s: float
    detections: list[_Detection]


class _Line(msgspec.Struct):
    file: Annotated[str, Meta(min_length=1)]
    detections: list[_Detection] | None
    counts: dict[str, Annotated[int, Meta(ge=1)]] | None
    error: str | None
    width: int | None = None
    height: int | None = None
    frames: list[_Frame] | None = None


class Results:
    """What `process` said of each file, found again by where the file lies."""

    def __init__(self, by_file: Mapping[str, ProcessedFile]) -> None:
        self._by_name: dict[str, list[tuple[tuple[str, ...], ProcessedFile]]] = defaultdict(list)
        for file, result in by_file.items():
            parts = PurePosixPath(file).parts
            self._by_name[parts[-1]].append((parts, result))

    def of(self, folder: Path, path: str) -> ProcessedFile | None:
        """The result whose file ends like this one; of several, the one that also has the folder's name before it."""
        tail = PurePosixPath(path).parts
        found = [each for each in self._by_name.get(tail[-1], ()) if each[0][-len(tail) :] == tail]
        longer = (folder.resolve().name, *tail)
        narrowed = [each for each in found if each[0][-len(longer) :] == longer] or found
        return narrowed[0][1] if len(narrowed) == 1 else None


def read_results(file: Path) -> Results:
    """Every line. Raises UsageError where one is not what `process --json` writes, naming it."""
    by_file = {}
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    result = _result(line, f"line {number} of {file}")
                    by_file[result.file] = result
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read", why=str(error)) from error
    return Results(by_file)


def _result(line: str, where: str) -> ProcessedFile:
    try:
        read = msgspec.convert(json.loads(line), _Line)
        return ProcessedFile(
            file=read.file,
            width=read.width,
            height=read.height,
            detections=None if read.detections is None else _detections(read.detections),
            counts=read.counts,
            error=read.error,
            moments=None
            if read.frames is None
            else tuple(ClipMoment(each.offset_s, _detections(each.detections)) for each in read.frames),
        )
    except (ValueError, msgspec.ValidationError) as error:
        hint = "it takes what `cameratrap process PATH --json --output FILE` writes"
        raise UsageError(f"{where} is no result of `process --json`", why=str(error), hint=hint) from error


def _detections(found: list[_Detection]) -> tuple[Detection, ...]:
    """Rounding may have put a box a little over the edge."""
    return tuple(Detection(each.taxon, each.model_label, each.score, _box(*each.bbox)) for each in found)


def _box(x: float, y: float, width: float, height: float) -> BBox:
    x, y = max(0.0, x), max(0.0, y)
    return BBox(x, y, min(width, 1 - x), min(height, 1 - y))
