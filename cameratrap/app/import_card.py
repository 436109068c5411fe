"""A card into a project: copied, read back, indexed; again and again, until the card has nothing new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cameratrap.app.card_copy import CopiedFile, CopyState, check_room, copy_files, copy_index, files_of, missing_bytes
from cameratrap.app.card_index import Indexed
from cameratrap.app.card_project import deployment_row, identity, take_card
from cameratrap.app.import_review import take_review
from cameratrap.app.project_source import REVIEW
from cameratrap.domain.package_names import safe_name
from cameratrap.errors import UsageError
from cameratrap.store.bursts import each_picture
from cameratrap.store.card import DATABASE, RECORD, Card, open_card
from cameratrap.store.connection import transaction
from cameratrap.store.project import CARDS, Project
from cameratrap.store.project_deployments import is_taken_name, told_as
from cameratrap.store.project_schema import PROJECT_MIGRATIONS
from cameratrap.store.reading import open_for_reading
from cameratrap.store.sealed_pictures import SUFFIX, sealed_hashes


@dataclass
class Imported:
    """What an import brought: ``files`` were copied, ``problems`` are the files that are not as they should be.

    ``root`` is where the pictures lie for the project; what was copied once stays a copy. ``contested`` are sequences
    of which people have said something on the card and, by themselves, in the project.
    """

    deployment: str
    root: str
    number: int = 0
    is_known: bool = False
    is_copied: bool = True
    indexed: Indexed = field(default_factory=Indexed)
    human_words: int = 0
    contested: int = 0
    files: int = 0
    size: int = 0
    problems: list[CopiedFile] = field(default_factory=list)

    def note(self, file: CopiedFile) -> None:
        """Count one file."""
        if not file.is_sound:
            self.problems.append(file)
        if file.state in {CopyState.COPIED, CopyState.DAMAGED}:
            self.files += 1
            self.size += file.size


@dataclass(frozen=True)
class CardImport:
    """One card on its way into a project. ``name`` is what its deployment is to be called, None for its own name."""

    project: Project
    card: Card
    name: str | None = None
    in_place: bool = False

    def plan(self) -> Imported:
        """Where it goes. Raises UsageError where another deployment has that name already, or it is no name."""
        known = self._known()
        name = known or self.name or self.card.deployment.deployment
        if not (name.strip() and name.isprintable()):
            raise UsageError(
                f"the card at {self.card.folder} calls its deployment {name!r}", hint="name it with --deployment NAME"
            )
        if known is None and is_taken_name(self.project.connection, name):
            raise UsageError(
                f"the project has another deployment called {name!r}",
                why="its card, its station or its beginning is another",
                hint="give this one a name of its own with --deployment NAME",
            )
        copy = f"{CARDS}/{safe_name(name)}"
        is_copied = not self.in_place or (self.project.folder / copy / RECORD).is_file()
        root = copy if is_copied else str(self.card.folder.resolve())
        return Imported(name, root, is_known=known is not None, is_copied=is_copied)

    def files(self) -> Sequence[str]:
        """What is to be in the copy."""
        return files_of(self.card.folder)

    def room(self, planned: Imported, files: Sequence[str]) -> int:
        """How many bytes are still to be copied. Raises StoreError where there is no room for them."""
        target = self.project.folder / planned.root
        needed = missing_bytes(self.card.folder, target, files)
        check_room(target, needed)
        return needed

    def copy(self, planned: Imported, files: Sequence[str]) -> Iterator[CopiedFile]:
        """Copy what is not there yet, one file after the other. The record comes last: with it, the copy is a card."""
        target = self.project.folder / planned.root
        ordered = [path for path in files if path != RECORD]
        expected = self._expected()
        yield from copy_files(self.card.folder, target, ordered, expected)
        yield from self.missing(files)
        copy_index(self.card.connection, target / DATABASE)
        if (self.card.folder / REVIEW).is_file():
            with open_for_reading(self.card.folder / REVIEW, PROJECT_MIGRATIONS) as review:
                copy_index(review, target / REVIEW)
        yield from copy_files(self.card.folder, target, [RECORD], {})

    def missing(self, copied: Sequence[str] | None = None) -> list[CopiedFile]:
        """What the index says is on the card, and is not; with ``copied``, what of it was not among the files copied.

        A copy follows no links, so pictures that lie behind one are still on the card alone.
        """
        among = None if copied is None else frozenset(copied)
        found = {path: self.card.folder / path for path in self._expected()}
        gone = (path for path, file in found.items() if not (file.is_file() if among is None else path in among))
        return [CopiedFile(path, CopyState.MISSING, why=_why_missing(found[path])) for path in gone]

    def take(self, planned: Imported, now: datetime) -> None:
        """Take over what the copy says, all of it or nothing."""
        folder = self.project.folder / planned.root
        with open_card(folder) as card, transaction(self.project.connection):
            self.take_from(card, planned, now)

    def take_from(self, card: Card, planned: Imported, now: datetime) -> None:
        """The same from a card that is open, within the caller's transaction."""
        connection = self.project.connection
        row = deployment_row(card, root=planned.root, now=now, name=planned.deployment)
        planned.number, planned.indexed = take_card(connection, card, row)
        if (card.folder / REVIEW).is_file():
            with open_for_reading(card.folder / REVIEW, PROJECT_MIGRATIONS) as review:
                reviewed = take_review(connection, planned.number, review)
            planned.human_words, planned.contested = reviewed.words, reviewed.contested

    def _known(self) -> str | None:
        """The first name of the deployment that this card has told of before: they have a burst in common."""
        connection = self.project.connection
        bursts = {str(row["id"]) for row in self.card.connection.execute("SELECT id FROM bursts")}
        for number, name in told_as(connection, identity(self.card)):
            held = connection.execute("SELECT sequence FROM sequences WHERE deployment = ?", (number,))
            sequences = {str(row["sequence"]) for row in held}
            if not sequences or not bursts or sequences & bursts:
                return name
        return None

    def _expected(self) -> Mapping[str, str]:
        """Path -> sha256 of each file that the index says is on the card."""
        sealed = sealed_hashes(self.card.connection)
        found = {}
        for picture in each_picture(self.card.connection):
            if picture.is_removed or picture.sha256_now is None:
                continue
            is_open = (self.card.folder / picture.path).exists()
            if picture.id in sealed and not is_open:
                found[picture.path + SUFFIX] = sealed[picture.id]
            else:
                found[picture.path] = picture.sha256_now
        return found


def _why_missing(file: Path) -> str:
    if file.exists() or file.is_symlink():
        return "it is a link, lies behind one, or is no file: not copied"
    return "the index has it, the card has not"


def is_card(path: Path) -> bool:
    """Whether a folder is a card."""
    return (path / RECORD).is_file()
