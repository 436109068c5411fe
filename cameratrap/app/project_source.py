"""Opening what analyses and the pages read, whether it is a project of many cards or one card by itself.

A card becomes a project of one deployment. What a person says of it is kept beside it, in ``review.db``: what the trap
has written is never changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from cameratrap.app.card_project import deployment_row, is_taken, take_card
from cameratrap.errors import StoreError
from cameratrap.store.card import RECORD, Card, open_card
from cameratrap.store.connection import transaction
from cameratrap.store.project import Project, edit_project, is_project, passing_project, read_project
from cameratrap.store.trials import copy_in_memory

REVIEW = "review.db"


def is_reviewed(folder: Path) -> bool:
    """Whether there is more than what a trap has written: a project, or a card with what was said of it."""
    return is_project(folder) or (folder / REVIEW).is_file()


@contextmanager
def open_source(folder: Path) -> Iterator[Project]:
    """Read a project, or a card as one; nothing is changed. Raises StoreError where the folder is neither."""
    if is_project(folder):
        with read_project(folder) as project:
            yield project
        return
    with _card(folder) as card:
        if not (folder / REVIEW).is_file():
            with passing_project(folder) as project:
                _take(project, card)
                yield project
            return
        with read_project(folder, database=REVIEW) as project:
            if _is_fresh(project, card):
                yield project
                return
            with copy_in_memory(project.connection) as copy:
                fresh = Project(folder, copy)
                _take(fresh, card)
                yield fresh


@contextmanager
def open_for_review(folder: Path) -> Iterator[Project]:
    """Open for a person's words: the project, or ``review.db`` beside a card, made or brought up to date first.

    Raises StoreError; for a card that cannot be written it says how to copy it.
    """
    if is_project(folder):
        with edit_project(folder) as project:
            yield project
        return
    with _card(folder) as card, _beside(folder) as project:
        if not _is_fresh(project, card):
            _take(project, card)
        yield project


@contextmanager
def _card(folder: Path) -> Iterator[Card]:
    if not (folder / RECORD).is_file():
        raise StoreError(
            f"{folder} is not a card, nor a project",
            why=f"it has no project.db and no {RECORD}",
            hint="name one with --data DIR; `cameratrap import PATH --into DIR` makes a project",
        )
    with open_card(folder) as card:
        yield card


@contextmanager
def _beside(folder: Path) -> Iterator[Project]:
    with ExitStack() as stack:
        try:
            project = stack.enter_context(edit_project(folder, create=True, database=REVIEW))
        except StoreError as error:
            hint = f"copy it first, and review the copy: cameratrap import {folder} --into PROJECT"
            raise StoreError(f"{folder} cannot be reviewed in place", why=str(error), hint=hint) from error
        yield project


def _take(project: Project, card: Card) -> None:
    with transaction(project.connection):
        take_card(project.connection, card, deployment_row(card, root=".", now=datetime.now(card.zone)))


def _is_fresh(project: Project, card: Card) -> bool:
    row = project.connection.execute("SELECT id FROM deployments").fetchone()
    return row is not None and is_taken(project.connection, row["id"], card)
