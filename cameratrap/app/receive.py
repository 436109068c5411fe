"""Taking a message in, and saying what each message of the inbox is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from cameratrap.domain.messages import ReceivedMessage
from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.store.inbox import Inbox, StoredMessage
from cameratrap.wire.codec import decode

# A trap's standard time is at most 14 hours ahead of UTC; the rest is for its clock, which drifts.
MAX_DAYS_AHEAD = 2
_SENT_AGAIN = "the trap sent the same summary before"
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

    ``station`` is None where nobody knows it. ``summary`` is there if the status is decoded, and for a duplicate that
    is a message of its own, sent again by the trap.
    """

    status: MessageStatus
    station: str | None
    summary: DailySummary | None = None
    reason: str = ""


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
) -> Reading:
    """What a message says by itself; ``station`` is what a person said it is from. Never raises.

    A summary of a day that had not begun when the message was transmitted is quarantined: it was forged, or the
    trap's clock is wrong. Where no transmit time came with it, it was transmitted before ``received_at``.
    """
    name = station or station_of(message.imei, stations)
    if name is None and stations:
        unknown = f"no station has the modem {message.imei}" if message.imei else "nothing names its modem"
        return Reading(MessageStatus.QUARANTINED, None, reason=unknown)
    if not message.payload:
        return Reading(MessageStatus.UNDECODABLE, name, reason=_why_empty(message.session_status))
    try:
        summary = decode(message.payload, taxa)
    except DecodeError as error:
        return Reading(MessageStatus.UNDECODABLE, name, reason=str(error))
    sent_on = (message.transmit_time or received_at).astimezone(UTC).date()
    if (summary.day - sent_on).days > MAX_DAYS_AHEAD:
        when = "transmitted" if message.transmit_time else "received"
        return Reading(MessageStatus.QUARANTINED, name, reason=f"it tells of {summary.day} and was {when} on {sent_on}")
    return Reading(MessageStatus.DECODED, name, summary)


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
) -> Reading:
    """Keep a message and say what it is; one that is here already is counted as a duplicate.

    It is stored before anything is made of it, and whatever is made of it. Only bytes that come with no modem's
    number must be a summary: else any file would be a message. Raises DecodeError where they are not, StoreError when
    the inbox cannot be written.
    """
    # A line of hex that a person gives a station to is meant as a message, also one of a version to come.
    meant = station is not None and message.body not in (b"", message.payload)
    if message.imei is None and not meant:
        _check_is_ours(message, taxa)
    sent_before = inbox.has_payload(message)
    is_new = inbox.add(message, received_at=received_at, station=station)
    reading = read_message(message, taxa, stations, received_at=received_at, station=station)
    if not is_new:
        return replace(reading, status=MessageStatus.DUPLICATE, reason="it is in the inbox already")
    if sent_before and reading.status is MessageStatus.DECODED and message.imei is not None:
        return replace(reading, status=MessageStatus.DUPLICATE, reason=_SENT_AGAIN)
    return reading


def _check_is_ours(message: ReceivedMessage, taxa: TaxaTable) -> None:
    try:
        decode(message.payload, taxa)
    except DecodeError as error:
        raise DecodeError(
            "nothing known stands around it and it is not a summary",
            why=str(error),
            hint="to keep a raw payload that cannot be decoded, name its file <imei>_<momsn>.sbd",
        ) from error


def read_inbox(inbox: Inbox, taxa: TaxaTable, stations: Stations) -> list[InboxEntry]:
    """Every message in the order of arrival, copies too.

    A trap that was not sure whether a message arrived sends it again under another message number. Of such messages
    the first to arrive is decoded, the others are duplicates. Decoded again each time it is read, an inbox follows a
    newer version of this program, another taxa table and a changed list of stations.
    """
    seen: set[tuple[str | None, DailySummary]] = set()
    entries = []
    for stored in inbox.messages():
        reading = read_message(stored.message, taxa, stations, received_at=stored.received_at, station=stored.station)
        if reading.summary is not None:
            told = (reading.station, reading.summary)
            if told in seen:
                reading = replace(reading, status=MessageStatus.DUPLICATE, reason=_SENT_AGAIN)
            seen.add(told)
        entries.append(InboxEntry(stored, reading))
    entries += [InboxEntry(copy, _read_copy(copy, stations)) for copy in inbox.copies()]
    return sorted(entries, key=lambda entry: (entry.stored.received_at, entry.stored.copy_of is not None))


def _read_copy(copy: StoredMessage, stations: Stations) -> Reading:
    station = copy.station or station_of(copy.message.imei, stations)
    return Reading(MessageStatus.DUPLICATE, station, reason="it came again")
