"""What a 9704's lines mean to a sender."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.sbd.imt import (
    LineReader,
    MessageAssembler,
    ModemLine,
    classify_final,
    classify_refusal,
    final_word,
    missing_topic,
    refusal,
)
from cameratrap.sbd.status import Fault, Verdict

SAID = (
    b"405 unknown {}\r"
    b'200 messageOriginate {"topic_id":244,"message_id":5,"message_response":"message_accepted"}\r'
    b'299 messageOriginateStatus {"topic_id":244,"message_id":5,"final_mo_status":"mo_ack_received"}\r'
)


def terminated(payload: bytes, crc: bytes | None = None, segment: int = 1446) -> list[ModemLine]:
    """The lines of a message to the trap."""
    whole = payload + (binascii.crc_hqx(payload, 0).to_bytes(2, "big") if crc is None else crc)
    lines = [ModemLine(299, "messageTerminate", {"message_id": 3, "message_length_max": len(whole)})]
    for start in range(0, len(whole), segment):
        data = base64.b64encode(whole[start : start + segment]).decode()
        lines.append(ModemLine(299, "messageTerminateSegment", {"segment_start": start, "data": data}))
    return [*lines, ModemLine(299, "messageTerminateStatus", {"final_mt_status": "complete"})]


def assembled(lines: list[ModemLine]) -> list[bytes]:
    """The messages that come out of ``lines``."""
    assembler = MessageAssembler()
    return [payload for line in lines if (payload := assembler.take(line)) is not None]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_lines_are_read_in_any_pieces(size: int) -> None:
    """One byte at a time or all at once: the same lines."""
    reader = LineReader()
    lines = [line for at in range(0, len(SAID), size) for line in reader.feed(SAID[at : at + size])]
    assert [(line.code, line.target) for line in lines] == [
        (405, "unknown"),
        (200, "messageOriginate"),
        (299, "messageOriginateStatus"),
    ]
    assert refusal(lines[1:], 244, taken=True) is None
    assert final_word(lines, 5) == "mo_ack_received"
    assert final_word(lines, 6) == ""


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_garbage_is_skipped(pieces: list[bytes]) -> None:
    """Whatever came before, a line after a carriage return is read; nothing raises."""
    reader = LineReader()
    for piece in pieces:
        reader.feed(piece)
    reader.feed(b"\r")
    assert reader.feed(b"200 apiVersion {}\r") == [ModemLine(200, "apiVersion")]


def test_a_line_without_end_is_not_kept() -> None:
    """A modem that never ends a line costs no memory, and the next line is read."""
    reader = LineReader()
    for _ in range(100):
        reader.feed(b"x" * 8192)
    reader.feed(b"\r")
    assert reader.feed(b"299 simStatus {}\r") == [ModemLine(299, "simStatus")]


@pytest.mark.parametrize(
    ("word", "verdict", "fault", "uncertain"),
    [
        ("mo_ack_received", Verdict.SENT, None, False),
        ("message_discarded_on_overflow", Verdict.RETRY, Fault.BUSY, False),
        ("message_expired", Verdict.RETRY, Fault.SKY, True),
        ("message_transfer_timeout", Verdict.RETRY, Fault.SKY, True),
        ("segment_not_supplied", Verdict.RETRY, Fault.HARDWARE, False),
        ("segment_incorrect", Verdict.RETRY, Fault.HARDWARE, False),
        ("network_error", Verdict.RETRY, Fault.NETWORK, True),
        ("message_cancelled_pre_transit", Verdict.RETRY, Fault.SKY, False),
        ("message_cancelled_in_transit", Verdict.RETRY, Fault.SKY, True),
        ("subscription_invalid", Verdict.RETRY, Fault.ACCOUNT, False),
        ("protocol_error", Verdict.RETRY, Fault.NETWORK, True),
        ("message_dropped_local_crc_error", Verdict.RETRY, Fault.HARDWARE, False),
        ("user_supplied_crc_error", Verdict.RETRY, Fault.HARDWARE, False),
        ("crc_error_in_transfer", Verdict.RETRY, Fault.SKY, True),
        ("a word of a later firmware", Verdict.RETRY, Fault.NETWORK, True),
    ],
)
def test_every_final_status(word: str, verdict: Verdict, fault: Fault | None, uncertain: bool) -> None:
    """Only an acknowledgement is a success; what may have been transmitted is uncertain; nothing is given up."""
    status = classify_final(word)
    assert (status.verdict, status.fault, status.uncertain) == (verdict, fault, uncertain)


def test_an_account_fault_waits_a_day_and_provisioning_half_an_hour() -> None:
    """What only time or the owner mends is not tried again within minutes."""
    assert classify_final("subscription_invalid").retry_after_s == 86400
    assert classify_refusal(418).retry_after_s == 1800
    assert "10 to 30 minutes under open sky" in classify_refusal(418).meaning


def test_refusals_are_certain() -> None:
    """A message that was never taken cannot arrive, whatever the code."""
    assert not any(classify_refusal(code).uncertain for code in range(400, 501))


def test_a_refusal_in_the_answer_of_a_taken_request() -> None:
    """Code 200 with a response other than message_accepted is no acceptance."""
    line = ModemLine(200, "messageOriginate", {"message_response": "subscription_invalid"})
    assert refusal([line], 244, taken=True) == (classify_final("subscription_invalid"), "subscription_invalid")


@pytest.mark.parametrize("body", [{}, {"provisioning": []}, {"provisioning": "x"}, {"provisioning": [7, None]}])
def test_no_topics_at_all_is_a_modem_before_its_provisioning(body: dict[str, object]) -> None:
    """An empty or unreadable list is not somebody else's topic."""
    assert missing_topic(244, ModemLine(200, "messageProvisioning", body)) == classify_refusal(418)


