"""A summary to a message and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import isfinite
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cameratrap.domain.alerts import Alert
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import ClockQuality, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import CameraTrapError, DecodeError, EncodeError, SealError, TaxonError
from cameratrap.wire.codec import decode, encode, encode_alert
from cameratrap.wire.layout import COUNT_MAX, EPOCH, MAX_BYTES
from cameratrap.wire.parts import PartialSummary
from cameratrap.wire.quantise import quantise
from tests.wire.strategies import DAY, FOX, FULL_EFFORT, FULL_HEALTH, TAXA, summaries


def whole(summary: DailySummary) -> bytes:
    """The one message of a summary, as long as it needs."""
    (message,) = encode(summary, TAXA, max_bytes=MAX_BYTES)
    return message


@given(summaries())
def test_decode_of_encode_is_the_identity_on_quantised_values(summary: DailySummary) -> None:
    """What is received is what was quantised; quantising again changes nothing, nor does encoding what was received."""
    quantised = quantise(summary, TAXA)
    message = whole(summary)
    assert decode(message, TAXA) == quantised
    assert quantise(quantised, TAXA) == quantised
    assert whole(quantised) == message


@given(summaries(), st.integers(0, 10))
def test_zero_bytes_at_the_end_change_nothing(summary: DailySummary, zeros: int) -> None:
    """A message never ends in a zero byte, so that zeros added on the way, or stripped, do no harm."""
    message = whole(summary)
    assert message[-1] != 0
    assert decode(message + bytes(zeros), TAXA) == decode(message, TAXA)


@given(summaries(), st.data())
def test_a_message_cut_short_is_refused(summary: DailySummary, data: st.DataObject) -> None:
    """A message is never a shorter one by a byte or two; by more, but once in 65,536 times (the golden ones never)."""
    message = whole(summary)
    with pytest.raises(DecodeError):
        decode(message[: data.draw(st.integers(max(0, len(message) - 2), len(message) - 1))], TAXA)


@given(summaries(), st.binary(min_size=1, max_size=2).filter(any))
def test_garbage_after_the_end_is_refused(summary: DailySummary, garbage: bytes) -> None:
    """Bytes after the end that are not zero are not silently dropped; of two of them none ever passes the check."""
    message = whole(summary)
    with pytest.raises(DecodeError):
        decode(message + garbage, TAXA)


@given(summaries(), st.integers(0, 8 * MAX_BYTES), st.integers(1, 2**16 - 1))
def test_every_burst_of_damage_up_to_sixteen_bits_is_refused(summary: DailySummary, at: int, burst: int) -> None:
    """The check finds all of them, wherever they are behind the version and the key id."""
    message = whole(summary)
    shift = at % (8 * (len(message) - 3) - 15) if len(message) > 5 else 0
    damaged = int.from_bytes(message, "big") ^ burst << shift
    with pytest.raises(DecodeError):
        decode(damaged.to_bytes(len(message), "big"), TAXA)


def decodes_canonically_or_not_at_all(message: bytes) -> None:
    """Any bytes are refused by a DecodeError, or are exactly what encoding their summary gives."""
    try:
        summary = decode(message, TAXA)
    except DecodeError:
        return
    again = encode_alert(summary, TAXA) if isinstance(summary, Alert) else whole(summary)
    assert again == message.rstrip(b"\0")


@given(st.binary(max_size=MAX_BYTES + 5), st.booleans())
def test_any_bytes_decode_to_a_value_or_a_decode_error(noise: bytes, ours: bool) -> None:
    """Noise never raises anything but DecodeError, with or without a header of ours."""
    decodes_canonically_or_not_at_all(b"\x10" + noise if ours else noise)


@given(summaries(), st.lists(st.integers(0, 8 * MAX_BYTES), min_size=1, max_size=4))
def test_flipped_bits_decode_to_a_value_or_a_decode_error(summary: DailySummary, flips: list[int]) -> None:
    """A damaged message never raises anything but DecodeError."""
    damaged = bytearray(whole(summary))
    for flip in flips:
        damaged[flip // 8 % len(damaged)] ^= 1 << flip % 8
    decodes_canonically_or_not_at_all(bytes(damaged))


def test_a_very_long_message_is_refused_at_once() -> None:
    """A megabyte of noise is refused for its length, not read."""
    with pytest.raises(DecodeError, match="too long"):
        decode(b"\x10" * 2**20, TAXA)


@pytest.mark.parametrize("first", [16 * version + 2 for version in range(16) if version != 1])
def test_an_unknown_version_says_so_and_to_keep_the_bytes(first: int) -> None:
    """A message of another version is named as such, for every version there can be."""
    with pytest.raises(DecodeError, match=f"version {first >> 4} is not known") as caught:
        decode(bytes([first, 1]), TAXA)
    assert "raw bytes" in caught.value.hint


def test_a_sealed_message_says_so() -> None:
    """The key id stands in the clear; without a key nothing is guessed."""
    with pytest.raises(SealError, match="sealed with key 3"):
        decode(b"\x13" + bytes(20) + b"\x01", TAXA)


@pytest.mark.parametrize("sealed", [b"\x13seal\0\0", b"\x13" + bytes(MAX_BYTES - 1), b"\x13" + b"s" * MAX_BYTES])
def test_a_sealed_message_keeps_its_zeros(sealed: bytes) -> None:
    """Zeros at its end may be its seal's: none is taken off, and its length is not judged, before its key is known."""
    with pytest.raises(DecodeError, match=f"sealed with key 3: .* all its {len(sealed)} bytes") as caught:
        decode(sealed, TAXA)
    assert "raw bytes" in caught.value.hint


