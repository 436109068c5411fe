"""Fitting a day into a credit: earlier days, several messages, the bucket of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.errors import DecodeError, EncodeError
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.layout import MAX_BYTES
from cameratrap.wire.parts import PartialSummary, join_parts
from cameratrap.wire.quantise import quantise
from tests.wire.strategies import DAY, FOX, FULL_EFFORT, FULL_HEALTH, TAXA, many, summaries

# One radio burst: room for effort and health at their very limits and everything in others.
BURST_BYTES = 70

ORDINARY = DailySummary(DAY, 300, (FOX,), FULL_EFFORT, FULL_HEALTH)
CROWDED = replace(ORDINARY, tallies=many(40))


def earlier_days(count: int, tallies: tuple[Tally, ...] = (FOX,)) -> list[EarlierDay]:
    """That many days before the ordinary one, newest first."""
    return [EarlierDay(DAY - timedelta(days=n), 300 - n, 24.0, 9.5, tallies) for n in range(1, count + 1)]


def received(summary: DailySummary, **options: int) -> list[DailySummary]:
    """What arrives of a summary."""
    return [decode(message, TAXA) for message in encode(summary, TAXA, **options)]


def test_a_week_fits_one_credit() -> None:
    """An ordinary day with the six before it is one message of at most 50 bytes."""
    (message,) = encode(ORDINARY, TAXA, earlier=earlier_days(6))
    assert len(message) <= CREDIT_BYTES
    assert decode(message, TAXA).earlier == tuple(earlier_days(6))


def test_earlier_days_fill_the_credit_and_never_cost_another() -> None:
    """As many as fit whole, the first offered first; one more would not have fitted."""
    (message,) = encode(ORDINARY, TAXA, earlier=earlier_days(200), max_messages=3)
    carried = decode(message, TAXA).earlier
    assert len(message) <= CREDIT_BYTES
    assert carried == tuple(earlier_days(200)[: len(carried)])
    assert 6 <= len(carried) < 200
    (longer,) = encode(ORDINARY, TAXA, earlier=earlier_days(len(carried) + 1), max_bytes=MAX_BYTES)
    assert len(longer) > CREDIT_BYTES


def test_an_earlier_day_that_is_too_large_makes_way_for_older_ones() -> None:
    """A crowded yesterday does not keep the days before it from being carried again."""
    days = [*earlier_days(1, many(60)), *earlier_days(4)[1:]]
    (message,) = encode(ORDINARY, TAXA, earlier=days)
    assert decode(message, TAXA).earlier == tuple(days[1:])


def test_the_days_offered_first_are_carried_first() -> None:
    """Days that were never told can be offered before those that were; on the way they stand newest first."""
    single = [Tally(each.taxon, 1, 1) for each in many(40)]
    crowded = [replace(each, tallies=tuple(single[8 * n : 8 * n + 8])) for n, each in enumerate(earlier_days(4))]
    oldest_first = decode(encode(ORDINARY, TAXA, earlier=reversed(crowded))[0], TAXA).earlier
    newest_first = decode(encode(ORDINARY, TAXA, earlier=crowded)[0], TAXA).earlier
    assert newest_first == tuple(crowded[: len(newest_first)])
    assert oldest_first == tuple(crowded[-len(oldest_first) :])
    assert 0 < len(oldest_first) < 4


def test_earlier_days_may_be_given_in_any_order() -> None:
    """They are carried newest first, whatever order they come in."""
    for order in permutations(earlier_days(3)):
        assert received(replace(ORDINARY, earlier=order))[0].earlier == tuple(earlier_days(3))


def test_taxa_that_do_not_fit_are_others_with_true_totals() -> None:
    """One message keeps what it can under its name; the last tally holds the sums of the rest and how many they are."""
    (message,) = encode(CROWDED, TAXA)
    (*named, others) = decode(message, TAXA).tallies
    lost = [tally for tally in CROWDED.tallies if tally.taxon not in {each.taxon for each in named}]
    assert len(message) <= CREDIT_BYTES
    assert set(named) < set(CROWDED.tallies)
    assert others == Tally(OTHERS, sum(t.events for t in lost), sum(t.individuals for t in lost), len(lost))


def test_the_commonest_animals_are_merged_first_and_people_last() -> None:
    """A rare species, and people at any number, keep their name; the commonest animals give theirs up."""
    crowd = Tally("Homo sapiens", 500, 900)
    summary = replace(CROWDED, tallies=(crowd, *(tally for tally in many(40) if tally.taxon != "Homo sapiens")))
    (*named, others) = received(summary)[0].tallies
    lost = [tally for tally in summary.tallies if tally not in named]
    animals = [tally.individuals for tally in named if not _is_human(tally)]
    assert others.taxa == len(lost)
    assert crowd in named
    assert max(animals) < min(tally.individuals for tally in lost)


def _is_human(tally: Tally) -> bool:
    return TAXA.is_person(tally.taxon) or TAXA.is_vehicle(tally.taxon)


def test_others_that_arrive_in_others_are_added_up() -> None:
    """A summary that already holds others still sends true totals."""
    before = Tally(OTHERS, 50, 60, 20)
    (*named, others) = received(replace(CROWDED, tallies=(*many(40), before)))[0].tallies
    total = [sum(t.individuals for t in tallies) for tallies in ((*named, others), (*CROWDED.tallies, before))]
    assert total[0] == total[1]
    assert others.taxa == 40 - len(named) + 20


def test_several_messages_carry_every_taxon() -> None:
    """Where the user pays for more messages, nothing is merged, and each part says which it is."""
    parts = received(CROWDED, max_messages=8)
    assert [(p.part, p.parts) for p in parts if isinstance(p, PartialSummary)] == [
        (number, len(parts)) for number in range(1, len(parts) + 1)
    ]
    assert len(parts) > 1
    assert join_parts(parts) == quantise(CROWDED, TAXA)  # type: ignore[arg-type]


def test_no_more_messages_than_needed() -> None:
    """A day that fits one message is never split, and a split day could not be told in fewer."""
    assert len(encode(ORDINARY, TAXA, max_messages=8)) == 1
    parts = encode(CROWDED, TAXA, max_messages=8)
    fewer = received(CROWDED, max_messages=len(parts) - 1)
    assert fewer[-1].tallies[-1].taxon == OTHERS


def test_a_part_received_again_counts_once_and_order_does_not_matter() -> None:
    """Messages arrive late, twice and out of order."""
    parts = received(CROWDED, max_messages=8)
    assert join_parts([*reversed(parts), parts[0]]) == quantise(CROWDED, TAXA)  # type: ignore[list-item]


def test_parts_that_are_not_the_whole_day_are_not_joined() -> None:
    """A missing part, a part of another day and two versions of one part are refused."""
    parts = [part for part in received(CROWDED, max_messages=8) if isinstance(part, PartialSummary)]
    with pytest.raises(DecodeError, match="not complete"):
        join_parts(parts[:-1])
    with pytest.raises(DecodeError, match="not parts of one summary"):
        join_parts([*parts[:-1], replace(parts[-1], sequence=9)])
    with pytest.raises(DecodeError, match="two different messages"):
        join_parts([*parts, replace(parts[-1], tallies=(FOX,))])
    with pytest.raises(DecodeError, match="no parts"):
        join_parts([])


def test_a_part_encodes_to_its_own_message_again() -> None:
    """What a receiver stored of an incomplete day is the same bytes again."""
    messages = encode(CROWDED, TAXA, max_messages=8)
    assert [encode(decode(message, TAXA), TAXA) for message in messages] == [[message] for message in messages]


def test_spare_bytes_of_the_last_part_carry_earlier_days() -> None:
    """A day in several messages still repeats days where there is room."""
    parts = received(replace(CROWDED, earlier=tuple(earlier_days(3, ()))), max_messages=8)
    assert all(part.earlier == () for part in parts[:-1])
    assert parts[-1].earlier != ()


def test_a_message_too_small_for_effort_and_health_is_refused() -> None:
    """There is nothing left to merge: the caller is told, and nothing is dropped in silence."""
    with pytest.raises(EncodeError, match="does not fit"):
        encode(ORDINARY, TAXA, max_bytes=8)


@pytest.mark.parametrize(("max_bytes", "max_messages"), [(0, 1), (341, 1), (50, 0)])
def test_limits_that_cannot_be_are_a_mistake_of_the_caller(max_bytes: int, max_messages: int) -> None:
    """A modem takes 1 to 340 bytes."""
    with pytest.raises(ValueError, match="1 to 340"):
        encode(ORDINARY, TAXA, max_bytes=max_bytes, max_messages=max_messages)


@given(summaries(), st.integers(1, 4))
def test_no_limit_is_ever_exceeded_and_no_animal_is_lost(summary: DailySummary, max_messages: int) -> None:
    """Whatever the day: the messages keep to their limits, decode, and sum to the day's true totals."""
    messages = encode(summary, TAXA, max_messages=max_messages, max_bytes=BURST_BYTES)
    days = [decode(message, TAXA) for message in messages]
    assert len(messages) <= max_messages
    assert all(len(message) <= BURST_BYTES for message in messages)
    whole = quantise(summary, TAXA)
    sent = join_parts(days) if len(days) > 1 else days[0]  # type: ignore[arg-type]
    assert (sent.effort, sent.health) == (whole.effort, whole.health)
    if not (sent.saturated or whole.saturated):
        assert sum(t.individuals for t in sent.tallies) == sum(t.individuals for t in whole.tallies)
        assert sum(t.events for t in sent.tallies) == sum(t.events for t in whole.tallies)
        assert sum(t.taxa or 1 for t in sent.tallies) == sum(t.taxa or 1 for t in whole.tallies)
    assert set(sent.earlier) <= set(whole.earlier)


def test_effort_and_health_travel_in_the_first_part_only() -> None:
    """Later parts spend their bytes on tallies."""
    first, *rest = received(CROWDED, max_messages=8)
    assert (first.effort, first.health) == (FULL_EFFORT, FULL_HEALTH)
    assert all((part.effort, part.health) == (Effort(), Health()) for part in rest)
