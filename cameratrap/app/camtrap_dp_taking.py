"""Adding what a package says to a project, deployment by deployment, with the media that lie in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from cameratrap.app.camtrap_dp_rows import in_package
from cameratrap.app.package_files import PackageFiles
from cameratrap.app.project_nights import night_of
from cameratrap.domain.package_names import media_path, safe_name
from cameratrap.errors import PackageError
from cameratrap.store.project import CARDS, Project
from cameratrap.store.project_deployments import tell
from cameratrap.store.project_events import regroup, settle
from cameratrap.store.project_lines import (
    DeploymentLine,
    Line,
    SequenceLine,
    add_effort,
    add_line,
    deployment_problems,
)
from cameratrap.store.project_rows import MediaRow, add_down
from cameratrap.store.told_flags import tell_flags

_LIES_THERE = ("present", "blurred")


@dataclass(slots=True)
class Imported:
    """What was taken over. ``known`` are deployments that the project had already.

    ``exact`` says that the package was this program's own and unchanged. So many ``media`` were told of, and so many
    ``copied``: the others are not in the package.
    """

    exact: bool = False
    deployments: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    sequences: int = 0
    media: int = 0
    words: int = 0
    copied: int = 0


class Taking:
    """Takes lines one by one, within the caller's transaction; ``finish`` ends the last deployment."""

    def __init__(
        self, project: Project, files: PackageFiles, imported_at: datetime, *, copies: bool, dry_run: bool
    ) -> None:
        self.imported = Imported()
        self._project, self._files, self._imported_at = project, files, imported_at
        self._copies, self._dry_run = copies, dry_run
        self._name, self._root = "", ""
        self._number: int | None = None
        self._sequences: list[int] = []
        self._flagged: list[int] = []

    def take(self, line: Line) -> None:
        """Add a line; a sequence is of the deployment before it. Raises PackageError."""
        if isinstance(line, DeploymentLine):
            self.finish()
            self._begin(line)
        elif not self._name:
            raise PackageError(f"{self._files.origin} has sequences of no deployment; nothing was taken over")
        elif self._number is not None:
            self._add(self._number, line)

    def finish(self) -> None:
        """What follows from a deployment's sequences, once all of them are there."""
        if self._number is not None:
            connection = self._project.connection
            tell_flags(connection, self._flagged, made_at=self._imported_at)
            settle(connection, self._sequences)
            regroup(connection, self._number, is_night=night_of(connection, self._number))
        self._number, self._sequences, self._flagged = None, [], []

    def _begin(self, line: DeploymentLine) -> None:
        connection, row = self._project.connection, line.row
        for problem in deployment_problems(row):
            raise PackageError(f"{self._files.origin} cannot be taken over", why=problem)
        self._name = row.deployment
        if connection.execute(
            "SELECT 1 FROM deployments WHERE deployment = ? UNION SELECT 1 FROM origins WHERE name = ?",
            (row.deployment, row.deployment),
        ).fetchone():
            self.imported.known.append(row.deployment)
            return
        self._root = self._where(row.deployment)
        self._number = tell(
            connection, replace(row, source="camtrap-dp", root=self._root, imported_at=self._imported_at)
        )
        add_down(connection, self._number, line.down)
        add_effort(connection, self._number, line)
        self.imported.deployments.append(row.deployment)

    def _where(self, deployment: str) -> str:
        """The folder of its media: in the project, or where they lie in the package."""
        folder = self._files.folder
        if self._copies or folder is None:
            return f"{CARDS}/{safe_name(deployment)}"
        inside = folder.resolve() / media_path(deployment, "")
        return str(inside if inside.is_dir() else folder.resolve())

    def _add(self, number: int, line: SequenceLine) -> None:
        media = tuple(self._own_name(each) for each in line.media)
        for each in media:
            _check_path(each)
        sequence = add_line(self._project.connection, number, SequenceLine(line.row, media, line.words))
        self._sequences.append(sequence)
        if line.flagged:
            self._flagged.append(sequence)
        self.imported.sequences += 1
        self.imported.media += len(media)
        self.imported.words += len(line.words)
        if self._copies:
            for each in media:
                self._copy(each)

    def _own_name(self, media: MediaRow) -> MediaRow:
        """Ids of media are one project's: where two packages give the same, the deployment goes before it."""
        taken = self._project.connection.execute("SELECT 1 FROM media WHERE media = ?", (media.media,)).fetchone()
        return media if taken is None else replace(media, media=f"{self._name}/{media.media}")

    def _copy(self, media: MediaRow) -> None:
        if media.state not in _LIES_THERE:
            return
        name = next((name for name in in_package(self._name, media.path) if self._files.has(name)), None)
        if name is None:
            return
        self.imported.copied += 1
        if not self._dry_run:
            self._files.copy(name, self._project.media_path(self._root, media.path))


def _check_path(media: MediaRow) -> None:
    """Raises PackageError for a path that leads out of its deployment's folder."""
    parts = media.path.split("/")
    if ".." in parts or parts[0] == "" or "\x00" in media.path:
        raise PackageError(
            f"the media {media.media[:80]!r} would lie outside its folder; nothing was taken over",
            why=f"its path is {media.path[:120]!r}",
        )
