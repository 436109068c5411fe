"""The flat table: whole, documented, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.domain.selection import Selection
from cameratrap.export.cells import cell, csv_pieces
from cameratrap.export.flat_columns import Unit, columns
from cameratrap.export.flat_csv import FlatTable
from cameratrap.export.places import Positions, published_positions
from cameratrap.resources import builtin_taxa
from cameratrap.store.project import read_project
from tests.studied_project import HOSTILE, studied_project


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return studied_project(tmp_path_factory.mktemp("study") / "project", lynx_at_second=True)


def _table(study: Path, unit: Unit, positions: Positions = "protected", *names: str) -> list[dict[str, str]]:
    with read_project(study) as project:
        public = published_positions(project.connection, builtin_taxa(), positions)
        pieces = FlatTable(project.connection, public, builtin_taxa()).pieces(unit, Selection(deployments=names))
        return list(csv.DictReader(io.StringIO("".join(pieces), newline="")))


@pytest.mark.parametrize("unit", list(Unit))
def test_every_column_is_documented_and_filled_somewhere(study: Path, unit: Unit) -> None:
    """But for those that this study has nothing to say of."""
    rows = _table(study, unit)
    assert tuple(rows[0]) == tuple(columns(unit))
    empty = {column for column in rows[0] if not any(row[column] for row in rows)}
    unsaid = {
        "session", "is_night", "clock", "sha256", "infrared", "count_low", "count_high", "life_stage", "sex",
        "behavior", "individual", "attributes", "model_sha256",
    }  # fmt: skip
    assert empty <= unsaid


def test_a_row_for_each_observation_of_a_sequence(study: Path) -> None:
    """What stands is told, what the model said stays beside it, and nothing seen is not the same as not looked."""
    rows = [row for row in _table(study, Unit.SEQUENCE) if row["deployment"] == "wood 1"]
    told = [(row["sequence"], row["observation_type"], row["taxon"], row["count"], row["method"]) for row in rows]
    safe = "'" + HOSTILE.replace("\u202e", "\ufffd")
    assert told == [
        ("b0", "animal", "Vulpes vulpes", "3", "human"),
        ("b1", "blank", "", "", "human"),
        ("b2", "blank", "", "", "machine"),
        ("b3", "human", "Homo sapiens", "1", "machine"),
        ("b3", "vehicle", "vehicle", "1", "machine"),
        ("b4", "unclassified", "", "", ""),
        ("b5", "unclassified", "", "", ""),
        ("b6", "animal", safe, "1", "human"),
        ("b6", "animal", "Vulpes vulpes", "2", "human"),
        ("b7", "unclassified", "", "", ""),
        ("b8", "animal", "animal", "2", "machine"),
    ]
    assert rows[1]["machine_taxa"] == "animal"
    assert rows[0]["vernacular"] == "red fox"


def test_a_row_for_each_picture_and_observation(study: Path) -> None:
    """Boxes are of the picture, counts of the sequence."""
    rows = _table(study, Unit.MEDIA, "protected", "moor")
    assert [(row["path"], row["taxon"], row["count"], row["boxes"]) for row in rows] == [
        ("DCIM/0-0.jpg", "Vulpes vulpes", "1", "1"),
        ("DCIM/0-1.jpg", "Vulpes vulpes", "1", "0"),
    ]


def test_a_row_for_each_taxon_of_an_event(study: Path) -> None:
    """Sequences a minute apart are one event, with the largest count of each taxon."""
    rows = [row for row in _table(study, Unit.EVENT) if row["deployment"] == "wood 1"]
    assert [(row["taxon"], row["count"], row["event_state"]) for row in rows[:2]] == [
        ("Vulpes vulpes", "3", "verified"), ("", "", "machine"),
    ]  # fmt: skip
    assert [row["observation_type"] for row in rows].count("unclassified") == 3


def test_a_place_where_something_sensitive_was_seen_is_coarse(study: Path) -> None:
    """At every deployment of the station, also when only another one of it is exported."""
    (place,) = {(row["latitude"], row["longitude"]) for row in _table(study, Unit.SEQUENCE, "protected", "wood 1")}
    assert place == ("52.1", "-1.7")
    exact = _table(study, Unit.EVENT, "exact", "wood 1")[0]
    assert (exact["latitude"], exact["coordinates_coarsened"]) == ("52.123456", "false")
    moor = {each: _table(study, Unit.EVENT, each, "moor")[0] for each in ("protected", "coarse")}  # type: ignore[arg-type]
    assert moor["protected"]["latitude"] == "53.987654"
    assert (moor["coarse"]["latitude"], moor["coarse"]["coordinates_coarsened"]) == ("54.0", "true")


@given(st.lists(st.lists(st.text(max_size=6) | st.integers() | st.none() | st.booleans(), min_size=2, max_size=2)))
def test_a_table_is_read_back_and_runs_nothing(rows: list[list[object]]) -> None:
    """Whatever the labels are: as many rows and cells, and no text that a spreadsheet takes for a formula."""
    text = "".join(csv_pieces(("a", "b"), [dict(zip("ab", row, strict=True)) for row in rows]))
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[1:] == [[cell(value) for value in row] for row in rows]
    for row, values in zip(read[1:], rows, strict=True):
        assert not any(
            isinstance(value, str) and one.startswith(("=", "+", "-", "@"))
            for one, value in zip(row, values, strict=True)
        )


def test_a_negative_number_stays_a_number() -> None:
    """Longitudes are to be reckoned with."""
    assert cell(-1.5) == "-1.5"
