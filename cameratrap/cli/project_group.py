"""`project group`: what belongs to one event."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import click

from cameratrap.cli.context import Context
from cameratrap.cli.opened import open_to_change
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.params import Number

COLUMNS = ("deployment", "sequences", "events_before", "events")


@click.command(short_help="Set after how long a pause another event begins.")
@click.option(
    "--gap",
    type=Number(0, 86400),
    required=True,
    metavar="SECONDS",
    help="Pictures that follow each other within this are looked at as one event (a new project: 120).",
)
@click.option("--dry-run", is_flag=True, help="Show how many events there would be; change nothing.")
@table_options
@click.pass_obj
def group(ctx: Context, out: Output, *, gap: float, dry_run: bool) -> None:
    """Group the pictures of the project or card at --data into events anew, by the pause between them.

    These are the events of the review page, of labels and of Camtrap DP. Independent events, which rates and tallies
    count, have an interval of their own (--interval) and do not change. Nothing that was said of a picture changes;
    events get new numbers.
    """
    from cameratrap.store.connection import transaction

    with open_to_change(ctx.data, dry_run=dry_run) as project, transaction(project.connection):
        rows = list(_regrouped(project.connection, timedelta(seconds=gap)))
    out.table(COLUMNS, rows)


def _regrouped(connection: sqlite3.Connection, gap: timedelta) -> Iterator[dict[str, object]]:
    from cameratrap.app.project_nights import night_of
    from cameratrap.store.project_events import regroup, set_event_gap
    from cameratrap.store.project_read import deployments

    set_event_gap(connection, gap)
    for each in deployments(connection):
        before = connection.execute(
            "SELECT COUNT(*) AS events, SUM(sequences) AS sequences FROM events WHERE deployment = ?", (each.number,)
        ).fetchone()
        yield {
            "deployment": each.row.deployment,
            "sequences": before["sequences"] or 0,
            "events_before": before["events"],
            "events": regroup(connection, each.number, is_night=night_of(connection, each.number)),
        }
