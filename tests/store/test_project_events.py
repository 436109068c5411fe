"""How a deployment's sequences become the events that a person looks at, and how an index is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.events import TriggerCause
from cameratrap.errors import StoreError
from cameratrap.store.connection import open_store, transaction
from cameratrap.store.project import passing_project
from cameratrap.store.project_events import regroup, set_event_gap
from cameratrap.store.project_rows import DeploymentRow, SequenceRow, add_deployment, add_sequence
from cameratrap.store.project_schema import PROJECT_MIGRATIONS
from cameratrap.store.reading import open_for_reading
from tests.project_maker import START, Plan, make_project

SEQUENCES = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 300), st.sampled_from(TriggerCause)), min_size=1, max_size=25
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with passing_project(tmp_path) as project:
        yield project.connection


@given(sequences=SEQUENCES, gap_s=st.integers(0, 200))
def test_an_event_is_what_follows_within_the_gap(
    tmp_path_factory: pytest.TempPathFactory, sequences: list[tuple[int, int, TriggerCause]], gap_s: int
) -> None:
    """Of the end of the longest sequence so far, time-lapse apart; against a comparison of every pair."""
    with passing_project(tmp_path_factory.getbasetemp()) as project, transaction(project.connection):
        connection = project.connection
        number = add_deployment(connection, DeploymentRow("d", "s", 60, START, START, "card", ".", START))
        for n, (start_s, length_s, cause) in enumerate(sequences):
            at = START + timedelta(seconds=start_s)
            add_sequence(connection, number, SequenceRow(f"b{n}", cause, at, at + timedelta(seconds=length_s)))
        set_event_gap(connection, timedelta(seconds=gap_s))
        assert regroup(connection, number) == connection.execute("SELECT COUNT(*) FROM events").fetchone()[0]
        rows = connection.execute(
            "SELECT *, cause = 'timelapse' AS lapse FROM sequences ORDER BY start_s, id"
        ).fetchall()
        for left in rows:
            for right in rows[rows.index(left) + 1 :]:
                between = [row for row in rows if row["lapse"] == right["lapse"] and _before(row, right)]
                breaks = left["lapse"] != right["lapse"] or any(
                    row["start_s"] - max(each["end_s"] for each in between if _before(each, row)) > gap_s
                    for row in [*between, right]
                    if _before(left, row)
                )
                assert (left["event"] != right["event"]) is breaks
        told = connection.execute("SELECT SUM(sequences), MIN(start_s), MAX(end_s) FROM events").fetchone()
        assert tuple(told) == (len(rows), rows[0]["start_s"], max(row["end_s"] for row in rows))


def _before(one: sqlite3.Row, other: sqlite3.Row) -> bool:
    return bool((one["start_s"], one["id"]) < (other["start_s"], other["id"]))


def test_a_time_lapse_of_a_season_is_one_event(connection: sqlite3.Connection) -> None:
    """However long it is, and with triggered sequences between."""
    with transaction(connection):
        number = add_deployment(connection, DeploymentRow("d", "s", 60, START, START, "card", ".", START))
        for n in range(4000):
            at, cause = START + timedelta(minutes=n), TriggerCause.PIR if n % 1000 == 7 else TriggerCause.TIMELAPSE
            add_sequence(connection, number, SequenceRow(f"b{n}", cause, at, at))
        assert regroup(connection, number) == 5
    longest = connection.execute("SELECT MAX(sequences) FROM events WHERE cause = 'timelapse'").fetchone()[0]
    assert longest == 3996


def test_a_large_index_that_was_closed_is_not_read_whole(tmp_path: Path) -> None:
    """Small ones are, and any that was left open; what is damaged is then met when it is read."""
    index = make_project(tmp_path / "p", Plan(sequences=200)) / "project.db"
    content = bytearray(index.read_bytes())
    content[-len(content) // 4 :] = b"\xff" * len(content[-len(content) // 4 :])
    index.write_bytes(content)
    large = {"trusted_from": len(content)}
    with open_for_reading(index, PROJECT_MIGRATIONS, **large) as opened:
        assert opened.execute("SELECT COUNT(*) FROM deployments").fetchone()[0] == 2
    open_store(index, PROJECT_MIGRATIONS, create=False, **large).close()
    for trusted_from in (None, len(content) + 1):
        with (
            pytest.raises(StoreError, match="damaged"),
            open_for_reading(index, PROJECT_MIGRATIONS, trusted_from=trusted_from),
        ):
            pass
    index.with_name("project.db-wal").write_bytes(b"")
    with pytest.raises(StoreError, match="damaged"):
        open_store(index, PROJECT_MIGRATIONS, create=False, **large)
