"""The deployments of a Camtrap DP package, each where it may be said to have stood."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from cameratrap.domain.camtrap_dp import DEPLOYMENTS
from cameratrap.domain.positions import SENSITIVE_STEP_DEG, Position
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import UsageError
from cameratrap.export.camtrap_dp_cells import Row
from cameratrap.export.places import PRECISION, Positions, published_positions
from cameratrap.store.project_read import deployments
from cameratrap.store.project_rows import DeploymentRow

_NAMED_AT_MOST = 10
_COLUMNS = tuple(field.name for field in DEPLOYMENTS)


@dataclass(frozen=True, slots=True)
class Published:
    """A deployment by its number in the index, with the position that is published of it."""

    number: int
    row: DeploymentRow

    @property
    def step_deg(self) -> float | None:
        """What its position was rounded to, None for one as it was measured."""
        return _step(self.row)

    @property
    def is_coarse(self) -> bool:
        """Whether its position was rounded so that what lives there is not found."""
        return _is_coarse(_step(self.row))


def published(
    connection: sqlite3.Connection, chosen: Collection[int] | None, taxa: TaxaTable, positions: Positions
) -> list[Published]:
    """The deployments of these numbers, or all, in order of name. Raises UsageError naming those without a position.

    What is sensitive is looked up in all that was seen at a deployment, also where only a part is exported.
    """
    places = published_positions(connection, taxa, positions)
    wanted = [each for each in deployments(connection) if chosen is None or each.number in chosen]
    wanted.sort(key=lambda each: each.row.deployment)
    missing = [each.row.deployment for each in wanted if places[each.row.deployment] is None]
    if missing:
        raise _without_position(missing)
    return [Published(each.number, _at(each.row, places[each.row.deployment])) for each in wanted]


def deployment_cells(row: DeploymentRow, *, clock_unset: bool) -> Row:
    """One row of the table. ``clock_unset``: some of its times were told by a clock that nobody had set."""
    known = {name: value for name, value in row.setup.items() if name in _COLUMNS}
    return {
        **known,
        "deploymentID": row.deployment,
        "locationID": known.get("locationID") or row.station,
        "locationName": row.station,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "coordinateUncertainty": row.coordinate_uncertainty,
        "deploymentStart": row.start,
        "deploymentEnd": row.end,
        "timestampIssues": True if clock_unset else known.get("timestampIssues"),
        "deploymentGroups": _groups(row),
        "deploymentComments": _comments(row),
    }


def extent(found: Sequence[Published]) -> dict[str, object]:
    """The rectangle around their published positions, as GeoJSON."""
    east = [each.row.longitude for each in found if each.row.longitude is not None]
    north = [each.row.latitude for each in found if each.row.latitude is not None]
    west_south, east_south = [min(east), min(north)], [max(east), min(north)]
    east_north, west_north = [max(east), max(north)], [min(east), max(north)]
    return {"type": "Polygon", "coordinates": [[west_south, east_south, east_north, west_north, west_south]]}


def days(found: Sequence[Published]) -> dict[str, str]:
    """The days of the first start and the last end, each in its own time."""
    start, end = min(each.row.start for each in found), max(each.row.end for each in found)
    return {"start": start.date().isoformat(), "end": end.date().isoformat()}


def _is_coarse(step_deg: float | None) -> bool:
    return step_deg is not None and step_deg >= SENSITIVE_STEP_DEG


def _step(row: DeploymentRow) -> float | None:
    step = row.setup.get(PRECISION)
    return float(step) if isinstance(step, int | float) else None


def _at(row: DeploymentRow, place: Position | None) -> DeploymentRow:
    if place is None:
        return row
    setup = dict(row.setup) if place.step_deg is None else {**row.setup, PRECISION: place.step_deg}
    return replace(
        row,
        latitude=place.latitude,
        longitude=place.longitude,
        coordinate_uncertainty=place.uncertainty_m,
        setup=setup,
    )


def _groups(row: DeploymentRow) -> str:
    groups = [part.strip() for part in str(row.setup.get("deploymentGroups") or "").split("|") if part.strip()]
    session = f"session:{row.session}"
    return " | ".join(groups if not row.session or session in groups else [*groups, session])


def _comments(row: DeploymentRow) -> str:
    said, step = str(row.setup.get("deploymentComments") or ""), _step(row)
    stated = f"Coordinates rounded to {step} degree." if _is_coarse(step) else ""
    return said if stated in said else f"{said} {stated}".strip()


def _without_position(missing: Sequence[str]) -> UsageError:
    named = ", ".join(missing[:_NAMED_AT_MOST])
    more = "" if len(missing) <= _NAMED_AT_MOST else f" and {len(missing) - _NAMED_AT_MOST} more"
    return UsageError(
        f"Camtrap DP needs a position of every deployment, and {len(missing)} have none: {named}{more}",
        hint="`cameratrap project set DEPLOYMENT --latitude DEG --longitude DEG` says where one stood; "
        "--positions coarse then publishes it to a tenth of a degree",
    )
