"""What real deliveries got wrong in other people's receivers, each as a test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.domain.summaries import DailySummary
from cameratrap.errors import ProofError
from cameratrap.ground.bodies import time_of
from cameratrap.ground.directip import Location, MoFrame, build, parse
from cameratrap.ground.directip_frames import cut_frames
from cameratrap.ground.intake import Intake, IntakeStatus
from cameratrap.ground.proof import ProofPolicy
from cameratrap.ground.ways_in import Form, Part
from cameratrap.ground.webhook import FORM_TYPE, JSON_TYPE
from cameratrap.ground.webhook import parse as parse_webhook
from cameratrap.resources import builtin_taxa
from cameratrap.store.inbox import Inbox
from cameratrap.store.migrations import INBOX_MIGRATIONS
from cameratrap.store.refused import RefusedLog
from cameratrap.wire.codec import encode

NOW = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
IMEI = "300234010000001"
FRAME = MoFrame(7, IMEI, 0, 41, 0, datetime(2026, 6, 2, tzinfo=UTC), b"\x10\xaa\x00\x01", Location(51.52, -1.25, 3))
Delivery = Callable[..., bytes]


@pytest.fixture
def intake(tmp_path: Path, policy: ProofPolicy) -> Iterator[Intake]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    for step in INBOX_MIGRATIONS:
        step(connection)
    yield Intake(Inbox(connection), RefusedLog(tmp_path / "refused"), builtin_taxa(), policy, {})
    connection.close()


def test_trap_13_elements_in_any_order_and_a_location_of_eleven_bytes() -> None:
    """The guide's table prints 20; real gateways send 11, and put the location before the payload."""
    whole = build(FRAME)
    header, location, payload = whole[3:34], whole[34:48], whole[48:]
    assert location[:3] == b"\x03\x00\x0b"
    for order in permutations([header, location, payload]):
        assert parse(whole[:3] + b"".join(order)) == FRAME


def test_trap_14_the_year_stands_first() -> None:
    """A published receiver reads %d-%m-%y: 1 February 2022 becomes 22 February 2001, and nobody is told."""
    assert time_of("22-02-01 22:25:31") == datetime(2022, 2, 1, 22, 25, 31, tzinfo=UTC)
    assert time_of("22-02-01 22:25:31").year != 2001


@pytest.mark.parametrize("momsn", [41, "41"])
@pytest.mark.parametrize("status", [None, 2, "2"])
@pytest.mark.parametrize("data", ["", "10aa0001"])
def test_trap_15_numbers_texts_and_what_is_missing(momsn: object, status: object, data: str) -> None:
    """Numbers in JSON, texts in a form; no status, no token, no data for a mailbox check."""
    fields = {"imei": IMEI, "momsn": momsn, "transmit_time": "26-06-02 00:05:00", "data": data}
    if status is not None:
        fields["iridium_session_status"] = status
    message = parse_webhook(json.dumps(fields).encode(), JSON_TYPE, ProofPolicy())
    assert (message.momsn, message.payload, message.verified) == (41, bytes.fromhex(data), None)
    assert message.session_status == (None if status is None else 2)
    form = "&".join(f"{name}={str(value).replace(' ', '%20')}" for name, value in fields.items())
    assert replace(parse_webhook(form.encode(), FORM_TYPE, ProofPolicy()), body=b"") == replace(message, body=b"")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "HS512"])
def test_trap_16_the_token_does_not_choose_how_it_is_checked(
    unsigned: dict[str, Any], claims: dict[str, Any], public_pem: bytes, policy: ProofPolicy, algorithm: str
) -> None:
    """Neither without a signature nor with the published key as a shared secret."""

    def segment(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signed = segment({"alg": algorithm}) + b"." + segment(claims)
    digest = getattr(hashlib, f"sha{algorithm[2:]}") if algorithm.startswith("HS") else None
    mac = base64.urlsafe_b64encode(hmac.digest(public_pem, signed, digest)).rstrip(b"=") if digest else b""
    body = json.dumps(unsigned | {"JWT": (signed + b"." + mac).decode()}).encode()
    with pytest.raises(ProofError, match="false"):
        parse_webhook(body, JSON_TYPE, policy)


def test_trap_17_seven_copies_are_one_message(intake: Intake, delivery: Delivery) -> None:
    """Gateways deliver again for hours, and people by hand: kept once, each copy told as one."""
    part = Part("webhook", delivery(), Form.JSON)
    outcomes = [intake.take(part, received_at=NOW + timedelta(hours=hour)) for hour in range(7)]
    assert [outcome.status is IntakeStatus.DUPLICATE for outcome in outcomes] == [False] + [True] * 6
    (stored,) = intake.inbox.messages()
    assert (stored.copies, stored.received_at) == (6, NOW)


@given(st.lists(st.binary(max_size=40), max_size=4), st.data())
def test_trap_18_frames_come_in_pieces(payloads: list[bytes], draw: st.DataObject) -> None:
    """However TCP cuts them: the same frames, and nothing left over."""
    whole = [build(replace(FRAME, payload=payload)) for payload in payloads]
    stream, found, rest = b"".join(whole), [], b""
    while stream:
        size = draw.draw(st.integers(1, len(stream)))
        frames, rest = cut_frames(rest + stream[:size])
        found += frames
        stream = stream[size:]
    assert (found, rest) == (whole, b"")


def test_a_message_number_that_comes_round_again_is_no_duplicate(intake: Intake) -> None:
    """After 65535 comes 0, and years later the same number with another message."""
    days = [(65535, date(2024, 5, 31)), (0, date(2024, 6, 1)), (65535, date(2026, 5, 31)), (0, date(2026, 6, 1))]
    for number, (momsn, day) in enumerate(days, start=1):
        payload = encode(DailySummary(day, number), builtin_taxa())[0]
        sent = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)
        body = build(replace(FRAME, momsn=momsn, payload=payload, session_time=sent))
        outcome = intake.take(Part("mo", body, Form.DIRECTIP), received_at=sent)
        assert outcome.status is IntakeStatus.DECODED
    assert len(list(intake.inbox.messages())) == 4


def test_an_unknown_modem_is_quarantined_not_lost(intake: Intake) -> None:
    """Where stations are listed, another modem's message is kept and belongs to nobody."""
    listed = replace(intake, stations={"300234010000009": "ford"})
    outcome = listed.take(Part("mo", build(FRAME), Form.DIRECTIP), received_at=NOW)
    assert (outcome.status, outcome.is_in) == (IntakeStatus.QUARANTINED, True)
    assert IMEI in outcome.reason
    (stored,) = listed.inbox.messages()
    assert stored.message == replace(
        ReceivedMessage(FRAME.payload or b"", MessageSource.DIRECTIP, IMEI, 41, FRAME.session_time, None, 0),
        latitude=51.52,
        longitude=-1.25,
        cep_km=3.0,
        body=build(FRAME),
    )
