"""Copying files off a card so that the card may be wiped afterwards: each is read back from where it was written.

A file gets its name in the copy only when what lies there has been read back and is what was read from the card. So an
interrupted copy is gone on with by doing it again, and what has its name already is not copied twice. The card is only
ever read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cameratrap.errors import StoreError
from cameratrap.store.durable import PART, make_folder_durably, name_parts, sync, write_part_of

_BLOCK = 1 << 20
_TICK_NS = 2_000_000_000  # FAT tells times to two seconds
_SPARE = 64 << 20  # what the index and its log may need besides
_CHANGED = "its sha256 is not the one that was written down"
_LEFT_OUT = (PART, ".lock", ".unfinished", "-wal", "-shm", "-journal")


class CopyState(StrEnum):
    """What became of one file: the first two are as they should be."""

    COPIED = "copied"
    THERE = "there"
    DAMAGED = "damaged"  # copied, and not what it is known to have been
    KEPT = "kept"  # the same, but a sound copy of what it was is there already, and stays
    UNREADABLE = "unreadable"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """One file, by its path on the card. ``sha256`` is of what was read, None where it was not read now."""

    path: str
    state: CopyState
    size: int = 0
    sha256: str | None = None
    why: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether the copy is what it should be."""
        return self.state in {CopyState.COPIED, CopyState.THERE}


def files_of(card: Path) -> list[str]:
    """Every file that is part of a card's record, by relative path; databases are copied apart (``copy_index``)."""
    found = []
    for folder, subfolders, names in os.walk(card):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith((".", "$")))
        paths = (Path(folder, name) for name in sorted(names) if not name.startswith(".") and _belongs(name))
        found += [path.relative_to(card).as_posix() for path in paths if path.is_file() and not path.is_symlink()]
    return found


def _belongs(name: str) -> bool:
    return not name.endswith((*_LEFT_OUT, ".db"))


def missing_bytes(card: Path, target: Path, paths: Sequence[str]) -> int:
    """How much is still to be copied."""
    return sum((card / path).stat().st_size for path in paths if not _is_there(card / path, target / path))


def check_room(target: Path, needed: int) -> None:
    """Raises StoreError where the disk cannot take that much, before anything is written."""
    folder = next(each for each in (target, *target.parents) if each.is_dir())
    free = shutil.disk_usage(folder).free
    if needed and free < needed + _SPARE:
        raise StoreError(
            f"the disk of {folder} has no room for the copy",
            why=f"it needs {needed / 1e6:,.0f} MB and {_SPARE / 1e6:,.0f} MB more for the index, and only"
            f" {free / 1e6:,.0f} MB are free",
            hint="free some, name a project on another disk, or leave the pictures where they are with --no-copy",
        )


def copy_files(card: Path, target: Path, paths: Sequence[str], expected: Mapping[str, str]) -> Iterator[CopiedFile]:
    """Copy each file that is not there yet, as they are asked for; ``expected`` is the sha256 of those that have one.

    A file of the card that cannot be read is named and the others are done. Raises StoreError where the copy cannot be
    written or is not what was written, and where the card itself is gone; what was copied until then stays.
    """
    for path in paths:
        if _is_there(card / path, target / path):
            yield CopiedFile(path, CopyState.THERE, (target / path).stat().st_size)
            continue
        yield _copied(card, target, path, expected.get(path))


def _is_there(source: Path, copy: Path) -> bool:
    """A copy is named when it is whole, and has the time of what it was made from."""
    try:
        told, there = source.stat(), copy.stat()
    except OSError:
        return False
    return told.st_size == there.st_size and abs(told.st_mtime_ns - there.st_mtime_ns) <= _TICK_NS


