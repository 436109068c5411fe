"""Opening a database so that what was acknowledged survives a power cut.

WAL with ``synchronous=FULL`` costs one sync a transaction and loses nothing that was committed; ``NORMAL`` loses
everything since the last checkpoint. A pragma that fails says nothing unless its answer is read, so every answer is.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cameratrap.errors import StoreError

Migration = Callable[[sqlite3.Connection], None]
BUSY_TIMEOUT_S = 30.0
_FULL = 2
_DAMAGED_HINT = "nothing was changed; copy the file away, then try `sqlite3 FILE .recover`"
_MAGIC = b"SQLite format 3\x00"
# How the check says that it could not look: of a card that cannot be read it does not follow that it is damaged.
_UNREAD_PAGE = re.compile(r"unable to get the page\. error code=(\d+)")

# What a user can do about SQLite's primary result codes; anything else is reported in SQLite's own words.
_CAUSES = {
    sqlite3.SQLITE_CORRUPT: ("is damaged", _DAMAGED_HINT),
    sqlite3.SQLITE_NOTADB: ("is damaged or is not a database", _DAMAGED_HINT),
    sqlite3.SQLITE_BUSY: ("is in use by another process", "try again when the other one has finished"),
    sqlite3.SQLITE_FULL: ("cannot grow: its card or disk is full", "free some space; nothing that was stored is lost"),
    sqlite3.SQLITE_READONLY: ("cannot be written", "is the card mounted read-only, or its lock pushed?"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "is the folder there, and may you write to it?"),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written",
        "is the card or disk failing? copy it away before anything else",
    ),
}


def store_error(error: sqlite3.Error, path: str | Path) -> StoreError:
    """The error of a database in words that a user can act on."""
    what, hint = _CAUSES.get(code_of(error), ("does not work", ""))
    return StoreError(f"the database {path} {what}", why=str(error), hint=hint)


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code, that of a full disk also where only the index of its log finds no room.

    -1 where the error is not SQLite's.
    """
    code: int = getattr(error, "sqlite_errorcode", -1)
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return sqlite3.SQLITE_FULL
    return code & 0xFF if code >= 0 else -1


def open_store(
    path: Path, migrations: Sequence[Migration], *, create: bool, trusted_from: int | None = None
) -> sqlite3.Connection:
    """Open for writing (or with ``create`` make) the database at ``path`` and bring it to the newest schema.

    Rows come back as sqlite3.Row. One of ``trusted_from`` bytes or more that was closed properly is not read from end
    to end first. Raises StoreError when the file is missing and may not be made, is damaged or not
    a database, or was written by a newer version; such a file is left exactly as it is.
    """
    check_file(path, create=create)
    check = is_to_be_checked(path, trusted_from)
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise store_error(error, path) from error
    except OSError as error:
        raise StoreError(f"the database {path} cannot be made", why=error.strerror or str(error)) from error
    try:
        _prepare(connection, path, migrations, check=check)
    except BaseException:
        connection.close()
        raise
    return connection


def is_to_be_checked(path: Path, trusted_from: int | None) -> bool:
    """Whether it is read from end to end first: one that is small, or of which nobody knows that it was closed."""
    # A write-ahead log that lies beside it was left by a process that ended in the middle, or that is still there.
    if trusted_from is None or path.with_name(path.name + "-wal").exists():
        return True
    return not path.is_file() or path.stat().st_size < trusted_from


def _prepare(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration], *, check: bool) -> None:
    connection.row_factory = sqlite3.Row
    give_up_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            if check:
                check_integrity(connection, path)
            _assert_pragma(connection, "journal_mode", "wal", path)
            _assert_pragma(connection, "synchronous", _FULL, path)
            _assert_pragma(connection, "foreign_keys", 1, path)
            _migrate(connection, path, migrations)
        except sqlite3.Error as error:
            # Of two processes that make a database at once, SQLite tells one so at once, whatever the timeout says:
            # the change to WAL does not wait.
            if code_of(error) != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_s:
                raise store_error(error, path) from error
            time.sleep(0.05)
        else:
            return


def check_file(path: Path, *, create: bool) -> None:
    """What lies there and is no SQLite database is somebody's data; SQLite itself would take an empty file over."""
    if not path.is_file():
        if create:
            return
        raise StoreError(f"there is no database at {path}", hint="is this the right folder? give it with --data DIR")
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise StoreError(f"the database {path} cannot be read", why=error.strerror or str(error)) from error
    # While it was being made the power may have gone: SQLite begins again by its journal, if that is one.
    unfinished = create and (start == b"" or path.with_name(path.name + "-journal").is_file())
    if start != _MAGIC and not unfinished:
        why = "it is empty" if start == b"" else "its first bytes are not SQLite's"
        raise StoreError(f"{path} is damaged or is not a database", why=why, hint=_DAMAGED_HINT)


def check_integrity(connection: sqlite3.Connection, path: Path) -> None:
    answers = [row[0] for row in connection.execute("PRAGMA quick_check(3)").fetchall()]
    if answers == ["ok"]:
        return
    why = "; ".join(answers)
    unread = any(int(code) & 0xFF == sqlite3.SQLITE_IOERR for code in _UNREAD_PAGE.findall(why))
    what, hint = _CAUSES[sqlite3.SQLITE_IOERR if unread else sqlite3.SQLITE_CORRUPT]
    raise StoreError(f"the database {path} {what}", why=why, hint=hint)


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


def newer_error(path: Path, version: int, migrations: Sequence[Migration]) -> StoreError:
    return StoreError(
        f"the database {path} was written by a newer cameratrap",
        why=f"its schema is version {version}, this program knows {len(migrations)}",
        hint="update cameratrap; nothing was changed",
    )


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    if schema_version(connection) == len(migrations):
        return
    with transaction(connection):
        done = schema_version(connection)  # again, under the lock: another process may have been first
        if done > len(migrations):
            raise newer_error(path, done, migrations)
        for migration in migrations[done:]:
            migration(connection)
        connection.execute(f"PRAGMA user_version={len(migrations)}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, durable when the block ends. Raises StoreError for what SQLite cannot do.

    Within another transaction it is a part of that one: what belongs together costs one synchronisation.
    IMMEDIATE, so that two writers wait for each other at the start instead of failing in the middle.
    """
    is_within = connection.in_transaction
    if is_within:
        yield
        return
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:  # SQLite has already rolled back on a full disk or an I/O error
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise store_error(error, path_of(connection)) from error
        raise


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read in the block is of one moment, whatever another process writes meanwhile."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def path_of(connection: sqlite3.Connection) -> str:
    """The file of a connection, for an error to name."""
    return str(connection.execute("PRAGMA database_list").fetchone()[2] or "in memory")
