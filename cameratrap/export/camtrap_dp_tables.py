"""The tables of a Camtrap DP package while they are written, deployment by deployment and event by event."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from PIL import Image

from cameratrap.domain.camtrap_dp import TABLES
from cameratrap.domain.taxa import TaxaTable
from cameratrap.export.camtrap_dp_cells import Row, TableFile
from cameratrap.export.camtrap_dp_deployments import Published, deployment_cells
from cameratrap.export.camtrap_dp_descriptor import LINES
from cameratrap.export.camtrap_dp_media import file_path, is_public, media_cells, shows_people
from cameratrap.export.camtrap_dp_observations import ExportedEvent, box_cells, event_cells, held_words
from cameratrap.export.package import Package
from cameratrap.export.sequences import ReadSequence
from cameratrap.store.project import Project
from cameratrap.store.project_lines import deployment_line, encode_line, sequence_line
from cameratrap.store.project_rows import MediaRow

_GPS = 0x8825  # the EXIF directory of the place


@dataclass(slots=True)
class Written:
    """What a package holds. ``coarse`` are the deployments whose position is not told exactly.

    ``private`` media are marked or left out. Of media that were to be copied ``absent`` were not there, and
    ``located`` tell in their EXIF the place that the package does not.
    """

    deployments: int = 0
    media: int = 0
    observations: int = 0
    private: int = 0
    copied: int = 0
    absent: int = 0
    located: int = 0
    coarse: list[str] = field(default_factory=list)
    scientific_names: set[str] = field(default_factory=set)
    capture_methods: set[str] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)


class Tables:
    """A context: the files are open within it, and whole after it."""

    def __init__(
        self, project: Project, package: Package, taxa: TaxaTable, media_prefix: str, copies: bool, leaves_private: bool
    ) -> None:
        self.written = Written()
        self._project, self._package, self._taxa = project, package, taxa
        self._prefix, self._copies, self._leaves_private = media_prefix, copies, leaves_private

    def __enter__(self) -> Self:
        folder = self._package.folder
        with ExitStack() as opening:
            self._deployments, self._media, self._observations = (
                opening.enter_context(TableFile(folder, name)) for name in TABLES
            )
            self._lines = opening.enter_context((folder / LINES).open("wb"))
            self._stack = opening.pop_all()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None,
                 _trace: TracebackType | None) -> None:  # fmt: skip
        self._stack.close()

    def add_deployment(self, of: Published) -> None:
        """Add a deployment; its events come after it."""
        unset = self._project.connection.execute(
            "SELECT 1 FROM sequences WHERE deployment = ? AND clock = 'unset' LIMIT 1", (of.number,)
        ).fetchone()
        self._deployments.write(deployment_cells(of.row, clock_unset=unset is not None))
        self._lines.write(encode_line(deployment_line(self._project.connection, of.number, of.row)))
        self.written.deployments += 1
        if of.is_coarse:
            self.written.coarse.append(of.row.deployment)

    def add_event(self, of: Published, event: ExportedEvent) -> None:
        """Add an event: what stands of it, its media, and the boxes in them."""
        left_out: set[int] = set()
        for row in event_cells(event, self._taxa):
            self._observe(row)
        for sequence in event.sequences:
            kept = self._add_media(of, sequence)
            left_out |= sequence.media.keys() - kept.keys()
            line = sequence_line(sequence.row, kept, held_words(sequence), flagged=sequence.flagged)
            self._lines.write(encode_line(line))
        for row in box_cells(event, self._taxa, left_out):
            self._observe(row)

    def _add_media(self, of: Published, sequence: ReadSequence) -> dict[int, MediaRow]:
        """The media of a sequence that are told of."""
        people, kept = shows_people(sequence, self._taxa), {}
        for number, media in sequence.media.items():
            public = is_public(media, people=people)
            self.written.private += not public
            if not public and self._leaves_private:
                continue
            path = file_path(of.row.deployment, media, self._prefix)
            row = media_cells(of.row.deployment, media, sequence.row.cause, path=path, public=public)
            self._media.write(row)
            self.written.media += 1
            self.written.capture_methods.update(filter(None, [str(row["captureMethod"] or "")]))
            kept[number] = media
            if self._copies and media.state in ("present", "blurred"):
                self._copy(of, media, path)
        return kept

    def _copy(self, of: Published, media: MediaRow, name: str) -> None:
        source = self._project.media_path(of.row.root, media.path)
        if not source.is_file():
            self.written.absent += 1
        elif of.is_coarse and _may_tell_its_place(str(source)):
            self.written.located += 1
        else:
            self._package.add_media(source, name)
            self.written.copied += 1

    def _observe(self, row: Row) -> None:
        self._observations.write(row)
        self.written.observations += 1
        self.written.levels.add(str(row["observationLevel"]))
        if name := row.get("scientificName"):
            self.written.scientific_names.add(str(name))


def _may_tell_its_place(path: str) -> bool:
    """Whether a file's EXIF says where it was taken; so may one that is no picture that can be read."""
    try:
        with Image.open(path) as picture:
            return bool(picture.getexif().get_ifd(_GPS))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True
