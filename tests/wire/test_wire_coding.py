"""The arithmetic coder, and what the message is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.errors import DecodeError
from cameratrap.wire.coding import (
    MOST_DECISIONS,
    Coding,
    Even,
    Number,
    Reader,
    Usually,
    Writer,
    fold_sign,
    unfold_sign,
)
from cameratrap.wire.priors import PRIORS, Priors
from cameratrap.wire.range_coder import MOST_SHARES, RangeDecoder, RangeEncoder

NAME = "triggers"
codings = st.sampled_from([Number(NAME, order) for order in range(9)] + [Even(2**16), Usually("armed", 240, 2**16)])


@st.composite
def decisions(draw: st.DrawFn) -> list[tuple[list[int], int]]:
    """Choices among shares of any size, and which is made."""
    shares = st.lists(st.one_of(st.just(1), st.integers(1, 6000)), min_size=1, max_size=9)
    return [(each, draw(st.integers(0, len(each) - 1))) for each in draw(st.lists(shares, max_size=60))]


@given(decisions())
def test_decisions_come_back_in_order(made: list[tuple[list[int], int]]) -> None:
    """Whatever their shares; no byte that is zero ends the message."""
    out = RangeEncoder()
    for shares, number in made:
        out.keep(sum(shares[:number]), shares[number], sum(shares))
    data = out.to_bytes()
    assert not data.endswith(b"\0")
    body = RangeDecoder(data)
    for shares, number in made:
        start = sum(shares[:number])
        assert start <= body.share(sum(shares)) < start + shares[number]
        body.keep(start, shares[number], sum(shares))


@pytest.mark.parametrize("outcome", [0, 1])
def test_a_carry_runs_through_any_number_of_bytes(outcome: int) -> None:
    """A long row of last shares, then a decision that tips them over or does not."""
    out = RangeEncoder()
    for _ in range(100):
        out.keep(2**16 - 1, 1, 2**16)
    out.keep(outcome, 1, 2)
    body = RangeDecoder(out.to_bytes())
    for _ in range(100):
        assert body.share(2**16) == 2**16 - 1
        body.keep(2**16 - 1, 1, 2**16)
    assert body.share(2) == outcome


def test_a_message_is_as_short_as_its_decisions_are_likely() -> None:
    """A hundred decisions of one half are 100 bits; a hundred that were nearly certain are none."""
    even, certain = RangeEncoder(), RangeEncoder()
    for number in range(100):
        even.keep(number % 2, 1, 2)
        certain.keep(1, 65_000, 65_001)
    assert len(even.to_bytes()) in {12, 13}
    assert len(certain.to_bytes()) == 1


@pytest.mark.parametrize(
    ("start", "shares", "total"), [(0, 0, 1), (1, 1, 1), (-1, 1, 2), (0, 3, 2), (0, 1, MOST_SHARES + 1)]
)
def test_shares_that_do_not_exist_are_a_mistake_of_the_caller(start: int, shares: int, total: int) -> None:
    """They would make a message that nobody can read."""
    with pytest.raises(ValueError, match="no shares"):
        RangeEncoder().keep(start, shares, total)


@given(st.lists(st.tuples(codings, st.integers(0, 2**16 - 1))))
def test_numbers_come_back_in_order(written: list[tuple[Coding, int]]) -> None:
    """What was written by a sequence of codes is read by the same sequence."""
    out = Writer(PRIORS)
    for coding, number in written:
        coding.write(out, number)
    body = Reader(out.to_bytes(), PRIORS)
    assert [coding.read(body) for coding, _ in written] == [number for _, number in written]


def test_a_message_learns_from_itself() -> None:
    """The same unlikely outcome again and again costs less and less; a thousand of them, very little."""
    out = Writer(PRIORS)
    for _ in range(1000):
        out.bit(True, "again")
    assert len(out.to_bytes()) < 10


def test_what_a_message_learns_of_one_owner_is_not_told_of_another() -> None:
    """One taxon that always comes back does not make another likely."""
    alone, beside = Writer(PRIORS), Writer(PRIORS)
    for _ in range(50):
        beside.bit(True, "again", owner=1)
    before = len(beside.to_bytes())
    for _ in range(50):
        alone.bit(False, "again", owner=2)
        beside.bit(False, "again", owner=2)
    assert abs(len(beside.to_bytes()) - before - len(alone.to_bytes())) <= 1


def test_a_number_without_end_is_refused() -> None:
    """A number with more digits than any message holds is noise, not a huge number."""
    with pytest.raises(DecodeError, match="no message can hold"):
        Number(NAME).read(Reader(b"\xff" * 300, PRIORS))


def test_a_body_without_end_is_refused() -> None:
    """Nearly certain decisions cost nothing: how many there are is limited all the same, for writer and reader."""
    certain = Priors({"certain": ((1, 60_000),)}, PRIORS.taxa)
    out, body = Writer(certain), Reader(b"", certain)
    for _ in range(MOST_DECISIONS):
        out.even(0, 1)
        body.even(1)
    assert out.fits(0)
    out.even(0, 1)
    assert not out.fits(340)
    with pytest.raises(DecodeError, match="does not end"):
        body.even(1)


@given(st.integers())
def test_folding_the_sign_is_undone(number: int) -> None:
    """Folded numbers are never negative, and unfold to what they were."""
    assert fold_sign(number) >= 0
    assert unfold_sign(fold_sign(number)) == number


def test_the_priors_are_whole_numbers_a_reader_can_use() -> None:
    """Every pair leaves both outcomes possible, every code has a share, and none are too many for the coder."""
    pairs = [pair for row in PRIORS.contexts.values() for pair in row]
    assert all(isinstance(count, int) and count >= 1 for pair in pairs for count in pair)
    assert max(sum(pair) for pair in pairs) <= 4096
    assert min(PRIORS.taxa) >= 1
    assert len(PRIORS.taxa) == 4096
    assert PRIORS.below[-1] == sum(PRIORS.taxa) <= MOST_SHARES
