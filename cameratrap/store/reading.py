"""Looking at a database without ever writing to it: a card that came home is somebody's original."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from cameratrap.errors import StoreError
from cameratrap.store.connection import (
    BUSY_TIMEOUT_S,
    Migration,
    check_file,
    check_integrity,
    code_of,
    is_to_be_checked,
    newer_error,
    open_store,
    schema_version,
    store_error,
)


@contextmanager
def open_for_reading(
    path: Path, migrations: Sequence[Migration], *, trusted_from: int | None = None
) -> Iterator[sqlite3.Connection]:
    """Look at a database and never write to it: a card that came home is somebody's original.

    One of an older schema, or one whose folder is full or cannot be written as WAL needs it, is read from a copy.
    Raises StoreError as ``open_store`` does.
    """
    check_file(path, create=False)
    if _can_read_in_place(path, migrations, check=is_to_be_checked(path, trusted_from)):
        with closing(_connect_read_only(path)) as original:
            original.row_factory = sqlite3.Row
            yield original
        return
    with tempfile.TemporaryDirectory(prefix="cameratrap-") as folder:
        copy = Path(folder, path.name)
        try:
            shutil.copyfile(path, copy)
            wal = path.with_name(path.name + "-wal")
            if wal.is_file():
                shutil.copyfile(wal, copy.with_name(wal.name))
        except OSError as error:
            raise StoreError(f"the database {path} cannot be read", why=error.strerror or str(error)) from error
        with closing(open_store(copy, migrations, create=False)) as connection:
            yield connection


def _can_read_in_place(path: Path, migrations: Sequence[Migration], *, check: bool) -> bool:
    try:
        with closing(_connect_read_only(path)) as original:
            if check:
                check_integrity(original, path)
            version = schema_version(original)
    except sqlite3.Error as error:
        if code_of(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL):
            return False
        raise store_error(error, path) from error
    if version > len(migrations):
        raise newer_error(path, version, migrations)
    return version == len(migrations)


def _connect_read_only(path: Path) -> sqlite3.Connection:
    """Where no write-ahead log lies beside it nobody has the database open, and reading needs no files of its own."""
    has_log = path.with_name(path.name + "-wal").exists()
    options = "mode=ro" if has_log else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=BUSY_TIMEOUT_S)
