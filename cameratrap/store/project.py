"""A project: a folder with many deployments' cards, its index, and what the study is."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cameratrap.errors import StoreError
from cameratrap.store.card import make_card_folder
from cameratrap.store.connection import open_store, transaction
from cameratrap.store.project_schema import PROJECT_MIGRATIONS
from cameratrap.store.reading import open_for_reading
from cameratrap.store.trials import empty_store

DATABASE = "project.db"
# To read an index of a gigabyte from end to end takes seconds, which a card's is worth that was pulled from a trap. One
# this large lies on a laptop's disk: where it was closed properly, SQLite tells of damage when it meets it.
_TRUSTED_FROM = 64 * 2**20
CARDS = "cards"  # where copies of cards lie, a folder for each deployment


@dataclass(frozen=True)
class Project:
    """An open project. ``folder`` is what roots of deployments are relative to."""

    folder: Path
    connection: sqlite3.Connection

    def media_path(self, root: str, path: str) -> Path:
        """Where a picture lies. Raises StoreError for one that would lie outside its deployment's folder."""
        base = (self.folder / root).resolve()
        try:
            found = (base / path).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # too long, links in a circle, a name with a NUL
            raise StoreError(f"{path!r} is no path inside {base}", why=str(error)) from error
        if not found.is_relative_to(base):
            raise StoreError(f"{path!r} is no path inside {base}", hint="the index was tampered with")
        return found


def is_project(folder: Path) -> bool:
    """Whether a folder is a project."""
    return (folder / DATABASE).is_file()


@contextmanager
def edit_project(folder: Path, *, create: bool = False, database: str = DATABASE) -> Iterator[Project]:
    """Open a project for writing, or with ``create`` make it. Raises StoreError."""
    if create:
        make_card_folder(folder)
    with closing(
        open_store(folder / database, PROJECT_MIGRATIONS, create=create, trusted_from=_TRUSTED_FROM)
    ) as connection:
        yield Project(folder, connection)


@contextmanager
def read_project(folder: Path, *, database: str = DATABASE) -> Iterator[Project]:
    """Look at a project and change nothing. Raises StoreError."""
    with open_for_reading(folder / database, PROJECT_MIGRATIONS, trusted_from=_TRUSTED_FROM) as connection:
        yield Project(folder, connection)


@contextmanager
def passing_project(folder: Path) -> Iterator[Project]:
    """One in memory, for media that lie in ``folder``: it is gone afterwards."""
    with empty_store(PROJECT_MIGRATIONS) as connection:
        yield Project(folder, connection)


def setting(connection: sqlite3.Connection, name: str, default: object) -> object:
    """A setting of the project, from JSON."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return default if row is None else json.loads(row["value"])


def identity(project: Project) -> str:
    """What the project is known by, wherever its folder lies: given at the first call and kept. Raises StoreError."""
    with transaction(project.connection):
        given = setting(project.connection, "identity", None)
        if given is None:
            given = uuid.uuid4().hex
            set_setting(project.connection, "identity", given)
    return str(given)


def set_setting(connection: sqlite3.Connection, name: str, value: object) -> None:
    """Set one, within the caller's transaction."""
    connection.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value)),
    )
