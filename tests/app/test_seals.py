"""What seals prove at the receiver: forged, replayed, late, revoked and unsealed messages, and late keys."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.receive import InboxEntry, MessageStatus, Reading, open_seals, read_inbox, receive
from cameratrap.app.received_days import received_days
from cameratrap.app.revoke import doubted, key_of_station, revocation
from cameratrap.app.seals import SealBook
from cameratrap.domain.alerts import Alert
from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import UsageError
from cameratrap.store.inbox import Inbox
from cameratrap.store.keys import KeyFile
from cameratrap.store.migrations import INBOX_MIGRATIONS
from cameratrap.store.trials import empty_store
from cameratrap.store.trust import Word, accept, accepted, revocations, revoke
from cameratrap.wire.codec import encode, encode_alert
from cameratrap.wire.seal import CcmSealer, SealKey, SealNumber

TAXA = TaxaTable.from_csv(
    "wire_code,taxon,vernacular_en,rank,gbif_key,parent,sensitive,synonyms\n1,Vulpes vulpes,red fox,species,,,0,\n",
    origin="test",
)
IMEI, OTHER_IMEI = "300234010000001", "300234010000002"
STATIONS = {IMEI: "ridge", OTHER_IMEI: "ford"}
NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
FIRST = date(2026, 6, 1)
KEY, OTHER_KEY = SealKey(bytes(range(32))), SealKey(bytes(32))
EPOCH, LATER_EPOCH = b"\x01\x02\x03", b"\x04\x05\x06"
WORD = Word("anna", NOW, "stolen")


def _key(key: SealKey = KEY, station: str = "ridge", *, kept_at: datetime = NOW) -> KeyFile:
    return KeyFile(Path("unused"), key, kept_at, station)


def _number(counter: int, *, key_id: int = 1, epoch: bytes = EPOCH) -> SealNumber:
    return SealNumber(key_id, epoch, counter)


def _sealed(counter: int, *, key: SealKey = KEY, key_id: int = 1, epoch: bytes = EPOCH, events: int = 1) -> bytes:
    """The day ``counter`` days after the first, sealed under that counter."""
    summary = DailySummary(FIRST + timedelta(days=counter % 20), counter, (Tally("Vulpes vulpes", events, events),))
    sealer = CcmSealer(key, lambda: _number(counter, key_id=key_id, epoch=epoch))
    (message,) = encode(summary, TAXA, sealer=sealer)
    return message


(UNSEALED,) = encode(DailySummary(FIRST, 1, (Tally("Vulpes vulpes", 9, 9),)), TAXA)


@dataclass
class Receiver:
    """An inbox with keys, into which payloads are delivered one after the other."""

    inbox: Inbox
    keys: list[KeyFile] = field(default_factory=lambda: [_key()])
    momsn: Iterator[int] = field(default_factory=itertools.count)

    def take(self, *payloads: bytes, imei: str = IMEI, at: datetime = NOW) -> list[Reading]:
        """In a process of its own, as a webhook's every delivery may be."""
        return [
            receive(
                ReceivedMessage(payload, MessageSource.WEBHOOK, imei, next(self.momsn), at),
                self.inbox,
                TAXA,
                STATIONS,
                received_at=at,
                seals=self.book(),
            )
            for payload in payloads
        ]

    def book(self) -> SealBook:
        return open_seals(self.inbox, STATIONS, self.keys)

    def read(self) -> list[InboxEntry]:
        return read_inbox(self.inbox, TAXA, STATIONS, self.keys)

    def statuses(self) -> list[str]:
        return [entry.reading.status.value for entry in self.read()]

    def reasons(self) -> list[str]:
        return [entry.reading.reason for entry in self.read()]

    def revoke(self, *, after: int | None = None, epoch: str | None = None) -> None:
        said = revocation(self.book(), self.keys[0], WORD, after=after, epoch=epoch, newest_message=self.inbox.newest())
        revoke(self.inbox.connection, said)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with empty_store(INBOX_MIGRATIONS) as connection:
        yield Receiver(Inbox(connection))


