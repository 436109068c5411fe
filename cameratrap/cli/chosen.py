"""The project or card that filters choose from, and a word where they name what is not in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from cameratrap.cli.context import Context
from cameratrap.domain.selection import Selection
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.store.project import Project

_MOST_NAMES = 8  # in a line


@contextmanager
def open_chosen(ctx: Context, selection: Selection) -> Iterator[Project]:
    """Read the project or card of --data; of a place that is not there, say so. Raises StoreError.

    A slip of the pen gives an empty table, and so does a place where nothing was seen: they must not look alike.
    """
    from cameratrap.app.project_source import open_source

    with open_source(ctx.data) as project:
        for line in strangers(project.connection, selection):
            ctx.say(line)
        yield project


@contextmanager
def open_for_export(ctx: Context, selection: Selection) -> Iterator[Project]:
    """The same for a file: a taxon that nobody knows is refused, as a deployment that is not there will be.

    Raises UsageError for the one, and says no word before the other.
    """
    with open_chosen(ctx, replace(selection, deployments=())) as project:
        check_taxa(ctx, project.connection, selection)
        yield project


def check_taxa(ctx: Context, connection: sqlite3.Connection, selection: Selection) -> None:
    """A slip of the pen must not become a table of zeros. Raises UsageError."""
    from cameratrap.app.studied import was_said

    for name in selection.taxa:
        if name not in ctx.taxa() and not was_said(connection, name):
            raise UsageError(
                f"nothing that was seen is called {name!r}",
                why="nor is it a taxon of the table",
                hint="`cameratrap rates --by project` lists what was seen",
            )


def listed(names: Sequence[str]) -> str:
    """The first of them, each so that it can move nothing: names come from files."""
    return ", ".join(map(repr, names[:_MOST_NAMES])) + (", \N{HORIZONTAL ELLIPSIS}" if len(names) > _MOST_NAMES else "")


def strangers(connection: sqlite3.Connection, selection: Selection) -> Iterator[str]:
    """What is said of each deployment, station and session that the selection names and nobody knows."""
    asked = {"deployment": selection.deployments, "station": selection.stations, "session": selection.sessions}
    if not any(asked.values()):
        return
    from cameratrap.store.project_read import deployments

    rows = [each.row for each in deployments(connection)]
    for kind, names in asked.items():
        known = sorted({name for row in rows if (name := getattr(row, kind))})
        yield from (f"no {kind} is called {name!r}; {_hint(name, known)}" for name in names if name not in known)


def _hint(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known)
    return f"did you mean {listed(near)}?" if near else f"there are {listed(known) or 'none'}"