def test_a_topic_the_account_does_not_have() -> None:
    """It is named, with those there are."""
    line = ModemLine(200, "messageProvisioning", {"provisioning": [{"topic_id": 313}, {"topic_id": 244}]})
    assert missing_topic(244, line) is None
    missing = missing_topic(315, line)
    assert missing is not None
    assert missing.fault is Fault.ACCOUNT
    assert "topic 315" in missing.meaning
    assert "313, 244" in missing.meaning


@given(payload=st.binary(min_size=1, max_size=4000), segment=st.integers(1, 1446))
def test_a_message_to_the_trap_is_put_together(payload: bytes, segment: int) -> None:
    """Any bytes, in segments of any size."""
    assert assembled(terminated(payload, segment=max(segment, len(payload) // 50 + 1))) == [payload]


@given(payload=st.binary(min_size=1, max_size=60), crc=st.binary(min_size=2, max_size=2))
def test_a_wrong_checksum_is_no_message(payload: bytes, crc: bytes) -> None:
    """What was damaged on its way is dropped; the next one is not affected."""
    right = binascii.crc_hqx(payload, 0).to_bytes(2, "big") == crc
    assert assembled([*terminated(payload, crc), *terminated(b"next")]) == ([payload] if right else []) + [b"next"]


def test_a_lost_segment_is_no_message() -> None:
    """Nor is one that is not base64."""
    lines = terminated(b"x" * 100, segment=40)
    assert assembled([*lines[:2], *lines[3:]]) == []
    lines[2] = ModemLine(299, "messageTerminateSegment", {"segment_start": 40, "data": "?"})
    assert assembled(lines) == []


def test_the_published_messages_verify(shared_data: Path) -> None:
    """Every published sample whose checksum was found right comes out, and no other."""
    samples = json.loads((shared_data / "satellite/jspr/mt-mo-crc-vectors.json").read_text())
    for sample in samples:
        payload, crc = sample["payload"].encode(), bytes.fromhex(sample["crc"])
        assert base64.b64decode(sample["b64"])[-2:] == crc
        assert assembled(terminated(payload, crc)) == ([payload] if sample["crc16_xmodem_ok"] else [])
    assert len(samples) == 11
