"""Summaries and messages for Hypothesis, and a few written out by hand."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import (
    FAULTS,
    ClockQuality,
    CommandOutcome,
    CommandReport,
    DailySummary,
    EarlierDay,
    Health,
)
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.resources import builtin_taxa
from cameratrap.wire.layout import EPOCH

TAXA = builtin_taxa()
FULL_EFFORT = Effort(hours_armed=24.0, hours_armed_night=9.5, triggers=31, blank=22, suppressed=4)
FULL_HEALTH = Health(12.4, -3, 14, 87, 0, ClockQuality.OK, ())
DAY = date(2026, 11, 21)
FOX = Tally("Vulpes vulpes", 3, 4)

counts = st.one_of(st.integers(1, 20), st.integers(1, 2**21))
names = st.one_of(
    st.sampled_from([name for taxon in TAXA for name in taxon.names]),
    st.integers(1, 4095).map(lambda code: f"code {code}"),
)


@st.composite
def tallies(draw: st.DrawFn) -> tuple[Tally, ...]:
    """A few tallies under any of their names, so that two may be one taxon; perhaps others."""
    each = draw(st.lists(st.tuples(names, counts, counts), max_size=3))
    named = [Tally(name, min(a, b), max(a, b)) for name, a, b in each]
    others = [Tally(OTHERS, 7, draw(counts) + 6, draw(st.integers(1, 4095)))] if draw(st.booleans()) else []
    return (*named, *others)


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A value, or None for not measured."""
    return st.one_of(st.none(), values)


hours = maybe(st.one_of(st.just(24.0), st.floats(0, 24)))
whole = maybe(st.integers(0, 2**21))
efforts = st.one_of(st.just(FULL_EFFORT), st.builds(Effort, hours, hours, whole, whole, whole))
healths = st.one_of(
    st.just(FULL_HEALTH),
    st.builds(
        Health,
        maybe(st.floats(0, 60)),
        maybe(st.integers(-300, 300)),
        maybe(st.integers(-300, 300)),
        maybe(st.integers(0, 100)),
        whole,
        maybe(st.sampled_from(ClockQuality)),
        maybe(st.lists(st.sampled_from([*FAULTS, "fault 9"]), unique=True).map(tuple)),
    ),
)
reports = st.builds(CommandReport, maybe(st.integers(1, 2**16 - 1)), st.sampled_from(CommandOutcome))
sequences = st.one_of(st.integers(0, 5000), st.integers(0, 2**32 - 1))


@st.composite
def summaries(draw: st.DrawFn) -> DailySummary:
    """Any summary that fits into the longest message: values off the grid and beyond open ends among them."""
    day = draw(st.dates(date(2001, 1, 1), date(2089, 9, 17)))
    earlier = []
    before = day
    for gap in draw(st.lists(st.integers(1, 30), max_size=3)):
        before = max(EPOCH, before - timedelta(days=gap))
        earlier.append(EarlierDay(before, draw(sequences), draw(hours), draw(hours), draw(tallies())))  # type: ignore[arg-type]
    return DailySummary(
        day,
        draw(sequences),
        draw(tallies()),
        draw(efforts),
        draw(healths),
        earlier=tuple({e.day: e for e in earlier}.values()),
        commands=tuple(draw(st.lists(reports, max_size=2))),
    )


def many(count: int) -> tuple[Tally, ...]:
    """One tally of each of the first ``count`` taxa of the table, all of them with different counts."""
    return tuple(Tally(taxon.name, number, 3 * number) for number, taxon in enumerate(list(TAXA)[:count], 1))
