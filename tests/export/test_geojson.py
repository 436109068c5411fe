"""The map: RFC 7946, with effort, and no place that should not be told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.domain.events import IndependenceRule
from cameratrap.domain.selection import Selection
from cameratrap.export.geojson import EventRule, geojson_pieces
from cameratrap.export.places import Positions, published_positions
from cameratrap.resources import builtin_taxa
from cameratrap.store.connection import transaction
from cameratrap.store.project import edit_project, read_project
from cameratrap.store.project_rows import add_down
from tests.studied_project import START, studied_project

RULE = EventRule(timedelta(minutes=30), IndependenceRule.LAST_RECORD)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return studied_project(tmp_path / "project", lynx_at_second=True)


def _map(study: Path, positions: Positions = "protected", rule: EventRule = RULE, **more: Any) -> dict[str, Any]:
    with read_project(study) as project:
        places = published_positions(project.connection, builtin_taxa(), positions)
        loaded = json.loads("".join(geojson_pieces(project.connection, places, rule, **more)))
    assert isinstance(loaded, dict)
    return loaded


def test_it_is_geojson(study: Path) -> None:
    """Section by section: types, longitude first, a box of west, south, east, north, no coordinate system, null."""
    found = _map(study, "exact", with_events=True)
    assert found["type"] == "FeatureCollection"
    assert found["bbox"] == [-2.5, 52.123456, -1.654321, 53.987654]
    assert "crs" not in found
    names = [feature["id"] for feature in found["features"]]
    assert len(set(names)) == len(names)
    for feature in found["features"]:
        assert set(feature) == {"type", "id", "geometry", "properties"}
        assert feature["type"] == "Feature"
        if feature["properties"]["deployment"] == "lost":
            assert feature["geometry"] is None
        else:
            longitude, latitude = feature["geometry"]["coordinates"]
            assert (feature["geometry"]["type"], longitude < 0, 52 < latitude < 54) == ("Point", True, True)


def test_a_deployment_tells_its_effort_and_taxa(study: Path) -> None:
    """Effort is from setup to retrieval without down time; events and individuals of each taxon, and by which rule."""
    with edit_project(study) as project, transaction(project.connection):
        add_down(project.connection, 1, [(START, START + timedelta(hours=12), "camera")])
    found = _map(study)
    first = next(each["properties"] for each in found["features"] if each["properties"]["deployment"] == "wood 1")
    assert first["effort_days"] == 1.5
    assert first["taxa"]["Vulpes vulpes"] == {"events": 2, "individuals": 5}
    assert first["events"] == sum(each["events"] for each in first["taxa"].values())
    assert found["independence"] == "30 minutes since the last record"


def test_the_rule_decides_the_events(study: Path) -> None:
    """Two foxes ten hours apart are one event where twelve hours must pass; each event is a feature where asked for."""
    day = _map(study, rule=EventRule(timedelta(hours=12), IndependenceRule.LAST_RECORD), with_events=True)
    foxes = [
        each["properties"]
        for each in day["features"]
        if each["properties"]["kind"] == "event" and each["properties"].get("taxon") == "Vulpes vulpes"
    ]
    assert sorted((each["deployment"], each["count"]) for each in foxes) == [("moor", 1), ("wood 1", 3), ("wood 2", 3)]
    assert foxes[0]["start"].endswith("+01:00")


def test_a_sensitive_taxon_hides_the_place(study: Path) -> None:
    """Of the deployment, of the station's other one, of every event there, and in the box around it all."""
    text = json.dumps(_map(study, with_events=True))
    assert "52.123" not in text
    assert "1.654" not in text
    assert "53.987654" in text
    wood = next(each for each in _map(study)["features"] if each["properties"]["deployment"] == "wood 1")
    assert wood["geometry"]["coordinates"] == [-1.7, 52.1]
    assert wood["properties"]["coordinates_coarsened"] is True
    assert wood["properties"]["coordinate_uncertainty_m"] > 6000


def test_one_deployment_alone(study: Path) -> None:
    """Only it, and nothing of the others."""
    found = _map(study, selection=Selection(deployments=("moor",)))
    assert [each["properties"]["deployment"] for each in found["features"]] == ["moor"]
    assert _map(study, selection=Selection(deployments=("lost",)))["features"][0]["geometry"] is None
    assert "bbox" not in _map(study, selection=Selection(deployments=("lost",)))
