"""What is said to the modem, to the byte, and how its answers are read.

Commands end with CR alone ("LF will not work", Rock Seven, Transmit Binary Data). Numbers in answers are read with any
spacing, since firmware versions differ in it, but the number of fields must be right: a line that lost a byte is
better not understood than misunderstood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cameratrap.errors import EncodeError

MAX_MO_BYTES = 340  # "the maximum mobile originated SBD message length is 340 bytes", 9602 and 9603
MOMSN_MODULUS = 65536
SESSION_TIMEOUT_S = 60

ATTENTION = b"AT\r"
WORDS_ON = b"ATQ0V1\r"  # a modem whose stored profile is quiet, or answers in digits, never says OK
WORDS_ON_EVERY = 3  # tries of AT that were not answered
ECHO_OFF = b"ATE0\r"
DTR_IGNORED = b"AT&D0\r"
FLOW_CONTROL_OFF = b"AT&K0\r"
RING_ALERT_OFF = b"AT+SBDMTA=0\r"
SESSION_TIMEOUT = b"AT+SBDST=%d\r" % SESSION_TIMEOUT_S
LAST_SIGNAL = b"AT+CSQF\r"
SERIAL_NUMBERS = (b"AT+CGSN\r", b"AT+GSN\r")  # the second is the older name of the first
BUFFER_STATUS = b"AT+SBDS\r"
RING_STATUS = b"AT+CRIS\r"
INITIATE_SESSION = b"AT+SBDIX\r"
ANSWER_RING = b"AT+SBDIXA\r"
READ_BINARY = b"AT+SBDRB\r"
CLEAR_MO_BUFFER = b"AT+SBDD0\r"
NETWORK_TIME = b"AT-MSSTM\r"
RADIO_ON = b"AT*R1\r"
FLUSH = b"AT*F\r"

# The RockBLOCK gateway forwards a payload that begins so to another RockBLOCK, and the receiver never sees it.
FORWARDING_PREFIX = b"RB"

# Spacing and case vary with the firmware. A sign is read only where a modem has one: what tells of a message to the
# trap may be -1 where there is none. An echo or a ring without a line end may stand in front, an OK behind.
_ANY_CASE = re.IGNORECASE | re.ASCII
_NUMBER, _SIGNED, _COMMA = r"(\d{1,5})", r"(-?\d{1,5})", r"\s*,\s*"
_SBDIX = re.compile(r".*\+SBDIXA?:\s*" + _COMMA.join([*[_NUMBER] * 3, *[_SIGNED] * 3]) + r"(?:\s+OK)?", _ANY_CASE)
_SBDS = re.compile(r"(?:.*\+)?SBDS:\s*" + _COMMA.join([*[_NUMBER] * 3, _SIGNED]) + r"(?:\s+OK)?", _ANY_CASE)
_SIGNAL = re.compile(r"\+CSQF?:\s*([0-5])", _ANY_CASE)
_RING = re.compile(r"\+CRIS:\s*\d{1,3}\s*,\s*(\d{1,3})", _ANY_CASE)
_IMEI = re.compile(r"(?:\+C?GSN:\s*)?(\d{15})", _ANY_CASE)
_FRAMES = re.compile(r"-+MSSTM:\s*([0-9a-f]{1,8})", _ANY_CASE)


def checksum(payload: bytes) -> bytes:
    """The sum of the bytes modulo 65536, high byte first: b"hello" gives 02 14."""
    return (sum(payload) % 65536).to_bytes(2, "big")


def check_payload(payload: bytes) -> None:
    """Raise EncodeError for a payload the modem or the gateway would not carry as it is."""
    if not 1 <= len(payload) <= MAX_MO_BYTES:
        raise EncodeError(
            f"a payload of {len(payload)} bytes cannot be sent",
            why=f"the modem takes 1 to {MAX_MO_BYTES} bytes",
        )
    if payload.startswith(FORWARDING_PREFIX):
        raise EncodeError(
            "a payload that begins with the bytes 52 42 cannot be sent",
            why='the RockBLOCK gateway reads "RB" as an order to forward it to another modem',
            hint="begin every message with a version byte other than 0x52",
        )


def write_binary(payload: bytes) -> bytes:
    """The command that announces a payload; the modem answers READY."""
    return b"AT+SBDWB=%d\r" % len(payload)


def binary_frame(payload: bytes) -> bytes:
    """The payload and its checksum, as sent after READY: no CR follows."""
    return payload + checksum(payload)


@dataclass(frozen=True, slots=True)
class SbdixReply:
    """The modem's account of a session. ``mtmsn`` may be -1 where no message came in."""

    mo_status: int
    momsn: int
    mt_status: int
    mtmsn: int
    mt_length: int
    mt_queued: int

    @classmethod
    def from_line(cls, line: str) -> SbdixReply | None:
        """Read ``+SBDIX: 0, 12, 0, -1, 0, 0`` in any spacing; None for any other line."""
        match = _SBDIX.fullmatch(line)
        if match is None:
            return None
        *values, mt_length, mt_queued = match.groups()
        mo_status, momsn, mt_status, mtmsn = map(int, values)
        return cls(mo_status, momsn, mt_status, mtmsn, max(0, int(mt_length)), max(0, int(mt_queued)))


@dataclass(frozen=True, slots=True)
class BufferStatus:
    """What ``AT+SBDS`` tells: whether the MO buffer is loaded, and the MOMSN that the *next* session will use.

    ``mt_loaded`` is whether a message to the trap lies in the modem: it stays there, read or not, until a session.
    """

    loaded: bool
    momsn: int
    mt_loaded: bool = False

    @classmethod
    def from_line(cls, line: str) -> BufferStatus | None:
        """Read ``+SBDS: 0, 12, 0, -1`` in any spacing; None for any other line."""
        match = _SBDS.fullmatch(line)
        if match is None:
            return None
        return cls(int(match[1]) == 1, int(match[2]) % MOMSN_MODULUS, int(match[3]) == 1)


def signal_quality(line: str) -> int | None:
    """0 to 5 of ``+CSQF:3`` or ``+CSQ:3``; None for any other line."""
    match = _SIGNAL.fullmatch(line)
    return int(match[1]) if match else None


def rings(line: str) -> bool | None:
    """Whether ``+CRIS:000,001`` tells of a message that waits; None for any other line."""
    match = _RING.fullmatch(line)
    return int(match[1]) == 1 if match else None


def imei(line: str) -> str | None:
    """The 15 digits that answer ``AT+CGSN``; None for any other line."""
    match = _IMEI.fullmatch(line)
    return match[1] if match else None


def network_frames(line: str) -> int | None:
    """The count of 90 ms frames of ``-MSSTM: d1c6dd38``; None for any other line, "no network service" among them."""
    match = _FRAMES.fullmatch(line)
    return int(match[1], 16) if match else None
