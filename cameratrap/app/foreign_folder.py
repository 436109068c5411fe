"""Whether a folder can be another maker's camera: cards and projects know more than their pictures say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cameratrap.errors import UsageError
from cameratrap.store.card import RECORD
from cameratrap.store.project import is_project


def check_foreign(folder: Path, files: Iterable[Path]) -> None:
    """Raises UsageError for a project, a part of a card, and a folder that holds some of these among its ``files``.

    Taken for one camera's pictures they would lose what people have said, their effort and their stations.
    """
    if is_project(folder):
        raise _of_a_project(folder, folder)
    card = next((each for each in folder.resolve().parents if (each / RECORD).is_file()), None)
    if card is not None:
        raise UsageError(f"{folder} is a part of a card", hint=f"import all of it: {card}")
    for inner in _folders(folder, files):
        if is_project(inner):
            raise _of_a_project(folder, inner)
        if (inner / RECORD).is_file():
            raise UsageError(f"{folder} holds the card {inner}", hint="name the cards themselves, one PATH each")


def _of_a_project(folder: Path, project: Path) -> UsageError:
    return UsageError(
        f"{folder} {'is' if project == folder else 'holds'} a project",
        why="only its pictures would be taken, and nothing of what is known of them",
        hint=f"`cameratrap --data {project} export camtrap-dp` makes a package of it; import that",
    )


def _folders(folder: Path, files: Iterable[Path]) -> Iterator[Path]:
    """Each folder between ``folder`` and its files, once."""
    seen = {folder}
    for file in files:
        for parent in file.parents:
            if parent in seen:
                break
            seen.add(parent)
            yield parent
