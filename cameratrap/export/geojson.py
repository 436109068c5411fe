"""Where the cameras stood and what each saw, as GeoJSON (RFC 7946) for QGIS, R's sf and web maps.

A feature a deployment, and where they are asked for a feature an independent event. Coordinates are longitude and
latitude in WGS 84; a deployment whose position nobody knows has the geometry null, as section 3.2 has it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import hours, subtract
from cameratrap.domain.events import Event, IndependenceRule, settled_events
from cameratrap.domain.positions import Position, spatial_extent
from cameratrap.domain.selection import Selection
from cameratrap.export.chosen import EVERYTHING, chosen_deployments
from cameratrap.store.project_read import deployed, sightings


@dataclass(frozen=True, slots=True)
class EventRule:
    """When two sightings are independent: every number here depends on it, so the file says it."""

    interval: timedelta
    rule: IndependenceRule


def geojson_pieces(
    connection: sqlite3.Connection,
    positions: Mapping[str, Position | None],
    independence: EventRule,
    *,
    with_events: bool = False,
    selection: Selection = EVERYTHING,
) -> Iterator[str]:
    """The collection in pieces, of the deployments of a selection; ``positions`` as they may be published."""
    names = [each.row.deployment for each in chosen_deployments(connection, selection)]
    chosen = {each.deployment: each for each in deployed(connection, names)}
    yield _head([positions[name] for name in chosen], independence)
    totals = _totals(_events(connection, chosen, independence))
    features = (_deployment(each, positions[name], totals[name]) for name, each in chosen.items())
    yield ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    if with_events:
        for event in _events(connection, chosen, independence):
            feature = _event(event, chosen[event.deployment], positions[event.deployment])
            yield ",\n" + json.dumps(feature, ensure_ascii=False)
    yield "\n]}\n"


def _events(connection: sqlite3.Connection, chosen: Collection[str], independence: EventRule) -> Iterator[Event]:
    return settled_events(sightings(connection, chosen), interval=independence.interval, rule=independence.rule)


def _head(positions: list[Position | None], independence: EventRule) -> str:
    extent = spatial_extent(position for position in positions if position is not None)
    members = {
        "type": "FeatureCollection",
        **({"bbox": list(extent)} if extent else {}),
        "independence": f"{independence.interval / timedelta(minutes=1):g} minutes since the "
        + independence.rule.value.replace("-", " "),
        "effort": "days from setup to retrieval, minus down time",
    }
    return json.dumps(members, ensure_ascii=False)[:-1] + ', "features": [\n'


def _totals(events: Iterator[Event]) -> dict[str, dict[str, dict[str, int]]]:
    """Events and individuals by deployment and taxon."""
    totals: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for event in events:
        found = totals[event.deployment].setdefault(event.taxon, {"events": 0, "individuals": 0})
        found["events"] += 1
        found["individuals"] += event.count
    return totals


def _deployment(each: Deployed, position: Position | None, taxa: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
    return _feature(
        f"deployment/{each.deployment}",
        position,
        {
            "kind": "deployment",
            "deployment": each.deployment,
            "station": each.station,
            "session": each.session,
            "start": each.start.isoformat(),
            "end": each.end.isoformat(),
            "effort_days": round(hours(subtract([each.span], each.down)) / 24, 4),
            "coordinate_uncertainty_m": position and position.uncertainty_m,
            "coordinates_coarsened": position and position.step_deg is not None,
            "events": sum(found["events"] for found in taxa.values()),
            "taxa": dict(sorted(taxa.items())),
        },
    )


def _event(event: Event, each: Deployed, position: Position | None) -> dict[str, object]:
    return _feature(
        f"event/{event.deployment}/{event.bursts[0]}/{event.taxon}",
        position,
        {
            "kind": "event",
            "deployment": event.deployment,
            "station": each.station,
            "taxon": event.taxon,
            "count": event.count,
            "start": event.start.astimezone(each.zone).isoformat(),
            "end": event.end.astimezone(each.zone).isoformat(),
            "trigger": event.cause.value,
            "score": event.score,
            "source": event.source,
        },
    )


def _feature(name: str, position: Position | None, properties: Mapping[str, object]) -> dict[str, object]:
    point = position and {"type": "Point", "coordinates": [position.longitude, position.latitude]}
    return {"type": "Feature", "id": name, "geometry": point, "properties": properties}
