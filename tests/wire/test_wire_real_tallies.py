"""The daily tallies of seven real studies, there and back."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cameratrap.app.summary_json import summary_from_json, summary_to_json
from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.wire.codec import decode, encode
from tests.wire.strategies import TAXA

SAMPLE = 1000
Counts = dict[int, tuple[int, int]]


def station_days(folder: Path) -> list[str]:
    """Every line of every study."""
    files = sorted(folder.glob("*.daily.jsonl"))
    assert len(files) == 7
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def by_code(tallies: list[dict[str, object]]) -> Counter[tuple[int, str]]:
    """Events and individuals by wire code: two names of one taxon are one."""
    sums: Counter[tuple[int, str]] = Counter()
    for tally in tallies:
        for what in ("events", "individuals"):
            sums[TAXA.code_for_name(str(tally["taxon"])), what] += int(str(tally[what]))
    return sums


def not_the_same_afterwards(lines: Iterator[str] | list[str]) -> list[str]:
    """The lines that take more than a credit or come back different."""
    wrong = []
    for line in lines:
        (message,) = encode(summary_from_json(line), TAXA)
        sent, received = json.loads(line), summary_to_json(decode(message, TAXA))
        same = received["day"] == sent["day"] and by_code(received["tallies"]) == by_code(sent["tallies"])
        if not same or len(message) > CREDIT_BYTES:
            wrong.append(line)
    return wrong


def test_a_sample_of_real_days_comes_back_within_a_credit(shared_data: Path) -> None:
    """Real daily tallies, compared by wire code, survive the message."""
    days = station_days(shared_data / "tallies")
    assert not_the_same_afterwards(random.Random(1).sample(days, SAMPLE)) == []


@pytest.mark.slow
def test_every_real_day_comes_back_within_a_credit(shared_data: Path) -> None:
    """All 53,913 station-days survive the message, each in one credit."""
    days = station_days(shared_data / "tallies")
    assert len(days) == 53_913
    assert not_the_same_afterwards(days) == []
