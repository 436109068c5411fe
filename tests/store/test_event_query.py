"""Pages, counts and facets of events, against looking at every single one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.events import TriggerCause
from cameratrap.domain.review import Change
from cameratrap.domain.selection import LIGHTS, STATES, Selection
from cameratrap.errors import UsageError
from cameratrap.store.connection import transaction
from cameratrap.store.event_facets import facets
from cameratrap.store.event_query import Cursor, count, neighbours, numbers, page
from cameratrap.store.project import Project
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_rows import (
    DeploymentRow,
    ObservationRow,
    SequenceRow,
    WordRow,
    add_deployment,
    add_sequence,
    add_word,
)
from cameratrap.store.review_actions import Scope, act
from tests.project_maker import START, TAXA, Plan, made_project

DAYS = st.dates(date(2026, 5, 31), date(2026, 6, 8))
SCORES = st.sampled_from((0.3, 0.4, 0.5, 0.7, 0.9))


def some(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple)


SELECTIONS = st.builds(
    Selection,
    deployments=some("d001", "d002", "d003", "west", "nowhere"),
    stations=some("s01", "s02", "far"),
    sessions=some("2026", "2025"),
    taxa=some(*TAXA[:3], "Lynx lynx"),
    since=st.none() | DAYS,
    until=st.none() | DAYS,
    min_score=st.none() | SCORES,
    max_score=st.none() | SCORES,
    light=st.sampled_from((None, *LIGHTS)),
    hours=st.sampled_from((None, None, (22, 4), (6, 12))),
    states=st.lists(st.sampled_from(STATES), max_size=2, unique=True).map(tuple),
    is_blank=st.none() | st.booleans(),
    is_flagged=st.none() | st.booleans(),
    causes=st.lists(st.sampled_from((TriggerCause.PIR, TriggerCause.MOTION)), max_size=1).map(tuple),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Three deployments of one standard time and one far to the west, some of it reviewed and flagged."""
    with made_project(tmp_path_factory.mktemp("query") / "p", Plan(deployments=3, sequences=40)) as made:
        _fill_west(made.connection)
        for n, change in enumerate((Change("verify"), Change("blank"), Change("relabel", TAXA[1]), Change("flag"))):
            events = tuple(range(1 + 3 * n, 70, 7 + n))
            act(made.connection, change, Scope(events), key=f"k{n}", author="Ann", made_at=START)
        act(made.connection, Change("verify"), Scope(sequences=(2, 4)), key="s", author="Ann", made_at=START)
        yield made


def _fill_west(connection: sqlite3.Connection) -> None:
    """Eleven hours behind the others, around its midnights; nobody has looked at half of it."""
    with transaction(connection):
        number = add_deployment(
            connection,
            DeploymentRow(
                "west", "far", -600, START, START + timedelta(days=4), "folder", "west", START, session="2025"
            ),
        )
        made = []
        for n in range(30):
            at = START + timedelta(hours=3 * n, minutes=n)
            made.append(add_sequence(connection, number, SequenceRow(f"w{n}", TriggerCause.PIR, at, at)))
            if n % 2:
                seen = (ObservationRow(TAXA[n % 3], 1, at, at, score=0.5),) if n % 3 else ()
                add_word(connection, made[-1], WordRow("machine", "m", at, seen))
        settle(connection, made)
        regroup(connection, number)


def by_looking(connection: sqlite3.Connection, selection: Selection) -> list[int]:
    """Every event, looked at by itself in plain Python."""
    found = []
    for row in connection.execute(
        "SELECT e.*, d.deployment AS name, d.station, d.session, d.utc_offset_minutes FROM events e"
        " JOIN deployments d ON d.id = e.deployment ORDER BY e.start_s, e.id"
    ):
        local = datetime.fromtimestamp(row["start_s"], UTC) + timedelta(minutes=row["utc_offset_minutes"])
        taxa = {each[0] for each in connection.execute("SELECT taxon FROM event_taxa WHERE event = ?", (row["id"],))}
        least, most = selection.min_score or 0, 1 if selection.max_score is None else selection.max_score
        by_score = selection.min_score is None and selection.max_score is None
        if (
            (not selection.deployments or row["name"] in selection.deployments)
            and (not selection.stations or row["station"] in selection.stations)
            and (not selection.sessions or row["session"] in selection.sessions)
            and (not selection.taxa or taxa & set(selection.taxa))
            and (selection.since or date.min) <= local.date() <= (selection.until or date.max)
            and (by_score or (row["score"] is not None and least <= row["score"] <= most))
            and (selection.light is None or row["is_night"] == (selection.light == "night"))
            and selection.has_hour(local.hour)
            and (not selection.states or row["state"] in selection.states)
            and selection.is_blank in (None, bool(row["is_blank"]))
            and selection.is_flagged in (None, bool(row["flagged"]))
            and (not selection.causes or row["cause"] in selection.causes)
        ):
            found.append(row["id"])
    return found


