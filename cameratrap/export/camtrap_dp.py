"""Camtrap DP: a project as a Camera Trap Data Package, three tables and what describes them.

Beside the standard's tables lies ``sequences.jsonl`` with what they cannot hold (sequences, fractions of seconds, the
boxes that did not count, effort): with it ``import`` gives the same project back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cameratrap.domain.camtrap_dp import VERSIONS
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import UsageError
from cameratrap.export.camtrap_dp_check import check_tables
from cameratrap.export.camtrap_dp_deployments import Published, days, extent, published
from cameratrap.export.camtrap_dp_descriptor import Coverage, write_descriptor
from cameratrap.export.camtrap_dp_observations import ExportedEvent
from cameratrap.export.camtrap_dp_tables import Tables, Written
from cameratrap.export.camtrap_dp_taxa import taxonomic
from cameratrap.export.package import Package
from cameratrap.export.places import Positions
from cameratrap.export.sequences import ReadSequence, read_sequences
from cameratrap.store.connection import snapshot
from cameratrap.store.event_query import numbers
from cameratrap.store.project import Project
from cameratrap.store.project_events import event_gap
from cameratrap.store.project_read import deployments
from cameratrap.store.project_record import ProjectRecord
from cameratrap.store.project_taxa import told_taxa


@dataclass(frozen=True, slots=True)
class Options:
    """How a package is made.

    Media lie in the package (``copies_media``), below an address (``media_prefix``), or where they are; pictures that
    not everybody may see are marked, or left out (``leaves_private``).
    """

    dp_version: str = VERSIONS[0]
    positions: Positions = "protected"
    media_prefix: str = ""
    copies_media: bool = False
    leaves_private: bool = False
    selection: Selection = field(default_factory=Selection)


def export_camtrap_dp(
    project: Project,
    package: Package,
    record: ProjectRecord,
    taxa: TaxaTable,
    options: Options,
    *,
    created: datetime,
    made_by: str,
) -> Written:
    """Write the package and check it. Raises UsageError for what cannot be exported, StoreError where it fails."""
    connection = project.connection
    with snapshot(connection):
        found = published(connection, _deployments(connection, options.selection), taxa, options.positions)
        if not found:
            raise UsageError("there is no deployment to export", hint="`cameratrap project show` lists them")
        written = _write_tables(project, package, found, taxa, options)
        write_descriptor(
            package.folder,
            record,
            _coverage(connection, found, written, taxa),
            dp_version=options.dp_version,
            created=created,
            made_by=made_by,
            event_gap_s=event_gap(connection).total_seconds(),
        )
    check_tables(package.folder)
    return written


def _write_tables(
    project: Project, package: Package, found: Sequence[Published], taxa: TaxaTable, options: Options
) -> Written:
    connection, selection = project.connection, options.selection
    wanted = frozenset(numbers(connection, selection)) if selection else None
    with Tables(project, package, taxa, options.media_prefix, options.copies_media, options.leaves_private) as tables:
        for each in found:
            tables.add_deployment(each)
            for event in _events(connection, each, wanted):
                tables.add_event(each, event)
    return tables.written


def _deployments(connection: sqlite3.Connection, selection: Selection) -> frozenset[int] | None:
    """Those that a selection names, also where nothing of it was seen: their effort is a part of the data."""
    chosen = frozenset(
        each.number
        for each in deployments(connection)
        for row in (each.row,)
        if row.deployment in (selection.deployments or (row.deployment,))
        and row.station in (selection.stations or (row.station,))
        and row.session in (selection.sessions or (row.session,))
    )
    return chosen if selection else None


def _events(connection: sqlite3.Connection, of: Published, wanted: Collection[int] | None) -> Iterator[ExportedEvent]:
    """The events of a deployment, each when its last sequence has been read."""
    rows = connection.execute("SELECT id, sequences FROM events WHERE deployment = ?", (of.number,))
    sizes = {row["id"]: row["sequences"] for row in rows}
    growing: dict[int, list[ReadSequence]] = {}
    for each in read_sequences(connection, of.number):
        if each.event is None or (wanted is not None and each.event not in wanted):
            continue
        members = growing.setdefault(each.event, [])
        members.append(each)
        if len(members) == sizes[each.event]:
            yield ExportedEvent(of.row.deployment, growing.pop(each.event))


def _coverage(
    connection: sqlite3.Connection, found: Sequence[Published], written: Written, taxa: TaxaTable
) -> Coverage:
    return Coverage(
        spatial=extent(found),
        temporal=days(found),
        taxonomic=taxonomic(taxa, told_taxa(connection), written.scientific_names),
        capture_methods=sorted(written.capture_methods),
        levels=sorted(written.levels, reverse=True),
        precision=max((each.step_deg for each in found if each.step_deg is not None), default=None),
    )
