"""`clock` on a project: the clock of one deployment corrected, with all that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import click

from cameratrap.cli.author import signature
from cameratrap.cli.context import Context
from cameratrap.cli.deploy_options import at_station
from cameratrap.cli.output import Output
from cameratrap.cli.project import (
    CHANGE_COLUMNS,
    CORRECTION_COLUMNS,
    change_row,
    correction_row,
    editing,
    say_changed,
)

if TYPE_CHECKING:
    from cameratrap.store.project import Project
    from cameratrap.store.project_read import StoredDeployment


def is_meant(ctx: Context) -> bool:
    """Whether --data is a project."""
    from cameratrap.store.project import is_project

    return is_project(ctx.data)


def show(ctx: Context, out: Output) -> None:
    """The corrections of clocks."""
    from cameratrap.store.project import read_project
    from cameratrap.store.project_corrections import corrections

    with read_project(ctx.data) as found:
        rows = [correction_row(each) for each in corrections(found.connection) if each.kind == "clock"]
    out.table(CORRECTION_COLUMNS, rows)


def shift(
    ctx: Context, out: Output, asked: Mapping[str, Any], *, undo: int | None, dry_run: bool, author: str | None
) -> None:
    """Move one deployment's times, or take a correction back, and say what changes."""
    from cameratrap.app.project_corrections import Who, shift_clock, take_back
    from cameratrap.store.project_deployments import named_deployment

    _check(asked, undo)
    who = Who(signature(author), datetime.now(UTC).replace(microsecond=0))
    with editing(ctx, dry_run=dry_run) as found:
        if undo is not None:
            correction, changes = take_back(found, undo, who)
            name, number = correction.name, undo
        else:
            name = asked["deployment"]
            stored = named_deployment(found.connection, name)
            since, until = (asked[each] and at_station(asked[each], stored.zone) for each in ("since", "until"))
            offset = _offset(found, stored, asked, since, until)
            number, changes = shift_clock(found, name, offset, who, since=since, until=until)
        outside = _outside(found, name)
    out.table(CHANGE_COLUMNS, [change_row(name, each) for each in changes])
    say_changed(ctx, changes, number, is_undo=undo is not None, dry_run=dry_run)
    if outside:
        ctx.say(outside)


def _check(asked: Mapping[str, Any], undo: int | None) -> None:
    ways = [undo is not None, *(asked[name] is not None for name in ("offset", "shown", "first"))]
    if asked["auto"] or asked["boot"]:
        raise click.UsageError("--auto and --boot are for a trap's card, before it is imported")
    if sum(ways) != 1:
        raise click.UsageError("say how: one of --by, --shown with --true, --to-first, --undo")
    if (asked["shown"] is None) != (asked["true"] is None):
        raise click.UsageError("--shown and --true belong together")
    if (undo is None) != bool(asked["deployment"]):
        raise click.UsageError("name the --deployment whose clock was wrong; --undo goes without")


def _offset(
    project: Project,
    stored: StoredDeployment,
    asked: Mapping[str, Any],
    since: datetime | None,
    until: datetime | None,
) -> timedelta:
    if asked["offset"] is not None:
        return timedelta(seconds=asked["offset"].total_seconds())
    if asked["first"] is None:
        return at_station(asked["true"], stored.zone) - at_station(asked["shown"], stored.zone)
    first = _first_picture(project, stored.number, stored.zone, since, until)
    return timedelta(0) if first is None else at_station(asked["first"], stored.zone) - first


def _first_picture(
    project: Project, number: int, zone: timezone, since: datetime | None, until: datetime | None
) -> datetime | None:
    from cameratrap.store.project_clock import chosen

    sequences = chosen(project.connection, number, since, until)
    if not sequences:
        return None
    row = project.connection.execute("SELECT start FROM sequences WHERE id = ?", (sequences[0],)).fetchone()
    return datetime.fromisoformat(row["start"]).astimezone(zone)


def _outside(project: Project, name: str) -> str:
    """Where pictures lie before the deployment's beginning or after its end, that was told by the same clock."""
    row = project.connection.execute(
        "SELECT d.*, MIN(m.captured_s) AS first_s, MAX(m.captured_s) AS last_s FROM deployments d"
        " JOIN media m ON m.deployment = d.id WHERE d.deployment = ?",
        (name,),
    ).fetchone()
    start, end = (datetime.fromisoformat(row[each]) for each in ("start", "end"))
    first, last = (datetime.fromtimestamp(row[each], start.tzinfo) for each in ("first_s", "last_s"))
    if start <= first and last <= end:
        return ""
    return (
        f"{name} is still said to last from {start.isoformat()} to {end.isoformat()}, and its pictures from"
        f" {first.isoformat()} to {last.isoformat()}: correct it with `project set {name} --start TIME --end TIME`"
    )
