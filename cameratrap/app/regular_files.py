"""Opening a file that somebody else named: never a pipe or a device, which could be waited for without end."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cameratrap.errors import ImageError


def open_regular(path: Path) -> BinaryIO:
    """The file, open for reading. Raises ImageError where it is none or cannot be opened."""
    with reading():
        _check_regular(path.stat().st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = os.fdopen(descriptor, "rb")
        try:
            _check_regular(os.fstat(descriptor).st_mode)
        except ImageError:
            file.close()
            raise
        return file


@contextmanager
def reading() -> Iterator[None]:
    """What the system says of a file, as an ImageError."""
    try:
        yield
    except OSError as error:
        why = "it is a link in a circle" if error.errno == errno.ELOOP else error.strerror or str(error)
        raise ImageError("the file cannot be read", why=why) from error
    except ValueError as error:  # a name with a NUL in it
        raise ImageError("the file cannot be read", why=str(error)) from error


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise ImageError("the folder cannot be listed")
    if not stat.S_ISREG(mode):
        raise ImageError("it is not a file", why="it is a pipe, a socket or a device")