@given(selection=SELECTIONS, size=st.integers(1, 30))
def test_pages_hold_what_looking_at_each_event_finds(project: Project, selection: Selection, size: int) -> None:
    """Each once and in order, from the first page to the last and back again; and they are as many as counted."""
    connection, meant = project.connection, by_looking(project.connection, selection)
    assert numbers(connection, selection) == meant
    assert count(connection, selection) == len(meant)
    there, after, pages = [], None, []
    while True:
        found = page(connection, selection, size=size, after=after)
        there.append(found.events)
        pages.append(found)
        if found.after is None:
            break
        after = Cursor.parse(str(found.after))
    assert [event for events in there for event in events] == meant
    for left, right in pairwise(pages):
        assert right.before is not None
        back = page(connection, selection, size=size, before=right.before)
        assert back.events == left.events
        assert (back.before is None) is (left is pages[0])
    assert pages[0].before is None


@given(selection=SELECTIONS)
def test_facets_count_what_another_choice_would_leave(project: Project, selection: Selection) -> None:
    """Each without its own filter and with every other."""
    connection, found = project.connection, facets(project.connection, selection)
    assert found.events == count(connection, selection)
    for name in ("d001", "west"):
        assert found.deployments.get(name, 0) == count(connection, replace(selection, deployments=(name,)))
    for state in STATES:
        assert found.states[state] == count(connection, replace(selection, states=(state,)))
    for taxon in TAXA[:3]:
        assert found.taxa.get(taxon, 0) == count(connection, replace(selection, taxa=(taxon,)))
    assert found.blank == count(connection, replace(selection, is_blank=True))
    assert found.flagged == count(connection, replace(selection, is_flagged=True))


@given(selection=SELECTIONS, event=st.integers(1, 80))
def test_neighbours_are_beside_it_also_where_it_is_not_meant_any_more(
    project: Project, selection: Selection, event: int
) -> None:
    """What was corrected out of the filter still has a next and a previous event."""
    connection = project.connection
    order = by_looking(connection, Selection())
    meant = set(by_looking(connection, selection))
    at = order.index(event)
    previous = next((each for each in reversed(order[:at]) if each in meant), None)
    following = next((each for each in order[at + 1 :] if each in meant), None)
    assert neighbours(connection, selection, event) == (previous, following)


def test_an_event_that_is_not_there_has_no_neighbours(project: Project) -> None:
    """It may have been made anew meanwhile."""
    assert neighbours(project.connection, Selection(), 10**9) == (None, None)


@pytest.mark.parametrize("text", ["", "1", "a_b", "1e999_1", "nan_1", "1_1_1", "1_" + "9" * 30, "1.5_-3"])
def test_what_is_no_place_is_refused(text: str) -> None:
    """It comes from an address that anyone can type."""
    with pytest.raises(UsageError):
        Cursor.parse(text)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(deployments=("d001",)),
        Selection(stations=("s01", "s02"), light="night"),
        Selection(taxa=(TAXA[0],), is_flagged=True),
        Selection(min_score=0.5, states=("machine",)),
        Selection(is_blank=True, since=date(2026, 6, 2)),
    ],
    ids=Selection.to_query,
)
def test_no_question_reads_the_table_of_events(project: Project, selection: Selection) -> None:
    """Every filter is answered from an index alone, and no page has to be sorted."""
    connection = project.connection
    of_page = _plan(connection, lambda: page(connection, selection, size=60))
    of_count = _plan(connection, lambda: count(connection, selection))
    of_facets = _plan(connection, lambda: facets(connection, selection))
    assert not any("TEMP B-TREE" in line or line == "SCAN e" for line in of_page)
    assert "SCAN e" not in of_count
    assert of_facets.count("SCAN e") <= 1  # the taxa of all events, which lie in an index and nowhere else
    for line in of_page + of_count + of_facets:
        assert "events_by" not in line or "COVERING INDEX" in line


def _plan(connection: sqlite3.Connection, ask: Callable[[], object]) -> list[str]:
    """How SQLite answers everything that is asked."""
    asked = list[str]()
    connection.set_trace_callback(asked.append)
    try:
        ask()
    finally:
        connection.set_trace_callback(None)
    rows = [row for query in asked for row in connection.execute("EXPLAIN QUERY PLAN " + query)]
    return [str(row["detail"]) for row in rows]