def test_a_sealed_message_is_decoded_with_its_number(receiver: Receiver) -> None:
    """And what was said when it came is what the inbox says later."""
    (reading,) = receiver.take(_sealed(3))
    assert reading.status is MessageStatus.DECODED
    assert reading.summary is not None
    assert (reading.summary.sequence, reading.proof and reading.proof.number) == (3, _number(3))
    assert [entry.reading for entry in receiver.read()] == [reading]


def test_without_the_key_it_waits_for_it(receiver: Receiver) -> None:
    """Undecodable and kept, and read as soon as the station's key is there."""
    receiver.keys = [_key(OTHER_KEY, "ford")]
    (reading,) = receiver.take(_sealed(3, key_id=5))
    assert reading.status is MessageStatus.UNDECODABLE
    assert "sealed with key 5, and no key of station 'ridge' is here: `cameratrap key import`" in reading.reason
    assert "if its trap is at 'ford', name its modem in `ground.stations`" in reading.reason
    receiver.keys.append(_key())
    assert receiver.statuses() == ["decoded"]


def test_any_flipped_bit_is_undecodable(receiver: Receiver) -> None:
    """It is kept, says why, and moves no counter."""
    sealed = _sealed(3)
    broken = []
    for bit in range(4, 8 * len(sealed)):  # the first four are the version, which another program may know
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        broken.append(bytes(flipped))
    assert {reading.status for reading in receiver.take(*broken)} <= {
        MessageStatus.UNDECODABLE,
        MessageStatus.QUARANTINED,
    }
    assert receiver.take(sealed)[0].status is MessageStatus.DECODED
    assert all(receiver.reasons()[:-1])
    assert len(received_days(receiver.read())) == 1


def test_another_station_s_key_opens_nothing(receiver: Receiver) -> None:
    """A trap speaks for its own station alone, whatever modem it sends through."""
    receiver.keys = [_key(), _key(OTHER_KEY, "ford")]
    (reading,) = receiver.take(_sealed(3), imei=OTHER_IMEI)
    assert (reading.status, reading.station) == (MessageStatus.UNDECODABLE, "ford")
    assert "seal is broken" in reading.reason


@pytest.mark.parametrize("length", range(1, 14))
def test_a_message_cut_off_inside_its_seal_says_so(receiver: Receiver, length: int) -> None:
    """At every length."""
    (reading,) = receiver.take(_sealed(3)[:length])
    assert reading.status is MessageStatus.UNDECODABLE
    assert "cut off" in reading.reason


def test_the_same_bytes_again_are_a_duplicate(receiver: Receiver) -> None:
    """The trap was not sure, or somebody played it again: it says nothing new either way."""
    assert [reading.status.value for reading in receiver.take(_sealed(3), _sealed(3))] == ["decoded", "duplicate"]
    assert receiver.statuses() == ["decoded", "duplicate"]


def test_another_message_under_a_used_number_is_quarantined(receiver: Receiver) -> None:
    """The first to arrive stands; the other says what happened, and is kept."""
    receiver.take(_sealed(3), _sealed(3, events=8))
    assert receiver.statuses() == ["decoded", "quarantined"]
    assert "another message came before it under the same number (key 1, epoch 010203, counter 3)" in receiver.reasons()
    ((day,),) = [received_days(receiver.read())]
    assert day.tallies == (Tally("Vulpes vulpes", 1, 1),)


def test_after_a_season_without_sky_every_message_is_believed(receiver: Receiver) -> None:
    """A trap sends the newest first: the oldest comes last, hundreds of numbers behind."""
    receiver.take(*(_sealed(counter) for counter in range(300, -1, -30)))
    assert set(receiver.statuses()) == {"decoded"}


def test_a_card_rolled_back_shows_itself(receiver: Receiver) -> None:
    """It seals other days under numbers that have come; what came first stands, however far behind it lies."""
    receiver.take(*(_sealed(counter) for counter in range(0, 200, 20)))
    receiver.take(*(_sealed(counter, events=7) for counter in (0, 20, 180)))
    assert receiver.statuses() == ["decoded"] * 10 + ["quarantined"] * 3


