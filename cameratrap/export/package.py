"""A package of files, a folder or a .zip, that is there when it is whole and not before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from cameratrap.errors import StoreError, UsageError


class Package:
    """A package while it is written: its tables into ``folder``, its media at once to where they will lie."""

    def __init__(self, folder: Path, archive: ZipFile | None) -> None:
        self.folder = folder
        self._archive = archive

    def add_media(self, source: Path, name: str) -> None:
        """Add a file under its path in the package. Raises OSError."""
        if self._archive is not None:
            self._archive.write(source, name, ZIP_STORED)  # pictures do not get smaller
            return
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def check_free(output: Path) -> None:
    """Raises UsageError where something lies at ``output`` already, or its folder is not there."""
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise UsageError(f"{output} exists already", hint="remove it first, or name another with --output")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.absolute().parent}", hint="make it first, or name another")


@contextmanager
def new_package(output: Path) -> Iterator[Package]:
    """Write a package beside ``output`` and give it its name at the end; one that fails leaves nothing.

    Raises UsageError where something lies there, StoreError where it cannot be written.
    """
    check_free(output)
    try:
        with TemporaryDirectory(prefix=f".{output.name}.", dir=output.absolute().parent) as beside:
            made = Path(beside, "package")
            made.mkdir()
            if output.suffix.lower() == ".zip":
                yield from _zip(made, Path(beside, "package.zip"))
                made = Path(beside, "package.zip")
            else:
                yield Package(made, None)
            made.replace(output)
    except OSError as error:
        where = error.filename or output
        raise StoreError(f"{where} cannot be written or read", why=error.strerror or str(error)) from error


def _zip(tables: Path, packed: Path) -> Iterator[Package]:
    with ZipFile(packed, "w", ZIP_DEFLATED, strict_timestamps=False) as archive:
        yield Package(tables, archive)
        for path in sorted(tables.iterdir()):
            archive.write(path, path.name)
