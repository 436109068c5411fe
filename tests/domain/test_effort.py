"""Effort: armed hours by day and night, counted once however they overlap."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.effort import Span, by_day, hours, hours_at_night, overlap, subtract, union
from cameratrap.domain.events import standard_zone

MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)
DAY = date(2026, 6, 1)


def span(start_h: float, end_h: float) -> Span:
    return Span(MIDNIGHT + timedelta(hours=start_h), MIDNIGHT + timedelta(hours=end_h))


def hours_armed(armed: list[Span], day: date, zone: timezone) -> float:
    return hours(by_day(armed, zone).get(day, []))


spans = st.lists(
    st.tuples(st.integers(-30, 50), st.integers(0, 40)).map(lambda t: span(t[0], t[0] + t[1])), max_size=12
)


def test_a_stretch_across_days_gives_each_day_its_part() -> None:
    """Armed from 18:00 for 12 hours is 6 hours of one day and 6 of the next, in the station's time."""
    armed = [span(18, 30)]
    assert hours_armed(armed, DAY, standard_zone(0)) == 6
    assert hours_armed(armed, DAY + timedelta(days=1), standard_zone(0)) == 6
    assert hours_armed(armed, DAY, standard_zone(120)) == 4


def test_overlapping_stretches_are_armed_once() -> None:
    assert hours_armed([span(1, 5), span(2, 3), span(4, 6)], DAY, standard_zone(0)) == 5


def test_night_hours_are_the_armed_part_of_the_night() -> None:
    """Armed from 20:00 to 22:00 with the night from 21:00: one hour of the day's night."""
    assert hours_at_night([span(20, 22)], [span(21, 29)]) == 1


def test_a_span_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        span(2, 1)


@given(spans)
def test_union_keeps_every_moment_once(parts: list[Span]) -> None:
    """The union is sorted, without overlap, and holds exactly the hours that any part holds."""
    merged = union(parts)
    assert all(a.end < b.start for a, b in itertools.pairwise(merged))
    covered = {
        hour for part in parts for hour in range(-30, 90) if part.start <= MIDNIGHT + timedelta(hours=hour) < part.end
    }
    assert sum((part.length for part in merged), timedelta()) == timedelta(hours=len(covered))


@given(spans, spans)
def test_overlap_is_symmetric_and_bounded(one: list[Span], other: list[Span]) -> None:
    shared = overlap(one, other)
    assert shared == overlap(other, one)
    assert timedelta(0) <= shared <= min(overlap(one, one), overlap(other, other))


@given(spans)
def test_a_day_never_has_more_than_24_hours(parts: list[Span]) -> None:
    assert 0 <= hours_armed(parts, DAY, standard_zone(-300)) <= 24


@given(spans, st.integers(-14, 14))
def test_days_share_out_all_of_the_time(parts: list[Span], offset_h: int) -> None:
    """Cut at midnights, nothing is lost, nothing doubled, and each piece lies in its day."""
    zone = standard_zone(offset_h * 60)
    cut = by_day(parts, zone)
    assert sum(hours(pieces) for pieces in cut.values()) == hours(union(parts))
    for day, pieces in cut.items():
        for piece in pieces:
            assert piece.start.astimezone(zone).date() == day
            assert (piece.end - timedelta(microseconds=1)).astimezone(zone).date() == day


@given(spans, spans)
def test_what_is_subtracted_and_what_is_left_are_the_whole(parts: list[Span], holes: list[Span]) -> None:
    """Nothing left lies in a hole, left and overlap add up, and what is left is in order without overlaps."""
    left = subtract(parts, holes)
    assert overlap(left, holes) == timedelta(0)
    assert hours(left) + overlap(parts, holes) / timedelta(hours=1) == pytest.approx(hours(union(parts)))
    assert all(a.end <= b.start for a, b in itertools.pairwise(left))
    assert subtract(parts, []) == union(parts)
    assert subtract(left, holes) == left
