"""The inbox: each message once, its copies counted, the raw bytes as they came."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.messages import MAX_DELIVERY_BYTES, MessageSource, ReceivedMessage
from cameratrap.errors import StoreError
from cameratrap.store.connection import open_store
from cameratrap.store.inbox import INBOX_FILE, MAX_COPIES, Inbox, create_inbox, fingerprint
from cameratrap.store.migrations import INBOX_MIGRATIONS

NOW = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
MESSAGE = ReceivedMessage(
    payload=bytes(range(50)),
    source=MessageSource.WEBHOOK,
    imei="300234010000001",
    momsn=65535,
    transmit_time=datetime(2026, 6, 1, 22, 25, 31, tzinfo=UTC),
    verified=True,
    session_status=2,
    latitude=51.52,
    longitude=-1.25,
    cep_km=3.0,
    body=b'{"JWT": "\xff\x00"}',
)
BARE = ReceivedMessage(payload=b"\x10\xaa", source=MessageSource.FILE)


def _memory() -> Inbox:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    create_inbox(connection)
    return Inbox(connection)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    memory = _memory()
    yield memory
    memory.connection.close()


def test_a_message_comes_back_as_it_was(tmp_path: Path) -> None:
    """Every field, after the file was closed and opened again."""
    connection = open_store(tmp_path / INBOX_FILE, INBOX_MIGRATIONS, create=True)
    for message in (MESSAGE, BARE):
        assert Inbox(connection).add(message, received_at=NOW) is True
    connection.close()
    connection = open_store(tmp_path / INBOX_FILE, INBOX_MIGRATIONS, create=False)
    stored = list(Inbox(connection).messages())
    connection.close()
    assert [each.message for each in stored] == [MESSAGE, BARE]
    assert {each.received_at for each in stored} == {NOW}
    assert {each.station for each in stored} == {None}


def test_a_copy_is_counted_and_not_stored_again(inbox: Inbox) -> None:
    """The same modem, number, time and payload, whichever way it comes in."""
    inbox.add(MESSAGE, received_at=NOW)
    again = replace(MESSAGE, source=MessageSource.EMAIL, verified=None, latitude=None, body=b"Subject: x")
    assert inbox.add(again, received_at=NOW + timedelta(hours=1)) is False
    (stored,) = inbox.messages()
    (copy,) = inbox.copies()
    assert (stored.message, stored.copies) == (MESSAGE, 1)
    assert (copy.copy_of, copy.received_at) == (stored.id, NOW + timedelta(hours=1))
    assert (copy.message.source, copy.message.verified, copy.message.body) == (MessageSource.EMAIL, None, b"Subject: x")


def test_a_delivery_that_comes_again_byte_for_byte_takes_its_room_once(inbox: Inbox) -> None:
    """Twenty retries of a gateway are twenty copies of one body."""
    other = replace(MESSAGE, momsn=1, body=b"another")
    for message in (MESSAGE, MESSAGE, MESSAGE, other):
        inbox.add(message, received_at=NOW)
    assert [row["body"] for row in inbox.connection.execute("SELECT body FROM bodies")] == [MESSAGE.body, b"another"]
    assert [copy.message.body for copy in inbox.copies()] == [MESSAGE.body] * 2


def test_what_is_not_listed_is_not_stored(inbox: Inbox) -> None:
    """Copies that differ in a byte each fill no disk."""
    for number in range(MAX_COPIES + 5):
        inbox.add(replace(MESSAGE, body=b"%d" % number), received_at=NOW)
    assert inbox.connection.execute("SELECT COUNT(*) FROM bodies").fetchone()[0] == MAX_COPIES + 1


@pytest.mark.parametrize(
    "change",
    [
        {"imei": "300234010000002"},
        {"momsn": 0},
        {"transmit_time": MESSAGE.transmit_time + timedelta(seconds=1)},  # type: ignore[operator]
        {"payload": bytes(range(49))},
    ],
)
def test_another_message_is_another_row(inbox: Inbox, change: dict[str, object]) -> None:
    """A message number wraps to 0 and may come twice in a modem's life; each part of the key counts."""
    inbox.add(MESSAGE, received_at=NOW)
    assert inbox.add(replace(MESSAGE, **change), received_at=NOW) is True  # type: ignore[arg-type]
    assert len(list(inbox.messages())) == 2


