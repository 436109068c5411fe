"""One card of a trap on its way into a project, for `import`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.cli.import_asked import Asked, Problems, correct, now, refuse, row_of
from cameratrap.cli.output import plural
from cameratrap.cli.progress import with_progress

if TYPE_CHECKING:
    from cameratrap.app.import_card import CardImport, Imported
    from cameratrap.store.project import Project


def import_one(project: Project, path: Path, asked: Asked) -> tuple[list[dict[str, object]], Problems]:
    """The line of the table, and the files that are not as they should be."""
    from cameratrap.app.import_card import CardImport
    from cameratrap.store.card import open_card

    unheard = ("zone", "results", "images", "model", "classifier")
    refuse(asked, unheard, f"{path} is a trap's card", hint="leave it out")
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
    _say_moved(project, planned, asked)
    _say_contested(planned, asked)
    correct(project, planned.number, asked)
    return [row_of(project, path, planned)], [(each.path, each.why) for each in planned.problems]


def _say_moved(project: Project, planned: Imported, asked: Asked) -> None:
    """A clock that was corrected on the card and in the project, perhaps of the same fault, is not to go unseen."""
    from cameratrap.store.project_clock import moved_by

    moved = planned.indexed.moved
    if moved:
        asked.ctx.say(
            f"{planned.deployment}: the card's clock was corrected since, of {plural(len(moved), 'sequence')}"
        )
    for number in moved_by(project.connection, moved):
        asked.ctx.say(
            f"correction {number} of the project moves them besides; if it was for the same fault,"
            f" `project set --undo {number}` takes it back"
        )


def _say_contested(planned: Imported, asked: Asked) -> None:
    if planned.contested:
        asked.ctx.say(
            f"{planned.deployment}: {plural(planned.contested, 'sequence')} labelled on the card and in the project,"
            " each by itself: what was said last stands"
        )


def _copy(importing: CardImport, planned: Imported, files: Sequence[str], asked: Asked) -> None:
    if not planned.is_copied:
        planned.problems += importing.missing()
        return
    copied = importing.copy(planned, files)
    for file in with_progress(copied, len(files), "files", gives_way=False) if asked.is_shown else copied:
        planned.note(file)
