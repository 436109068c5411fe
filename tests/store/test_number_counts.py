"""What the log of sessions teaches of the modem's message number."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameratrap.ports import SendResult, SendStatus
from cameratrap.sbd.outcome import UNCONFIRMED
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.sessions import MAILBOX, begin_session, clear_fault, end_session, note_power, number_counts

NOW = datetime(2026, 11, 3, 0, 30, tzinfo=UTC)
DOUBTED = SendResult(SendStatus.RETRY, 0, detail=f"the modem answered 0 (sent), but {UNCONFIRMED}", uncertain=True)
ACCEPTED = SendResult(SendStatus.SENT, 0, detail=f"MO status 0: sent, but {UNCONFIRMED}")
CONFIRMED = SendResult(SendStatus.SENT, 0, detail="MO status 0: sent")
FAILED = SendResult(SendStatus.RETRY, 32, detail="MO status 32: no satellite in view", fault="sky")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A new card's database."""
    with closing(open_store(tmp_path / "cameratrap.db", CARD_MIGRATIONS, create=True)) as opened:
        yield opened


def _session(connection: sqlite3.Connection, result: SendResult, kind: str = "summary") -> None:
    with connection:
        end_session(connection, begin_session(connection, kind, NOW), result)


@pytest.mark.parametrize(
    ("results", "counts"),
    [
        ([], True),
        ([CONFIRMED, FAILED], True),
        ([CONFIRMED, DOUBTED], False),
        ([DOUBTED, FAILED], False),
        ([DOUBTED, ACCEPTED, FAILED], False),
        ([DOUBTED, ACCEPTED, CONFIRMED, FAILED], True),
    ],
)
def test_the_last_claimed_success_decides(
    connection: sqlite3.Connection, results: list[SendResult], counts: bool
) -> None:
    """One without the number's word unmasks it, one with it makes it a witness again, a failure teaches nothing."""
    for result in results:
        _session(connection, result)
    assert number_counts(connection) is counts


def test_what_sends_no_message_teaches_nothing(connection: sqlite3.Connection) -> None:
    """A mailbox check, the modem's power and a cleared fault leave the doubt as it is."""
    _session(connection, DOUBTED)
    _session(connection, CONFIRMED, MAILBOX)
    note_power(connection, NOW, 10.0, "the modem was started")
    with connection:
        clear_fault(connection, NOW)
    assert number_counts(connection) is False
