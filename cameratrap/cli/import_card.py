"""One card of a trap on its way into a project, for `import`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.cli.import_asked import Asked, Problems, correct, now, row_of
from cameratrap.cli.progress import with_progress
from cameratrap.errors import UsageError

if TYPE_CHECKING:
    from cameratrap.app.import_card import CardImport, Imported
    from cameratrap.store.project import Project


def import_one(project: Project, path: Path, asked: Asked) -> tuple[list[dict[str, object]], Problems]:
    """The line of the table, and the files that are not as they should be."""
    from cameratrap.app.import_card import CardImport
    from cameratrap.store.card import open_card

    if asked.zone or asked.results or asked.model or asked.classifier:
        raise UsageError(
            f"{path} is a trap's card",
            why="its record and its index say what --timezone, --results, --model and --classifier would",
            hint="leave them out",
        )
    with open_card(path) as card:
        importing = CardImport(project, card, asked.deployment, in_place=asked.no_copy)
        planned = importing.plan()
        files = importing.files() if planned.is_copied else []
        needed = importing.room(planned, files)
        if asked.dry_run:
            planned.size = needed
            planned.root = str(path.resolve())  # where the index of the copy would be
            importing.take_from(card, planned, now())
        else:
            _copy(importing, planned, files, asked)
            importing.take(planned, now())
    correct(project, planned, asked)
    return [row_of(project, path, planned)], [(each.path, each.why) for each in planned.problems]


def _copy(importing: CardImport, planned: Imported, files: Sequence[str], asked: Asked) -> None:
    if not planned.is_copied:
        planned.problems += importing.missing()
        return
    copied = importing.copy(planned, files)
    for file in with_progress(copied, len(files), "files", gives_way=False) if asked.is_shown else copied:
        planned.note(file)
