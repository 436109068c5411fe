"""How a picture's file is named for a program that is given a folder and looks for pictures below it."""

from __future__ import annotations

import posixpath
from pathlib import Path

from cameratrap.errors import UsageError
from cameratrap.store.project import Project


class MediaFiles:
    """The files of a project, relative to ``folder``."""

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project.folder.resolve().as_posix()
        self._folder = folder.resolve().as_posix().rstrip("/") + "/"

    def name(self, root: str, path: str) -> str:
        """A picture's file by slashes, of a deployment's folder and the path in it. Raises UsageError outside."""
        whole = posixpath.normpath(posixpath.join(self._project, root, path))
        if not whole.startswith(self._folder):
            raise UsageError(
                f"{path} does not lie in {self._folder}",
                why=f"its deployment's pictures are in {posixpath.join(self._project, root)}",
                hint="name a folder that holds all of them with --folder DIR",
            )
        return whole.removeprefix(self._folder)