def test_the_listed_copies_are_bounded(inbox: Inbox) -> None:
    """A gateway gone mad fills neither disk nor table; how often it came is still known."""
    for _ in range(MAX_COPIES + 5):
        inbox.add(MESSAGE, received_at=NOW)
    (stored,) = inbox.messages()
    assert stored.copies == MAX_COPIES + 4
    assert len(list(inbox.copies())) == MAX_COPIES


@pytest.mark.parametrize(("first", "second"), [(None, True), (True, None), (True, True)])
def test_a_copy_that_proves_itself_proves_the_message(inbox: Inbox, first: bool | None, second: bool | None) -> None:
    """In either order of arrival."""
    for verified in (first, second):
        inbox.add(replace(MESSAGE, verified=verified), received_at=NOW)
    assert [each.message.verified for each in inbox.messages()] == [True]


def test_an_adopted_proof_stays(tmp_path: Path) -> None:
    """It survives closing, and copies without proof after it; the body that proves is there byte for byte."""
    unproved = replace(MESSAGE, verified=None, source=MessageSource.EMAIL, body=b"Subject: x")
    with closing(open_store(tmp_path / INBOX_FILE, INBOX_MIGRATIONS, create=True)) as connection:
        for message in (unproved, MESSAGE, unproved):
            Inbox(connection).add(message, received_at=NOW)
    with closing(open_store(tmp_path / INBOX_FILE, INBOX_MIGRATIONS, create=False)) as connection:
        (stored,) = Inbox(connection).messages()
        copies = [(copy.message.verified, copy.message.body) for copy in Inbox(connection).copies()]
    assert (stored.message.verified, stored.message.source, stored.copies) == (True, MessageSource.EMAIL, 2)
    assert copies == [(True, MESSAGE.body), (None, b"Subject: x")]


def test_a_proof_proves_only_the_message_it_is_of(inbox: Inbox) -> None:
    """The others of the same modem stay as they were."""
    for momsn in (1, 2):
        inbox.add(replace(MESSAGE, momsn=momsn, verified=None), received_at=NOW)
    inbox.add(replace(MESSAGE, momsn=2), received_at=NOW)
    assert [(each.message.momsn, each.message.verified) for each in inbox.messages()] == [(1, None), (2, True)]


def test_what_is_proved_replaces_what_was_said_first(inbox: Inbox) -> None:
    """A forger who is quicker does not get his place on the map shown as proved; nor does one who is slower."""
    forged = replace(MESSAGE, verified=None, session_status=13, latitude=1.0, longitude=2.0, cep_km=4.0)
    for message in (forged, MESSAGE, forged):
        inbox.add(message, received_at=NOW)
    (stored,) = inbox.messages()
    assert stored.message == replace(MESSAGE, source=stored.message.source)


def test_a_proof_is_kept_however_late_it_comes(inbox: Inbox) -> None:
    """Unproved copies cannot use up its place; proved once, more proofs are copies like others."""
    for number in range(MAX_COPIES + 5):
        inbox.add(replace(MESSAGE, verified=None, body=b"%d" % number), received_at=NOW)
    for _ in range(3):
        inbox.add(MESSAGE, received_at=NOW)
    copies = list(inbox.copies())
    assert len(copies) == MAX_COPIES + 1
    assert (copies[-1].message.verified, copies[-1].message.body) == (True, MESSAGE.body)


def test_two_unproved_copies_stay_unproved(inbox: Inbox) -> None:
    """Nothing is not a proof, however often."""
    for _ in range(2):
        inbox.add(replace(MESSAGE, verified=None), received_at=NOW)
    assert [each.message.verified for each in inbox.messages()] == [None]


