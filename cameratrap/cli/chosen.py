"""The project or card that filters choose from, and a word where they name what is not in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from cameratrap.cli.context import Context
from cameratrap.domain.selection import Selection

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
        for line in _strangers(project.connection, selection):
            ctx.say(line)
        yield project


def open_for_export(ctx: Context, selection: Selection) -> AbstractContextManager[Project]:
    """The same for a file, of which a deployment that is not there is refused: that needs no word before."""
    return open_chosen(ctx, replace(selection, deployments=()))


def listed(names: Sequence[str]) -> str:
    """The first of them, each so that it can move nothing: names come from files."""
    return ", ".join(map(repr, names[:_MOST_NAMES])) + (", \N{HORIZONTAL ELLIPSIS}" if len(names) > _MOST_NAMES else "")


def _strangers(connection: sqlite3.Connection, selection: Selection) -> Iterator[str]:
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
