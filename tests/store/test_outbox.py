"""The outbox: durable, idempotent, patient, and never held back by a wrong clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.patience import JITTER, SKY_DELAYS_S, retry_delay_s
from cameratrap.errors import StoreError
from cameratrap.ports import SendResult, SendStatus
from cameratrap.store.connection import open_store
from cameratrap.store.outbox import (
    MessageGoneError,
    Outbox,
    OutboxMessage,
    OutboxState,
    create_outbox,
    enqueue,
    rank_outbox,
)
from cameratrap.store.reading import open_for_reading
from cameratrap.store.sessions import SessionState, create_sessions, sessions

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
DAY = date(2026, 11, 21)
RETRY = SendResult(SendStatus.RETRY, mo_status=32, detail="no network service")
TABLES = (create_outbox, rank_outbox, create_sessions)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An open store with an outbox and nothing else."""
    with closing(open_store(tmp_path / "card.db", TABLES, create=True)) as opened:
        yield opened


@pytest.fixture
def outbox(connection: sqlite3.Connection) -> Outbox:
    """Without jitter, so that times can be told."""
    return Outbox(connection, jitter=lambda: 0.0)


def put(connection: sqlite3.Connection, sequence: int = 1, part: int = 1, payload: bytes = b"x") -> OutboxMessage:
    day = DAY + timedelta(days=sequence)
    return enqueue(connection, day=day, sequence=sequence, part=part, payload=payload, now=NOW)


