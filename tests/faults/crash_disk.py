"""What a disk may hold after the power was cut: a file system that keeps no more than it was asked to.

A file's content is durable once the file was synchronised, a name in a folder once the folder was: a new file, a rename
and a removal alike. Everything else may be there or not, in any combination, and a write in part. A rename is one
change, and durable with the folder that it leads to. With ``journalled`` it is kinder, as ext4 is: synchronising a file
whose name is not durable yet commits every change of names before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path, PurePosixPath
from random import Random

SECTOR = 512
PAGE = 4096
FOLDER = 0  # the inode of every folder


@dataclass(frozen=True, slots=True)
class Create:
    path: str
    inode: int


@dataclass(frozen=True, slots=True)
class MakeFolder:
    path: str


@dataclass(frozen=True, slots=True)
class Rename:
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Unlink:
    path: str


@dataclass(frozen=True, slots=True)
class Write:
    inode: int
    offset: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Truncate:
    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """``path`` is the file's, for whoever reads the log."""

    inode: int
    path: str


@dataclass(frozen=True, slots=True)
class SyncFolder:
    path: str


Operation = Create | MakeFolder | Rename | Unlink | Write | Truncate | Sync | SyncFolder
Change = Write | Truncate
Tree = Mapping[str, bytes | None]  # a path's content; None for a folder


class Cut(Enum):
    """Which of the changes that are not durable are there after a cut."""

    NONE = auto()
    ALL = auto()
    NAMES = auto()  # and no content: what a file system does that is late with data
    CONTENTS = auto()  # and no name
    SOME = auto()  # each by chance
    TORN_SECTORS = auto()  # every name, and of each write some sectors
    TORN_PAGES = auto()


@dataclass(frozen=True, slots=True)
class _Renaming:
    """A change of names: each path gets an inode, or None for no longer being there."""

    folder: str
    names: tuple[tuple[str, int | None], ...]


class Disk:
    """Apply operations with ``do``; ``after_cut`` says what may be left of them."""

    def __init__(self, *, journalled: bool = False) -> None:
        self._journalled = journalled
        self._now: dict[str, int] = {}
        self._names: dict[str, int] = {}
        self._contents: dict[int, bytes] = {}
        self._new_names: list[_Renaming] = []
        self._new_contents: dict[int, list[Change]] = {}

    def do(self, operation: Operation) -> None:
        """What the program asked for."""
        match operation:
            case Write(inode) | Truncate(inode):
                self._new_contents.setdefault(inode, []).append(operation)
            case Sync(inode):
                self._contents[inode] = _changed(self._contents.get(inode, b""), self._new_contents.pop(inode, ()))
                if self._journalled and self._is_new(inode):
                    self._commit_names(None)
            case SyncFolder(path):
                self._commit_names(path)
            case Create(path, inode):
                self._rename(path, (path, inode))
            case MakeFolder(path):
                self._rename(path, (path, FOLDER))
            case Rename(source, target):
                self._rename(target, (target, self._now[source]), (source, None))
            case Unlink(path):
                self._rename(path, (path, None))

    def after_cut(self, cut: Cut, random: Random) -> Tree:
        """The files and folders that are there when the power is back."""
        names = dict(self._names)
        for renaming in self._new_names:
            if cut not in (Cut.NONE, Cut.CONTENTS) and (cut is not Cut.SOME or random.random() < 0.5):
                _apply(names, renaming)
        there = [path for path in sorted(names) if _is_reachable(path, names)]
        return {path: None if names[path] == FOLDER else self._content(names[path], cut, random) for path in there}

    def _content(self, inode: int, cut: Cut, random: Random) -> bytes:
        before, changes = self._contents.get(inode, b""), self._new_contents.get(inode, [])
        match cut:
            case Cut.NONE | Cut.NAMES:
                return before
            case Cut.ALL | Cut.CONTENTS:
                return _changed(before, changes)
            case Cut.SOME:
                return _changed(before, [change for change in changes if random.random() < 0.5])
            case _:
                size = SECTOR if cut is Cut.TORN_SECTORS else PAGE
                pieces = [piece for change in changes for piece in _torn(change, size)]
                return _changed(before, [piece for piece in pieces if random.random() < 0.5])

    def _rename(self, path: str, *names: tuple[str, int | None]) -> None:
        renaming = _Renaming(parent(path), names)
        _apply(self._now, renaming)
        self._new_names.append(renaming)

    def _is_new(self, inode: int) -> bool:
        return any(inode == each for renaming in self._new_names for _, each in renaming.names)

    def _commit_names(self, folder: str | None) -> None:
        for renaming in self._new_names:
            if folder in (None, renaming.folder):
                _apply(self._names, renaming)
        self._new_names = [each for each in self._new_names if folder not in (None, each.folder)]


def parent(path: str) -> str:
    """The folder that a path is in; the disk's own is ``.``."""
    return str(PurePosixPath(path).parent)


def write_tree(tree: Tree, folder: Path) -> None:
    """Lay a disk's content out below an existing folder."""
    for path, content in tree.items():
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)


def digest(tree: Tree) -> bytes:
    """Equal for equal trees."""
    whole = hashlib.sha256()
    for path, content in tree.items():
        whole.update(repr((path, None if content is None else len(content))).encode())
        whole.update(content or b"")
    return whole.digest()


def _apply(names: dict[str, int], renaming: _Renaming) -> None:
    for path, inode in renaming.names:
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode


def _is_reachable(path: str, names: Mapping[str, int]) -> bool:
    folder = parent(path)
    return folder == "." or (names.get(folder) == FOLDER and _is_reachable(folder, names))


def _changed(content: bytes, changes: Iterator[Change] | list[Change] | tuple[()]) -> bytes:
    changed = bytearray(content)
    for change in changes:
        if isinstance(change, Truncate):
            changed[change.size :] = bytes(max(0, change.size - len(changed)))
        else:
            changed.extend(bytes(max(0, change.offset - len(changed))))
            changed[change.offset : change.offset + len(change.data)] = change.data
    return bytes(changed)


def _torn(change: Change, size: int) -> Iterator[Change]:
    """The parts of a change that reach the disk on their own: sectors, or pages, where the disk has them."""
    if isinstance(change, Truncate):
        yield change
        return
    start, end = change.offset, change.offset + len(change.data)
    while start < end:
        stop = min(end, (start // size + 1) * size)
        yield Write(change.inode, start, change.data[start - change.offset : stop - change.offset])
        start = stop
