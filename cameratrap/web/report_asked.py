"""What a report is asked for, and how its rows are worded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cameratrap.analysis.effort import EffortDefinition
from cameratrap.app.fold import Rules
from cameratrap.domain.positions import Position
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.export.places import Positions, published_positions
from cameratrap.store.project import Project

# As in an export, or none at all.
ReportPositions = Positions | Literal["none"]
LIMIT_BYTES = 5_000_000  # what every mail server takes


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events are told of, by which definitions, and what may be shown.

    ``with_people`` also shows pictures of people and vehicles. ``limit_bytes`` is how large the file may become;
    pictures get smaller, and in the end fewer, to keep to it.
    """

    selection: Selection
    rules: Rules
    definition: EffortDefinition = EffortDefinition.EXACT
    positions: ReportPositions = "protected"
    title: str = ""
    with_people: bool = False
    limit_bytes: int = LIMIT_BYTES


def told_positions(project: Project, taxa: TaxaTable, asked: Asked) -> Mapping[str, Position | None]:
    """Each deployment's position as the report may tell it."""
    if asked.positions == "none":
        return {}
    return published_positions(project.connection, taxa, asked.positions)


def shows_people(taxa: TaxaTable, label: str) -> bool:
    """Whether a label means people or what they drive.

    A label that the table does not have means them as soon as one of its words does: better a picture too few.
    """
    names = [label] if label in taxa else label.split()
    return any(name in taxa and not taxa.is_animal(name) for name in names)
