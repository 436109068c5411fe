"""The files of a data package, a folder's or a .zip's: only those that it names itself, and never one outside of it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import msgspec

from cameratrap.domain.camtrap_dp import DESCRIPTOR
from cameratrap.errors import PackageError, StoreError
from cameratrap.store.durable import PART, make_folder_durably, name_parts, write_part_of

_MOST_DESCRIPTOR_BYTES = 64 * 1024 * 1024
_BLOCK = 1 << 20
_PROFILE = "camtrap-dp"


@dataclass(frozen=True)
class PackageFiles:
    """An open package. Paths within it are relative to its descriptor, with slashes."""

    origin: Path
    folder: Path | None
    archive: ZipFile | None
    top: str = ""
    names: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Whether there is such a file in it."""
        if self.archive is not None:
            return self.top + name in self.names and not name.endswith("/")
        path = self._path(name)
        return path is not None and path.is_file()

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """One of its files, to be read. Raises PackageError where it is not there or does not belong to it."""
        if not self.has(name):
            raise PackageError(f"{self.origin} has no file {name!r}", why="its descriptor names one")
        try:
            if self.archive is not None:
                with self.archive.open(self.top + name) as packed:
                    yield packed
                return
            path = self._path(name)
            assert path is not None  # noqa: S101 - ``has`` has just said so
            with path.open("rb") as file:
                yield file
        except (OSError, EOFError, BadZipFile, zlib.error, RuntimeError) as error:  # RuntimeError: it is encrypted
            raise PackageError(f"{name} of {self.origin} cannot be read", why=str(error)) from error

    def copy(self, name: str, target: Path) -> None:
        """Copy one out of it, whole or not at all. Raises PackageError, StoreError."""
        with self.open(name) as source:
            try:
                make_folder_durably(target.parent)
                write_part_of(target, iter(lambda: source.read(_BLOCK), b""))
                name_parts([target])
            except OSError as error:
                raise StoreError(f"{target} cannot be written", why=error.strerror or str(error)) from error
            finally:
                target.with_name(target.name + PART).unlink(missing_ok=True)

    def digest(self, name: str) -> str:
        """SHA-256 of one of its files."""
        with self.open(name) as file:
            found = hashlib.sha256()
            while block := file.read(_BLOCK):
                found.update(block)
        return found.hexdigest()

    def descriptor(self) -> Mapping[str, Any]:
        """What it says of itself. Raises PackageError."""
        with self.open(DESCRIPTOR) as file:
            text = file.read(_MOST_DESCRIPTOR_BYTES + 1)
        if len(text) > _MOST_DESCRIPTOR_BYTES:
            raise PackageError(f"{DESCRIPTOR} of {self.origin} is too large to be one")
        try:
            return msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Any])
        except (ValueError, RecursionError) as error:  # msgspec raises kinds of ValueError
            raise PackageError(f"{DESCRIPTOR} of {self.origin} is not sound", why=str(error)) from error

    def _path(self, name: str) -> Path | None:
        """None for one that would lie outside, by its name or by a link."""
        if self.folder is None or "\x00" in name:
            return None
        base = self.folder.resolve()
        path = (base / name).resolve()
        return path if path.is_relative_to(base) else None


@contextmanager
def open_package(path: Path) -> Iterator[PackageFiles]:
    """A package by its folder, its descriptor or its .zip. Raises PackageError where it is none."""
    if path.name == DESCRIPTOR:
        path = path.parent
    if path.is_dir():
        yield PackageFiles(path, path, None)
        return
    try:
        archive = ZipFile(path)
    except (OSError, BadZipFile) as error:
        raise PackageError(f"{path} is no data package", why=str(error)) from error
    with archive:
        yield PackageFiles(path, None, archive, _top(archive), frozenset(archive.namelist()))


def is_camtrap_dp(path: Path) -> bool:
    """Whether there is a Camtrap DP package: a folder, its descriptor, or a .zip."""
    is_zip = path.is_file() and path.suffix.lower() == ".zip"
    if not (is_zip or path.name == DESCRIPTOR or (path / DESCRIPTOR).is_file()):
        return False
    try:
        with open_package(path) as files:
            return files.has(DESCRIPTOR) and _PROFILE in str(files.descriptor().get("profile"))
    except PackageError:
        return False


def _top(archive: ZipFile) -> str:
    """What lies before the names of its files: many archives hold one folder that holds everything."""
    found = [name for name in archive.namelist() if name == DESCRIPTOR or name.endswith(f"/{DESCRIPTOR}")]
    nearest = min(found, key=lambda name: name.count("/"), default=DESCRIPTOR)
    return nearest.removesuffix(DESCRIPTOR)
