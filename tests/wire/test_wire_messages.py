"""What stands beside the day in messages: alerts, answers to commands, seals; and bytes that nobody of ours wrote."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.alerts import Alert
from cameratrap.domain.summaries import CommandOutcome, CommandReport, DailySummary
from cameratrap.errors import DecodeError, EncodeError, SealError, TaxonError
from cameratrap.wire.codec import decode, encode, encode_alert
from cameratrap.wire.coding import MOST_DECISIONS
from cameratrap.wire.envelope import wrap
from cameratrap.wire.layout import COUNT_MAX, MAX_BYTES
from cameratrap.wire.parts import PartialSummary, join_parts
from cameratrap.wire.quantise import quantise, quantise_alert
from tests.wire.strategies import DAY, FOX, FULL_EFFORT, FULL_HEALTH, TAXA, many, names, summaries


def at(*parts: int) -> datetime:
    """A time as it is on the air: the station's own, without an offset."""
    return datetime(*parts)  # type: ignore[arg-type, misc]  # noqa: DTZ001


alerts = st.builds(
    Alert,
    st.datetimes(at(2000, 1, 1), at(2089, 9, 17, 23, 59, 59)),
    st.integers(0, 2**32 - 1),
    names,
    st.integers(1, 2**21),
    st.none() | st.floats(0, 1),
)
TIGER = Alert(at(2026, 11, 21, 5, 12, 40), 3, "tiger", 2, 0.914)


class Sealing:
    """A seal for tests: it hides nothing, counts how often it was used, and keeps zeros at the end."""

    overhead = 14

    def __init__(self) -> None:
        self.used = 0

    def seal(self, body: bytes, *, version: int) -> bytes:
        self.used += 1
        return bytes([16 * version + 1]) + bytes(11) + body + b"\0\0"

    def open(self, message: bytes) -> bytes:
        if message[-2:] != b"\0\0" or len(message) < self.overhead:
            raise SealError("not sealed so")
        return message[12:-2]


@given(alerts)
def test_an_alert_comes_back_as_it_was_quantised(alert: Alert) -> None:
    """To the minute, the canonical name, the score in hundredths; in the clear and sealed."""
    expected = quantise_alert(alert, TAXA)
    seal = Sealing()
    assert decode(encode_alert(alert, TAXA), TAXA) == expected
    assert decode(encode_alert(alert, TAXA, sealer=seal), TAXA, opener=seal) == expected


def test_an_alert_is_short() -> None:
    """A tiger is told in a dozen bytes, and says when, what and how sure."""
    message = encode_alert(TIGER, TAXA)
    assert len(message) <= 12
    assert decode(message, TAXA) == Alert(at(2026, 11, 21, 5, 12), 3, "Panthera tigris", 2, 0.91)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"at": at(1999, 12, 31, 23, 59)}, EncodeError),
        ({"at": datetime(2026, 1, 1, tzinfo=UTC)}, EncodeError),
        ({"score": 1.2}, EncodeError),
        ({"score": float("nan")}, EncodeError),
        ({"sequence": -1}, EncodeError),
        ({"individuals": 0}, EncodeError),
        ({"taxon": "jabberwock"}, TaxonError),
    ],
)
def test_an_alert_that_cannot_be_is_refused(wrong: dict[str, object], error: type[Exception]) -> None:
    """What has no place on the air is an error of the sender, not another alert."""
    with pytest.raises(error):
        encode_alert(replace(TIGER, **wrong), TAXA)  # type: ignore[arg-type]


def test_more_individuals_than_a_message_can_hold_are_its_most() -> None:
    """The limit stands for "that or more", as in a tally."""
    alert = decode(encode_alert(replace(TIGER, individuals=10**9), TAXA), TAXA)
    assert isinstance(alert, Alert)
    assert alert.individuals == COUNT_MAX