def test_an_empty_message_is_refused() -> None:
    """Neither no bytes nor only zeros are a summary of nothing."""
    for empty in (b"", bytes(50)):
        with pytest.raises(DecodeError, match="empty"):
            decode(empty, TAXA)


@given(summaries())
def test_no_message_is_a_command_to_the_gateway(summary: DailySummary) -> None:
    """No payload starts with "RB", which the RockBLOCK gateway would forward to another modem."""
    assert all(message[:1] == b"\x10" for message in encode(summary, TAXA, max_messages=8, max_bytes=MAX_BYTES))


def test_an_ordinary_day_without_animals_takes_fourteen_bytes() -> None:
    """Full effort and health cost 14 bytes, three of them around the body, and a first tally no more than 2."""
    empty = DailySummary(DAY, 300, (), FULL_EFFORT, FULL_HEALTH)
    assert len(whole(empty)) == 14
    assert len(whole(replace(empty, tallies=(FOX,)))) <= 16


def test_what_was_not_measured_comes_back_as_none_and_never_zero() -> None:
    """None and 0, and None and no faults, are different messages."""
    nothing = DailySummary(DAY, 0)
    zeros = DailySummary(DAY, 0, (), Effort(0.0, 0.0, 0, 0, 0), Health(0.0, 0, 0, 0, 0, ClockQuality.OK, ()))
    assert decode(whole(nothing), TAXA) == nothing
    assert decode(whole(zeros), TAXA) == zeros
    partly = replace(nothing, health=Health(faults=()), effort=Effort(triggers=0))
    assert decode(whole(partly), TAXA) == partly


def test_values_are_rounded_to_their_step_once() -> None:
    """Hours to tenths, volts to twentieths."""
    summary = DailySummary(DAY, 0, (), Effort(hours_armed=23.96, hours_armed_night=9.44), Health(battery_v=12.43))
    assert quantise(summary, TAXA).effort == Effort(hours_armed=24.0, hours_armed_night=9.4)
    assert quantise(summary, TAXA).health == Health(battery_v=12.45)


def test_what_is_beyond_an_open_end_saturates_and_is_named() -> None:
    """The limit is sent, and ``saturated`` says which quantities stand for more or less than they say."""
    summary = DailySummary(
        DAY,
        1,
        (Tally("Vulpes vulpes", 5, 2 * COUNT_MAX),),
        Effort(triggers=COUNT_MAX + 1),
        Health(battery_v=99.0, temperature_min_c=-90),
        earlier=(EarlierDay(date(2026, 11, 20), 0, None, None, (Tally("Lynx lynx", COUNT_MAX, COUNT_MAX),)),),
    )
    received = decode(whole(summary), TAXA)
    assert received.effort.triggers == COUNT_MAX
    assert received.health == Health(battery_v=51.15, temperature_min_c=-50)
    assert received.saturated == (
        "effort.triggers",
        "health.battery_v",
        "health.temperature_min_c",
        "tallies.Vulpes vulpes.individuals",
        "earlier.2026-11-20.tallies.Lynx lynx.events",
        "earlier.2026-11-20.tallies.Lynx lynx.individuals",
    )


