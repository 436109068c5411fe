"""What analyses of a project begin with: its chosen deployments, the pictures that bound them, their events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from cameratrap.app.fold import Rules
from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import Span
from cameratrap.domain.events import Event, TriggerCause, independent_events, station_day
from cameratrap.domain.selected import selects
from cameratrap.domain.selection import Selection
from cameratrap.store.project_read import deployed, sightings


def chosen_deployments(connection: sqlite3.Connection, selection: Selection) -> list[Deployed]:
    """The deployments that a selection names and that stood on one of its days, by station, start and name."""
    return [
        each
        for each in deployed(connection)
        if (not selection.deployments or each.deployment in selection.deployments)
        and (not selection.stations or each.station in selection.stations)
        and (not selection.sessions or each.session in selection.sessions)
        and (selection.since is None or station_day(each.end, each.zone) >= selection.since)
        and (selection.until is None or station_day(each.start, each.zone) <= selection.until)
    ]


def taxa_seen(connection: sqlite3.Connection) -> list[str]:
    """Every taxon that stands anywhere in the project."""
    return [row["taxon"] for row in connection.execute("SELECT DISTINCT taxon FROM event_taxa ORDER BY taxon")]


def was_said(connection: sqlite3.Connection, taxon: str) -> bool:
    """Whether anybody, model or person, has ever said that a sequence shows this taxon."""
    return connection.execute("SELECT 1 FROM observations WHERE taxon = ? LIMIT 1", (taxon,)).fetchone() is not None


def picture_spans(connection: sqlite3.Connection) -> dict[str, Span]:
    """From the first to the last picture of each deployment, animals or none; those whose time is known."""
    rows = connection.execute(
        """SELECT d.deployment, MIN(m.captured_s) AS first, MAX(m.captured_s) AS last FROM media m
        JOIN sequences s ON s.id = m.sequence JOIN deployments d ON d.id = m.deployment
        WHERE s.clock IS NOT 'unset' GROUP BY d.id"""
    )
    return {
        row["deployment"]: Span(datetime.fromtimestamp(row["first"], UTC), datetime.fromtimestamp(row["last"], UTC))
        for row in rows
    }


def chosen_events(
    connection: sqlite3.Connection, deployments: Iterable[Deployed], rules: Rules, selection: Selection
) -> Iterator[Event]:
    """The independent events of those deployments that a selection means, by deployment and in order of time.

    They are reckoned from everything that stands at a deployment and then chosen from. Time-lapse events are left out,
    since how many there are depends on the timer, and so is what a clock told that was not set.
    """
    for each in deployments:
        found = sightings(connection, [each.deployment])
        events = independent_events(found, interval=rules.interval, rule=rules.rule)
        triggered = (event for event in events if event.cause is not TriggerCause.TIMELAPSE)
        yield from (event for event in triggered if selects(selection, event, each.zone))
