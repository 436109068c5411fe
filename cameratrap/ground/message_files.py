"""Files that may hold messages: which a path means, what they are called, and their bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cameratrap.errors import DecodeError

MAX_FILE_BYTES = 16 * 1024 * 1024  # a year of one trap's deliveries, one a line


def message_files(path: Path) -> Iterator[Path]:
    """``path`` itself, or every file in and below a folder, sorted, without what is hidden."""
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.rglob("*")):
        if inner.is_file() and not any(part.startswith(".") for part in inner.relative_to(path).parts):
            yield inner


def shown_name(path: Path) -> str:
    """The path as text that can be printed and stored: a name on a disk may be bytes of no encoding."""
    return os.fsencode(path).decode("utf-8", "replace")


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises DecodeError when it cannot be read, is too large, or is empty."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise DecodeError("it cannot be read", why=error.strerror or str(error)) from error
    if len(data) > MAX_FILE_BYTES:
        raise DecodeError("it is too large", why=f"a file of messages has at most {MAX_FILE_BYTES} bytes")
    if not data.strip(b"\r\n"):
        raise DecodeError("it is empty")
    return data
