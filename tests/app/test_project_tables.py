"""The days of a project's deployments: those on which nothing was seen are results, too."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cameratrap.app.fold import Rules
from cameratrap.app.project_tables import tallied_days
from cameratrap.domain.selection import Selection
from cameratrap.store.connection import transaction
from cameratrap.store.project import edit_project, read_project
from tests.studied_project import studied_project

JUNE = [date(2026, 6, day) for day in (1, 2, 3)]


@pytest.mark.parametrize("taxa", [(), ("Vulpes vulpes",), ("Lynx lynx",)])
def test_a_day_without_an_animal_is_a_day(tmp_path: Path, taxa: tuple[str, ...]) -> None:
    """From setup to retrieval where nobody kept an account of the days, whatever taxon is asked for."""
    with read_project(studied_project(tmp_path / "p")) as project:
        for name in ("moor", "lost"):
            selection = Selection(deployments=(name,), taxa=taxa)
            told = list(tallied_days(project.connection, Rules(), selection))
            assert [each.day for each in told] == JUNE
            seen = sum(tally.events for each in told for tally in each.tallies)
            assert seen == (name == "moor" and taxa != ("Lynx lynx",))


def test_filters_cut_the_days(tmp_path: Path) -> None:
    """And a day that nobody kept an account of has no hours, not zero."""
    with read_project(studied_project(tmp_path / "p")) as project:
        selection = Selection(deployments=("moor",), since=JUNE[1], until=JUNE[1] + timedelta(days=30))
        told = list(tallied_days(project.connection, Rules(), selection))
    assert [(each.day, each.hours_armed, each.tallies) for each in told] == [(day, None, ()) for day in JUNE[1:]]


def test_who_is_fetched_at_midnight_was_not_there_the_next_day(tmp_path: Path) -> None:
    """The end of a deployment is the first moment at which it stood no longer."""
    folder = studied_project(tmp_path / "p")
    with edit_project(folder) as project:
        with transaction(project.connection):
            project.connection.execute(
                "UPDATE deployments SET end = '2026-06-04T00:00:00' || substr(end, -6) WHERE deployment = 'moor'"
            )
        told = list(tallied_days(project.connection, Rules(), Selection(deployments=("moor",))))
    assert [each.day for each in told] == JUNE
