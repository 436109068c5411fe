"""The emulated 9704 answers as published transcripts do, and keeps the rules that hurt."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.replay.emulator_process import jspr_plans
from cameratrap.replay.jspr_emulator import JsprEmulator
from cameratrap.replay.jspr_lines import crc
from cameratrap.replay.jspr_messages import JsprPlan
from cameratrap.replay.modem_emulator import MoMessage

READY = (
    'PUT apiVersion {"active_version": {"major": 1, "minor": 7, "patch": 0}}',
    'PUT simConfig {"interface": "internal"}',
    'PUT operationalState {"state": "active"}',
)
Said = list[tuple[int, str, dict[str, object]]]


def said(data: bytes) -> Said:
    """What the modem wrote, line by line."""
    lines = [line.split(b" ", 2) for line in data.split(b"\r") if line]
    return [(int(code), target.decode(), json.loads(body)) for code, target, body in lines]


def ask(modem: JsprEmulator, request: str, now_s: float = 0.0) -> Said:
    return said(modem.feed(request.encode() + b"\r", now_s))


def ready(*plans: JsprPlan, **options: object) -> tuple[JsprEmulator, list[MoMessage]]:
    """A modem that takes messages, and what reaches the gateway."""
    delivered: list[MoMessage] = []
    modem = JsprEmulator(delivered.append, plans=plans, **options)  # type: ignore[arg-type]
    for request in READY:
        assert ask(modem, request)[0][0] == 200
    return modem, delivered


def originate(modem: JsprEmulator, payload: bytes, proof: bytes | None = None, now_s: float = 0.0) -> Said:
    """Announce a message and supply what the modem asks for; what it says after the last segment."""
    whole = payload + (crc(payload) if proof is None else proof)
    heard = ask(
        modem,
        f'PUT messageOriginate {{"topic_id": 244, "message_length": {len(whole)}, "request_reference": 1}}',
        now_s,
    )
    while wanted := [
        body for _, target, body in heard if target == "messageOriginateSegment" and "segment_start" in body
    ]:
        body = wanted[-1]
        start, length = int(str(body["segment_start"])), int(str(body["segment_length"]))
        data = base64.b64encode(whole[start : start + length]).decode()
        heard = ask(modem, f"PUT messageOriginateSegment {json.dumps({**body, 'data': data})}", now_s)
    return heard


def finals(heard: Said) -> list[object]:
    return [body["final_mo_status"] for _, _, body in heard if "final_mo_status" in body]


def test_the_published_transcript(shared_data: Path) -> None:
    """Each request of the transcript gets the answers it got from a real modem: codes, targets and names of values."""
    text = (shared_data / "satellite/jspr/transcript-9704-handshake-and-mo.txt").read_text()
    modem = JsprEmulator([].append)
    checked = 0
    for request, answers in exchanges(text):
        if request.startswith(("PUT messageOriginateSegment", "PUT messageOriginateStatus")):
            continue  # the transcript hides the data of the one, and the other belongs to another message
        heard = [(code, target) for code, target, _ in ask(modem, request)]
        expected = [answer for answer in answers if answer != (299, "messageOriginateStatus")]
        # A real modem reports the sky whenever it changes.
        assert dict.fromkeys(heard) == dict.fromkeys(expected)
        checked += 1
    assert checked >= 6


def exchanges(text: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Requests of the transcript, each with the codes and targets of what follows it."""
    for part in text.split("TX: ")[1:]:
        request, *rest = part.splitlines()
        found = [re.match(r"RX: (\d{3}) (\w+) \{", line) for line in rest]
        yield request, [(int(match[1]), match[2]) for match in found if match]


def test_nothing_goes_before_the_api_the_sim_and_the_state() -> None:
    """In this order; a second time is refused with the codes of the transcript."""
    modem = JsprEmulator([].append)
    assert ask(modem, "GET hwInfo {}")[0][:2] == (400, "hwInfo")
    assert ask(modem, READY[0])[0][0] == 200
    assert ask(modem, READY[2])[0][0] == 410
    assert ask(modem, 'PUT messageOriginate {"topic_id": 244, "message_length": 5}')[0][0] == 406
    assert [ask(modem, request)[0][0] for request in READY] == [402, 200, 200]
    assert [ask(modem, request)[0][0] for request in READY] == [402, 402, 406]


@pytest.mark.parametrize(
    ("request_line", "colon", "code"),
    [
        ("GET hwInfo {}", True, 200),
        ('PUT simConfig {"interface":"local"}', False, 200),
        ('PUT simConfig {"interface":"local"}', True, 407),
        ('PUT simConfig {"interface": "a:b,c"}', True, 200),
        ('PUT messageOriginate {"topic_id": 244,"message_length": 5}', False, 407),
        ('PUT simConfig {"interface"}', False, 407),
        ("GET nonsense {}", False, 404),
        ("PUT nonsense {}", False, 404),
        ("POST hwInfo {}", False, 405),
        ("", False, 405),
    ],
)
def test_a_strict_reader(request_line: str, colon: bool, code: int) -> None:
    """Spaces after commas are needed, after colons by some reports; inside a text neither is."""
    modem, _ = ready(space_after_colon=colon)
    assert ask(modem, request_line)[0][0] == code


