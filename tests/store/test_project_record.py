"""The record of a project: read as it was written, and never half understood."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameratrap.errors import StoreError
from cameratrap.store.project_record import (
    RECORD,
    Contributor,
    Dataset,
    Licence,
    ProjectRecord,
    default_record,
    has_record,
    read_record,
    write_record,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
records = st.builds(
    ProjectRecord,
    title=texts,
    description=texts,
    sampling_design=st.sampled_from(["targeted", "experimental", "opportunistic"]),
    individual_animals=st.booleans(),
    contributors=st.lists(st.builds(Contributor, title=texts, organization=texts), max_size=2).map(tuple),
    licences=st.just((Licence(scope="data", name="CC0-1.0"), Licence(scope="media", path="https://example.org/by"))),
    dataset=st.builds(
        Dataset,
        citation=texts,
        keywords=st.lists(texts, max_size=2).map(tuple),
        related=st.lists(st.dictionaries(texts, texts, max_size=2), max_size=2).map(tuple),
    ),
)


@given(records)
def test_it_is_read_as_it_was_written(record: ProjectRecord) -> None:
    """Whatever the texts: quotes, line ends, other alphabets."""
    with TemporaryDirectory() as folder:
        write_record(Path(folder), record)
        assert has_record(Path(folder))
        assert read_record(Path(folder)) == record


def test_without_one_a_project_is_called_by_its_folder(tmp_path: Path) -> None:
    """Nothing else is made up."""
    assert read_record(tmp_path) == default_record(tmp_path) == ProjectRecord(title=tmp_path.name)
    assert not has_record(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "title = 7",
        'title = "a"\ntitel = "b"',
        'title = "a"\nsampling_design = "at will"',
        'title = "a"\nwebsite = "my page"',
        'title = "a"\n[[licences]]\nscope = "data"',
        'title = "a"\n[[licences]]\nscope = "all"\nname = "CC0-1.0"',
        'title = "a"\n[[contributors]]\ntitle = "b"\nrole = "boss"',
        'title = "a"\n[[contributors]]\ntitle = "b"\npath = "../secret"',
        "title = ",
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, text: str) -> None:
    """Rather than left out of what is published."""
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(StoreError, match=RECORD):
        read_record(tmp_path)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    """The file is a person's, and may be anything."""
    (tmp_path / RECORD).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StoreError, match=RECORD):
        read_record(tmp_path)
