"""Taking messages in: what each is, and that nothing is lost or doubled on the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cameratrap.app.receive import MessageStatus, Stations, read_inbox, receive
from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.store.inbox import Inbox, create_inbox
from cameratrap.wire.codec import encode

CSV = "wire_code,taxon,vernacular_en,rank,gbif_key,parent,sensitive,synonyms\n"
TAXA = TaxaTable.from_csv(
    CSV + "1,Vulpes vulpes,red fox,species,,,0,\n2,Lutra lutra,otter,species,,,1,\n", origin="test"
)
SMALLER = TaxaTable.from_csv(CSV + "2,Lutra lutra,otter,species,,,1,\n", origin="test")
SUMMARY = DailySummary(date(2026, 6, 1), 17, (Tally("Vulpes vulpes", 3, 4),))
(PAYLOAD,) = encode(SUMMARY, TAXA)
IMEI, OTHER = "300234010000001", "300234010000002"
NOW = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
MESSAGE = ReceivedMessage(PAYLOAD, MessageSource.WEBHOOK, IMEI, 41, datetime(2026, 6, 2, 0, 5, tzinfo=UTC))
NO_STATIONS: Stations = {}


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    create_inbox(connection)
    yield Inbox(connection)
    connection.close()


def _statuses(inbox: Inbox, stations: Stations = NO_STATIONS) -> list[str]:
    return [entry.reading.status.value for entry in read_inbox(inbox, TAXA, stations)]


def test_a_summary_is_decoded(inbox: Inbox) -> None:
    """Without a list of stations a modem's number stands for its station."""
    reading = receive(MESSAGE, inbox, TAXA, NO_STATIONS, received_at=NOW)
    assert (reading.status, reading.station, reading.summary) == (MessageStatus.DECODED, IMEI, SUMMARY)
    (entry,) = read_inbox(inbox, TAXA, NO_STATIONS)
    assert (entry.reading, entry.stored.message) == (reading, MESSAGE)


def test_the_list_of_stations_names_it(inbox: Inbox) -> None:
    """And what a person says of a message goes before the list."""
    assert receive(MESSAGE, inbox, TAXA, {IMEI: "ridge"}, received_at=NOW).station == "ridge"
    other = replace(MESSAGE, momsn=42)
    assert receive(other, inbox, TAXA, {IMEI: "ridge"}, received_at=NOW, station="ford").station == "ford"
    assert [entry.reading.station for entry in read_inbox(inbox, TAXA, {IMEI: "ridge"})] == ["ridge", "ford"]


def test_an_unknown_trap_is_quarantined_until_it_is_listed(inbox: Inbox) -> None:
    """Its message is kept, says nothing to the tables, and is read as soon as somebody lists the modem."""
    reading = receive(MESSAGE, inbox, TAXA, {OTHER: "ford"}, received_at=NOW)
    assert (reading.status, reading.station, reading.summary) == (MessageStatus.QUARANTINED, None, None)
    assert IMEI in reading.reason
    assert _statuses(inbox, {OTHER: "ford"}) == ["quarantined"]
    assert _statuses(inbox, {OTHER: "ford", IMEI: "ridge"}) == ["decoded"]


def test_what_cannot_be_decoded_is_kept(inbox: Inbox) -> None:
    """With the reason; a version that understands it finds the bytes."""
    message = replace(MESSAGE, payload=b"\xf0\x01 a message of the future")
    reading = receive(message, inbox, TAXA, NO_STATIONS, received_at=NOW)
    assert (reading.status, reading.summary) == (MessageStatus.UNDECODABLE, None)
    assert "version 15" in reading.reason
    assert [entry.stored.message.payload for entry in read_inbox(inbox, TAXA, NO_STATIONS)] == [message.payload]


@pytest.mark.parametrize(("status", "why"), [(0, "mailbox check"), (None, "mailbox check"), (13, "status 13")])
def test_a_message_without_payload_says_why(inbox: Inbox, status: int | None, why: str) -> None:
    """A mailbox check and a failed session are no summaries, and no mystery."""
    reading = receive(replace(MESSAGE, payload=b"", session_status=status), inbox, TAXA, NO_STATIONS, received_at=NOW)
    assert reading.status is MessageStatus.UNDECODABLE
    assert why in reading.reason


@pytest.mark.parametrize(
    ("day", "transmitted", "status"),
    [
        (date(2026, 6, 4), datetime(2026, 6, 2, 23, 59, tzinfo=UTC), "decoded"),
        (date(2026, 6, 5), datetime(2026, 6, 2, 23, 59, tzinfo=UTC), "quarantined"),
        (date(2080, 6, 1), None, "quarantined"),
        (date(2026, 6, 4), None, "decoded"),
        (date(2026, 6, 5), None, "quarantined"),
        (date(2026, 6, 20), datetime(2026, 6, 20, tzinfo=UTC), "decoded"),
        (date(2000, 1, 1), None, "decoded"),
        (date(2080, 6, 1), datetime.max.replace(tzinfo=UTC), "decoded"),
    ],
)
def test_a_day_that_had_not_begun_is_quarantined(
    inbox: Inbox, day: date, transmitted: datetime | None, status: str
) -> None:
    """By the time of transmission, or of arrival where none is told; the receiver's own clock may be wrong."""
    message = replace(MESSAGE, payload=encode(replace(SUMMARY, day=day), TAXA)[0], transmit_time=transmitted)
    reading = receive(message, inbox, TAXA, {IMEI: "ridge"}, received_at=NOW)
    assert (reading.status, reading.station) == (status, "ridge")
    assert (reading.summary is None) is (status == "quarantined")
    assert (str(day) in reading.reason) is (status == "quarantined")
    assert _statuses(inbox, {IMEI: "ridge"}) == [status]