@pytest.mark.parametrize("segment", [1, 7, 1446])
def test_a_message_is_delivered_without_its_checksum(segment: int) -> None:
    """However it is asked for; the modem numbers messages from 0 to 255 and begins again."""
    modem, delivered = ready(segment_bytes=segment)
    for _ in range(257):
        assert finals(originate(modem, b"\x00\r{}")) == ["mo_ack_received"]
    assert {message.payload for message in delivered} == {b"\x00\r{}"}
    assert [message.momsn for message in delivered] == list(range(257))


def test_a_wrong_checksum_is_refused() -> None:
    """It ends the message, and nothing is delivered."""
    modem, delivered = ready()
    assert finals(originate(modem, b"hello", b"\x00\x00")) == ["user_supplied_crc_error"]
    assert delivered == []


@pytest.mark.parametrize(
    ("plan", "arrives"),
    [
        (JsprPlan("network_error"), False),
        (JsprPlan("network_error", delivers=True), True),
        (JsprPlan(), True),
        (JsprPlan(delivers=False), False),
    ],
)
def test_the_status_and_what_arrives_are_two_things(plan: JsprPlan, arrives: bool) -> None:
    """A failed message may be at the gateway."""
    modem, delivered = ready(plan)
    assert finals(originate(modem, b"x")) == [plan.final]
    assert bool(delivered) == arrives


def test_a_message_waits_in_the_modem_until_its_time() -> None:
    """The status comes by itself, once, when it is due."""
    modem, delivered = ready(JsprPlan(takes_s=90.0))
    assert finals(originate(modem, b"x", now_s=10.0)) == []
    assert modem.wake_at_s == 100.0
    assert modem.time_passes(99.0) == b""
    assert finals(said(modem.time_passes(100.0))) == ["mo_ack_received"]
    assert modem.time_passes(200.0) == b""
    assert len(delivered) == 1


def test_a_cancel_is_answered_and_then_decided() -> None:
    """First that it is being cancelled, then how it ended; an unknown message cannot be cancelled."""
    modem, delivered = ready(JsprPlan(answers=False, cancel_takes_s=2.0))
    originate(modem, b"x")
    cancel = 'PUT messageOriginateStatus {"topic_id": 244, "message_id": 0, "action": "cancel"}'
    code, _, body = ask(modem, cancel)[0]
    assert (code, body["cancellation_response"]) == (200, "cancelling_message")
    assert finals(said(modem.time_passes(2.0))) == ["message_cancelled_in_transit"]
    assert ask(modem, cancel)[0][0] == 413
    assert delivered == []


def test_a_cancelled_message_that_was_delivered_is_delivered_once() -> None:
    """The gateway had it before the cancel."""
    modem, delivered = ready(JsprPlan(answers=False, delivers=True))
    originate(modem, b"x")
    ask(modem, 'PUT messageOriginateStatus {"topic_id": 244, "message_id": 0, "action": "cancel"}')
    assert [message.payload for message in delivered] == [b"x"]


def test_messages_to_the_trap_come_when_a_satellite_is_seen() -> None:
    """By themselves and once: with the sky, in segments, with a checksum."""
    modem, _ = ready(JsprPlan("message_expired", sky=False), mt_queue=[b"sleep"], segment_bytes=4)
    assert ask(modem, "GET constellationState {}")[0][2]["signal_bars"] == 0
    assert finals(originate(modem, b"x")) == ["message_expired"]
    heard = said(modem.time_passes(5.0))
    assert [target for _, target, _ in heard] == [
        "constellationState",
        "messageTerminate",
        "messageTerminateSegment",
        "messageTerminateSegment",
        "messageTerminateStatus",
    ]
    data = b"".join(base64.b64decode(str(body["data"])) for _, _, body in heard if "data" in body)
    assert data == b"sleep" + crc(b"sleep")
    assert [target for _, target, _ in said(modem.receive(b"wake"))][1] == "messageTerminate"


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_hostile_bytes(pieces: list[bytes]) -> None:
    """Whatever is written, the modem answers in lines and still takes a message afterwards."""
    modem, delivered = ready()
    for piece in pieces:
        said(modem.feed(piece))
    modem.feed(b"\r")
    originate(modem, b"x")
    assert [message.payload for message in delivered] == [b"x"]


def test_plans_in_words() -> None:
    """What the emulator's --status takes."""
    assert jspr_plans("network_error!, subscription_invalid?,never,stuck!,late,", 3.0) == [
        JsprPlan("network_error", delivers=True, takes_s=3.0),
        JsprPlan("subscription_invalid", response="subscription_invalid", takes_s=3.0),
        JsprPlan(answers=False),
        JsprPlan(answers=False, on_cancel="", delivers=True),
        JsprPlan(answers=False, on_cancel="mo_ack_received"),
    ]
