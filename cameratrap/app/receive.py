"""Taking a message in, and saying what each message of the inbox is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from cameratrap.app.seals import SealBook, SealProof, Verdict
from cameratrap.domain.alerts import Alert
from cameratrap.domain.messages import ReceivedMessage
from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.store.inbox import Inbox, StoredMessage
from cameratrap.store.keys import KeyFile
from cameratrap.wire.codec import decode
from cameratrap.wire.envelope import Opener

# A trap's standard time is at most 14 hours ahead of UTC; the rest is for its clock, which drifts.
MAX_DAYS_AHEAD = 2
_SENT_AGAIN = "the trap sent the same before"
_UNSEALED = Verdict()
Stations = Mapping[str, str]  # modem IMEI -> station; empty: every modem is a station of its own


class MessageStatus(StrEnum):
    """What a message is to the researcher."""

    DECODED = "decoded"
    UNDECODABLE = "undecodable"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Reading:
    """A message read.

    ``station`` is None where nobody knows it. ``summary`` or ``alert`` is there if the status is decoded, and for a
    duplicate that is a message of its own, sent again by the trap. ``proof`` is what its seal proves, None without one.
    """

    status: MessageStatus
    station: str | None
    summary: DailySummary | None = None
    reason: str = ""
    alert: Alert | None = None
    proof: SealProof | None = None


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A message of the inbox and what it was read as."""

    stored: StoredMessage
    reading: Reading


def read_message(
    message: ReceivedMessage,
    taxa: TaxaTable,
    stations: Stations,
    *,
    received_at: datetime,
    station: str | None = None,
    verdict: Verdict = _UNSEALED,
) -> Reading:
    """What a message says by itself; ``station`` is what a person said it is from. Never raises.

    ``verdict`` is on its seal. A summary of a day that had not begun when the message was transmitted is quarantined:
    it was forged, or the trap's clock is wrong. Where no transmit time came with it, it was transmitted before
    ``received_at``.
    """
    name = station or station_of(message.imei, stations)
    if name is None and stations:
        unknown = f"no station has the modem {message.imei}" if message.imei else "nothing names its modem"
        return Reading(MessageStatus.QUARANTINED, None, reason=unknown)
    if not message.payload:
        return Reading(MessageStatus.UNDECODABLE, name, reason=_why_empty(message.session_status))
    if verdict.unreadable:
        return Reading(MessageStatus.UNDECODABLE, name, reason=verdict.unreadable)
    if verdict.doubt:
        return Reading(MessageStatus.QUARANTINED, name, reason=verdict.doubt, proof=verdict.proof)
    try:
        told = decode(message.payload, taxa, opener=verdict.opener)
    except DecodeError as error:
        return Reading(MessageStatus.UNDECODABLE, name, reason=str(error), proof=verdict.proof)
    day = told.at.date() if isinstance(told, Alert) else told.day
    ahead = _why_ahead(day, message.transmit_time, received_at)
    if ahead:
        return Reading(MessageStatus.QUARANTINED, name, reason=ahead, proof=verdict.proof)
    if isinstance(told, Alert):
        return Reading(MessageStatus.DECODED, name, alert=told, proof=verdict.proof)
    return Reading(MessageStatus.DECODED, name, told, proof=verdict.proof)


def _why_ahead(day: date, transmit_time: datetime | None, received_at: datetime) -> str:
    """Why a message about ``day`` can't be right; empty where it can."""
    sent_on = (transmit_time or received_at).astimezone(UTC).date()
    if (day - sent_on).days <= MAX_DAYS_AHEAD:
        return ""
    return f"it tells of {day} and was {'transmitted' if transmit_time else 'received'} on {sent_on}"


def station_of(imei: str | None, stations: Stations) -> str | None:
    """The station that has a modem; without a list of stations the modem's number stands for it."""
    if imei is None or imei in stations:
        return stations.get(imei or "")
    return None if stations else imei


