"""The rows of a package's tables, laid out by deployment: what belongs together stands far apart in its files.

They wait in a database of their own that goes with the run, so that a package of any size can be read, and nothing
enters the project before all of it was found sound.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from cameratrap.app.camtrap_dp_tables import read_table
from cameratrap.app.package_files import PackageFiles
from cameratrap.errors import PackageError

Row = Mapping[str, Any]
_MOMENTS = frozenset({"timestamp", "eventStart", "eventEnd", "deploymentStart", "deploymentEnd",
                      "classificationTimestamp"})  # fmt: skip
_TABLES = (
    "CREATE TABLE deployments (id TEXT PRIMARY KEY, row BLOB) STRICT",
    "CREATE TABLE media (id TEXT PRIMARY KEY, deployment TEXT, at_s REAL, row BLOB) STRICT",
    "CREATE TABLE observations (id TEXT PRIMARY KEY, deployment TEXT, media TEXT, at_s REAL, row BLOB) STRICT",
    "CREATE INDEX media_by_deployment ON media (deployment, at_s)",
    "CREATE INDEX observations_by_deployment ON observations (deployment, at_s)",
)
_ORPHANS = (("media", "deployment", "deployments"), ("observations", "deployment", "deployments"),
            ("observations", "media", "media"))  # fmt: skip


# What the rows of a table are found by: its columns, but for the row itself.
_KEYS: Mapping[str, Callable[[Row], tuple[object, ...]]] = {
    "deployments": lambda row: (row["deploymentID"],),
    "media": lambda row: (row["mediaID"], row["deploymentID"], row["timestamp"].timestamp()),
    "observations": lambda row: (
        row["observationID"],
        row["deploymentID"],
        row.get("mediaID"),
        row["eventStart"].timestamp(),
    ),
}
_SPANS = {"deployments": ("deploymentStart", "deploymentEnd"), "observations": ("eventStart", "eventEnd")}


@dataclass(frozen=True)
class Staged:
    """The sound rows of a package."""

    connection: sqlite3.Connection

    def deployments(self) -> Iterator[Row]:
        """In order of their ids."""
        return (_row(each["row"]) for each in self.connection.execute("SELECT row FROM deployments ORDER BY id"))

    def media(self, deployment: str) -> list[Row]:
        """A deployment's, in order of time."""
        return self._of("media", deployment)

    def observations(self, deployment: str) -> list[Row]:
        """A deployment's, in order of time."""
        return self._of("observations", deployment)

    def _of(self, table: str, deployment: str) -> list[Row]:
        rows = self.connection.execute(
            f"SELECT row FROM {table} WHERE deployment = ? ORDER BY at_s, rowid",  # noqa: S608 - names of this module
            (deployment,),
        )
        return [_row(each["row"]) for each in rows]


@contextmanager
def staged(files: PackageFiles, descriptor: Mapping[str, Any]) -> Iterator[Staged]:
    """Read the three tables. Raises PackageError naming what is wrong, in a row or between the tables."""
    with closing(sqlite3.connect("")) as connection:
        connection.row_factory = sqlite3.Row
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("BEGIN")
        for name, keys in _KEYS.items():
            with closing(read_table(files, descriptor, name)) as rows:
                for row in rows:
                    _add(connection, name, keys(row), row)
        _check(connection, files)
        yield Staged(connection)


def _add(connection: sqlite3.Connection, table: str, keys: tuple[object, ...], row: Row) -> None:
    start, end = _SPANS.get(table, ("", ""))
    if start and row[end] < row[start]:
        raise PackageError(
            f"{str(keys[0])[:80]!r} in {table} ends before it starts; nothing was taken over",
            why=f"{start} is {row[start].isoformat()}, {end} {row[end].isoformat()}",
        )
    marks = ", ".join("?" * (len(keys) + 1))
    try:
        connection.execute(f"INSERT INTO {table} VALUES ({marks})", (*keys, msgspec.json.encode(row)))  # noqa: S608
    except sqlite3.IntegrityError:
        raise PackageError(f"the id {str(keys[0])[:80]!r} is twice in {table}; nothing was taken over") from None


def _check(connection: sqlite3.Connection, files: PackageFiles) -> None:
    problems = [
        f"{row['id']!r} in {table} is of the {key} {row[key]!r}, which {there} has not"
        for table, key, there in _ORPHANS
        for row in connection.execute(
            f"SELECT id, {key} FROM {table} WHERE {key} NOT IN (SELECT id FROM {there}) LIMIT 5"  # noqa: S608
        )
    ]
    if problems:
        raise PackageError(
            f"the tables of {files.origin} do not fit together; nothing was taken over",
            why="\n  " + "\n  ".join(each[:200] for each in problems),
        )


def _row(text: bytes) -> Row:
    found: dict[str, Any] = msgspec.json.decode(text)
    return {
        name: datetime.fromisoformat(value) if name in _MOMENTS and value is not None else value
        for name, value in found.items()
    }