@given(st.lists(st.integers(0, 65_535), min_size=2, max_size=8, unique=True))
def test_the_order_of_arrival_plays_no_part(order: list[int]) -> None:
    """Every message is decoded, whichever comes first."""
    with empty_store(INBOX_MIGRATIONS) as connection:
        receiver = Receiver(Inbox(connection))
        receiver.take(*(_sealed(counter) for counter in order))
        assert set(receiver.statuses()) == {"decoded"}


def test_a_new_epoch_is_accepted_and_said_once(receiver: Receiver) -> None:
    """Its counters are its own; the first epoch of a key is no news."""
    receiver.take(_sealed(7), _sealed(0, key_id=2, epoch=LATER_EPOCH), _sealed(1, key_id=2, epoch=LATER_EPOCH))
    assert receiver.statuses() == ["decoded"] * 3
    proofs = [entry.reading.proof for entry in receiver.read()]
    assert [proof.is_new_epoch for proof in proofs if proof] == [False, True, False]


def test_an_unsealed_message_of_a_station_with_a_key_is_quarantined(receiver: Receiver) -> None:
    """Anybody who knows the modem's number could have written it. Other stations may go on without seals."""
    receiver.take(UNSEALED)
    receiver.take(UNSEALED, imei=OTHER_IMEI)
    assert receiver.statuses() == ["quarantined", "decoded"]
    assert receiver.reasons()[0] == "it is not sealed, and its station has a key"


def test_what_came_before_the_key_stays(receiver: Receiver) -> None:
    """A year without seals is not doubted on the day of the first; but once the trap seals, nothing else counts."""
    receiver.take(UNSEALED, at=NOW - timedelta(days=3))
    receiver.take(_sealed(0), at=NOW - timedelta(days=2))
    receiver.take(UNSEALED, at=NOW - timedelta(days=1))
    assert receiver.statuses() == ["decoded", "decoded", "quarantined"]


def test_what_a_seal_proves_goes_before_what_nothing_proves(receiver: Receiver) -> None:
    """As what RockBLOCK signed does: a file that came before the key, of a later day, replaces no sealed telling."""
    carried = EarlierDay(FIRST, 0, 24.0, 8.0, (Tally("Vulpes vulpes", 9, 9),))
    (unsealed,) = encode(DailySummary(FIRST + timedelta(days=9), 9), TAXA, earlier=[carried])
    receiver.take(unsealed, at=NOW - timedelta(days=1))
    receiver.take(_sealed(0))
    assert receiver.statuses() == ["decoded", "decoded"]
    assert received_days(receiver.read())[0].tallies == (Tally("Vulpes vulpes", 1, 1),)


def test_a_mailbox_check_needs_no_seal(receiver: Receiver) -> None:
    """It has no bytes to forge."""
    assert "mailbox check" in receiver.take(b"")[0].reason


def test_after_a_revocation_nothing_newer_is_believed(receiver: Receiver) -> None:
    """Neither later counters nor later epochs, nor what has arrived of them; what was told before stays."""
    receiver.take(_sealed(0), _sealed(1), _sealed(2))
    receiver.revoke(after=1)
    receiver.take(_sealed(3), _sealed(0, key_id=2, epoch=LATER_EPOCH))
    assert receiver.statuses() == ["decoded", "decoded", "quarantined", "quarantined", "quarantined"]
    assert receiver.reasons()[2] == "its key was revoked by anna on 2026-07-01: stolen"


def test_what_is_late_is_believed_up_to_the_counter_that_was_named(receiver: Receiver) -> None:
    """Whoever names one says that until then nobody else had the key."""
    receiver.take(_sealed(0), _sealed(2))
    receiver.revoke(after=2)
    receiver.take(_sealed(1), _sealed(3))
    assert receiver.statuses() == ["decoded", "decoded", "decoded", "quarantined"]