def test_answers_to_commands_travel_with_the_day() -> None:
    """Number and outcome, those that proved nothing without a number; in several parts they are in the first."""
    answers = tuple(CommandReport(number, outcome) for number, outcome in enumerate(CommandOutcome, 1))
    answers += (CommandReport(None, CommandOutcome.FORGED), CommandReport(2**16 - 1, CommandOutcome.DONE))
    day = DailySummary(DAY, 300, many(40), FULL_EFFORT, FULL_HEALTH, commands=answers)
    (message,) = encode(day, TAXA, max_bytes=MAX_BYTES)
    assert decode(message, TAXA) == quantise(day, TAXA)
    parts = [decode(message, TAXA) for message in encode(day, TAXA, max_messages=8)]
    assert all(isinstance(part, PartialSummary) and not part.commands for part in parts[1:])
    assert join_parts(parts) == quantise(day, TAXA)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [0, -1, 2**16])
def test_a_command_has_a_number_of_sixteen_bits(number: int) -> None:
    """0 stands for none, and so is no number."""
    with pytest.raises(EncodeError, match="number"):
        encode(DailySummary(DAY, 1, commands=(CommandReport(number, CommandOutcome.DONE),)), TAXA)


@given(summaries(), st.integers(70, MAX_BYTES))
def test_a_sealed_message_keeps_to_its_limit_and_uses_one_number_each(summary: DailySummary, max_bytes: int) -> None:
    """The seal's bytes are taken from the body's; what was only tried is not sealed."""
    seal = Sealing()
    messages = encode(summary, TAXA, max_bytes=max_bytes, max_messages=3, sealer=seal)
    assert all(len(message) <= max_bytes for message in messages)
    assert seal.used == len(messages)
    days = [decode(message, TAXA, opener=seal) for message in messages]
    whole = join_parts(days) if len(days) > 1 else days[0]  # type: ignore[arg-type]
    assert isinstance(whole, DailySummary)
    assert (whole.effort, whole.health) == (quantise(summary, TAXA).effort, quantise(summary, TAXA).health)


def test_what_a_seal_holds_is_judged_like_any_body() -> None:
    """Zeros behind a sealed body, or bytes that no writer makes, are refused once it is open."""
    seal = Sealing()
    (message,) = encode(DailySummary(DAY, 1, (FOX,)), TAXA, sealer=seal)
    for body in (seal.open(message) + b"\0", b"\xff" * 40):
        with pytest.raises(DecodeError):
            decode(seal.seal(body, version=1), TAXA, opener=seal)


def test_noise_passes_the_check_no_more_often_than_chance() -> None:
    """Of 100,000 messages of noise behind a right first byte, one or two would pass by chance; a dozen never do."""
    chance = random.Random(20261121)
    passed = 0
    for _ in range(100_000):
        try:
            decode(b"\x10" + chance.randbytes(chance.randint(2, 60)), TAXA)
        except DecodeError:
            continue
        passed += 1
    assert passed < 12


@given(st.binary(max_size=MAX_BYTES - 3))
def test_any_body_behind_a_right_check_is_read_or_refused(noise: bytes) -> None:
    """Where chance or malice passes the check, what follows is a message in its one spelling, or a DecodeError."""
    message = wrap(noise.rstrip(b"\0"), None)
    try:
        told = decode(message, TAXA)
    except DecodeError:
        return
    again = encode_alert(told, TAXA) if isinstance(told, Alert) else encode(told, TAXA, max_bytes=MAX_BYTES)[0]
    assert again == message


def test_the_longest_hostile_bodies_end_soon() -> None:
    """340 bytes of anything, the rows that claim most among them, are done with in a fraction of a second each."""
    chance = random.Random(1)
    bodies = [bytes([first]) * (MAX_BYTES - 3) for first in range(256)]
    bodies += [chance.randbytes(8) + bytes([chance.randrange(256)]) * (MAX_BYTES - 11) for _ in range(200)]
    slowest = 0.0
    for body in bodies:
        started = time.perf_counter()
        with suppress(DecodeError):
            decode(wrap(body.rstrip(b"\0"), None), TAXA)
        slowest = max(slowest, time.perf_counter() - started)
    assert MOST_DECISIONS < 20_000
    assert slowest < 2
