"""Camtrap DP, the exchange format of camera trap data (TDWG): its tables, what a cell may be, and what it is called.

Versions 1.0, 1.0.1 and 1.0.2 have the same columns; they differ in their addresses and in what counts as a missing
value. https://camtrap-dp.tdwg.org
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Literal

VERSIONS = ("1.0.2", "1.0.1", "1.0")
DESCRIPTOR = "datapackage.json"
NOT_STATED = "not stated"  # the standard wants a contributor; that nobody has named one is said, and not made up
MISSING = frozenset({"", "NA", "NaN", "nan"})
Kind = Literal["string", "number", "integer", "datetime", "boolean", "any"]
_ADDRESS = "https://raw.githubusercontent.com/tdwg/camtrap-dp"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "1": True, "false": False, "False": False, "FALSE": False,
             "0": False}  # fmt: skip
_FILE_PATH = re.compile(r"(?=[^./~])((?!\.{2}).)*")
_MEDIATYPE = re.compile(r"(image|video|audio)/.*")


@dataclass(frozen=True, slots=True)
class Field:
    """One column: what it holds, and what it may."""

    name: str
    kind: Kind = "string"
    required: bool = False
    choices: Sequence[str] = ()
    least: float | None = None
    most: float | None = None
    pattern: re.Pattern[str] | None = None


Table = tuple[Field, ...]
FEATURE_TYPES = (
    "roadPaved", "roadDirt", "trailHiking", "trailGame", "roadUnderpass", "roadOverpass", "roadBridge", "culvert",
    "burrow", "nestSite", "carcass", "waterSource", "fruitingTree",
)  # fmt: skip
DEPLOYMENTS: Table = (
    Field("deploymentID", required=True),
    Field("locationID"),
    Field("locationName"),
    Field("latitude", "number", required=True, least=-90, most=90),
    Field("longitude", "number", required=True, least=-180, most=180),
    Field("coordinateUncertainty", "integer", least=1),
    Field("deploymentStart", "datetime", required=True),
    Field("deploymentEnd", "datetime", required=True),
    Field("setupBy"),
    Field("cameraID"),
    Field("cameraModel"),
    Field("cameraDelay", "integer", least=0),
    Field("cameraHeight", "number", least=0),
    Field("cameraDepth", "number", least=0),
    Field("cameraTilt", "integer", least=-90, most=90),
    Field("cameraHeading", "integer", least=0, most=360),
    Field("detectionDistance", "number", least=0),
    Field("timestampIssues", "boolean"),
    Field("baitUse", "boolean"),
    Field("featureType", choices=FEATURE_TYPES),
    Field("habitat"),
    Field("deploymentGroups"),
    Field("deploymentTags"),
    Field("deploymentComments"),
)
MEDIA: Table = (
    Field("mediaID", required=True),
    Field("deploymentID", required=True),
    Field("captureMethod", choices=("activityDetection", "timeLapse")),
    Field("timestamp", "datetime", required=True),
    Field("filePath", required=True, pattern=_FILE_PATH),
    Field("filePublic", "boolean", required=True),
    Field("fileName"),
    Field("fileMediatype", required=True, pattern=_MEDIATYPE),
    Field("exifData", "any"),
    Field("favorite", "boolean"),
    Field("mediaComments"),
)
OBSERVATIONS: Table = (
    Field("observationID", required=True),
    Field("deploymentID", required=True),
    Field("mediaID"),
    Field("eventID"),
    Field("eventStart", "datetime", required=True),
    Field("eventEnd", "datetime", required=True),
    Field("observationLevel", required=True, choices=("media", "event")),
    Field(
        "observationType",
        required=True,
        choices=("animal", "human", "vehicle", "blank", "unknown", "unclassified"),
    ),
    Field("cameraSetupType", choices=("setup", "calibration")),
    Field("scientificName"),
    Field("count", "integer", least=1),
    Field("lifeStage", choices=("adult", "subadult", "juvenile")),
    Field("sex", choices=("female", "male")),
    Field("behavior"),
    Field("individualID"),
    Field("individualPositionRadius", "number", least=0),
    Field("individualPositionAngle", "number", least=-90, most=90),
    Field("individualSpeed", "number", least=0),
    Field("bboxX", "number", least=0, most=1),
    Field("bboxY", "number", least=0, most=1),
    Field("bboxWidth", "number", least=1e-15, most=1),
    Field("bboxHeight", "number", least=1e-15, most=1),
    Field("classificationMethod", choices=("human", "machine")),
    Field("classifiedBy"),
    Field("classificationTimestamp", "datetime"),
    Field("classificationProbability", "number", least=0, most=1),
    Field("observationTags"),
    Field("observationComments"),
)
TABLES: dict[str, Table] = {"deployments": DEPLOYMENTS, "media": MEDIA, "observations": OBSERVATIONS}
# What may be said of an observation besides who, when, how many and by whom.
TRAITS = (
    "cameraSetupType", "lifeStage", "sex", "behavior", "individualID", "individualPositionRadius",
    "individualPositionAngle", "individualSpeed", "observationTags", "observationComments",
)  # fmt: skip


def address(version: str, file: str) -> str:
    """Where a version of the standard keeps a file: its profile, or a table's schema."""
    return f"{_ADDRESS}/{version}/{file}"


def parse(field: Field, text: str) -> object:
    """The value of a cell, None for a missing one. Raises ValueError saying what it should have been."""
    if text in MISSING:
        if field.required:
            raise ValueError(f"{field.name} is missing")
        return None
    try:
        value = _PARSERS[field.kind](text)
    except ValueError:
        raise ValueError(f"{field.name} is {text[:60]!r}: no {field.kind}") from None
    if field.choices and value not in field.choices:
        raise ValueError(f"{field.name} is {text[:60]!r}: none of {', '.join(field.choices)}")
    if field.pattern is not None and not field.pattern.fullmatch(text):
        raise ValueError(f"{field.name} is {text[:60]!r}, which the standard forbids")
    if isinstance(value, int | float) and field.kind != "boolean":
        _check_range(field, value)
    return value


def whole_seconds(moment: datetime) -> str:
    """A moment as the standard writes it: fractions of a second, and offsets with seconds, are no part of it."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"a moment without an offset cannot be exchanged: {moment}")
    local = moment.astimezone(UTC) if offset % timedelta(minutes=1) else moment
    return local.replace(microsecond=0).isoformat()


def _check_range(field: Field, value: float) -> None:
    if (field.least is not None and value < field.least) or (field.most is not None and value > field.most):
        most = "" if field.most is None else f" to {field.most:g}"
        raise ValueError(f"{field.name} is {value:g}: not from {field.least or 0:g}{most}")


def _moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _number(text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else float("nan")
    if not isfinite(value):
        raise ValueError(text)
    return value


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text]


def _any(text: str) -> object:
    """JSON, or else the text itself."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(text: str) -> object:
    raise ValueError(text)


_PARSERS: dict[Kind, Callable[[str], object]] = {
    "string": str, "number": _number, "integer": _integer, "datetime": _moment, "boolean": _boolean, "any": _any,
}  # fmt: skip