def test_a_free_number_is_of_no_use_to_a_thief(receiver: Receiver) -> None:
    """Revoked now, nothing that arrives later is believed, though its number be lower and nothing have come under it.

    What has arrived stays, and says the same when it comes again.
    """
    receiver.take(_sealed(0), _sealed(1), _sealed(3), _sealed(4, key_id=2, epoch=LATER_EPOCH))
    receiver.revoke()
    receiver.take(_sealed(2, events=9), _sealed(1, key_id=2, epoch=LATER_EPOCH), _sealed(9, epoch=b"new"), _sealed(3))
    assert receiver.statuses() == ["decoded"] * 4 + ["quarantined"] * 3 + ["duplicate"]
    assert [day.tallies for day in received_days(receiver.read())] == [(Tally("Vulpes vulpes", 1, 1),)] * 4


def test_the_thief_s_own_epoch_can_be_revoked_from_before(receiver: Receiver) -> None:
    """The last good epoch is named: what came of later ones is quarantined too, and of the ones before it nothing."""
    receiver.take(_sealed(5, epoch=b"old"), _sealed(1), _sealed(0, key_id=2, epoch=LATER_EPOCH))
    receiver.revoke(after=1, epoch=EPOCH.hex())
    receiver.take(_sealed(6, epoch=b"old"))
    assert receiver.statuses() == ["decoded", "decoded", "quarantined", "quarantined"]


def test_a_key_nothing_came_under_is_revoked_whole(receiver: Receiver) -> None:
    """And a counter cannot be named of it."""
    with pytest.raises(UsageError, match="nothing has come"):
        receiver.revoke(after=3)
    receiver.revoke()
    receiver.take(_sealed(0))
    assert receiver.statuses() == ["quarantined"]


def test_a_new_key_goes_on_where_the_old_was_revoked(receiver: Receiver) -> None:
    """The station's next trap is believed at once."""
    receiver.take(_sealed(0))
    receiver.revoke()
    receiver.keys.append(_key(OTHER_KEY))
    receiver.take(_sealed(1), _sealed(0, key=OTHER_KEY, events=2))
    assert receiver.statuses() == ["decoded", "quarantined", "decoded"]


def test_a_revocation_says_who_when_and_why(receiver: Receiver) -> None:
    """And is never lost: the second stands beside the first."""
    receiver.take(_sealed(4))
    receiver.revoke()
    receiver.revoke(after=2)
    first, second = revocations(receiver.inbox.connection)
    assert (first.newest_message, first.epoch, first.counter) == (1, None, None)
    assert (second.station, second.fingerprint, second.word) == ("ridge", KEY.fingerprint, WORD)
    assert (second.key_id, second.epoch, second.counter) == (1, EPOCH, 2)


def test_an_unknown_epoch_is_refused(receiver: Receiver) -> None:
    """With those that are known."""
    receiver.take(_sealed(4))
    with pytest.raises(UsageError, match="these are known: 010203"):
        receiver.revoke(after=2, epoch="ffffff")


def test_a_doubted_message_can_be_vouched_for(receiver: Receiver) -> None:
    """Each doubt, by a person who says why; it then counts like any other."""
    receiver.take(_sealed(9))
    receiver.revoke()
    receiver.take(_sealed(2), _sealed(9, events=7), UNSEALED)
    assert receiver.statuses() == ["decoded", "quarantined", "quarantined", "quarantined"]
    for payload in (_sealed(2), _sealed(9, events=7), UNSEALED):
        stored, verdict = doubted(receiver.book(), "ridge", payload.hex()[:40])
        assert verdict.doubt
        accept(receiver.inbox.connection, stored.id, replace(WORD, why="I was there"))
    assert set(receiver.statuses()) == {"decoded"}
    assert accepted(receiver.inbox.connection) == {2, 3, 4}
    with pytest.raises(UsageError, match="no message"):
        doubted(receiver.book(), "ridge", _sealed(2).hex())


@pytest.mark.parametrize("payload", [UNSEALED, _sealed(3, events=5)], ids=["unsealed", "sealed"])
def test_a_message_that_came_twice_is_vouched_for_once(receiver: Receiver, payload: bytes) -> None:
    """Its copies are duplicates then, those that come later too."""
    receiver.take(_sealed(3), payload, payload)
    assert receiver.statuses() == ["decoded", "quarantined", "quarantined"]
    stored, _ = doubted(receiver.book(), "ridge", payload.hex())
    accept(receiver.inbox.connection, stored.id, WORD)
    receiver.take(payload)
    assert receiver.statuses() == ["decoded", "decoded", "duplicate", "duplicate"]


