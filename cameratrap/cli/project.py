"""`project`: what a project holds, and correcting what it says of its deployments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cameratrap.cli.author import author_option
from cameratrap.cli.context import Context
from cameratrap.cli.deploy_options import METRES_OFF, at_station, degrees, moment
from cameratrap.cli.output import Output, plural, table_options
from cameratrap.cli.params import Number, printable, printable_or_empty
from cameratrap.cli.project_group import group
from cameratrap.cli.project_init import init
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    import sqlite3

    from cameratrap.app.project_corrections import Change
    from cameratrap.store.project import Project
    from cameratrap.store.project_corrections import Correction
    from cameratrap.store.project_read import StoredDeployment

SHOW_COLUMNS = ("deployment", "station", "session", "start", "end", "days", "media", "sequences", "events",
                "reviewed_pct", "flagged", "source")  # fmt: skip
CHANGE_COLUMNS = ("deployment", "what", "was", "now")
CORRECTION_COLUMNS = ("correction", "deployment", "kind", "made_at", "author", "detail", "undone_at")
NOTHING = "nothing was changed"


@click.group()
def project() -> None:
    """What a project holds, and correcting what it says of its deployments.

    \b
    cameratrap --data PROJECT project show
    cameratrap --data PROJECT project set ridge-7 --station ridge --end 2027-03-10T09:30 --dry-run
    """


project.add_command(init)
project.add_command(group)


@project.command(short_help="Show each deployment: when, how much, how far it is reviewed.")
@click.option("--corrections", "shows_corrections", is_flag=True, help="Show what was corrected instead.")
@table_options
@click.pass_obj
def show(ctx: Context, out: Output, *, shows_corrections: bool) -> None:
    """Show each deployment of the project: its time, its media and events, and how many of these a person has seen.

    reviewed_pct counts events of which every sequence was looked at by a person. Nothing is changed.
    """
    from cameratrap.app.project_source import open_source
    from cameratrap.store.project_corrections import corrections
    from cameratrap.store.project_read import deployments

    with open_source(ctx.data) as found:
        if shows_corrections:
            out.table(CORRECTION_COLUMNS, [correction_row(each) for each in corrections(found.connection)])
            return
        known = deployments(found.connection)
        rows = [_show_row(found.connection, each) for each in known]
    out.table(SHOW_COLUMNS, rows)
    stations, sessions = {each.row.station for each in known}, {each.row.session for each in known} - {""}
    counts = [plural(len(known), "deployment"), plural(len(stations), "station"), plural(len(sessions), "session")]
    ctx.say(", ".join(counts))


@project.command(name="set", short_help="Correct a deployment: its name, station, times, position.")
@click.argument("deployment", required=False)
@click.option("--name", type=printable, metavar="NAME", help="What it is to be called.")
@click.option("--station", type=printable, metavar="NAME", help="Where it stood.")
@click.option("--session", type=printable_or_empty, metavar="NAME", help="The season or campaign; '' for none.")
@click.option("--start", type=moment, metavar="TIME", help="When it was set up (station's standard time).")
@click.option("--end", type=moment, metavar="TIME", help="When it was taken down.")
@click.option("--position", type=degrees, metavar="LAT,LON", help="Degrees north and east, WGS 84.")
@click.option("--latitude", type=Number(-90, 90), metavar="DEG", help="Degrees north.")
@click.option("--longitude", type=Number(-180, 180), metavar="DEG", help="Degrees east.")
@click.option("--uncertainty", type=METRES_OFF, metavar="M", help="Within how many metres that is true.")
@click.option("--setup", "setup", multiple=True, metavar="NAME=VALUE",
              help="How it hung, by Camtrap DP's name, as cameraHeight=0.5; empty to take it away.")  # fmt: skip
@click.option("--undo", type=click.IntRange(1), metavar="N", help="Take correction N back, as `project show` lists it.")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@author_option
@table_options
@click.pass_obj
def set_(
    ctx: Context, /, out: Output, deployment: str | None, undo: int | None, author: str, *, dry_run: bool, **given: Any
) -> None:
    """Correct what the project says of a deployment, with all that follows: its effort, its nights, its events.

    Each correction is a row with who and when; what the card says is kept, and --undo N gives it back. The table shows
    what changes, old and new; with --dry-run nothing else happens.
    """
    from cameratrap.app.project_corrections import Who, correct_deployment, take_back
    from cameratrap.store.project_deployments import named_deployment

    wanted = {name: value for name, value in given.items() if value not in (None, ())}
    if (undo is None) == (deployment is None) or (undo is not None) == bool(wanted):
        raise click.UsageError("name a deployment and what to correct, or --undo N alone")
    who = Who(author, datetime.now(UTC).replace(microsecond=0))
    with editing(ctx, dry_run=dry_run) as found:
        if undo is not None:
            correction, changes = take_back(found, undo, who)
            number, name = undo, correction.name
        else:
            name = str(deployment)
            stored = named_deployment(found.connection, name)
            made, changes = correct_deployment(found, name, _detail(stored, wanted), who)
            number = made or 0
    out.table(CHANGE_COLUMNS, [change_row(name, each) for each in changes])
    say_changed(ctx, changes, number, is_undo=undo is not None, dry_run=dry_run)


@contextmanager
def editing(ctx: Context, *, dry_run: bool) -> Iterator[Project]:
    """The project at --data, or for --dry-run a copy of its index that is thrown away. Raises UsageError for a card."""
    from cameratrap.store.project import Project, edit_project, is_project, read_project
    from cameratrap.store.trials import copy_in_memory

    if not is_project(ctx.data):
        raise UsageError(
            f"{ctx.data} is not a project",
            why="it has no project.db",
            hint="`cameratrap import CARD --into PROJECT` makes one; name it with --data PROJECT",
        )
    with ExitStack() as stack:
        if dry_run:
            read = stack.enter_context(read_project(ctx.data))
            yield Project(ctx.data, stack.enter_context(copy_in_memory(read.connection)))
        else:
            yield stack.enter_context(edit_project(ctx.data))


def say_changed(ctx: Context, changes: Sequence[Change], number: int, *, is_undo: bool, dry_run: bool) -> None:
    """What was done, and how to take it back."""
    if dry_run:
        ctx.say(NOTHING)
    elif is_undo:
        ctx.say(f"took correction {number} back")
    elif not changes and not number:
        ctx.say(f"it is so already; {NOTHING}")
    else:
        ctx.say(f"correction {number}; `project set --undo {number}` takes it back")


def change_row(deployment: str, each: Change) -> dict[str, object]:
    """One line of what changes."""
    return {"deployment": deployment, "what": each.name, "was": each.was, "now": each.now}


def correction_row(each: Correction) -> dict[str, object]:
    """One line of what was corrected."""
    return {
        "correction": each.number,
        "deployment": each.name,
        "kind": each.kind,
        "made_at": each.made_at.isoformat(),
        "author": each.author,
        "detail": dict(each.detail),
        "undone_at": each.undone_at and each.undone_at.isoformat(),
    }


def _detail(stored: StoredDeployment, wanted: Mapping[str, Any]) -> dict[str, object]:
    """The options by the names of columns."""
    detail: dict[str, object] = {
        name: wanted[name] for name in ("station", "session", "latitude", "longitude") if name in wanted
    }
    detail |= {name: at_station(wanted[name], stored.zone).isoformat() for name in ("start", "end") if name in wanted}
    if "position" in wanted:
        detail["latitude"], detail["longitude"] = wanted["position"]
    if "uncertainty" in wanted:
        detail["coordinate_uncertainty"] = wanted["uncertainty"]
    if "name" in wanted:
        detail["deployment"] = wanted["name"]
    if "setup" in wanted:
        detail["setup"] = _setup(wanted["setup"])
    return detail


def _setup(pairs: Sequence[str]) -> dict[str, object]:
    """By Camtrap DP's names, each of its kind; None takes one away. Raises UsageError."""
    from cameratrap.store.deployment import setup_value

    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"--setup takes NAME=VALUE, not {pair!r}")
        try:
            found[name] = setup_value(name, value)
        except ValueError as error:
            raise click.UsageError(f"--setup {pair}: {error}") from error
    return found


def _show_row(connection: sqlite3.Connection, each: StoredDeployment) -> dict[str, object]:
    row = connection.execute(
        "SELECT COUNT(*) AS events, COALESCE(SUM(sequences), 0) AS sequences, COALESCE(SUM(media), 0) AS media,"
        " COALESCE(SUM(state = 'verified'), 0) AS verified, COALESCE(SUM(flagged), 0) AS flagged"
        " FROM events WHERE deployment = ?",
        (each.number,),
    ).fetchone()
    return {
        "deployment": each.row.deployment,
        "station": each.row.station,
        "session": each.row.session,
        "start": each.row.start.isoformat(),
        "end": each.row.end.isoformat(),
        "days": round((each.row.end - each.row.start) / timedelta(days=1), 2),
        "media": row["media"],
        "sequences": row["sequences"],
        "events": row["events"],
        "reviewed_pct": round(100 * row["verified"] / row["events"], 1) if row["events"] else None,
        "flagged": row["flagged"],
        "source": each.row.source,
    }