def test_a_station_said_later_is_kept(inbox: Inbox) -> None:
    """A message imported again with its station gets it; one imported again without keeps it."""
    inbox.add(MESSAGE, received_at=NOW)
    inbox.add(MESSAGE, received_at=NOW, station="ridge")
    inbox.add(MESSAGE, received_at=NOW)
    assert [each.station for each in inbox.messages()] == ["ridge"]


def test_a_bare_payload_is_adopted_by_its_station(inbox: Inbox) -> None:
    """Said once, it is that station's; the same bytes of another station are another message."""
    inbox.add(BARE, received_at=NOW)
    assert inbox.add(BARE, received_at=NOW, station="ridge") is False
    assert inbox.add(BARE, received_at=NOW, station="ridge") is False
    assert inbox.add(BARE, received_at=NOW, station="ford") is True
    assert sorted(str(each.station) for each in inbox.messages()) == ["ford", "ridge"]


def test_the_same_payload_under_another_number(inbox: Inbox) -> None:
    """What a trap sends again because it was not sure."""
    assert inbox.has_payload(MESSAGE) is False
    inbox.add(MESSAGE, received_at=NOW)
    assert inbox.has_payload(replace(MESSAGE, momsn=0)) is True
    assert inbox.has_payload(replace(MESSAGE, imei="300234010000002")) is False
    assert inbox.has_payload(BARE) is False


def test_a_fingerprint_does_not_depend_on_how_the_time_is_written() -> None:
    """The same moment with another offset."""
    assert MESSAGE.transmit_time is not None
    shifted = replace(MESSAGE, transmit_time=MESSAGE.transmit_time.astimezone())
    assert fingerprint(shifted) == fingerprint(MESSAGE)


_MESSAGES = st.builds(
    ReceivedMessage,
    payload=st.binary(max_size=3),
    source=st.sampled_from(MessageSource),
    imei=st.none() | st.sampled_from(["300234010000001", "300234010000002"]),
    momsn=st.none() | st.integers(0, 1),
    verified=st.none() | st.just(True),
)


@given(st.lists(_MESSAGES, max_size=8), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(messages: list[ReceivedMessage], random: object) -> None:
    """The same set of messages, its proofs included, however often and in whichever order they are added."""
    shuffled = messages * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    contents = []
    for order in (messages, shuffled):
        memory = _memory()
        for message in order:
            memory.add(message, received_at=NOW)
        contents.append({(fingerprint(each.message), each.message.verified) for each in memory.messages()})
        memory.connection.close()
    assert contents[0] == contents[1]
    assert len(contents[0]) == len({fingerprint(message) for message in messages})


@pytest.mark.parametrize(
    "wrong",
    [
        {"imei": "12"},
        {"imei": "30023401000000x"},
        {"momsn": 65536},
        {"momsn": -1},
        {"transmit_time": datetime(2026, 6, 1)},  # noqa: DTZ001 - that is what is wrong with it
        {"payload": bytes(1961)},
        {"body": bytes(MAX_DELIVERY_BYTES + 1)},
        {"verified": False},
    ],
)
def test_an_impossible_message_cannot_be_made(wrong: dict[str, object]) -> None:
    """The rules stand in the value, not only in the parsers."""
    with pytest.raises(ValueError, match=r"IMEI|MOMSN|offset|payload|delivery|refused"):
        replace(MESSAGE, **wrong)  # type: ignore[arg-type]


def test_an_inbox_that_fails_says_so(inbox: Inbox) -> None:
    """In an error of ours, whichever way it is used."""
    inbox.connection.execute("DROP TABLE copies")
    inbox.connection.execute("DROP TABLE messages")
    for use in (
        lambda: inbox.add(MESSAGE, received_at=NOW),
        lambda: inbox.has_payload(MESSAGE),
        lambda: list(inbox.messages()),
        lambda: list(inbox.copies()),
    ):
        with pytest.raises(StoreError, match="no such table"):
            use()