def test_a_delivery_that_comes_again_is_a_duplicate(inbox: Inbox) -> None:
    """One message and one copy, which says nothing of its own."""
    receive(MESSAGE, inbox, TAXA, NO_STATIONS, received_at=NOW)
    again = receive(MESSAGE, inbox, TAXA, NO_STATIONS, received_at=NOW + timedelta(hours=1))
    assert again.status is MessageStatus.DUPLICATE
    assert _statuses(inbox) == ["decoded", "duplicate"]
    assert [entry.reading.summary for entry in read_inbox(inbox, TAXA, NO_STATIONS)] == [SUMMARY, None]


def test_a_summary_that_the_trap_sent_again_is_a_duplicate(inbox: Inbox) -> None:
    """Another message number and time, the same summary: it was not sure that the first one arrived."""
    receive(MESSAGE, inbox, TAXA, NO_STATIONS, received_at=NOW)
    retry = replace(MESSAGE, momsn=42, transmit_time=datetime(2026, 6, 2, 0, 15, tzinfo=UTC))
    assert receive(retry, inbox, TAXA, NO_STATIONS, received_at=NOW).status is MessageStatus.DUPLICATE
    assert _statuses(inbox) == ["decoded", "duplicate"]


def test_what_cannot_be_decoded_is_a_duplicate_too_when_it_comes_again(inbox: Inbox) -> None:
    """The delivery is here already, whatever it is."""
    message = replace(MESSAGE, payload=b"\xf0\x01")
    receive(message, inbox, TAXA, NO_STATIONS, received_at=NOW)
    again = receive(message, inbox, TAXA, NO_STATIONS, received_at=NOW)
    assert (again.status, again.reason) == (MessageStatus.DUPLICATE, "it is in the inbox already")


def test_the_same_summary_of_another_trap_is_none(inbox: Inbox) -> None:
    """Two traps may well see the same on a quiet day."""
    receive(MESSAGE, inbox, TAXA, NO_STATIONS, received_at=NOW)
    twin = replace(MESSAGE, imei=OTHER)
    assert receive(twin, inbox, TAXA, NO_STATIONS, received_at=NOW).status is MessageStatus.DECODED
    assert _statuses(inbox) == ["decoded", "decoded"]


def test_mailbox_checks_are_not_duplicates_of_each_other(inbox: Inbox) -> None:
    """Each is a message of its own."""
    for momsn in (41, 42):
        receive(replace(MESSAGE, payload=b"", momsn=momsn), inbox, TAXA, NO_STATIONS, received_at=NOW)
    assert _statuses(inbox) == ["undecodable", "undecodable"]


def test_bytes_of_nobody_must_be_a_summary(inbox: Inbox) -> None:
    """Else any file would be a message; nothing of it is kept."""
    for station in (None, "ridge"):
        with pytest.raises(DecodeError, match="nothing known") as caught:
            receive(
                ReceivedMessage(b"a note", MessageSource.FILE),
                inbox,
                TAXA,
                NO_STATIONS,
                received_at=NOW,
                station=station,
            )
        assert "<imei>_<momsn>.sbd" in caught.value.hint
    assert _statuses(inbox) == []


def test_hex_that_is_given_a_station_is_kept_whatever_its_version(inbox: Inbox) -> None:
    """Somebody copied it from a portal: a newer program will read it, if it is still there."""
    message = ReceivedMessage(bytes.fromhex("20ffffff"), MessageSource.FILE, body=b"20ffffff\n")
    reading = receive(message, inbox, TAXA, NO_STATIONS, received_at=NOW, station="ridge")
    assert (reading.status, reading.station) == (MessageStatus.UNDECODABLE, "ridge")
    assert "version 2" in reading.reason
    assert _statuses(inbox) == ["undecodable"]


def test_a_summary_of_nobody_waits_for_its_station(inbox: Inbox) -> None:
    """Decoded, but of no station, until it is said; where stations are listed it is quarantined until then."""
    bare = ReceivedMessage(PAYLOAD, MessageSource.FILE)
    reading = receive(bare, inbox, TAXA, NO_STATIONS, received_at=NOW)
    assert (reading.status, reading.station) == (MessageStatus.DECODED, None)
    assert _statuses(inbox, {IMEI: "ridge"}) == ["quarantined"]
    assert receive(bare, inbox, TAXA, NO_STATIONS, received_at=NOW, station="ridge").station == "ridge"
    assert [entry.reading.station for entry in read_inbox(inbox, TAXA, {IMEI: "ridge"})] == ["ridge", "ridge"]


def test_a_newer_table_of_taxa_reads_old_messages(inbox: Inbox) -> None:
    """Nothing decoded is stored, so nothing decoded is ever out of date."""
    receive(MESSAGE, inbox, SMALLER, NO_STATIONS, received_at=NOW)
    names = [
        [tally.taxon for tally in entry.reading.summary.tallies]
        for table in (SMALLER, TAXA)
        for entry in read_inbox(inbox, table, NO_STATIONS)
        if entry.reading.summary
    ]
    assert names == [["code 1"], ["Vulpes vulpes"]]


def test_messages_come_in_the_order_of_arrival(inbox: Inbox) -> None:
    """A copy stands where it arrived."""
    for momsn, hours in ((41, 3), (42, 1), (41, 2)):
        receive(
            replace(MESSAGE, momsn=momsn, payload=encode(replace(SUMMARY, sequence=momsn), TAXA)[0]),
            inbox,
            TAXA,
            NO_STATIONS,
            received_at=NOW + timedelta(hours=hours),
        )
    order = [(entry.stored.message.momsn, entry.reading.status.value) for entry in read_inbox(inbox, TAXA, NO_STATIONS)]
    assert order == [(42, "decoded"), (41, "duplicate"), (41, "decoded")]