def test_counts_below_the_limit_are_exact() -> None:
    """A colony of bats is counted to the last one."""
    for individuals in (4095, 65_536, COUNT_MAX - 1):
        received = decode(whole(DailySummary(DAY, 0, (Tally("Chiroptera", 1, individuals),))), TAXA)
        assert received.tallies[0].individuals == individuals
        assert received.saturated == ()


@pytest.mark.parametrize(
    ("summary", "named"),
    [
        (DailySummary(date(1999, 12, 31), 0), "1999-12-31"),
        (DailySummary(date(2089, 9, 18), 0), "2089-09-18"),
        (DailySummary(DAY, -1), "sequence"),
        (DailySummary(DAY, 2**32), "sequence"),
        (DailySummary(DAY, 0, effort=Effort(hours_armed=24.2)), "hours_armed"),
        (DailySummary(DAY, 0, effort=Effort(hours_armed_night=float("nan"))), "hours_armed_night"),
        (DailySummary(DAY, 0, effort=Effort(triggers=-1)), "triggers"),
        (DailySummary(DAY, 0, health=Health(battery_v=float("inf"))), "battery_v"),
        (DailySummary(DAY, 0, health=Health(disk_free_pct=101)), "disk_free_pct"),
        (DailySummary(DAY, 0, health=Health(faults=("gremlin",))), "gremlin"),
        (DailySummary(DAY, 0, earlier=(EarlierDay(DAY, 1, None, None, ()),)), "not before"),
    ],
)
def test_what_cannot_be_is_refused_and_named(summary: DailySummary, named: str) -> None:
    """A 25th hour or a day before the epoch is a mistake, not something to saturate."""
    with pytest.raises(EncodeError) as caught:
        encode(summary, TAXA)
    assert named in str(caught.value)


ODD = st.one_of(
    st.floats(),
    st.sampled_from([float("nan"), float("inf"), -float("inf"), 1.7e308, -1.7e308, 0.5, -0.5]),
    st.integers(),
    st.sampled_from([10**400, -(10**400)]),
)
NUMERIC = ["sequence", "events", "individuals", "others.individuals", "taxa", "earlier.sequence", "earlier.events"]
NUMERIC += ["earlier.hours_armed", "earlier.hours_armed_night"]
NUMERIC += [f"effort.{name}" for name in Effort.__dataclass_fields__]
NUMERIC += [f"health.{name}" for name in Health.__dataclass_fields__ if name not in {"clock", "faults"}]


def with_odd(field: str, value: float) -> DailySummary:
    """A summary with ``value`` in one of its numeric fields, whatever the field's type says."""
    odd: Any = value
    fox, others = Tally("Vulpes vulpes", 1, 1), Tally(OTHERS, 2, 2, 2)
    earlier = EarlierDay(date(2026, 11, 20), 1, 24.0, 9.5, (fox,))
    full = DailySummary(DAY, 2, (fox, others), FULL_EFFORT, FULL_HEALTH, earlier=(earlier,))
    match field.split("."):
        case ["sequence"]:
            return replace(full, sequence=odd)
        case ["effort", name]:
            return replace(full, effort=replace(FULL_EFFORT, **{name: odd}))
        case ["health", name]:
            return replace(full, health=replace(FULL_HEALTH, **{name: odd}))
        case ["earlier", "events"]:
            return replace(full, earlier=(replace(earlier, tallies=(unchecked(fox, events=odd),)),))
        case ["earlier", name]:
            return replace(full, earlier=(replace(earlier, **{name: odd}),))
        case ["others", name]:
            return replace(full, tallies=(fox, unchecked(others, **{name: odd})))
        case ["taxa"]:
            return replace(full, tallies=(fox, unchecked(others, taxa=odd)))
        case _:
            return replace(full, tallies=(unchecked(fox, **{field: odd}), others))


