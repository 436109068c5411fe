"""Opening a database: safe pragmas, damage said and never overwritten, migrations once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from cameratrap.errors import StoreError
from cameratrap.store.connection import open_store, schema_version, transaction
from cameratrap.store.reading import open_for_reading


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


def test_an_index_that_has_become_empty_is_not_taken_over(tmp_path: Path) -> None:
    """A file of no bytes where a database should be is one that was lost."""
    path = tmp_path / "a.db"
    path.write_bytes(b"")
    with pytest.raises(StoreError, match="it is empty"):
        open_store(path, (first,), create=False)
    with pytest.raises(StoreError, match="it is empty"), open_for_reading(path, (first,)):
        pass
    assert path.read_bytes() == b""


def test_reading_changes_nothing(tmp_path: Path) -> None:
    """Neither a card of an older schema nor one of this is written to by looking; the older one is read from a copy."""
    path = tmp_path / "a.db"
    connection = open_store(path, (first,), create=True)
    connection.execute("INSERT INTO things VALUES ('old')")
    connection.close()
    before = path.read_bytes()
    for migrations in ((first,), (first, second)):
        with open_for_reading(path, migrations) as reading:
            assert [row["name"] for row in reading.execute("SELECT * FROM things")] == ["old"]
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]


def test_what_was_committed_last_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A card with its write-ahead log, on a file system without a place for its index of it: read from a copy."""
    card = tmp_path / "card"
    writer = open_store(card / "a.db", (first,), create=True)
    writer.execute("INSERT INTO things VALUES ('in the log')")
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    for name in ("a.db", "a.db-wal"):
        (pulled / name).write_bytes((card / name).read_bytes())
    writer.close()
    pulled.chmod(0o555)
    tmp_path.chmod(0o755)
    user = os.geteuid()
    parents = [p for p in tmp_path.parents if p != Path("/") and p.stat().st_mode & 0o005 != 0o005]
    modes = [(p, p.stat().st_mode) for p in parents]
    for parent, mode in modes:
        parent.chmod(mode | 0o055)
    if user == 0:
        os.seteuid(65534)
    try:
        with open_for_reading(pulled / "a.db", (first,)) as reading:
            assert [row["name"] for row in reading.execute("SELECT * FROM things")] == ["in the log"]
    finally:
        os.seteuid(user)
        for parent, mode in modes:
            parent.chmod(mode)
    pulled.chmod(0o755)


def test_a_full_disk_is_called_that(tmp_path: Path) -> None:
    """What went wrong is said, not that there was nothing to roll back; what was committed stays."""
    connection = open_store(tmp_path / "a.db", (first,), create=True)
    connection.execute("PRAGMA max_page_count = 8").fetchall()
    with pytest.raises(StoreError, match="is full"):
        fill(connection)
    assert connection.execute("SELECT COUNT(*) FROM things").fetchone()[0] == 0
    assert not connection.in_transaction
    connection.close()


def test_what_lies_on_a_full_disk_can_be_read(tmp_path: Path) -> None:
    """With a write-ahead log beside it also reading needs room, for the index of the log: it is read from a copy.

    Writing says that the disk is full, not that it is failing.
    """
    if os.geteuid():
        pytest.skip("needs root, to mount a small file system")
    writer = open_store(tmp_path / "a.db", (first,), create=True)
    writer.execute("INSERT INTO things VALUES ('in the log')")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], check=True)
    try:
        for name in ("a.db", "a.db-wal"):
            (disk / name).write_bytes((tmp_path / name).read_bytes())
        writer.close()
        with suppress(OSError), (disk / "other").open("wb", buffering=0) as other:
            while True:
                other.write(bytes(4096))
        with open_for_reading(disk / "a.db", (first,)) as reading:
            assert [row["name"] for row in reading.execute("SELECT * FROM things")] == ["in the log"]
        with pytest.raises(StoreError, match="disk is full"):
            open_store(disk / "a.db", (first,), create=False)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        connection.executemany("INSERT INTO things VALUES (?)", [("x" * 500,)] * 1000)


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


def test_a_second_writer_waits_at_the_start_and_reads_nothing_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction holds the right to write from its first line: another one cannot even begin beside it."""
    monkeypatch.setattr("cameratrap.store.connection.BUSY_TIMEOUT_S", 0.05)
    one = open_store(tmp_path / "a.db", (first,), create=True)
    other = open_store(tmp_path / "a.db", (first,), create=False)
    began = False
    with transaction(one):
        one.execute("SELECT COUNT(*) FROM things").fetchone()
        with pytest.raises(StoreError, match="locked"), transaction(other):
            began = True
    assert not began
    with transaction(other):
        other.execute("INSERT INTO things VALUES ('x')")
    one.close()
    other.close()


def test_two_writers_that_read_first_lose_nothing(tmp_path: Path) -> None:
    """Two threads, each with a connection of its own, count to 40 together: read, then write, in one transaction."""
    path = tmp_path / "a.db"
    with closing(open_store(path, (first,), create=True)):
        pass

    def count() -> None:
        with closing(open_store(path, (first,), create=False)) as connection:
            for _ in range(20):
                with transaction(connection):
                    number = connection.execute("SELECT COUNT(*) FROM things").fetchone()[0]
                    connection.execute("INSERT INTO things VALUES (?)", (str(number),))

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(count), threads.submit(count)]:
            each.result()
    with closing(open_store(path, (first,), create=False)) as connection:
        names = [row["name"] for row in connection.execute("SELECT name FROM things ORDER BY rowid")]
    assert names == [str(number) for number in range(40)]
