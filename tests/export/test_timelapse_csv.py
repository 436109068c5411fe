"""Timelapse's table, by what its importer asks for."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from cameratrap.errors import UsageError
from cameratrap.export.timelapse import COLUMNS, KEYS, timelapse_pieces
from cameratrap.store.project import read_project
from tests.studied_project import studied_project


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return studied_project(tmp_path_factory.mktemp("study") / "project")


def _table(study: Path, folder: Path | None = None, columns: tuple[str, ...] = tuple(COLUMNS)) -> list[dict[str, str]]:
    with read_project(study) as project:
        text = "".join(timelapse_pieces(project, folder or study, columns))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_it_keeps_what_the_importer_asks_for(study: Path) -> None:
    """One row a picture, backslashes, local time, true or false for flags, whole numbers or nothing for counters."""
    rows = _table(study)
    assert tuple(rows[0]) == (*KEYS, *COLUMNS)
    places = [(row["RelativePath"], row["File"]) for row in rows]
    assert len(set(places)) == len(places)
    for row in rows:
        assert "/" not in row["RelativePath"]
        assert study.joinpath(*row["RelativePath"].split("\\"), row["File"]).is_file()
        assert re.fullmatch(r"2026-06-\d\d \d\d:\d\d:\d\d", row["DateTime"])
        assert {row[flag] for flag in ("DeleteFlag", "Blank", "Reviewed", "Flagged")} <= {"true", "false"}
        assert all(row[counter] == "" or row[counter].isdecimal() for counter in ("Count", "Event"))


def test_it_says_what_stands(study: Path) -> None:
    """A person's word; nothing seen is a blank with the count 0, not looked at is neither."""
    first = {row["Sequence"]: row for row in _table(study) if row["Deployment"] == "wood 1"}
    told = {name: (row["Species"], row["Count"], row["Blank"], row["Reviewed"]) for name, row in first.items()}
    assert told["b0"] == ("Vulpes vulpes", "3", "false", "true")
    assert told["b1"] == ("", "0", "true", "true")
    assert told["b2"] == ("", "0", "true", "false")
    assert told["b3"] == ("Homo sapiens,vehicle", "1", "false", "false")
    assert told["b4"] == ("", "", "false", "false")


def test_only_the_columns_that_the_template_has(study: Path) -> None:
    """Timelapse refuses a table with any other; the keys are always there."""
    assert tuple(_table(study, columns=("Count", "Species"))[0]) == ("File", "RelativePath", "Count", "Species")
    with pytest.raises(UsageError, match="no column Specie"):
        _table(study, columns=("Specie",))


def test_the_folder_that_timelapse_opens_decides_the_path(study: Path) -> None:
    """One above the project, or one that does not hold all of it, which is refused."""
    assert _table(study, study.parent)[0]["RelativePath"].startswith("project\\cards\\")
    with pytest.raises(UsageError, match="does not lie in"):
        _table(study, study / "cards" / "moor")