def test_a_message_goes_in_once(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """Closing a day twice queues it once, and the message stands as it was."""
    first = put(connection)
    outbox.record(outbox.begin_attempt(first, NOW), SendResult(SendStatus.SENT, 0, 7), NOW)
    again = put(connection)
    assert (again.id, again.state, again.momsn) == (first.id, OutboxState.SENT, 7)
    assert len(outbox.messages()) == 1


@pytest.mark.parametrize(("day", "payload"), [(DAY, b"other"), (DAY + timedelta(days=9), b"x")])
def test_another_message_of_the_same_number_is_refused(
    connection: sqlite3.Connection, outbox: Outbox, day: date, payload: bytes
) -> None:
    """What may have been sent is never replaced."""
    enqueue(connection, day=DAY, sequence=1, part=1, payload=b"x", now=NOW)
    with pytest.raises(StoreError, match="already holds another"):
        enqueue(connection, day=day, sequence=1, part=1, payload=payload, now=NOW)
    assert [message.payload for message in outbox.messages()] == [b"x"]


def test_newest_day_first_and_parts_in_order(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """The newest message tells most for its credit; a day's parts are not torn apart."""
    for sequence, part in [(1, 1), (3, 2), (3, 1), (2, 1)]:
        put(connection, sequence, part)
    assert [(each.sequence, each.part) for each in outbox.due(NOW)] == [(3, 1), (3, 2), (2, 1), (1, 1)]


def test_an_attempt_leaves_its_trace_before_it_is_made(tmp_path: Path) -> None:
    """A power cut in mid-send: the reopened outbox knows of the attempt, that its end is unknown, and waits."""
    path = tmp_path / "card.db"
    with closing(open_store(path, TABLES, create=True)) as first:
        Outbox(first, jitter=lambda: 0.0).begin_attempt(put(first), NOW)
    with closing(open_store(path, TABLES, create=False)) as second:
        message = Outbox(second).messages()[0]
        assert (message.state, message.attempts, message.uncertain_attempts) == (OutboxState.QUEUED, 1, 1)
        assert message.detail == "interrupted"
        assert not message.is_due(NOW + timedelta(seconds=59))
        assert message.is_due(NOW + timedelta(seconds=60))


def test_sent_is_final(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """A sent message is kept, with its number and time, and never due again."""
    result = SendResult(SendStatus.SENT, mo_status=0, momsn=12, detail="sent")
    message = outbox.record(outbox.begin_attempt(put(connection), NOW), result, NOW)
    assert (message.state, message.momsn, message.sent_at, message.last_mo_status) == (OutboxState.SENT, 12, NOW, 0)
    assert message.uncertain_attempts == 0
    assert outbox.due(NOW + timedelta(days=1000)) == []


def test_a_permanent_failure_is_kept_and_not_tried_again(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """The payload stays on the card for whoever retrieves it."""
    result = SendResult(SendStatus.PERMANENT, mo_status=12, detail="too many segments")
    message = outbox.record(outbox.begin_attempt(put(connection), NOW), result, NOW)
    assert (message.state, message.payload) == (OutboxState.FAILED, b"x")
    assert outbox.due(NOW + timedelta(days=1000)) == []


def test_uncertain_attempts_are_counted(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """Each uncertain failure may have cost a credit; each certain one has not."""
    message = put(connection)
    for uncertain in (True, False, True):
        result = SendResult(SendStatus.RETRY, uncertain=uncertain)
        message = outbox.record(outbox.begin_attempt(message, NOW), result, NOW)
    assert (message.attempts, message.uncertain_attempts) == (3, 2)


def test_four_attempts_span_a_satellite_s_pass() -> None:
    """The first four attempts are spread over at least ten minutes, the later ones over hours."""
    assert sum(SKY_DELAYS_S[:3]) >= 600
    assert all(delay >= 3600 for delay in SKY_DELAYS_S[3:])


@given(st.integers(1, 1000), st.floats(0, 1))
def test_retry_delays_grow_and_are_bounded(attempts: int, jitter: float) -> None:
    """Later attempts never wait less, no attempt waits more than the longest delay and its jitter."""
    delay = retry_delay_s(attempts, jitter)
    assert retry_delay_s(attempts, 0.0) <= delay <= SKY_DELAYS_S[-1] * (1 + JITTER)
    assert retry_delay_s(attempts + 1, 0.0) >= retry_delay_s(attempts, 0.0)


def test_the_network_s_own_wait_is_kept_where_it_is_longer(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """Status 36 asks for three minutes where a first attempt's own delay is one; a tenth waits its hours."""
    busy = SendResult(SendStatus.RETRY, mo_status=36, retry_after_s=180.0)
    message = outbox.record(outbox.begin_attempt(put(connection), NOW), busy, NOW)
    assert message.next_attempt_at == NOW + timedelta(seconds=180)
    for _ in range(9):
        message = outbox.record(outbox.begin_attempt(message, NOW), busy, NOW)
    assert message.next_attempt_at == NOW + timedelta(seconds=SKY_DELAYS_S[-1])


@given(st.timedeltas(timedelta(days=-20000), timedelta(days=10000)), st.integers(1, 12))
def test_no_clock_blocks_a_message_for_longer_than_its_delay(jump: timedelta, attempts: int) -> None:
    """However the clock was set after an attempt, the message is due within the longest delay by the new clock."""
    planned = NOW + timedelta(seconds=retry_delay_s(attempts, 1.0))
    message = OutboxMessage(
        1, DAY, 1, 1, b"x", NOW, OutboxState.QUEUED, attempts, last_attempt_at=NOW, next_attempt_at=planned
    )
    longest = timedelta(seconds=SKY_DELAYS_S[-1] * (1 + JITTER) + 60)
    assert message.is_due(NOW + jump) or message.is_due(NOW + jump + longest)


def test_a_clock_set_back_by_years_does_not_block(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """An attempt made in a wrong 2038 does not hold the message back in the right 2026."""
    wrong = NOW.replace(year=2038)
    outbox.record(outbox.begin_attempt(put(connection), wrong), RETRY, wrong)
    assert len(outbox.due(NOW)) == 1


def test_looking_changes_nothing(tmp_path: Path) -> None:
    """The read-only outbox shows what is there, leaves the file's bytes alone and refuses to write."""
    path = tmp_path / "card.db"
    with closing(open_store(path, TABLES, create=True)) as opened:
        put(opened)
    before = path.read_bytes()
    with open_for_reading(path, TABLES) as connection:
        outbox = Outbox(connection)
        message = outbox.due(NOW)[0]
        with pytest.raises(StoreError, match="readonly"):
            outbox.begin_attempt(message, NOW)
    assert path.read_bytes() == before


def test_an_alert_needs_no_day_and_stands_beside_the_summary_of_its_number(
    connection: sqlite3.Connection, outbox: Outbox
) -> None:
    """Each kind numbers its own messages; what has no day goes first, and is called by its kind and number."""
    summary = put(connection)
    alert = enqueue(connection, day=None, sequence=1, part=1, payload=b"card full", now=NOW, kind="alert")
    again = enqueue(connection, day=None, sequence=1, part=1, payload=b"card full", now=NOW, kind="alert")
    assert alert == again
    assert [(each.kind, each.day) for each in outbox.due(NOW)] == [("alert", None), ("summary", summary.day)]
    assert [each.label for each in outbox.due(NOW)] == ["alert 1, part 1", "2026-11-22, part 1"]
    with pytest.raises(StoreError, match="another alert 1"):
        enqueue(connection, day=None, sequence=1, part=1, payload=b"other", now=NOW, kind="alert")


def test_a_summary_without_a_day_is_refused(connection: sqlite3.Connection) -> None:
    """The database itself holds that every summary is of a day."""
    with pytest.raises(sqlite3.IntegrityError):
        enqueue(connection, day=None, sequence=1, part=1, payload=b"x", now=NOW)


def test_a_write_that_another_process_holds_up_for_too_long_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not sqlite3's own error but one of ours, with what to do; afterwards the attempt can be made."""
    monkeypatch.setattr("cameratrap.store.connection.BUSY_TIMEOUT_S", 0.05)
    path = tmp_path / "card.db"
    with (
        closing(open_store(path, TABLES, create=True)) as ours,
        closing(open_store(path, TABLES, create=False)) as theirs,
    ):
        message = put(ours)
        theirs.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked") as caught:
            Outbox(ours).begin_attempt(message, NOW)
        assert caught.value.hint
        theirs.execute("COMMIT")
        assert Outbox(ours).begin_attempt(message, NOW).attempts == 1


def test_a_card_that_breaks_while_it_is_read_is_said(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """Whatever SQLite says to a look at the messages is an error of ours."""
    connection.execute("DROP TABLE outbox")
    with pytest.raises(StoreError, match="no such table"):
        outbox.messages()


def test_an_attempt_sends_the_message_as_it_is_now(connection: sqlite3.Connection) -> None:
    """Composed anew between being listed and being sent, the new words go out; composed away, nothing does."""
    outbox = Outbox(connection)
    put(connection, payload=b"old")
    listed = outbox.due(NOW)[0]
    connection.execute("DELETE FROM outbox")
    put(connection, payload=b"new")
    assert outbox.begin_attempt(listed, NOW).payload == b"new"
    connection.execute("DELETE FROM outbox")
    with pytest.raises(MessageGoneError, match="not in the outbox any more"):
        outbox.begin_attempt(listed, NOW)


def test_an_outbox_of_before_keeps_every_message(tmp_path: Path) -> None:
    """A card that was made before messages could be superseded opens with all that it had, in every state."""
    path = tmp_path / "card.db"
    with closing(open_store(path, TABLES[:1], create=True)) as old:
        for sequence, state in enumerate(("queued", "sent", "failed"), start=1):
            old.execute(
                "INSERT INTO outbox (day, sequence, part, payload, created_at, state, attempts, detail)"
                " VALUES (?, ?, 1, ?, ?, ?, 2, 'x')",
                (DAY.isoformat(), sequence, b"%d" % sequence, NOW.isoformat(), state),
            )
        before = [tuple(row) for row in old.execute("SELECT * FROM outbox ORDER BY id")]
    with closing(open_store(path, TABLES, create=False)) as new:
        after = [tuple(row) for row in new.execute("SELECT * FROM outbox ORDER BY id")]
        assert [row[: len(before[0])] for row in after] == before
        assert [message.fault for message in Outbox(new).messages()] == ["", "", ""]
        assert len(Outbox(new).due(NOW)) == 1


def test_a_session_is_logged_with_its_message(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """What was tried, when, at what cost in credits and joules, and how it ended."""
    begun = outbox.begin_attempt(put(connection, payload=bytes(60)), NOW, joules=171.0)
    assert [(each.state, each.joules, each.uncertain) for each in sessions(connection)] == [
        (SessionState.BEGUN, 171.0, True)
    ]
    outbox.record(begun, RETRY, NOW, seconds=20.0, joules=19.0)
    (logged,) = sessions(connection)
    assert (logged.kind, logged.sequence, logged.part, logged.credits) == ("summary", 1, 1, 2)
    assert (logged.state, logged.uncertain, logged.detail) == (SessionState.RETRY, False, "no network service")
    assert (logged.seconds, logged.joules, logged.day) == (20.0, 19.0, NOW.date())
