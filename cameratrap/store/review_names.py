"""Finding sequences by what a person calls them: the burst's name, or one of its pictures."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from pathlib import Path

from cameratrap.errors import UsageError
from cameratrap.store.project import Project


def sequence_named(connection: sqlite3.Connection, name: str, deployments: Collection[str] = ()) -> int:
    """The number of a sequence. Raises UsageError where there is none of that name, or one in several deployments."""
    rows = connection.execute(
        "SELECT s.id, d.deployment FROM sequences s JOIN deployments d ON d.id = s.deployment WHERE s.sequence = ?",
        (name,),
    )
    found = [row for row in rows if not deployments or row["deployment"] in deployments]
    if len(found) == 1:
        return int(found[0]["id"])
    if not found:
        raise UsageError(f"there is no sequence {name!r}", hint="`events --json` names an event's first sequence")
    why = "there is one in " + ", ".join(row["deployment"] for row in found)
    raise UsageError(f"which sequence {name!r} is meant is not clear", why=why, hint="name the --deployment, too")


def sequence_of_media(project: Project, name: str) -> int:
    """The sequence of a picture, named as for ``media_named``. Raises UsageError as that does."""
    row = project.connection.execute("SELECT sequence FROM media WHERE id = ?", (media_named(project, name),))
    return int(row.fetchone()["sequence"])


def media_named(project: Project, name: str) -> int:
    """The number of a picture: by its media id, its path within the project or its card, or where the file lies.

    Raises UsageError where there is none, or several cards have a picture of that path.
    """
    connection = project.connection
    row = connection.execute("SELECT id FROM media WHERE media = ?", (name,)).fetchone()
    if row is not None:
        return int(row["id"])
    files = {(project.folder / name).absolute(), Path(name).absolute()}
    found = {number for file in files for number in _lying_at(project, file)} or _by_path(connection, name)
    if len(found) == 1:
        return found.pop()
    if not found:
        raise UsageError(f"there is no picture {name!r}", why="neither as a media id nor as a path")
    raise UsageError(f"which picture {name!r} is meant is not clear", hint="begin with its deployment's folder")


def _lying_at(project: Project, file: Path) -> set[int]:
    found = set()
    for row in project.connection.execute("SELECT id, root FROM deployments"):
        root = (project.folder / row["root"]).absolute()
        if file.is_relative_to(root):
            found |= _by_path(project.connection, str(file.relative_to(root)), [row["id"]])
    return found


def _by_path(connection: sqlite3.Connection, path: str, deployments: Collection[int] | None = None) -> set[int]:
    chosen = "" if deployments is None else " AND deployment IN (SELECT value FROM json_each(?))"
    parameters = (path,) if deployments is None else (path, json.dumps(list(deployments)))
    rows = connection.execute(f"SELECT id FROM media WHERE path = ?{chosen}", parameters)
    return {int(row["id"]) for row in rows}
