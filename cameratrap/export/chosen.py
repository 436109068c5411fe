"""What a selection means of a project: the deployments that are told of, and the sequences of its events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from cameratrap.domain.selection import Selection
from cameratrap.export.sequences import ReadSequence, read_sequences
from cameratrap.store.event_query import numbers
from cameratrap.store.project_deployments import named_deployment
from cameratrap.store.project_read import StoredDeployment, deployments

EVERYTHING = Selection()


def chosen_deployments(connection: sqlite3.Connection, selection: Selection) -> list[StoredDeployment]:
    """Those that a selection names, also where nothing else of it was seen: their effort is a part of the data.

    Raises UsageError for a deployment that the project does not have.
    """
    for name in selection.deployments:
        named_deployment(connection, name)
    return [
        each
        for each in deployments(connection)
        if each.row.deployment in (selection.deployments or (each.row.deployment,))
        and each.row.station in (selection.stations or (each.row.station,))
        and each.row.session in (selection.sessions or (each.row.session,))
    ]


def chosen_events(connection: sqlite3.Connection, selection: Selection) -> frozenset[int] | None:
    """The numbers of its events, None for all."""
    return frozenset(numbers(connection, selection)) if selection else None


def chosen_sequences(
    connection: sqlite3.Connection, selection: Selection
) -> Iterator[tuple[StoredDeployment, ReadSequence]]:
    """Every sequence of its events, each with its deployment, one by one."""
    events = chosen_events(connection, selection)
    for deployment in chosen_deployments(connection, selection):
        for sequence in read_sequences(connection, deployment.number):
            if events is None or sequence.event in events:
                yield deployment, sequence
