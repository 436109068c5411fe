"""Writing a file so that after a power cut it is either whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

PART = ".part"


def write_durably(path: Path, data: bytes, *, replace: bool = True, mode: int = 0o644) -> None:
    """Temporary file, fsync, rename, fsync of the folder: when this returns, the file survives a power cut.

    Raises OSError, FileExistsError where something lies there and ``replace`` is False. ``mode`` is who may read and
    write a file that is new.
    """
    write_part(path, data, replace=replace, mode=mode)
    name_parts([path])


def write_part(path: Path, data: bytes, *, replace: bool = True, mode: int = 0o644) -> None:
    """The first half of ``write_durably``: the content is safe, under a temporary name."""
    write_part_of(path, [data], replace=replace, mode=mode)


def write_part_of(path: Path, pieces: Iterable[bytes], *, replace: bool = True, mode: int = 0o644) -> None:
    """The same for content that comes in pieces and is never held whole.

    A sync that failed is never tried again on the same file, because the kernel may have dropped the pages and a
    second sync would report success over nothing.
    """
    if not replace and path.exists():
        raise FileExistsError(errno.EEXIST, "there is a file of that name already", str(path))
    descriptor = os.open(_part(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        size = 0
        for piece in pieces:
            view = memoryview(piece)
            size += len(view)
            while view:
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
        if os.fstat(descriptor).st_size != size:
            raise OSError(errno.EIO, "less is there than was written", str(path))
    finally:
        os.close(descriptor)


def name_parts(paths: Sequence[Path]) -> None:
    """The other half, for several files at once: each gets its name, and one sync a folder makes them durable."""
    for path in paths:
        os.replace(_part(path), path)  # noqa: PTH105 - beside the other system calls, in the order that matters
    for folder in dict.fromkeys(path.parent for path in paths):
        sync(folder)


def _part(path: Path) -> Path:
    return path.with_name(path.name + PART)


def remove_durably(path: Path) -> None:
    """Remove a file, if it is there, so that it does not come back after a power cut. Raises OSError."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync(path.parent)


def make_folder_durably(folder: Path) -> None:
    """Create ``folder`` and its missing parents, each entry synced. Raises OSError.

    One whose sync failed is removed again: left there, it would be taken for durable the next time.
    """
    if folder.is_dir():
        return
    make_folder_durably(folder.parent)
    folder.mkdir(exist_ok=True)
    try:
        sync(folder.parent)
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise


def sync(path: Path) -> None:
    """Make a file's content durable, or a folder's entries: a rename is only in memory until then."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
