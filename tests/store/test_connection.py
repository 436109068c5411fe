"""Opening a database: safe pragmas, damage said and never overwritten, migrations once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cameratrap.errors import StoreError
from cameratrap.store.connection import open_store, schema_version, transaction


def first(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE things (name TEXT) STRICT")


def second(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE things ADD COLUMN weight REAL")


def failing(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE half (name TEXT)")
    raise sqlite3.OperationalError("disk I/O error")


def test_commits_survive_a_power_cut_by_their_pragmas(tmp_path: Path) -> None:
    """WAL and synchronous=FULL are in force on every connection, as read back from SQLite."""
    for create in (True, False):
        connection = open_store(tmp_path / "a.db", (first,), create=create)
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        connection.close()


def test_a_missing_database_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database"):
        open_store(tmp_path / "a.db", (first,), create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\x00" + b"\xff" * 5000])
@pytest.mark.parametrize("create", [True, False])
def test_a_damaged_file_is_said_and_left_as_it_is(tmp_path: Path, content: bytes, *, create: bool) -> None:
    """Whatever lies at the path, if it is no sound database, it is named and not a byte of it changes."""
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        open_store(path, (first,), create=create)
    assert path.read_bytes() == content


def test_a_page_lost_to_the_card_is_noticed(tmp_path: Path) -> None:
    """A page of zeros in the middle of a database is found when it is opened."""
    path = tmp_path / "a.db"
    connection = open_store(path, (first,), create=True)
    with transaction(connection):
        connection.executemany("INSERT INTO things VALUES (?)", [("x" * 500,)] * 200)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 4 * 4096] = bytes(4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        open_store(path, (first,), create=True)
    assert path.read_bytes() == bytes(content)


def test_each_migration_runs_once(tmp_path: Path) -> None:
    """An old database gains what is new and keeps what it holds; opening it again runs nothing."""
    connection = open_store(tmp_path / "a.db", (first,), create=True)
    connection.execute("INSERT INTO things VALUES ('old')")
    connection.close()
    for _ in range(2):
        connection = open_store(tmp_path / "a.db", (first, second), create=False)
        assert schema_version(connection) == 2
        assert [tuple(row) for row in connection.execute("SELECT name, weight FROM things")] == [("old", None)]
        connection.close()


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    open_store(tmp_path / "a.db", (first,), create=True).close()
    with pytest.raises(StoreError, match="disk I/O error"):
        open_store(tmp_path / "a.db", (first, failing), create=False)
    connection = open_store(tmp_path / "a.db", (first,), create=False)
    assert schema_version(connection) == 1
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchone() is None
    connection.close()


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path / "a.db", (first, second), create=True).close()
    with pytest.raises(StoreError, match="newer"):
        open_store(tmp_path / "a.db", (first,), create=False)


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    connection = open_store(tmp_path / "a.db", (first,), create=True)

    def failing_work() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO things VALUES ('x')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_work()
    assert connection.execute("SELECT COUNT(*) FROM things").fetchone()[0] == 0
    connection.close()
