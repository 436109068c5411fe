"""Messages that were written once and must decode for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cameratrap.app.summary_json import message_to_json, summary_from_json
from cameratrap.domain.alerts import Alert
from cameratrap.domain.summaries import CommandOutcome
from cameratrap.errors import DecodeError
from cameratrap.wire.codec import decode, encode, encode_alert
from cameratrap.wire.layout import MAX_BYTES
from tests.wire.strategies import TAXA

GOLDEN = Path(__file__).parent.parent / "golden" / "wire-v1.txt"


def vectors() -> list[tuple[str, str]]:
    """Pairs of hexadecimal message and the JSON of what it says."""
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(("message", "text"), vectors())
def test_a_golden_message_decodes_to_what_it_said(message: str, text: str) -> None:
    """The bytes say what they said when they were written."""
    assert message_to_json(decode(bytes.fromhex(message), TAXA)) == json.loads(text)


@pytest.mark.parametrize(("message", "text"), vectors())
def test_what_a_golden_message_says_encodes_to_it(message: str, text: str) -> None:
    """The summary or alert is written as it was written then."""
    sent = bytes.fromhex(message)
    alert = decode(sent, TAXA)
    if isinstance(alert, Alert):
        assert encode_alert(alert, TAXA) == sent
    else:
        assert encode(summary_from_json(text), TAXA, max_bytes=MAX_BYTES) == [sent]


@pytest.mark.parametrize(("message", "text"), vectors())
def test_every_flipped_bit_of_a_golden_message_is_refused(message: str, text: str) -> None:
    """Not one of them passes for another message."""
    sent = bytes.fromhex(message)
    for bit in range(8 * len(sent)):
        damaged = bytearray(sent)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DecodeError):
            decode(bytes(damaged), TAXA)


@pytest.mark.parametrize(("message", "text"), vectors())
def test_every_beginning_of_a_golden_message_is_refused(message: str, text: str) -> None:
    """A message that was cut off anywhere is not a shorter message."""
    sent = bytes.fromhex(message)
    for size in range(len(sent)):
        with pytest.raises(DecodeError):
            decode(sent[:size], TAXA)


def test_the_golden_messages_cover_every_kind_of_message() -> None:
    """Empty days, full ones, null fields, others, parts, saturation, faults, answers, earlier days and alerts."""
    told = [json.loads(text) for _, text in vectors()]
    summaries = [each for each in told if "alert" not in each]
    assert any(each["effort"]["triggers"] is None and each["tallies"] == [] for each in summaries)
    assert any(each["effort"]["triggers"] is not None and each["effort"]["blank"] is None for each in summaries)
    assert any(each["tallies"] and each["tallies"][-1]["taxon"] == "others" for each in summaries)
    assert any("part" in each for each in summaries)
    assert any(each["saturated"] for each in summaries)
    assert any(each["health"]["faults"] for each in summaries)
    assert any(len(each["earlier"]) >= 6 for each in summaries)
    assert any(earlier["hours_armed"] is None for each in summaries for earlier in each["earlier"])
    assert any(tally["taxon"].startswith("code ") for each in summaries for tally in each["tallies"])
    assert {each["health"]["clock"] for each in summaries} == {"ok", "drifting", "unset", None}
    outcomes = {answer["outcome"] for each in summaries for answer in each["commands"]}
    assert outcomes == set(CommandOutcome)
    assert {each["alert"]["score"] is None for each in told if "alert" in each} == {True, False}
