"""A project of a million pictures."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from cameratrap.domain.selection import Selection
from cameratrap.store.event_facets import facets
from cameratrap.store.event_query import Cursor, page
from cameratrap.store.project import read_project
from tests.project_maker import TAXA, Plan, make_project

SELECTIONS = (
    Selection(),
    Selection(deployments=("d007",)),
    Selection(stations=tuple(f"s{n:02}" for n in range(1, 90)), light="night"),
    Selection(taxa=TAXA[:1]),
    Selection(taxa=TAXA[:3]),
    Selection(states=("verified",)),
    Selection(is_blank=True, since=date(2026, 7, 1)),
    Selection(is_flagged=True),
    Selection(min_score=0.98, hours=(22, 4), light="night"),
)


@pytest.mark.slow
def test_every_filter_of_a_million_pictures_is_quick(tmp_path: Path) -> None:
    """The first page, the last one and the counts beside the filters: within a fifth of a second each time."""
    folder = make_project(tmp_path / "p", Plan(deployments=220, sequences=1515))
    began_s = time.monotonic()
    with read_project(folder) as project:
        assert time.monotonic() - began_s < 0.2
        connection = project.connection
        assert connection.execute("SELECT COUNT(*) FROM media").fetchone()[0] == 220 * 1515 * 3
        for selection in SELECTIONS:
            spent_s = []
            for _ in range(3):
                began_s = time.monotonic()
                page(connection, selection, size=60)
                page(connection, selection, size=60, before=Cursor(1e10, 0))
                facets(connection, selection)
                spent_s.append(time.monotonic() - began_s)
            assert min(spent_s) < 0.2, selection
