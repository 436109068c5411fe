"""`label`: what the review page does, for scripts: say what events show, undo it, and look at what was said."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cameratrap.cli.author import author_option
from cameratrap.cli.context import Context
from cameratrap.cli.filters import named_taxa, selection_options_but
from cameratrap.cli.opened import open_to_change
from cameratrap.cli.output import Output, plural, table_options
from cameratrap.domain.review import Change, taxon_name
from cameratrap.domain.selection import Selection
from cameratrap.errors import ConflictError, UsageError

if TYPE_CHECKING:
    from cameratrap.store.project import Project
    from cameratrap.store.review_actions import Action, Done, Scope

LABEL_COLUMNS = ("action", "event", "deployment", "start", "end", "state", "shows", "flagged")
HISTORY_COLUMNS = ("action", "made_at", "author", "kind", "detail", "sequences", "undone")
_OF_ACTIONS = ("undo", "redo", "history")
_PLAIN = ("verify", "blank", "unknown", "flag", "unflag", *_OF_ACTIONS)
_NAMING = ("events", "sequences", "media")


@click.command()
@click.option("--event", "events", type=int, multiple=True, metavar="N", help="This event, by its number on the page.")
@click.option("--sequence", "sequences", multiple=True, metavar="NAME", help="This sequence alone, by its name.")
@click.option("--media", multiple=True, metavar="PATH", help="The sequence of this picture.")
@click.option("--where", metavar="QUERY", help="What an address of the page shows: what stands behind its `?`.")
@selection_options_but("taxa", "is_blank")
@click.option("--verify", is_flag=True, help="It is what stands.")
@click.option("--blank", is_flag=True, help="Nothing is there.")
@click.option("--unknown", is_flag=True, help="Something is there that nobody can name.")
@click.option("--taxon", metavar="NAME", help="It is this: a name, a vernacular or a synonym.")
@click.option("--from-taxon", metavar="NAME", help="Only this one of what it shows is meant.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="So many are there; also with --taxon.")
@click.option("--flag", is_flag=True, help="Somebody should look at it again.")
@click.option("--unflag", is_flag=True, help="Nobody needs to any more.")
@click.option("--undo", is_flag=True, help="Undo the newest action that is not undone.")
@click.option("--redo", is_flag=True, help="Do again what was undone last.")
@click.option("--history", is_flag=True, help="List every action, the newest first.")
@author_option
@click.option("--key", metavar="TEXT", help="Names this action: the same key again changes nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would stand; change nothing.")
@table_options
@click.pass_obj
def label(ctx: Context, /, out: Output, selection: Selection, *, author: str, dry_run: bool, **given: Any) -> None:
    """Say what events show; nothing that was said before is lost, and everything can be undone.

    Use as: cameratrap --data PROJECT label --event 12 --taxon fox --count 2, or with filters in place of --event:
    label --deployment d1 --state machine --verify. Of several filters all must hold; --where takes every filter of the
    page (--where 'blank=yes&light=night'). With --dry-run it shows what would stand. PROJECT may be a card: what is
    said of it is kept beside it, in review.db.
    """
    from cameratrap.app.project_source import open_source
    from cameratrap.cli.chosen import strangers
    from cameratrap.store.review_scope import NothingSelectedError

    chosen = _chosen(given)
    if chosen in _OF_ACTIONS and (selection or any(given[name] for name in (*_NAMING, "where", "from_taxon"))):
        raise UsageError(f"--{chosen} is of actions, whatever they were done to", hint="leave out what names events")
    if chosen == "history":
        from cameratrap.store.review_actions import history

        with open_source(ctx.data) as project:
            out.table(HISTORY_COLUMNS, map(_history_row, history(project.connection)))
        return
    signed = _Signed(uuid.uuid4().hex if given["key"] is None else given["key"], author, datetime.now().astimezone())
    with open_to_change(ctx.data, dry_run=dry_run) as project:
        try:
            done = _do(ctx, project, chosen, given, selection, signed)
        except NothingSelectedError as nothing:
            if unknown := list(strangers(project.connection, selection)):
                raise UsageError(unknown[0]) from nothing
            out.table(LABEL_COLUMNS, ())
            ctx.say("no event is like that: nothing was changed")
            return
        rows = list(_rows(project, done))
        out.table(LABEL_COLUMNS, map(_line, rows), json_objects=rows)
        ctx.say(_told(done, dry_run=dry_run))


@dataclass(frozen=True)
class _Signed:
    key: str
    author: str
    made_at: datetime


def _chosen(given: dict[str, Any]) -> str:
    """The one thing that is to be done."""
    asked = [name for name in _PLAIN if given[name]]
    if given["taxon"] is not None:
        asked.append("relabel")
    elif given["count"] is not None:
        asked.append("count")
    if len(asked) != 1:
        hint = "one of --verify, --blank, --unknown, --taxon, --count, --flag, --unflag, --undo, --redo, --history"
        raise UsageError("say what is to be done" if not asked else "say one thing at a time", hint=hint)
    return asked[0]


def _do(
    ctx: Context, project: Project, chosen: str, given: dict[str, Any], selection: Selection, signed: _Signed
) -> Done:
    from cameratrap.store import review_actions

    how: dict[str, Any] = {"key": signed.key, "author": signed.author, "made_at": signed.made_at}
    if chosen in ("undo", "redo"):
        turn = review_actions.undo if chosen == "undo" else review_actions.redo
        done = turn(project.connection, **how)
        if done is None:
            raise ConflictError(f"there is nothing to {chosen}")
        return done
    change = _change(ctx, chosen, given)
    return review_actions.act(project.connection, change, _scope(project, given, selection), **how)


def _change(ctx: Context, chosen: str, given: dict[str, Any]) -> Change:
    (only,) = named_taxa([given["from_taxon"]]) if given["from_taxon"] else ("",)
    if chosen == "relabel":
        taxon, is_known = taxon_name(given["taxon"], ctx.taxa())
        if not is_known:
            ctx.say(f"{taxon!r} is not in the taxa table; it stands as it is written")
        return Change("relabel", taxon, only, given["count"])
    if chosen == "count":
        return Change("count", only, count=given["count"])
    if only:
        raise UsageError("--from-taxon goes with --taxon or --count")
    return Change(chosen)  # type: ignore[arg-type]


def _scope(project: Project, given: dict[str, Any], selection: Selection) -> Scope:
    from cameratrap.store.review_actions import Scope
    from cameratrap.store.review_names import sequence_named, sequence_of_media

    named = [name for name in _NAMING if given[name]]
    place = Selection(deployments=selection.deployments) if named != ["events"] else Selection()  # of names alone
    if named and (len(named) > 1 or selection != place or given["where"]):
        raise UsageError("name events, sequences, pictures or filters: one kind at a time")
    if given["events"]:
        return Scope(events=given["events"])
    if named:
        names = [sequence_named(project.connection, name, selection.deployments) for name in given["sequences"]]
        names += [sequence_of_media(project, path) for path in given["media"]]
        return Scope(sequences=tuple(dict.fromkeys(names)))
    asked = Selection.from_query("&".join(filter(None, (given["where"], selection.to_query()))))
    if not asked:
        raise UsageError("say what is meant", hint="name --event, --sequence, --media or a filter such as --deployment")
    return Scope(selection=asked)


def _rows(project: Project, done: Done) -> Iterator[dict[str, Any]]:
    from cameratrap.store.event_summaries import summaries

    for event in summaries(project.connection, done.events):
        yield {
            "action": done.action,
            "event": event.number,
            "deployment": event.deployment,
            "start": event.start.isoformat(),
            "end": event.end.isoformat(),
            "state": event.state,
            "shows": [{"taxon": each.taxon, "count": each.count} for each in event.shown],
            "flagged": event.is_flagged,
        }


def _line(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "shows": "|".join(f"{each['count']} {each['taxon']}" for each in row["shows"])}


def _history_row(action: Action) -> dict[str, object]:
    return {
        "action": action.number,
        "made_at": action.made_at.isoformat(),
        "author": action.author,
        "kind": action.kind,
        "detail": json.dumps(action.detail, ensure_ascii=False),
        "sequences": action.sequences,
        "undone": action.is_undone,
    }


def _told(done: Done, *, dry_run: bool) -> str:
    what = f"{done.kind}: {plural(len(done.events), 'event')}, action {done.action}"
    if dry_run:
        return f"{what}; nothing was changed"
    return f"{what}; it was done before" if done.repeated else what
