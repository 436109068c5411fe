"""What an Iridium 9704 says of its messages: the lines of JSPR that matter to a sender, and what each status means.

The maker's library reads the same lines, but tells of them only that a message went or did not go. Whether trying
again makes sense, and whether it may arrive twice, is in the word it keeps to itself.

Sources: the library's own table of final statuses (rock7/RockBLOCK-9704), its issues 25, 27 and 67.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cameratrap.sbd.status import DAY_S, HOUR_S, SECONDS_S, Fault, Verdict

DONE = 200
ACCEPTED = "message_accepted"
ACKNOWLEDGED = "mo_ack_received"
MAX_MT_BYTES = 100_000
CRC_BYTES = 2
MAX_LINE_BYTES = 8192  # the library's own buffer; the longest line, a segment, has some 2,100 characters
PROVISIONING_S = 1800.0  # "initial provisioning may take 10 to 30+ minutes with a good view of the sky"

_LINE = re.compile(rb"([2-5][0-9]{2}) (\w{1,30}) (\{.*\})")


@dataclass(frozen=True, slots=True)
class ModemLine:
    """One line from the modem: a code (200 done, 299 unsolicited, 4xx refused), a target and its values."""

    code: int
    target: str
    body: dict[str, object] = field(default_factory=dict)


class LineReader:
    """Cuts what a modem says into lines. Garbage is skipped, and no more than one line's bytes are ever kept."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[ModemLine]:
        """The lines that ``data`` completes."""
        self._buffer += data
        *whole, rest = bytes(self._buffer).split(b"\r")
        self._buffer = bytearray(rest[-MAX_LINE_BYTES:])
        return [line for text in whole if (line := _parse(text)) is not None]


def _parse(text: bytes) -> ModemLine | None:
    match = _LINE.search(text)
    if match is None:
        return None
    try:
        body = json.loads(match[3])
    except (ValueError, RecursionError):
        return None
    return ModemLine(int(match[1]), match[2].decode("ascii"), body)


class MessageAssembler:
    """Puts the segments of a message to the trap together.

    The library does so too, but loses what comes while it begins, and does not verify the checksum.
    """

    def __init__(self) -> None:
        self._data = bytearray()

    def take(self, line: ModemLine) -> bytes | None:
        """The whole message that ``line`` completes, its CRC verified; None where it completes none."""
        if line.target == "messageTerminate":
            self._data.clear()
        elif line.target == "messageTerminateSegment":
            if line.body.get("segment_start") == len(self._data) <= MAX_MT_BYTES:
                self._data += _decoded(line.body.get("data"))
        elif line.target == "messageTerminateStatus":
            whole = bytes(self._data)
            self._data.clear()
            payload, crc = whole[:-CRC_BYTES], whole[-CRC_BYTES:]
            if payload and binascii.crc_hqx(payload, 0).to_bytes(CRC_BYTES, "big") == crc:
                return payload
        return None


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError:
        return b""


@dataclass(frozen=True, slots=True)
class ImtStatus:
    """What a final status means; the fields are those of ``MoStatus``."""

    meaning: str
    verdict: Verdict = Verdict.RETRY
    fault: Fault | None = None
    retry_after_s: float | None = None
    uncertain: bool = False


_LINE_ERROR = ImtStatus("the message was damaged on the serial line", fault=Fault.HARDWARE)
_ACCOUNT = ImtStatus("the modem's subscription does not allow it", fault=Fault.ACCOUNT, retry_after_s=DAY_S)

