"""Full pictures on the card, under the names that every card reader knows (DCF): DCIM/100CTRAP/CTRP0001.JPG."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cameratrap.errors import StoreError
from cameratrap.store.durable import PART, make_folder_durably, name_parts, remove_durably, write_part

FIRST_FOLDER, LAST_FOLDER, LAST_FILE = 100, 999, 9999
TRIES = 3  # to write one picture, where a block of the card is bad
_PATTERN = re.compile(r"DCIM/(\d{3})CTRAP/CTRP(\d{4})\.JPG(?:\.part)?$")


@dataclass(frozen=True, slots=True)
class SavedPicture:
    """A picture that is durable: its path relative to the card, with slashes, its sha256 and its size."""

    path: str
    sha256: str
    size: int


class PictureFolder:
    """Hands out DCF names in order and never the same twice, also after a restart. One writer at a time."""

    def __init__(self, card: Path, indexed: str | None = None) -> None:
        """``indexed`` is the greatest path of the index: a name that is in it is used, whatever became of the file."""
        self._card = card
        folder = last_folder(card)
        on_disk = max((_number(path) for path in _names(card, since=folder)), default=(folder, 0))
        self._last = max(on_disk, (FIRST_FOLDER, 0) if indexed is None else _number(indexed))

    def save(self, jpeg: bytes) -> SavedPicture:
        """Make one picture durable. Raises StoreError when the card is full, gone or read-only."""
        picture = self.write(jpeg)
        self.name([picture])
        return picture

    def write(self, jpeg: bytes) -> SavedPicture:
        """Make a picture's content durable; it gets its name by ``name``, with the others of its burst.

        Where the card fails it is written anew, under the next name and so onto other blocks: a file whose sync has
        failed is lost, whatever a second sync would say. A name that failed is spent. Raises StoreError as ``save``
        does; a card that is full or read-only is not asked twice.
        """
        for tries_left in reversed(range(TRIES)):
            path = self._next()
            try:
                make_folder_durably((self._card / path).parent)
                write_part(self._card / path, jpeg, replace=False)
            except OSError as error:
                if not tries_left or error.errno != errno.EIO:
                    raise _cannot_be_stored(path, error) from error
                self._abandon(path)
            else:
                break
        return SavedPicture(path, sha256_of(jpeg), len(jpeg))

    def name(self, written: Sequence[SavedPicture]) -> None:
        """Give pictures that were written their names, durable when this returns. Raises StoreError as ``save`` does.

        Where it fails, the sweep of the next start finds them under either name.
        """
        try:
            name_parts([self._card / picture.path for picture in written])
        except OSError as error:
            raise _cannot_be_stored(written[0].path, error) from error

    def _abandon(self, path: str) -> None:
        """What lies there may look whole and be a second copy; where it cannot be removed, the sweep sets it aside."""
        with contextlib.suppress(OSError):
            remove_durably(self._card / (path + PART))

    def _next(self) -> str:
        folder, file = self._last
        folder, file = (folder + 1, 1) if file >= LAST_FILE else (folder, file + 1)
        if folder > LAST_FOLDER:
            raise StoreError(
                "the card has used all the picture names there are", why="DCF ends at 999CTRAP/CTRP9999.JPG"
            )
        self._last = (folder, file)
        return f"DCIM/{folder}CTRAP/CTRP{file:04d}.JPG"


def _cannot_be_stored(path: str, error: OSError) -> StoreError:
    return StoreError(f"the picture {path} cannot be stored", why=error.strerror or str(error))


def last_folder(card: Path) -> int:
    """The number of the folder that pictures are put into: a card of a season has dozens that need no looking at."""
    numbers = (int(name[:3]) for name in _listed(card / "DCIM") if re.fullmatch(r"\d{3}CTRAP", name))
    return max(numbers, default=FIRST_FOLDER)


def pictures(card: Path, *, since: int = FIRST_FOLDER) -> list[str]:
    """The whole pictures on the card, from folder number ``since`` on; relative paths in order."""
    return sorted(path for path in _names(card, since=since) if not path.endswith(PART))


def partial_pictures(card: Path, *, since: int = FIRST_FOLDER) -> list[str]:
    """What a power cut in the middle of a write left behind."""
    return sorted(path for path in _names(card, since=since) if path.endswith(PART))


def sha256_of(data: bytes) -> str:
    """Hexadecimal sha256."""
    return hashlib.sha256(data).hexdigest()


def _names(card: Path, *, since: int) -> Iterator[str]:
    for folder in _listed(card / "DCIM"):
        if re.fullmatch(r"\d{3}CTRAP", folder) and int(folder[:3]) >= since:
            for name in _listed(card / "DCIM" / folder):
                if _PATTERN.search(path := f"DCIM/{folder}/{name}"):
                    yield path


def _listed(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _number(path: str) -> tuple[int, int]:
    match = _PATTERN.search(path)
    assert match is not None  # noqa: S101 - _names lets nothing else through
    return int(match[1]), int(match[2])
