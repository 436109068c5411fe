"""Messages that were written once and must decode for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cameratrap.app.summary_json import summary_from_json, summary_to_json
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.layout import MAX_BYTES
from tests.wire.strategies import TAXA

GOLDEN = Path(__file__).parent.parent / "golden" / "wire-v1.txt"


def vectors() -> list[tuple[str, str]]:
    """Pairs of hexadecimal message and JSON summary."""
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(("message", "text"), vectors())
def test_a_golden_message_decodes_to_its_summary(message: str, text: str) -> None:
    """The bytes say what they said when they were written."""
    assert summary_to_json(decode(bytes.fromhex(message), TAXA)) == json.loads(text)


@pytest.mark.parametrize(("message", "text"), vectors())
def test_a_golden_summary_encodes_to_its_message(message: str, text: str) -> None:
    """The summary is written as it was written then."""
    assert encode(summary_from_json(text), TAXA, max_bytes=MAX_BYTES) == [bytes.fromhex(message)]


def test_the_golden_messages_cover_every_kind_of_message() -> None:
    """Among them are an empty day, a full one, null fields, others, a part, saturation, faults, earlier days."""
    summaries = [json.loads(text) for _, text in vectors()]
    assert any(each["effort"]["triggers"] is None and each["tallies"] == [] for each in summaries)
    assert any(each["effort"]["triggers"] is not None and each["effort"]["blank"] is None for each in summaries)
    assert any(each["tallies"] and each["tallies"][-1]["taxon"] == "others" for each in summaries)
    assert any("part" in each for each in summaries)
    assert any(each["saturated"] for each in summaries)
    assert any(each["health"]["faults"] for each in summaries)
    assert any(len(each["earlier"]) >= 6 for each in summaries)
    assert any(earlier["hours_armed"] is None for each in summaries for earlier in each["earlier"])
    assert any(tally["taxon"].startswith("code ") for each in summaries for tally in each["tallies"])
