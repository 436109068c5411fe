"""Opening a database so that what was acknowledged survives a power cut.

WAL with ``synchronous=FULL`` costs one sync a transaction and loses nothing that was committed; ``NORMAL`` loses
everything since the last checkpoint. A pragma that fails says nothing unless its answer is read, so every answer is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cameratrap.errors import StoreError

Migration = Callable[[sqlite3.Connection], None]
BUSY_TIMEOUT_S = 30.0
_FULL = 2
_DAMAGED_HINT = "nothing was changed; copy the file away, then try `sqlite3 FILE .recover`"


def open_store(path: Path, migrations: Sequence[Migration], *, create: bool) -> sqlite3.Connection:
    """Open (or with ``create`` make) the database at ``path`` and bring it to the newest schema.

    Rows come back as sqlite3.Row. Raises StoreError when the file is missing and may not be made, is damaged or not
    a database, or was written by a newer version; such a file is left exactly as it is.
    """
    if not create and not path.is_file():
        raise StoreError(f"there is no database at {path}", hint="is this the card's folder? give it with --data DIR")
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        _check_header(path)
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"the database {path} cannot be opened", why=str(error)) from error
    try:
        _prepare(connection, path, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    connection.row_factory = sqlite3.Row
    try:
        _check_integrity(connection, path)
        _assert_pragma(connection, "journal_mode", "wal", path)
        _assert_pragma(connection, "synchronous", _FULL, path)
        _assert_pragma(connection, "foreign_keys", 1, path)
        _migrate(connection, path, migrations)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"the database {path} is damaged or cannot be written", why=str(error), hint=_DAMAGED_HINT
        ) from error


def _check_header(path: Path) -> None:
    """An existing file that is no SQLite database is somebody's data: SQLite itself would take an empty one over."""
    if path.is_file() and path.stat().st_size > 0:
        with path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\x00":
                raise StoreError(
                    f"{path} is damaged or is not a database",
                    why="its first bytes are not SQLite's",
                    hint=_DAMAGED_HINT,
                )


def _check_integrity(connection: sqlite3.Connection, path: Path) -> None:
    answers = [row[0] for row in connection.execute("PRAGMA quick_check(3)").fetchall()]
    if answers != ["ok"]:
        raise StoreError(f"the database {path} is damaged", why="; ".join(answers), hint=_DAMAGED_HINT)


def _assert_pragma(connection: sqlite3.Connection, name: str, wanted: str | int, path: Path) -> None:
    connection.execute(f"PRAGMA {name}={wanted}").fetchall()
    answer = connection.execute(f"PRAGMA {name}").fetchone()[0]
    if answer != wanted:
        raise StoreError(
            f"the database {path} cannot be written safely",
            why=f"{name} is {answer!r} where {wanted!r} was asked for",
            hint="is the card's file system one that supports shared memory and locks?",
        )


def schema_version(connection: sqlite3.Connection) -> int:
    """How many migrations this database has been through."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    if schema_version(connection) == len(migrations):
        return
    with transaction(connection):
        done = schema_version(connection)  # again, under the lock: another process may have been first
        if done > len(migrations):
            raise StoreError(
                f"the database {path} was written by a newer cameratrap",
                why=f"its schema is version {done}, this program knows {len(migrations)}",
                hint="update cameratrap; nothing was changed",
            )
        for migration in migrations[done:]:
            migration(connection)
        connection.execute(f"PRAGMA user_version={len(migrations)}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, durable when the block ends.

    IMMEDIATE, so that two writers wait for each other at the start instead of failing in the middle.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
