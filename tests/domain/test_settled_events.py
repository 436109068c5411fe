"""Events of a season that passes by, against those of the season held whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain import events
from cameratrap.domain.events import IndependenceRule, Sighting, TriggerCause, independent_events, settled_events

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)

SIGHTINGS = st.lists(
    st.builds(
        lambda minute, lasts, taxon, count, cause: Sighting(
            "d",
            taxon,
            NOON + timedelta(minutes=minute),
            NOON + timedelta(minutes=minute + lasts),
            count,
            f"b{minute}",
            cause,
        ),
        st.integers(0, 600),
        st.one_of(st.just(0), st.integers(0, 90)),
        st.sampled_from("xy"),
        st.integers(1, 4),
        st.sampled_from([TriggerCause.PIR, TriggerCause.TIMELAPSE]),
    ),
    max_size=40,
)


@given(SIGHTINGS, st.sampled_from([0, 1, 30]), st.sampled_from(list(IndependenceRule)), st.integers(1, 7))
def test_events_that_pass_by_are_those_of_the_whole(
    seen: list[Sighting], minutes: int, rule: IndependenceRule, at_a_time: int
) -> None:
    """Whatever is taken at a time, by either rule, with sightings that outlast the next ones: the same, to the last."""
    interval = timedelta(minutes=minutes)
    whole = independent_events(seen, interval=interval, rule=rule)
    seen.sort(key=lambda each: each.start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "AT_A_TIME", at_a_time)
        settled = list(settled_events(seen, interval=interval, rule=rule))
    assert sorted(map(repr, settled)) == sorted(map(repr, whole))


def test_a_database_that_orders_by_milliseconds_changes_nothing() -> None:
    """Two sightings within the same millisecond may come in either order."""
    seen = [
        Sighting("d", "x", NOON + timedelta(microseconds=us), NOON + timedelta(microseconds=us), 1, f"b{us}")
        for us in (400, 0, 1400, 900, 2000)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "AT_A_TIME", 1)
        assert list(settled_events(seen, interval=timedelta(0))) == independent_events(seen, interval=timedelta(0))
