"""Databases that are gone afterwards: for looking where there is none yet, and for trying things out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from cameratrap.store.connection import Migration, path_of, store_error


@contextmanager
def empty_store(migrations: Sequence[Migration]) -> Iterator[sqlite3.Connection]:
    """A database in memory, for looking where there is none yet."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        for step in migrations:
            step(connection)
        yield connection


@contextmanager
def copy_in_memory(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A copy to try things out on. Raises StoreError."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        copy.row_factory = sqlite3.Row
        try:
            connection.backup(copy)
        except sqlite3.Error as error:
            raise store_error(error, path_of(connection)) from error
        yield copy


@contextmanager
def trial(connection: sqlite3.Connection) -> Iterator[None]:
    """Do something as it would be done, look at it, and have none of it when the block ends. Raises StoreError."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    except sqlite3.Error as error:
        raise store_error(error, path_of(connection)) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
