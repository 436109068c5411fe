"""Rows of Camtrap DP's tables in a project's words: a deployment, a picture, and what an observation shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from cameratrap.app.camtrap_dp_staged import Row, Staged
from cameratrap.domain.camtrap_dp import DEPLOYMENTS
from cameratrap.domain.package_names import media_path
from cameratrap.domain.taxa import ANIMAL, PERSON, VEHICLE, TaxaTable
from cameratrap.store.project_rows import UNKNOWN, DeploymentRow, MediaRow

_OUTSIDE_SETUP = frozenset({"deploymentID", "latitude", "longitude", "coordinateUncertainty", "deploymentStart",
                            "deploymentEnd", "deploymentGroups"})  # fmt: skip
_UNNAMED = {"animal": ANIMAL, "human": PERSON, "vehicle": VEHICLE, "unknown": UNKNOWN}
_ATTRIBUTES = ("fileName", "favorite", "mediaComments", "exifData")
_TAG = "taxon:"
_SESSION = re.compile(r"(?:session|season)\s*:\s*(.+)", re.IGNORECASE)


def stations(staged: Staged) -> Mapping[str, str]:
    """Deployment -> station: the location's name, or its id where two locations have one name."""
    rows = list(staged.deployments())
    places = {(row.get("locationName"), row.get("locationID")) for row in rows if row.get("locationName")}
    shared = Counter(name for name, _ in places)
    return {row["deploymentID"]: _station(row, shared) for row in rows}


def deployment_row(row: Row, station: str, precision: float | None) -> DeploymentRow:
    """A deployment. Its standard time is the offset that its start is told in. ``precision`` is of its position."""
    start = row["deploymentStart"]
    setup = {field.name: row[field.name] for field in DEPLOYMENTS if _is_setup(field.name, row)}
    groups = [part.strip() for part in str(row.get("deploymentGroups") or "").split("|") if part.strip()]
    session = next((found[1] for part in groups if (found := _SESSION.fullmatch(part))), "")
    kept = [part for part in groups if part != f"session:{session}"]
    offset = start.utcoffset() or timedelta()
    return DeploymentRow(
        deployment=row["deploymentID"],
        station=station,
        utc_offset_minutes=int(offset / timedelta(minutes=1)),
        start=start,
        end=row["deploymentEnd"],
        source="camtrap-dp",
        root="",
        imported_at=start,
        session=session,
        latitude=row["latitude"],
        longitude=row["longitude"],
        coordinate_uncertainty=row.get("coordinateUncertainty"),
        setup={
            **setup,
            **({"deploymentGroups": " | ".join(kept)} if kept else {}),
            **({} if precision is None else {"coordinatePrecision": precision}),
        },
    )


def media_row(row: Row) -> MediaRow:
    """A picture or a clip. Its path is that in the package, below its deployment's folder where it has one."""
    attributes: dict[str, object] = {name: row[name] for name in _ATTRIBUTES if row.get(name) is not None}
    if row["filePublic"] is False:
        attributes["filePublic"] = False
    return MediaRow(
        media=row["mediaID"],
        path=_path(row["deploymentID"], row["filePath"]),
        captured_at=row["timestamp"],
        mediatype=row["fileMediatype"],
        attributes=attributes,
    )


def labelled(row: Row, taxa: TaxaTable) -> Row:
    """An observation with what it shows as its ``label``, by the names of the table where that has them."""
    tags = [part.strip() for part in str(row.get("observationTags") or "").split("|") if part.strip()]
    tagged = next((tag for tag in tags if tag.startswith(_TAG) and tag.removeprefix(_TAG) in taxa), None)
    kept = " | ".join(tag for tag in tags if tag != tagged)
    name = tagged.removeprefix(_TAG) if tagged else row.get("scientificName")
    label = _UNNAMED.get(row["observationType"], "") if name is None else name
    return {**row, "observationTags": kept or None, "label": taxa.resolve(label).name if label in taxa else label}


def in_package(deployment: str, path: str) -> Iterator[str]:
    """Where a picture may lie in a package, by its path in the deployment."""
    yield media_path(deployment, path)
    yield path


def _station(row: Row, shared: Mapping[Any, int]) -> str:
    name, place = row.get("locationName"), row.get("locationID")
    return str((name if name and shared[name] == 1 else place or name) or row["deploymentID"])


def _is_setup(name: str, row: Row) -> bool:
    return name not in _OUTSIDE_SETUP and name != "locationName" and row.get(name) is not None


def _path(deployment: str, file_path: str) -> str:
    folder = media_path(deployment, "")
    path = unquote(file_path.removeprefix(folder))
    return path if file_path == media_path(deployment, path) else file_path