_FINAL = {
    ACKNOWLEDGED: ImtStatus("sent", Verdict.SENT),
    "message_discarded_on_overflow": ImtStatus("the modem's own queue is full", fault=Fault.BUSY, retry_after_s=HOUR_S),
    "message_expired": ImtStatus("the modem gave the message up, after hours", fault=Fault.SKY, uncertain=True),
    "message_transfer_timeout": ImtStatus("the transfer was not over in time", fault=Fault.SKY, uncertain=True),
    "segment_not_supplied": ImtStatus("the modem did not get all of the message", fault=Fault.HARDWARE),
    "segment_incorrect": _LINE_ERROR,
    "network_error": ImtStatus("the network reports an error", fault=Fault.NETWORK, uncertain=True),
    "message_cancelled_pre_transit": ImtStatus("cancelled before anything was transmitted", fault=Fault.SKY),
    "message_cancelled_in_transit": ImtStatus("cancelled while it was transmitted", fault=Fault.SKY, uncertain=True),
    "subscription_invalid": _ACCOUNT,
    "protocol_error": ImtStatus(
        "modem and network do not understand each other", fault=Fault.NETWORK, retry_after_s=HOUR_S, uncertain=True
    ),
    "message_dropped_local_crc_error": _LINE_ERROR,
    "user_supplied_crc_error": _LINE_ERROR,
    "crc_error_in_transfer": ImtStatus("the message was damaged on its way", fault=Fault.SKY, uncertain=True),
}


def classify_final(word: str) -> ImtStatus:
    """The meaning of a ``final_mo_status`` or a ``message_response``. One nobody has described is tried again."""
    unknown = ImtStatus("a failure the maker's table does not describe", fault=Fault.NETWORK, uncertain=True)
    return _FINAL.get(word, unknown)


_REFUSALS = {
    403: ImtStatus("the modem found the request too long", Verdict.PERMANENT, Fault.PAYLOAD),
    406: ImtStatus("the modem is not ready for messages", fault=Fault.BUSY, retry_after_s=SECONDS_S),
    410: ImtStatus("the modem's SIM is not configured", fault=Fault.ACCOUNT, retry_after_s=DAY_S),
    418: ImtStatus(
        "the modem is not provisioned yet: the first time takes 10 to 30 minutes under open sky",
        fault=Fault.ACCOUNT,
        retry_after_s=PROVISIONING_S,
    ),
    500: ImtStatus("the modem reports an error of the serial line", fault=Fault.HARDWARE),
}


def classify_refusal(code: int) -> ImtStatus:
    """The meaning of a code other than 200 in answer to messageProvisioning or messageOriginate: nothing was sent."""
    return _REFUSALS.get(code, ImtStatus("the modem did not take the message", fault=Fault.BUSY))


def missing_topic(topic: int, line: ModemLine) -> ImtStatus | None:
    """Why a message cannot go to ``topic``, by the modem's list of provisioned ones; None where it can."""
    provisioned = line.body.get("provisioning")
    topics = provisioned if isinstance(provisioned, list) else []
    numbers = [entry.get("topic_id") for entry in topics if isinstance(entry, dict)]
    if not numbers:
        return _REFUSALS[418]
    if topic in numbers:
        return None
    known = ", ".join(map(str, numbers))
    return ImtStatus(
        f"topic {topic} is not provisioned for this modem (modem.topic; it has {known})",
        fault=Fault.ACCOUNT,
        retry_after_s=DAY_S,
    )


def refusal(heard: Iterable[ModemLine], topic: int, *, taken: bool) -> tuple[ImtStatus, str] | None:
    """Why the modem did not take a message, and its word for it; None where it did.

    ``heard`` is what it said since the message was announced, ``taken`` whether it gave it a number.
    """
    for line in heard:
        if line.target not in {"messageProvisioning", "messageOriginate"}:
            continue
        if line.code != DONE:
            return classify_refusal(line.code), str(line.code)
        response = str(line.body.get("message_response", ACCEPTED))
        if response != ACCEPTED:
            return classify_final(response), response
        if line.target == "messageProvisioning" and (missing := missing_topic(topic, line)) is not None:
            return missing, ""
    return None if taken else (classify_refusal(0), "")


def final_word(heard: Iterable[ModemLine], number: object) -> str:
    """The modem's last ``final_mo_status`` for message ``number``, "" where none was heard."""
    said = [
        str(line.body.get("final_mo_status", ""))
        for line in heard
        if line.target == "messageOriginateStatus" and line.body.get("message_id") == number
    ]
    return said[-1] if said else ""
