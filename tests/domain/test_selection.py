"""Selections as the query of an address, and what they mean of an event."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.events import Event, Sighting, TriggerCause, independent_events
from cameratrap.domain.selected import selects, state_of
from cameratrap.domain.selection import LIGHTS, STATES, Selection
from cameratrap.errors import UsageError

NAMES = st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1), max_size=3, unique=True).map(tuple)
SCORES = st.none() | st.floats(0, 1)
SELECTIONS = st.builds(
    Selection,
    deployments=NAMES,
    stations=NAMES,
    sessions=NAMES,
    taxa=NAMES,
    since=st.none() | st.dates(),
    until=st.none() | st.dates(),
    min_score=SCORES,
    max_score=SCORES,
    light=st.sampled_from((None, *LIGHTS)),
    hours=st.none() | st.tuples(st.integers(0, 23), st.integers(0, 24)).filter(lambda pair: pair[0] != pair[1]),
    states=st.lists(st.sampled_from(STATES), unique=True).map(tuple),
    is_blank=st.none() | st.booleans(),
    is_flagged=st.none() | st.booleans(),
    causes=st.lists(st.sampled_from(TriggerCause), unique=True).map(tuple),
)


@given(SELECTIONS)
def test_a_query_means_the_selection_it_was_made_of(selection: Selection) -> None:
    """Whatever names hold: separators, markup, any script; a leading question mark is no part of it."""
    assert Selection.from_query(selection.to_query()) == selection
    assert Selection.from_query("?" + selection.to_query()) == selection
    assert bool(selection) is (selection.to_query() != "")


@given(st.text())
def test_any_text_is_a_selection_or_refused(text: str) -> None:
    """Nothing else comes of what somebody types into the address."""
    try:
        selection = Selection.from_query(text)
    except UsageError:
        return
    assert Selection.from_query(selection.to_query()) == selection


@pytest.mark.parametrize(
    "query",
    [
        "taxa=animal",
        "TAXON=animal",
        "min_score=2",
        "min_score=nan",
        "min_score=half",
        "from=2026-13-01",
        "to=yesterday",
        "light=dusk",
        "hours=4",
        "hours=5-5",
        "hours=-1-3",
        "hours=22-25",
        "state=seen",
        "cause=wind",
        "blank=maybe",
        "from=2026-01-01&from=2026-01-02",
        "&".join(f"taxon={n}" for n in range(1001)),
    ],
)
def test_what_is_not_understood_is_refused(query: str) -> None:
    """A filter that is passed over would mean more events than were asked for."""
    with pytest.raises(UsageError):
        Selection.from_query(query)


def test_a_form_sends_empty_fields_and_a_page_its_place() -> None:
    """Neither is a filter; a value that is given twice is given once."""
    assert Selection.from_query("taxon=&from=&light=&after=1.5_3&size=60&before=") == Selection()
    assert Selection.from_query("taxon=a&taxon=b&taxon=a") == Selection(taxa=("a", "b"))


def test_an_empty_name_is_no_filter() -> None:
    """It would be written as nothing, and mean all."""
    with pytest.raises(UsageError):
        Selection(taxa=("",))


def test_hours_go_around_midnight() -> None:
    """The second hour is not included."""
    assert [hour for hour in range(24) if Selection(hours=(22, 3)).has_hour(hour)] == [0, 1, 2, 22, 23]
    assert [hour for hour in range(24) if Selection(hours=(3, 5)).has_hour(hour)] == [3, 4]
    assert all(Selection(hours=(0, 24)).has_hour(hour) for hour in range(24))


ZONE = timezone(timedelta(hours=2))


def _event(**changes: object) -> Event:
    sighting: dict[str, object] = {
        "deployment": "d1",
        "taxon": "Vulpes vulpes",
        "start": datetime(2026, 6, 1, 22, 30, tzinfo=UTC),
        "end": datetime(2026, 6, 1, 22, 31, tzinfo=UTC),
        "count": 1,
        "burst": "b",
        "score": 0.5,
    }
    (event,) = independent_events([Sighting(**{**sighting, **changes})])  # type: ignore[arg-type]
    return event


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        (Selection(), True),
        (Selection(taxa=("Vulpes vulpes", "x")), True),
        (Selection(taxa=("x",)), False),
        (Selection(deployments=("d2",)), False),
        (Selection(since=date(2026, 6, 2), until=date(2026, 6, 2)), True),  # half past midnight at the station
        (Selection(until=date(2026, 6, 1)), False),
        (Selection(hours=(0, 1)), True),
        (Selection(hours=(22, 23)), False),
        (Selection(min_score=0.5, max_score=0.5), True),
        (Selection(min_score=0.6), False),
        (Selection(max_score=0.4), False),
        (Selection(states=("machine",)), True),
        (Selection(states=("verified",)), False),
        (Selection(causes=(TriggerCause.MOTION,)), False),
        (Selection(is_blank=True), False),
        (Selection(is_blank=False), True),
    ],
)
def test_a_selection_means_an_event_by_all_it_says(selection: Selection, meant: bool) -> None:
    """Days and hours are the station's."""
    assert selects(selection, _event(), ZONE) is meant


def test_an_event_without_a_score_is_in_no_selection_by_score() -> None:
    """Neither from below nor from above."""
    event = _event(score=None, source="human")
    assert not selects(Selection(min_score=0.0), event, ZONE)
    assert not selects(Selection(max_score=1.0), event, ZONE)
    assert state_of(event) == "verified"
