"""The codes for whole numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.errors import DecodeError
from cameratrap.wire.bits import (
    MAX_DIGITS,
    BitReader,
    BitWriter,
    Coding,
    ExpGolomb,
    Fixed,
    Usually,
    fold_sign,
    unfold_sign,
)


@pytest.mark.parametrize(
    ("order", "number", "bits"),
    [(0, 0, "1"), (0, 1, "010"), (0, 2, "011"), (0, 3, "00100"), (2, 0, "100"), (2, 4, "01000"), (3, 0, "1000")],
)
def test_exponential_golomb_has_its_published_code_words(order: int, number: int, bits: str) -> None:
    """The code words are those of the literature (H.264's ue(v) is order 0)."""
    out = BitWriter()
    ExpGolomb(order).write(out, number)
    assert len(out) == len(bits)
    assert out.to_bytes() == int(bits.ljust(8, "0"), 2).to_bytes(1, "big")


codings = st.sampled_from([ExpGolomb(order) for order in range(9)] + [Fixed(32), Usually(240, 32)])


@given(st.lists(st.tuples(codings, st.integers(0, 2**32 - 1))))
def test_numbers_come_back_in_order(written: list[tuple[Coding, int]]) -> None:
    """What was written by a sequence of codes is read by the same sequence, and only padding is left."""
    out = BitWriter()
    for coding, number in written:
        coding.write(out, number)
    bits = BitReader(out.to_bytes())
    assert [coding.read(bits) for coding, _ in written] == [number for _, number in written]
    assert bits.rest() == 0


def test_a_number_wider_than_its_field_is_refused() -> None:
    """Writing never cuts a number to fit."""
    for number in (-1, 8):
        with pytest.raises(ValueError, match="does not fit"):
            BitWriter().write(number, 3)


def test_an_endless_run_of_zeros_ends() -> None:
    """A number with more digits than any message holds is noise, not a huge number."""
    with pytest.raises(DecodeError, match="no message can hold"):
        ExpGolomb(0).read(BitReader(bytes(MAX_DIGITS)))


def test_reading_past_the_end_is_an_error() -> None:
    """Bits that are not there are never taken for zeros."""
    bits = BitReader(b"\xff")
    with pytest.raises(DecodeError, match="ends in the middle"):
        bits.read(9)


@given(st.integers())
def test_folding_the_sign_is_undone(number: int) -> None:
    """Folded numbers are never negative, and unfold to what they were."""
    assert fold_sign(number) >= 0
    assert unfold_sign(fold_sign(number)) == number
