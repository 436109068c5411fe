"""A project or card, opened to say something of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cameratrap.store.project import Project


@contextmanager
def open_to_change(folder: Path, *, dry_run: bool) -> Iterator[Project]:
    """For writing; what is only tried is taken back, and tried on a copy where a card would otherwise be written."""
    from cameratrap.app.project_source import open_for_review, open_source
    from cameratrap.store.project import Project, is_project
    from cameratrap.store.trials import copy_in_memory, trial

    if dry_run and not is_project(folder):
        with open_source(folder) as source, copy_in_memory(source.connection) as copy:
            yield Project(folder, copy)
        return
    with open_for_review(folder) as project, trial(project.connection) if dry_run else nullcontext():
        yield project
