"""Where the deployments of a project are said to have stood, in whatever form the project is given away."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Literal

from cameratrap.domain.positions import Place, Position, coarsened, public_positions, sensitive_in
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.project_read import StoredDeployment, deployments

# Coarsened where a sensitive taxon was seen, as it was measured, or coarsened everywhere.
Positions = Literal["protected", "exact", "coarse"]
# A setup's name (Camtrap DP's) for the side, in degrees, of the square that a position came rounded to.
PRECISION = "coordinatePrecision"


def published_positions(
    connection: sqlite3.Connection, taxa: TaxaTable, positions: Positions = "protected"
) -> dict[str, Position | None]:
    """Each deployment's position by its name, None where it is not known.

    What is sensitive is looked up in all that stands of the project, whatever part of it is given away.
    """
    every = deployments(connection)
    measured = {each.row.deployment: _position(each) for each in every}
    if positions == "exact":
        return measured
    if positions == "coarse":
        public = {name: place and coarsened(place) for name, place in measured.items()}
    else:
        seen = _seen(connection)
        places = [
            Place(each.row.deployment, each.row.station, measured[each.row.deployment], frozenset(seen[each.number]))
            for each in every
        ]
        public = public_positions(places, sensitive_in(taxa))
    return {name: place if _is_coarse(place, public[name]) else public[name] for name, place in measured.items()}


def _is_coarse(place: Position | None, public: Position | None) -> bool:
    """Whether a place came here as coarse as it is to be published: rounding it again would only add uncertainty."""
    step = None if place is None else place.step_deg
    return step is not None and (public is None or public.step_deg is None or step >= public.step_deg)


def _seen(connection: sqlite3.Connection) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute("SELECT DISTINCT deployment, taxon FROM event_taxa"):
        found[row["deployment"]].add(row["taxon"])
    return found


def _position(deployment: StoredDeployment) -> Position | None:
    row, step = deployment.row, deployment.row.setup.get(PRECISION)
    if row.latitude is None or row.longitude is None:
        return None
    step_deg = float(step) if isinstance(step, int | float) else None
    return Position(row.latitude, row.longitude, row.coordinate_uncertainty, step_deg)