def unchecked(tally: Tally, **values: Any) -> Tally:
    """A tally that the class itself would not make, as one does that was built from a fault."""
    changed = replace(tally)
    for name, value in values.items():
        object.__setattr__(changed, name, value)
    return changed


@given(st.sampled_from(NUMERIC), ODD)
@example("effort.hours_armed", 1e308)
@example("health.battery_v", 1e308)
@example("events", float("nan"))
@example("others.individuals", float("inf"))
@example("taxa", 0)
def test_any_number_is_sent_or_refused_with_an_encode_error(field: str, value: float) -> None:
    """No number in any numeric field raises anything but EncodeError, and what is not finite always does."""
    summary = with_odd(field, value)
    if isinstance(value, float) and not isfinite(value):
        with pytest.raises(EncodeError, match=field.rsplit(".", maxsplit=1)[-1]):
            encode(summary, TAXA)
        return
    try:
        received = decode(whole(summary), TAXA)
    except EncodeError:
        return
    assert received == quantise(summary, TAXA)


def test_two_records_of_one_earlier_day_are_one_unless_they_contradict() -> None:
    """The same day given twice is carried once; two stories about it are an error, not a choice."""
    each = EarlierDay(date(2026, 11, 20), 1, 24.0, 9.5, (FOX,))
    summary = DailySummary(DAY, 2, earlier=(each,))
    (message,) = encode(summary, TAXA, earlier=[each])
    assert decode(message, TAXA).earlier == (each,)
    with pytest.raises(EncodeError, match="two different records"):
        encode(summary, TAXA, earlier=[replace(each, hours_armed=1.0)])


def test_names_of_one_taxon_are_one_tally() -> None:
    """A vernacular and a scientific name of one taxon are summed, under the canonical name."""
    summary = DailySummary(DAY, 0, (Tally("red fox", 1, 2), Tally("Vulpes vulpes", 2, 2)))
    assert decode(whole(summary), TAXA).tallies == (Tally("Vulpes vulpes", 3, 4),)


def test_an_unknown_name_is_refused() -> None:
    """A taxon without a wire code cannot be sent."""
    with pytest.raises(TaxonError, match="jabberwock"):
        encode(DailySummary(DAY, 0, (Tally("jabberwock", 1, 1),)), TAXA)


def test_a_code_the_receiver_lacks_still_counts() -> None:
    """An older table shows the code in place of the name, and encodes it again to the same bytes."""
    older = TaxaTable(taxon for taxon in TAXA if taxon.name != "Lynx lynx")
    code = TAXA.resolve("Lynx lynx").wire_code
    message = whole(DailySummary(DAY, 0, (Tally("Lynx lynx", 1, 2),)))
    received = decode(message, older)
    assert received.tallies == (Tally(f"code {code}", 1, 2),)
    assert encode(received, older) == [message]
    assert encode(received, TAXA) == [message]


def test_the_last_day_that_can_be_sent_is_more_than_thirty_years_away() -> None:
    """The day is absolute: nothing at the receiver is needed to know its year."""
    for day in (EPOCH, date(2060, 2, 29), date(2089, 9, 17)):
        assert decode(whole(DailySummary(day, 0)), TAXA).day == day


def test_every_fault_bit_can_be_sent_also_one_from_a_newer_trap() -> None:
    """A fault without a name here keeps its number."""
    summary = DailySummary(DAY, 0, health=Health(faults=("modem", "fault 12")))
    assert decode(whole(summary), TAXA) == summary


def test_a_part_number_that_cannot_be_is_refused() -> None:
    """There is no part 3 of 2, and no day in one part of several."""
    for part, parts in ((3, 2), (0, 2), (1, 1)):
        with pytest.raises(ValueError, match="there is no part"):
            PartialSummary(DAY, 0, part=part, parts=parts)


def test_every_refusal_is_one_of_ours() -> None:
    """Callers catch one root."""
    assert issubclass(DecodeError, CameraTrapError)
    assert issubclass(EncodeError, CameraTrapError)
