"""The independent events of a project and what they tally to, deployment by deployment: none is held with another."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import PurePosixPath

from cameratrap.app.fold import Rules, fold
from cameratrap.domain.events import AT_A_TIME, Event, independent_events, station_day
from cameratrap.domain.selected import selects, state_of
from cameratrap.domain.selection import Light, Selection, State
from cameratrap.domain.tallies import Tally, fold_days
from cameratrap.store.card import Card
from cameratrap.store.project_read import StoredDeployment, deployments, sightings


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An independent event and where it is met: ``review`` is the number of the event that the page shows it in.

    ``media`` are the pictures of its sequences that are there, relative to the project's folder or absolute.
    ``light`` is None where nobody knows.
    """

    event: Event
    at: StoredDeployment
    state: State
    review: int | None
    light: Light | None
    is_flagged: bool
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TalliedDay:
    """A day of a deployment. Hours are None where nobody measured them."""

    deployment: str
    day: date
    hours_armed: float | None
    hours_armed_night: float | None
    tallies: tuple[Tally, ...]


def found_events(connection: sqlite3.Connection, rules: Rules, selection: Selection) -> Iterator[FoundEvent]:
    """The independent events that a selection means, by deployment and then in order of time.

    They are reckoned from everything that stands and then chosen from; also from what a clock told that was not set.
    """
    for at in _chosen(connection, selection):
        yield from _of_deployment(connection, at, rules, selection, untimed=True)


def tallied_days(connection: sqlite3.Connection, rules: Rules, selection: Selection) -> Iterator[TalliedDay]:
    """The days of each deployment, from the first on which it was there to the last, none left out."""
    for at in _chosen(connection, selection):
        found = _of_deployment(connection, at, rules, selection, untimed=False)
        tallies = fold_days((each.event for each in found), at.zone)
        effort = _effort(connection, at)
        for day in _days(tallies.keys() | (effort.keys() or _stood(at)), selection):
            hours = effort.get(day, (None, None))
            yield TalliedDay(at.row.deployment, day, *hours, tallies.get(day, ()))


def card_days(card: Card, rules: Rules, selection: Selection) -> Iterator[TalliedDay]:
    """The same of a card that nobody has reviewed, from its own index."""
    folded = fold(card, rules)
    for day in folded.days:
        if (selection.since or day) <= day <= (selection.until or day):
            effort = folded.effort[day]
            hours = (effort.hours_armed, effort.hours_armed_night)
            yield TalliedDay(card.deployment.deployment, day, *hours, folded.tallies[day])


def _chosen(connection: sqlite3.Connection, selection: Selection) -> list[StoredDeployment]:
    return [
        each
        for each in deployments(connection)
        if (not selection.deployments or each.row.deployment in selection.deployments)
        and (not selection.stations or each.row.station in selection.stations)
        and (not selection.sessions or each.row.session in selection.sessions)
    ]


def _of_deployment(
    connection: sqlite3.Connection, at: StoredDeployment, rules: Rules, selection: Selection, *, untimed: bool
) -> Iterator[FoundEvent]:
    found = sightings(connection, [at.row.deployment], untimed=untimed)
    events = independent_events(found, interval=rules.interval, rule=rules.rule)
    meant = (event for event in events if selects(selection, event, at.zone))
    while some := list(islice(meant, AT_A_TIME)):
        yield from (each for each in _met(connection, at, some) if _is_meant(each, selection))


def _is_meant(found: FoundEvent, selection: Selection) -> bool:
    return selection.light in (None, found.light) and selection.is_flagged in (None, found.is_flagged)


def _met(connection: sqlite3.Connection, at: StoredDeployment, events: Sequence[Event]) -> Iterator[FoundEvent]:
    bursts = json.dumps(sorted({burst for event in events for burst in event.bursts}))
    rows = connection.execute(
        """SELECT s.sequence, s.event, s.flagged, e.is_night FROM sequences s LEFT JOIN events e ON e.id = s.event
        WHERE s.deployment = ? AND s.sequence IN (SELECT value FROM json_each(?))""",
        (at.number, bursts),
    )
    sequences = {row["sequence"]: row for row in rows}
    media = _media(connection, at, bursts)
    for event in events:
        first = sequences[event.bursts[0]]
        yield FoundEvent(
            event,
            at,
            state_of(event),
            first["event"],
            light(first["is_night"]),
            any(sequences[burst]["flagged"] for burst in event.bursts),
            tuple(path for burst in event.bursts for path in media[burst]),
        )


def light(is_night: bool | None) -> Light | None:
    """As a table names it."""
    return None if is_night is None else "night" if is_night else "day"


def _media(connection: sqlite3.Connection, at: StoredDeployment, bursts: str) -> defaultdict[str, list[str]]:
    paths = defaultdict[str, list[str]](list)
    for row in connection.execute(
        """SELECT s.sequence, m.path FROM sequences s JOIN media m ON m.sequence = s.id
        WHERE s.deployment = ? AND s.sequence IN (SELECT value FROM json_each(?)) AND m.state <> 'removed'
        ORDER BY m.captured_s, m.id""",
        (at.number, bursts),
    ):
        paths[row["sequence"]].append(str(PurePosixPath(at.row.root, row["path"])))
    return paths


def _effort(connection: sqlite3.Connection, at: StoredDeployment) -> dict[date, tuple[float | None, float | None]]:
    rows = connection.execute("SELECT * FROM effort_days WHERE deployment = ?", (at.number,))
    return {date.fromisoformat(row["day"]): (row["hours_armed"], row["hours_armed_night"]) for row in rows}


def _stood(at: StoredDeployment) -> set[date]:
    """The days of setup and retrieval: it was there on those between, where nobody kept an account of them.

    One that was fetched at midnight was not there on the day that began then.
    """
    last = max(at.row.start, at.row.end - timedelta(microseconds=1))
    return {station_day(at.row.start, at.zone), station_day(last, at.zone)}


def _days(known: set[date], selection: Selection) -> Iterator[date]:
    first, last = max(min(known), selection.since or date.min), min(max(known), selection.until or date.max)
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
