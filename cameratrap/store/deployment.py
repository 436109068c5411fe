"""The deployment record: ``deployment.toml`` at the card's root, for this program and for a person with an editor.

What the setup consists of goes by Camtrap DP's own names (deployments table, version 1.0), so that an export copies it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timezone
from pathlib import Path

from cameratrap.domain.events import standard_zone
from cameratrap.errors import StoreError
from cameratrap.store.durable import write_durably

RECORD = "deployment.toml"
FEATURES = (
    "roadPaved",
    "roadDirt",
    "trailHiking",
    "trailGame",
    "roadUnderpass",
    "roadOverpass",
    "roadBridge",
    "culvert",
    "burrow",
    "nestSite",
    "carcass",
    "waterSource",
    "fruitingTree",
)
_KEPT = "nothing was changed"
_UNSOUND = (ValueError, KeyError, TypeError, OverflowError)
_START = re.compile(r"^start\s*=.*(\n|\Z)", re.MULTILINE)
_END = re.compile(r"^end\s*=.*(\n|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Setup:
    """How the camera hangs; what nobody has said is None.

    Metres above the ground and to where a person still triggered it; degrees of the lens from the horizontal, down
    negative, and clockwise from north. A position, in degrees and metres, only where its owner wants it on the card.
    """

    camera_id: str | None = None
    camera_model: str | None = None
    camera_height: float | None = None
    camera_tilt: int | None = None
    camera_heading: int | None = None
    detection_distance: float | None = None
    setup_by: str | None = None
    bait_use: bool | None = None
    feature_type: str | None = None
    habitat: str | None = None
    deployment_comments: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    coordinate_uncertainty: int | None = None

    def by_camtrap_dp(self) -> dict[str, object]:
        """What is known, by Camtrap DP's names."""
        values = {_camtrap_dp(field.name): getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What the trap ran when it was set up: a result is only as good as the model and the settings behind it."""

    version: str
    model: str
    model_sha256: str
    config_sha256: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """The record at the card's root. By default it holds a site id and no position: a stolen card tells nobody where.

    ``utc_offset_minutes`` is the station's standard time, which decides what a day is; ``start`` and ``end`` are aware,
    ``end`` None while it lasts.
    """

    deployment: str
    station: str
    utc_offset_minutes: int
    start: datetime
    end: datetime | None = None
    setup: Setup = Setup()
    made_with: MadeWith | None = None

    @property
    def zone(self) -> timezone:
        """The station's standard time."""
        return standard_zone(self.utc_offset_minutes)


def record_text(deployment: Deployment) -> str:
    """The file of a deployment."""
    tells = "and its position" if deployment.setup.latitude is not None else "and tells no position"
    lines = [
        f"# The deployment record. It names the site {tells}.",
        f"deployment = {_toml(deployment.deployment)}",
        f"station = {_toml(deployment.station)}",
        f"utc_offset_minutes = {deployment.utc_offset_minutes}",
        f"start = {deployment.start.isoformat()}",
    ]
    if deployment.end is not None:
        lines.append(f"end = {deployment.end.isoformat()}")
    if setup := deployment.setup.by_camtrap_dp():
        lines += ["", "[camtrap_dp]", *(f"{name} = {_toml(value)}" for name, value in setup.items())]
    if made := deployment.made_with:
        lines += ["", "[made_with]", *(f"{each.name} = {_toml(getattr(made, each.name))}" for each in fields(made))]
    return "\n".join(lines) + "\n"


def read_record(path: Path) -> Deployment:
    """A record that this version, an older one or a hand has written. Raises StoreError for one that is not sound."""
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, *_UNSOUND) as error:
        raise StoreError(f"the deployment record {path} cannot be read", why=str(error), hint=_KEPT) from error


def write_record(path: Path, deployment: Deployment) -> None:
    """Write a whole record, so that it is there after a power cut. Raises StoreError."""
    _write(path, record_text(deployment))


def write_end(path: Path, end: datetime) -> Deployment:
    """Add or correct when the deployment ended; every other line stays, a hand's as well. Raises StoreError."""
    found = read_record(path)
    added = f"end = {end.isoformat()}\n"
    written = path.read_text(encoding="utf-8")
    if found.end is not None:
        written = _END.sub("", written, count=1)
    text = _START.sub(lambda line: f"{line.group().rstrip()}\n{added}", written, count=1)
    ended = replace(found, end=end)
    try:
        is_right = _parsed(text) == ended
    except _UNSOUND:
        is_right = False
    if not is_right:
        raise StoreError(f"the end cannot be added to {path}", hint=f"write this line after its start: {added.strip()}")
    _write(path, text)
    return ended


def _write(path: Path, text: str) -> None:
    try:
        write_durably(path, text.encode())
    except OSError as error:
        raise StoreError(f"{path} cannot be written", why=error.strerror or str(error)) from error


def _parsed(text: str) -> Deployment:
    record = tomllib.loads(text)
    offset = int(record["utc_offset_minutes"])
    if abs(offset) >= 24 * 60:
        raise ValueError("utc_offset_minutes is more than a day")
    made = record.get("made_with")
    return Deployment(
        str(record["deployment"]),
        str(record["station"]),
        offset,
        _aware(record["start"], "start"),
        _aware(record["end"], "end") if "end" in record else None,
        _setup(record.get("camtrap_dp", {})),
        MadeWith(**{field.name: str(made[field.name]) for field in fields(MadeWith)}) if made else None,
    )


def _aware(value: object, name: str) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{name} must be a time with an offset")
    return value


def _setup(found: object) -> Setup:
    """Names that this version does not know are left alone: a newer one, or a hand, has written them."""
    if not isinstance(found, Mapping):
        raise TypeError("camtrap_dp is no table")
    known = {_camtrap_dp(field.name): field.name for field in fields(Setup)}
    setup = Setup(**{known[name]: value for name, value in found.items() if name in known})
    for field in fields(Setup):
        value, wanted = getattr(setup, field.name), _TYPES[field.name]
        if value is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)):
            raise ValueError(f"{_camtrap_dp(field.name)} = {value!r} is of the wrong kind")
    return setup


_KINDS: Mapping[str, type | tuple[type, ...]] = {"str": str, "bool": bool, "int": int, "float": (int, float)}
_TYPES = {field.name: _KINDS[str(field.type).removesuffix(" | None")] for field in fields(Setup)}


def _camtrap_dp(name: str) -> str:
    """``camera_id`` -> ``cameraID``, ``setup_by`` -> ``setupBy``."""
    head, *rest = name.split("_")
    return head + "".join("ID" if word == "id" else word.capitalize() for word in rest)


def _toml(value: object) -> str:
    """A text of JSON is one of TOML, but for DEL, which TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


_PLACE = ("latitude", "longitude", "coordinate_uncertainty")


def setup_value(name: str, text: str) -> object:
    """A value of the setup, its position apart, by Camtrap DP's name and as a person writes it; None for no value.

    Raises ValueError for one that the standard forbids.
    """
    from cameratrap.domain.camtrap_dp import DEPLOYMENTS, parse  # only where a setup is corrected

    known = [_camtrap_dp(field.name) for field in fields(Setup) if field.name not in _PLACE]
    if name not in known:
        raise ValueError(f"there is no such name; there are {', '.join(known)}")
    if not text.isprintable():
        raise ValueError("it takes text that can be printed")
    return parse(next(each for each in DEPLOYMENTS if each.name == name), text)
