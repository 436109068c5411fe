"""Where the fuzzer begins: conversations with the emulated modem, and a message from the air."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from cameratrap.domain.summaries import DailySummary
from cameratrap.replay.modem_emulator import ModemEmulator, SessionPlan
from cameratrap.resources import builtin_taxa
from cameratrap.sbd.session import SbdSession
from cameratrap.wire.codec import encode
from fuzzing.targets import DEADLINE_S, PAYLOAD

PLANS = (
    SessionPlan(),
    SessionPlan(status=18),
    SessionPlan(status=34),
    SessionPlan(unsolicited=b"\r\nSBDRING\r\n"),
    SessionPlan(answers=False),
)


def seeds(target: str) -> list[bytes]:
    """What ``target`` begins with; nothing where it finds its own way."""
    if target == "session":
        return list(_conversations(PAYLOAD))
    if target == "mailbox":
        return list(_conversations(None))
    if target == "decode":
        return encode(DailySummary(date(2026, 11, 21), 17), builtin_taxa())
    return []


def _conversations(payload: bytes | None) -> Iterator[bytes]:
    """What the emulated modem says in a whole session, for each way that one can go."""
    for plan in PLANS:
        modem = ModemEmulator(lambda _: None, plans=[plan], mt_queue=[b"\r\nOK\r\n\x00"])
        session, heard = SbdSession(payload, monotonic_s=0.0, deadline_s=DEADLINE_S), b""
        while session.outcome is None and (said := session.bytes_to_send()):
            answer = modem.feed(said)
            session.receive_data(answer, 0.0)
            heard += answer
        yield heard