def _copied(card: Path, target: Path, path: str, expected: str | None) -> CopiedFile:
    source, copy = card / path, target / path
    reading = _Reading(source)
    try:
        make_folder_durably(copy.parent)
        write_part_of(copy, reading.pieces())
    except OSError as error:
        _check_card(card)
        if reading.error is None:
            raise _cannot_write(copy, error) from error
        state = CopyState.MISSING if isinstance(error, FileNotFoundError) else CopyState.UNREADABLE
        _abandon(copy)
        return CopiedFile(path, state, why=error.strerror or str(error))
    digest = reading.digest.hexdigest()
    _read_back(copy, digest)
    is_damaged = expected is not None and digest != expected
    if is_damaged and _is_on_disk(copy, expected):
        _abandon(copy)
        return CopiedFile(path, CopyState.KEPT, 0, digest, f"{_CHANGED}; the sound copy made before is kept")
    _give_name(copy, None if is_damaged else source)
    if is_damaged:
        return CopiedFile(path, CopyState.DAMAGED, reading.size, digest, _CHANGED)
    return CopiedFile(path, CopyState.COPIED, reading.size, digest)


class _Reading:
    """A file of the card in pieces, with what they come to; ``error`` where it was the reading that failed."""

    def __init__(self, path: Path) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self.error: OSError | None = None
        self._path = path

    def pieces(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb", buffering=0) as file:
                while piece := file.read(_BLOCK):
                    self.digest.update(piece)
                    self.size += len(piece)
                    yield piece
        except OSError as error:
            self.error = error
            raise


def _read_back(copy: Path, digest: str) -> None:
    """From the disk as far as the system lets it: what was written was synced, so its pages may be dropped."""
    part = copy.with_name(copy.name + PART)
    try:
        found = digest_on_disk(part)
    except OSError as error:
        raise _cannot_write(copy, error) from error
    if found != digest:
        _abandon(copy)
        raise StoreError(
            f"{copy} is not what was written", why="it was read back otherwise", hint="is that disk failing?"
        )


def digest_on_disk(path: Path) -> str:
    """The sha256 of a file, from the disk itself where the system lets it. Raises OSError."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        while piece := os.read(descriptor, _BLOCK):
            digest.update(piece)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def _is_on_disk(copy: Path, sha256: str | None) -> bool:
    """Whether a copy lies there already that is what the card had when it was sound."""
    try:
        return digest_on_disk(copy) == sha256
    except OSError:
        return False


def _give_name(copy: Path, source: Path | None) -> None:
    """Without a ``source`` it is a copy of something damaged: of no time, so that the next import tries it again."""
    try:
        told_ns = 0 if source is None else source.stat().st_mtime_ns
        os.utime(copy.with_name(copy.name + PART), ns=(told_ns, told_ns))
        name_parts([copy])
    except OSError as error:
        raise _cannot_write(copy, error) from error


def _abandon(copy: Path) -> None:
    with contextlib.suppress(OSError):
        copy.with_name(copy.name + PART).unlink(missing_ok=True)


def _check_card(card: Path) -> None:
    """Raises StoreError where it is the whole card that went, and not one file."""
    try:
        is_gone = not any(card.iterdir())
    except OSError:
        is_gone = True
    if is_gone:
        hint = "was it pulled? put it back and give the same command: it goes on where it stopped"
        raise StoreError(f"the card is not at {card} any more", hint=hint)


def _cannot_write(copy: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{copy} cannot be written",
        why=error.strerror or str(error),
        hint="make room, then give the same command: it goes on where it stopped",
    )


def copy_index(original: sqlite3.Connection, copy: Path) -> None:
    """Copy a database as it is read, its log with it, and give it its name when it is whole. Raises StoreError."""
    part = copy.with_name(copy.name + PART)
    try:
        make_folder_durably(copy.parent)
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part)) as target:
            original.backup(target)
            target.execute("PRAGMA journal_mode=DELETE").fetchall()
        sync(part)
        name_parts([copy])
    except (OSError, sqlite3.Error) as error:
        hint = "make room, then give the same command: it goes on where it stopped"
        raise StoreError(f"{copy} cannot be written", why=str(error), hint=hint) from error