def test_which_message_is_meant_must_be_clear(receiver: Receiver) -> None:
    """Two that begin alike are not vouched for at once."""
    receiver.take(_sealed(3), _sealed(3, events=5), _sealed(3, events=6))
    with pytest.raises(UsageError, match="2 messages"):
        doubted(receiver.book(), "ridge", _sealed(3).hex()[:12])


@pytest.mark.parametrize("digits", range(12))
def test_a_few_digits_name_no_message(receiver: Receiver, digits: int) -> None:
    """Also where only one is doubted: a slip of the hand vouches for nothing."""
    receiver.take(UNSEALED)
    with pytest.raises(UsageError, match="no message") as raised:
        doubted(receiver.book(), "ridge", UNSEALED.hex()[:digits])
    assert "12 hex digits" in raised.value.hint
    assert doubted(receiver.book(), "ridge", UNSEALED.hex()[:12].upper())[0].message.payload == UNSEALED


def test_which_key_is_meant_must_be_clear() -> None:
    """Of several, one is named by its fingerprint."""
    keys = [_key(), _key(OTHER_KEY), _key(SealKey(b"k" * 32), "ford")]
    assert key_of_station(keys, "ford", None) is keys[2]
    assert key_of_station(keys, "ridge", OTHER_KEY.fingerprint) is keys[1]
    with pytest.raises(UsageError, match="several"):
        key_of_station(keys, "ridge", None)
    with pytest.raises(UsageError, match="has no key 12345678"):
        key_of_station(keys, "ridge", "12345678")
    with pytest.raises(UsageError, match="no key of a station"):
        key_of_station(keys, "hill", None)


def test_an_alert_is_shown_and_never_counted(receiver: Receiver) -> None:
    """It is a message of its own, sealed like all; sent again it is a duplicate."""
    alert = Alert(datetime(2026, 6, 5, 4, 30), 1, "Vulpes vulpes", 2, 0.91)  # noqa: DTZ001 - none is on the air
    payload = encode_alert(alert, TAXA, sealer=CcmSealer(KEY, lambda: _number(1)))
    first, again = receiver.take(payload, payload)
    assert (first.status, first.alert, first.summary) == (MessageStatus.DECODED, alert, None)
    assert again.status is MessageStatus.DUPLICATE
    assert receiver.statuses() == ["decoded", "duplicate"]
    assert received_days(receiver.read()) == []


def test_an_alert_from_the_future_is_quarantined(receiver: Receiver) -> None:
    """As a summary would be."""
    alert = Alert(datetime(2027, 6, 5, 4, 30), 1, "Vulpes vulpes", 2)  # noqa: DTZ001 - none is on the air
    (reading,) = receiver.take(encode_alert(alert, TAXA, sealer=CcmSealer(KEY, lambda: _number(1))))
    assert reading.status is MessageStatus.QUARANTINED
    assert "2027-06-05" in reading.reason


def test_one_book_grows_with_its_inbox(receiver: Receiver) -> None:
    """An intake that runs for months judges each message once, and as a fresh reading does."""
    book = receiver.book()
    payloads = [_sealed(70), _sealed(3), _sealed(71), _sealed(71, events=3)]
    for momsn, payload in enumerate(payloads):
        message = ReceivedMessage(payload, MessageSource.WEBHOOK, IMEI, momsn, NOW)
        reading = receive(message, receiver.inbox, TAXA, STATIONS, received_at=NOW, seals=book)
        assert reading == receiver.read()[-1].reading
    assert receiver.statuses() == ["decoded", "decoded", "decoded", "quarantined"]


def test_an_inbox_without_keys_needs_no_table_of_trust() -> None:
    """What nobody sealed is read as ever."""
    with empty_store(INBOX_MIGRATIONS[:1]) as connection:
        assert isinstance(connection, sqlite3.Connection)
        receiver = Receiver(Inbox(connection), [])
        assert receiver.take(UNSEALED)[0].status is MessageStatus.DECODED
