"""A selection as a question to the index of a project.

Without a taxon it is asked of ``events``, whose indexes hold every column that a filter asks; with one, of
``event_taxa``, which has the same columns beside the taxon. Either is called ``e`` in what is built here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cameratrap.domain.selection import Selection

_CHOSEN = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Where:
    """The end of a query: FROM ``table`` WHERE ``condition``, of which ``parameters`` are bound.

    ``event`` is the column that holds an event's number. Where several taxa are asked for, an event may come in several
    rows (``repeats``).
    """

    table: str
    event: str
    condition: str
    parameters: tuple[object, ...]
    repeats: bool


def where(connection: sqlite3.Connection, selection: Selection, *, by_taxon: bool = False) -> Where:
    """What selects the events of a selection; ``by_taxon`` asks for each of their taxa."""
    by_taxon = by_taxon or bool(selection.taxa)
    terms = [*_places(connection, selection), *_times(connection, selection), *_facts(selection, by_taxon=by_taxon)]
    condition = " AND ".join(f"({term})" for term, _ in terms) or "1"
    parameters = tuple(value for _, values in terms for value in values)
    if by_taxon:
        return Where("event_taxa e", "e.event", condition, parameters, repeats=len(selection.taxa) != 1)
    return Where("events e", "e.id", condition, parameters, repeats=False)


_Term = tuple[str, tuple[object, ...]]


def _places(connection: sqlite3.Connection, selection: Selection) -> Iterator[_Term]:
    named = {"deployment": selection.deployments, "station": selection.stations, "session": selection.sessions}
    asked = {column: json.dumps(values) for column, values in named.items() if values}
    if not asked:
        return
    condition = " AND ".join(f"{column} {_CHOSEN}" for column in asked)
    found = connection.execute(f"SELECT id FROM deployments WHERE {condition}", tuple(asked.values()))
    numbers = [int(row["id"]) for row in found]
    if len(numbers) == 1:
        yield "e.deployment = ?", (numbers[0],)
    else:
        # The plus keeps SQLite from going deployment by deployment, and then having to sort all it has found.
        yield f"+e.deployment {_CHOSEN}", (json.dumps(numbers),)


def _times(connection: sqlite3.Connection, selection: Selection) -> Iterator[_Term]:
    """Days are the station's: midnight is at another moment where stations have another standard time."""
    if selection.since is None and selection.until is None:
        return
    found = connection.execute("SELECT MIN(utc_offset_minutes), MAX(utc_offset_minutes) FROM deployments").fetchone()
    least_s, most_s = 60 * (found[0] or 0), 60 * (found[1] or 0)
    local = "e.start_s + 60 * (SELECT d.utc_offset_minutes FROM deployments d WHERE d.id = e.deployment)"
    if selection.since:
        start_s = _midnight_s(selection.since)
        yield "e.start_s >= ?", (start_s - most_s,)
        if least_s != most_s:
            yield f"{local} >= ?", (start_s,)
    if selection.until:
        end_s = _midnight_s(selection.until) + timedelta(days=1).total_seconds()
        yield "e.start_s < ?", (end_s - least_s,)
        if least_s != most_s:
            yield f"{local} < ?", (end_s,)


def _midnight_s(day: date) -> float:
    """As if the station's clock showed UTC."""
    return datetime.combine(day, time(), UTC).timestamp()


def _facts(selection: Selection, *, by_taxon: bool) -> Iterator[_Term]:
    many = {"taxon": selection.taxa, "state": selection.states, "cause": selection.causes}
    for column, values in many.items():
        if len(values) == 1:
            yield f"e.{column} = ?", (str(values[0]),)
        elif values:
            yield f"e.{column} {_CHOSEN}", (json.dumps(values),)
    if selection.min_score is not None:
        yield "e.score >= ?", (selection.min_score,)
    if selection.max_score is not None:
        yield "e.score <= ?", (selection.max_score,)
    if selection.light is not None:
        yield "e.is_night = ?", (selection.light == "night",)
    if selection.hours is not None:
        hours = [str(hour) for hour in range(24) if selection.has_hour(hour)]
        yield f"e.hour IN ({', '.join(hours)})", ()
    if selection.is_flagged is not None:
        yield "e.flagged = ?", (selection.is_flagged,)
    if selection.is_blank is not None:
        # Of what has a taxon nothing is blank.
        yield ("1" if not selection.is_blank else "0", ()) if by_taxon else ("e.is_blank = ?", (selection.is_blank,))
