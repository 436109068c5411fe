"""How many events each choice of a filter would leave: what stands beside the choices on the page."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cameratrap.domain.selection import STATES, Selection
from cameratrap.store.event_where import where


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of events. Those of one filter pass over what that filter is set to, and respect all others.

    ``events`` are those of the selection itself. ``deployments`` and ``taxa`` name what has any, ``states`` all states.
    """

    events: int
    deployments: Mapping[str, int]
    taxa: Mapping[str, int]
    states: Mapping[str, int]
    blank: int
    flagged: int


def facets(connection: sqlite3.Connection, selection: Selection) -> Facets:
    """Two passes over an index, whatever is selected."""
    events, deployments, states = 0, Counter[str](), Counter[str](dict.fromkeys(STATES, 0))
    blank, flagged = 0, 0
    for row in _kinds(connection, selection):
        n = row["events"]
        at_place = not selection.deployments or row["name"] in selection.deployments
        in_state = not selection.states or row["state"] in selection.states
        by_blank = selection.is_blank in (None, bool(row["is_blank"]))
        by_flag = selection.is_flagged in (None, bool(row["flagged"]))
        events += n * (at_place and in_state and by_blank and by_flag)
        deployments[row["name"]] += n * (in_state and by_blank and by_flag)
        states[row["state"]] += n * (at_place and by_blank and by_flag)
        blank += n * (at_place and in_state and by_flag) * row["is_blank"]
        flagged += n * (at_place and in_state and by_blank) * row["flagged"]
    return Facets(events, +deployments, _taxa(connection, selection), states, blank, flagged)


def _kinds(connection: sqlite3.Connection, selection: Selection) -> list[sqlite3.Row]:
    """Events by deployment, state, blank and flagged, of what the other filters leave."""
    others = replace(selection, deployments=(), states=(), is_blank=None, is_flagged=None)
    meant = where(connection, others)
    blank = "0" if selection.taxa else "e.is_blank"
    what = f"COUNT(DISTINCT {meant.event})" if meant.repeats else "COUNT(*)"
    return connection.execute(
        f"""SELECT d.deployment AS name, k.state, k.is_blank, k.flagged, k.events FROM (
            SELECT e.deployment, e.state, {blank} AS is_blank, e.flagged, {what} AS events
            FROM {meant.table} WHERE {meant.condition} GROUP BY 1, 2, 3, 4) k
        JOIN deployments d ON d.id = k.deployment""",
        meant.parameters,
    ).fetchall()


def _taxa(connection: sqlite3.Connection, selection: Selection) -> dict[str, int]:
    meant = where(connection, replace(selection, taxa=()), by_taxon=True)
    rows = connection.execute(
        f"SELECT e.taxon, COUNT(*) AS events FROM {meant.table} WHERE {meant.condition} GROUP BY e.taxon",
        meant.parameters,
    )
    return {row["taxon"]: row["events"] for row in rows}
