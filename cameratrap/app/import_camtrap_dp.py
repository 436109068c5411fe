"""Taking a Camtrap DP package over into a project: all of it or nothing.

One that this program has written, and that nobody has changed since, gives back the project it was made of. Any other
is read by the standard's three tables (``camtrap_dp_events``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cameratrap.app.camtrap_dp_events import sequences
from cameratrap.app.camtrap_dp_lines import exact_lines, read_lines
from cameratrap.app.camtrap_dp_record import record_of, taxa_of
from cameratrap.app.camtrap_dp_rows import deployment_row, labelled, media_row, stations
from cameratrap.app.camtrap_dp_staged import Staged, staged
from cameratrap.app.camtrap_dp_taking import Imported, Taking
from cameratrap.app.package_files import PackageFiles, is_camtrap_dp, open_package
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import PackageError
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project
from cameratrap.store.project_events import set_event_gap
from cameratrap.store.project_lines import DeploymentLine, Line
from cameratrap.store.project_record import has_record, write_record
from cameratrap.store.project_taxa import tell_taxa

__all__ = ["Imported", "import_package", "is_camtrap_dp"]
_LONGEST_GAP_S = 86_400.0


def import_package(
    project: Project,
    path: Path,
    taxa: TaxaTable,
    *,
    imported_at: datetime,
    copies: bool = True,
    dry_run: bool = False,
) -> Imported:
    """Take a package over into an open project, its media too unless told not to (``copies``).

    Deployments that the project has already stay as they are; what the study is, the first package tells. With
    ``dry_run`` no file is written, and the project's index is a copy that the caller throws away.
    Raises PackageError naming what is wrong with it, StoreError.
    """
    connection = project.connection
    with open_package(path) as files:
        descriptor = files.descriptor()
        is_first = connection.execute("SELECT 1 FROM deployments LIMIT 1").fetchone() is None
        with _lines(files, descriptor, taxa) as (lines, exact), transaction(connection):
            if is_first:
                _tell_gap(connection, descriptor)
            taking = Taking(project, files, imported_at, copies=copies, dry_run=dry_run)
            try:
                for line in lines:
                    taking.take(line)
                taking.finish()
            except (sqlite3.IntegrityError, OverflowError) as error:
                raise PackageError(f"{path} contradicts itself; nothing was taken over", why=str(error)) from error
            tell_taxa(connection, taxa_of(descriptor, taxa))
    record = record_of(descriptor) if is_first and not has_record(project.folder) else None
    if record is not None and not dry_run:
        write_record(project.folder, record)
    taking.imported.exact = exact
    return taking.imported


@contextmanager
def _lines(
    files: PackageFiles, descriptor: Mapping[str, Any], taxa: TaxaTable
) -> Iterator[tuple[Iterator[Line], bool]]:
    """What the package says, and whether these are its own lines."""
    name = exact_lines(files, descriptor)
    if name is not None:
        with closing(read_lines(files, name)) as lines:  # its file is not left to whoever collects the rest of it
            yield lines, True
        return
    with staged(files, descriptor) as rows:
        yield _read_tables(rows, descriptor, taxa), False


def _read_tables(rows: Staged, descriptor: Mapping[str, Any], taxa: TaxaTable) -> Iterator[Line]:
    precision = descriptor.get("coordinatePrecision")
    step = float(precision) if isinstance(precision, int | float) and not isinstance(precision, bool) else None
    named = stations(rows)
    for each in rows.deployments():
        name = each["deploymentID"]
        yield DeploymentLine(deployment_row(each, named[name], step))
        observations = [labelled(row, taxa) for row in rows.observations(name)]
        yield from sequences(rows.media(name), observations, media_row)


def _tell_gap(connection: sqlite3.Connection, descriptor: Mapping[str, Any]) -> None:
    """Events are made as they were, where this is the first that the project knows."""
    ours = descriptor.get("cameratrap")
    gap_s = ours.get("eventGap") if isinstance(ours, dict) else None
    if isinstance(gap_s, int | float) and 0 <= gap_s <= _LONGEST_GAP_S:
        set_event_gap(connection, timedelta(seconds=gap_s))
