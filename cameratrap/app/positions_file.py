"""Where cameras stood, from a file that was kept off their cards: GeoJSON, as `deploy` writes it or a map program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cameratrap.app.deploy import Position
from cameratrap.domain.positions import is_possible
from cameratrap.errors import UsageError


@dataclass(frozen=True, slots=True)
class KeptPosition:
    """A position and what it is of: a deployment, else a station, by name; empty where the file does not say."""

    position: Position
    deployment: str = ""
    station: str = ""

    def is_of(self, deployment: str, station: str) -> bool:
        """Whether it is this deployment's, or its station's."""
        return deployment == self.deployment if self.deployment else station == self.station


def read_positions(file: Path) -> list[KeptPosition]:
    """Every point of a Feature or a FeatureCollection (RFC 7946). Raises UsageError where it is none."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return list(_positions(told))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        hint = "it takes what `deploy --position-file` wrote, or points of a map with deploymentID or locationID"
        raise UsageError(f"{file} is no file of positions", why=str(error), hint=hint) from error


def position_of(kept: list[KeptPosition], deployment: str, station: str) -> Position | None:
    """The deployment's own, else its station's; None where neither is in the file."""
    found = [each for each in kept if each.is_of(deployment, station)]
    found.sort(key=lambda each: not each.deployment)
    return found[0].position if found else None


def _positions(told: Mapping[str, object]) -> Iterator[KeptPosition]:
    features = told["features"] if told["type"] == "FeatureCollection" else [told]
    if not isinstance(features, list):
        raise TypeError("features is no list")
    for feature in features:
        yield _kept(feature)


def _kept(feature: object) -> KeptPosition:
    if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
        raise TypeError("it is no GeoJSON feature")
    geometry, properties = feature["geometry"], feature.get("properties") or {}
    if geometry["type"] != "Point":
        raise ValueError(f"a camera stands on a point, not on a {geometry['type']}")
    east, north = (float(each) for each in geometry["coordinates"][:2])
    told = properties.get("coordinateUncertainty")
    within = None if told is None else int(told)
    if not is_possible(north, east, within):
        off = "" if within is None else f" to {within} m"
        raise ValueError(f"{east}, {north}{off} is nowhere on earth; longitude comes first")
    return KeptPosition(
        Position(north, east, within),
        str(properties.get("deploymentID") or ""),
        str(properties.get("locationID") or ""),
    )