def _why_empty(session_status: int | None) -> str:
    # Iridium's guide, 6.2.1.3: sessions of status 0, 1 and 2 delivered what there was.
    if session_status is None or session_status <= 2:
        return "it has no payload: a mailbox check"
    return f"it has no payload: the session failed with status {session_status}"


def receive(
    message: ReceivedMessage,
    inbox: Inbox,
    taxa: TaxaTable,
    stations: Stations,
    *,
    received_at: datetime,
    station: str | None = None,
    seals: SealBook | None = None,
) -> Reading:
    """Keep a message and say what it is; one that is here already is counted as a duplicate.

    It is stored before anything is made of it, and whatever is made of it. Only bytes that come with no modem's
    number must be a summary: else any file would be a message. Raises DecodeError where they are not, StoreError when
    the inbox cannot be written. ``seals`` are those of the same inbox, from ``open_seals``; without them no seal opens.
    """
    seals = seals or open_seals(inbox, stations)
    # A line of hex that a person gives a station to is meant as a message, also one of a version to come.
    meant = station is not None and message.body not in (b"", message.payload)
    if message.imei is None and not meant:
        _check_is_ours(message, taxa, seals.opener(station))
    sent_before = inbox.has_payload(message)
    is_new = inbox.add(message, received_at=received_at, station=station)
    verdict = seals.verdict(inbox.id_of(message, station))
    reading = read_message(message, taxa, stations, received_at=received_at, station=station, verdict=verdict)
    if not is_new:
        return replace(reading, status=MessageStatus.DUPLICATE, reason="it is in the inbox already")
    if sent_before and reading.status is MessageStatus.DECODED and message.imei is not None:
        return replace(reading, status=MessageStatus.DUPLICATE, reason=_SENT_AGAIN)
    return reading


def _check_is_ours(message: ReceivedMessage, taxa: TaxaTable, opener: Opener | None) -> None:
    try:
        decode(message.payload, taxa, opener=opener)
    except DecodeError as error:
        raise DecodeError(
            "nothing known stands around it and it is not a summary",
            why=str(error),
            hint="to keep a raw payload that cannot be decoded, name its file <imei>_<momsn>.sbd",
        ) from error


def open_seals(inbox: Inbox, stations: Stations, keys: Iterable[KeyFile] = ()) -> SealBook:
    """The seals of an inbox, opened with its stations' keys."""
    return SealBook(inbox, keys, lambda stored: stored.station or station_of(stored.message.imei, stations))


def read_inbox(inbox: Inbox, taxa: TaxaTable, stations: Stations, keys: Iterable[KeyFile] = ()) -> list[InboxEntry]:
    """Every message in the order of arrival, copies too.

    A trap that was not sure whether a message arrived sends it again under another message number. Of such messages
    the first to arrive is decoded, the others are duplicates. Decoded again each time it is read, an inbox follows a
    newer version of this program, another taxa table, a changed list of stations, and keys that came late.
    """
    seals = open_seals(inbox, stations, keys)
    seen: set[tuple[str | None, DailySummary | Alert]] = set()
    entries = []
    for stored in inbox.messages():
        reading = read_message(
            stored.message,
            taxa,
            stations,
            received_at=stored.received_at,
            station=stored.station,
            verdict=seals.verdict(stored.id),
        )
        content = reading.summary or reading.alert
        if content is not None:
            told = (reading.station, content)
            if told in seen:
                reading = replace(reading, status=MessageStatus.DUPLICATE, reason=_SENT_AGAIN)
            seen.add(told)
        entries.append(InboxEntry(stored, reading))
    entries += [InboxEntry(copy, _read_copy(copy, stations)) for copy in inbox.copies()]
    return sorted(entries, key=lambda entry: (entry.stored.received_at, entry.stored.copy_of is not None))


def _read_copy(copy: StoredMessage, stations: Stations) -> Reading:
    station = copy.station or station_of(copy.message.imei, stations)
    return Reading(MessageStatus.DUPLICATE, station, reason="it came again")
