"""Pictures with their taxa as keywords: copies, or sidecar files alone. Originals are only ever read.

A copy is the picture byte for byte with an XMP packet spliced in; what is no JPEG (a clip, a PNG) is copied as it is
and gets its packet in a sidecar. Sidecars are called as digiKam and darktable call them, ``IMG_0001.JPG.xmp``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from cameratrap.domain.selection import Selection
from cameratrap.errors import CameraTrapError, ImageError, UsageError
from cameratrap.export.chosen import EVERYTHING, chosen_sequences
from cameratrap.export.xmp import SPECIES, Keyword, with_keywords, xmp_packet
from cameratrap.store.project import Project
from cameratrap.store.project_read import StoredDeployment, deployments
from cameratrap.store.project_rows import MediaRow, WordRow

BLANK = "blank"
_AT_HAND = frozenset({"present", "blurred"})
_JPEG = "image/jpeg"
_NOT_IN_NAMES = frozenset('/\\:*?"<>|')  # of files and folders, on some system


@dataclass(frozen=True, slots=True)
class Written:
    """One picture: its path in its deployment, and why nothing was written of it, empty where all is well."""

    deployment: str
    path: str
    problem: str = ""


def check_output(project: Project, output: Path) -> None:
    """Raises UsageError where ``output`` is not empty, or lies where pictures of the project do."""
    if output.is_dir() and any(output.iterdir()):
        raise UsageError(f"{output} is not empty", hint="name a new folder: nothing is ever written over")
    target = output.resolve()
    for deployment in deployments(project.connection):
        root = (project.folder / deployment.row.root).resolve()
        if target.is_relative_to(root):
            raise UsageError(f"{output} lies among the originals in {root}", hint="name a folder elsewhere")


def write_keywords(
    project: Project,
    output: Path,
    *,
    sidecars: bool = False,
    unreviewed: bool = False,
    selection: Selection = EVERYTHING,
    dry_run: bool = False,
) -> Iterator[Written]:
    """Write them below ``output``, a folder for each deployment, one by one; call ``check_output`` first.

    Sequences that no person has seen are left out, unless ``unreviewed``. A ``dry_run`` reads and writes nothing.
    Raises OSError where nothing can be written.
    """
    folders = _folder_names([each.row.deployment for each in deployments(project.connection)])
    for deployment, sequence in chosen_sequences(project.connection, selection):
        word = sequence.standing
        if word is not None and (word.method == "human" or unreviewed):
            folder = output / folders[deployment.row.deployment]
            copies = _Copies(project, deployment, folder, sidecars=sidecars, dry_run=dry_run)
            keywords = keywords_of(word)
            yield from (copies.write(media, keywords) for media in sequence.media.values())


def keywords_of(word: WordRow) -> list[Keyword]:
    """``Species|taxon``, ``Count|n`` (of several taxa ``Count of taxon|n``) and ``IdentifiedBy|human`` or ``machine``.

    camtrapR makes a column of the first level of each; species are read from the one called Species.
    """
    taxa: list[Keyword] = [(SPECIES, each.taxon) for each in word.observations] or [(SPECIES, BLANK)]
    one = len(word.observations) == 1
    counts = [("Count" if one else f"Count of {each.taxon}", str(each.count)) for each in word.observations]
    return [*taxa, *counts, ("IdentifiedBy", word.method)]


class _Copies:
    """The copies of one deployment's pictures, or their sidecars, below ``folder``."""

    def __init__(
        self, project: Project, deployment: StoredDeployment, folder: Path, *, sidecars: bool, dry_run: bool
    ) -> None:
        self._project = project
        self._deployment = deployment.row
        self._base = (project.folder / deployment.row.root).resolve()
        self._folder = folder
        self._sidecars = sidecars
        self._dry_run = dry_run

    def write(self, media: MediaRow, keywords: list[Keyword]) -> Written:
        """Raises OSError where nothing can be written; a picture that cannot be read is said to be so."""
        problem = ""
        try:
            self._write(media, keywords)
        except CameraTrapError as error:
            problem = str(error)
        return Written(self._deployment.deployment, media.path, problem)

    def _write(self, media: MediaRow, keywords: list[Keyword]) -> None:
        if media.state not in _AT_HAND:
            raise ImageError(f"the picture is {media.state}")
        source = self._project.media_path(self._deployment.root, media.path)
        target = self._folder / source.relative_to(self._base)
        sidecar = target.with_name(target.name + ".xmp")
        if self._sidecars or media.mediatype != _JPEG:
            packet = xmp_packet(keywords)
            if self._dry_run:
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            if not self._sidecars:
                _copy(source, target)
            sidecar.write_bytes(packet)
            return
        with _opened(source) as file:
            data = with_keywords(file.read(), keywords)
        if self._dry_run:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        file = source.open("rb")
    except (OSError, ValueError) as error:
        raise ImageError("the picture cannot be read", why=getattr(error, "strerror", None) or str(error)) from error
    with file:
        yield file


def _copy(source: Path, target: Path) -> None:
    with _opened(source) as file, target.open("wb") as copy:
        shutil.copyfileobj(file, copy)


def _folder_names(names: Sequence[str]) -> dict[str, str]:
    """A folder for each deployment, no two the same: names are free text."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = "".join("_" if each in _NOT_IN_NAMES or ord(each) < 32 else each for each in name).strip(". ") or "_"
        candidates = chain([plain], (f"{plain}-{n}" for n in count(2)))
        folders[name] = next(each for each in candidates if each.casefold() not in taken)
        taken.add(folders[name].casefold())
    return folders
