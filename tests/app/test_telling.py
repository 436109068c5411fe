"""In which order days are offered to a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.telling import RECENT_DAYS, UNTOLD_DAYS, in_order_of_worth, tellings_of, untold, words_of
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.store.summaries import Telling, TellingState
from cameratrap.wire.layout import COUNT_MAX

FIRST = date(2026, 6, 1)


def day(number: int, count: int = 1, taxon: str = "Vulpes vulpes") -> EarlierDay:
    return EarlierDay(FIRST + timedelta(days=number), number, 24.0, None, (Tally(taxon, count, count),))


def telling(told: EarlierDay, state: TellingState = TellingState.SENT, *, by: int = 99, whole: bool = True) -> Telling:
    return Telling(by, told.day, words_of(told, merged=not whole), whole, state)


def order(days: list[EarlierDay], *tellings: Telling, wanted: tuple[int, ...] = ()) -> list[int]:
    asked = [FIRST + timedelta(days=number) for number in wanted]
    return [each.sequence for each in in_order_of_worth({each.day: each for each in days}, tellings, asked)]


def test_untold_then_not_arrived_then_told_least_often_newest_first() -> None:
    """The whole order in one example; what was asked for comes before all."""
    days = [day(number) for number in range(6)]
    tellings = [
        telling(days[5]),
        telling(days[5], by=98),
        telling(days[4]),
        telling(days[3], TellingState.QUEUED),
        telling(days[2], TellingState.GONE),
        telling(days[1], whole=False),
    ]
    assert order(days, *tellings) == [2, 0, 3, 1, 4, 5]
    assert order(days, *tellings, wanted=(5,)) == [5, 2, 0, 3, 1, 4]


def test_a_day_that_was_told_otherwise_is_not_told() -> None:
    """It has grown since its message was sent."""
    assert order([day(0), day(1, count=3)], telling(day(0)), telling(day(1, count=2))) == [1, 0]
    assert untold({day(1).day: day(1, count=3)}, [telling(day(1, count=2))]) == {day(1).day}


def test_a_day_told_with_taxa_merged_is_told_as_long_as_its_totals_are_so() -> None:
    """Also where they are beyond what a message can hold."""
    taxa = ("Vulpes vulpes", "Lynx lynx")
    for count in (3, COUNT_MAX):
        now = replace(day(0), tallies=tuple(Tally(taxon, count, count) for taxon in taxa))
        most = min(2 * count, COUNT_MAX)
        merged = tellings_of(DailySummary(FIRST, 7, (Tally(OTHERS, most, most, taxa=2),), Effort(hours_armed=24.0)))
        assert untold({FIRST: now}, merged) == set()
    grown = replace(now, tallies=day(0, count=COUNT_MAX - 1).tallies)
    assert untold({FIRST: grown}, merged) == {FIRST}


def test_a_lower_number_does_not_hold_against_a_higher_one() -> None:
    """A message that waited was composed anew, but the receiver believes the highest number."""
    now, days = day(1, count=3), {day(1).day: day(1, count=3)}
    right, older = telling(now, by=1), telling(day(1, count=2), by=4)
    assert untold(days, [right, older]) == {now.day}
    assert untold(days, [right, telling(day(1, count=2), TellingState.GONE, by=4)]) == set()
    assert untold(days, [right, older, telling(now, by=5)]) == set()


def test_what_a_summary_tells_is_read_from_it() -> None:
    """Its own day and those it carries; a bucket of others is a day told in part."""
    own = DailySummary(FIRST, 7, (Tally(OTHERS, 3, 9, taxa=2),), Effort(hours_armed=24.0), earlier=(day(-1),))
    first, second = tellings_of(own)
    assert (first.sequence, first.day, first.whole) == (7, FIRST, False)
    assert (second.sequence, second.day, second.whole) == (7, FIRST - timedelta(days=1), True)
    assert second.says == words_of(day(-1))


@given(st.sets(st.integers(0, 400)), st.sets(st.integers(0, 400)))
def test_each_day_is_offered_once_and_none_that_is_untold_too_late(known: set[int], told: set[int]) -> None:
    """The newest days, and of the untold ones so many at a time; the untold come first."""
    days = [day(number) for number in sorted(known)]
    offered = order(days, *(telling(day(number)) for number in told & known))
    assert len(offered) == len(set(offered)) <= RECENT_DAYS + UNTOLD_DAYS
    missing = sorted(known - told, reverse=True)[:UNTOLD_DAYS]
    assert offered[: len(missing)] == missing
    assert set(sorted(known, reverse=True)[:RECENT_DAYS]) <= set(offered)
