"""What holds for any bytes: a function a target, which raises where it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from cameratrap.errors import CameraTrapError
from cameratrap.ground import email_message
from cameratrap.ground.directip import message as directip_message
from cameratrap.ground.directip_frames import cut_frames
from cameratrap.resources import builtin_taxa
from cameratrap.sbd.session import SbdSession
from cameratrap.sbd.status import Verdict
from cameratrap.wire import codec

TAXA = builtin_taxa()
PAYLOAD = b"\r\nOK\r\nmonday"
DEADLINE_S = 180.0
_SUCCESS = re.compile(rb"\+SBDIXA?:\s*0*[0-4]\s*,", re.IGNORECASE)


def session(data: bytes) -> None:
    """A message is sent to a modem that says ``data``."""
    converse(data, PAYLOAD)


def mailbox(data: bytes) -> None:
    """A mailbox is checked at a modem that says ``data``."""
    converse(data, None)


def converse(data: bytes, payload: bytes | None) -> None:
    """Play ``data`` as what a modem says, with time between.

    The bytes f0 to fd are pauses of 0.01 s to 82 s, so that late answers are found as well; fe and ff break the line.
    The session must end by its deadline, say SENT only after a well-formed success, and never send without a write.
    """
    session = SbdSession(payload, monotonic_s=0.0, deadline_s=DEADLINE_S)
    now_s, said, heard = 0.0, b"", b""
    for byte in data:
        said += session.bytes_to_send()
        if byte >= 0xFE:
            session.line_back(now_s)
        elif byte >= 0xF0:
            now_s += 0.01 * 2 ** (byte - 0xF0)
            session.time_passes(now_s)
        else:
            heard += bytes([byte])
            session.receive_data(heard[-1:], now_s)
    turns = 0
    while session.outcome is None:
        turns += 1
        assert turns < 1000, "it does not end"
        now_s = max(now_s, session.wake_at_s)
        session.time_passes(now_s)
        said += session.bytes_to_send()
    assert session.bytes_to_send() == b""
    outcome = session.outcome
    if outcome.verdict is Verdict.SENT:
        assert _SUCCESS.search(heard), "sent, and the modem never said so"
    if outcome.began and payload is not None:
        assert payload in said[: said.index(b"AT+SBDIX")], "a session without a message"
    for received in outcome.received:
        assert received in heard, "a message that never came in"


def decode(data: bytes) -> None:
    """A message from the air: a summary or an alert, or an error of ours."""
    with suppress(CameraTrapError):
        codec.decode(data, TAXA)


def directip(data: bytes) -> None:
    """A DirectIP connection's bytes."""
    with suppress(CameraTrapError):
        frames, rest = cut_frames(data)
        assert sum(map(len, frames)) + len(rest) == len(data)
        for frame in frames:
            directip_message(frame)


def email(data: bytes) -> None:
    """A mail from either gateway."""
    with suppress(CameraTrapError):
        email_message.parse(data)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "session": session,
    "mailbox": mailbox,
    "decode": decode,
    "directip": directip,
    "email": email,
}
