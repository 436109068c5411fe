"""The files of a camera of another maker: when each was taken, by its own header, and which one trigger took."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cameratrap.app.bursts import apart
from cameratrap.app.clips import CLIP_EXTENSIONS, clip_taken
from cameratrap.app.images import FORMATS, open_image
from cameratrap.app.maker_notes import CameraNote, read_note
from cameratrap.domain.events import BURST_GAP
from cameratrap.errors import ImageError, UsageError

_MOST_APART = timedelta(minutes=1)  # pictures of one trigger, whatever their maker's note says
_TYPES = {".avi": "video/x-msvideo", ".m4v": "video/mp4", ".mkv": "video/x-matroska"}


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """One picture or clip; ``path`` is relative to its folder, with slashes, ``taken`` aware, ``size`` in bytes."""

    path: str
    taken: datetime
    size: int
    mediatype: str
    width: int | None = None
    height: int | None = None
    serial: str | None = None
    note: CameraNote | None = None

    @property
    def is_clip(self) -> bool:
        """Whether it is no picture."""
        return self.mediatype.startswith("video/")


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A file that belongs nowhere in time, and why: it cannot be read, or says no time."""

    path: str
    why: str


def read_files(folder: Path, files: Iterable[Path], zone: timezone | None) -> Iterator[ForeignFile | Unplaced]:
    """Each file in its order. ``zone`` is where times that state no offset are taken to be.

    Raises UsageError where there is such a time and no zone: without it nobody knows on which day it was.
    """
    for file in files:
        path = file.relative_to(folder).as_posix()
        try:
            yield _read(file, path, zone)
        except ImageError as error:
            yield Unplaced(path, str(error))


def sequences(files: Iterable[ForeignFile]) -> Iterator[list[ForeignFile]]:
    """The files of one trigger together: by the camera's own count where it has one, else within ``BURST_GAP``.

    Those of one folder are one camera's; a clip stands alone.
    """
    group: list[ForeignFile] = []
    for file in sorted(files, key=lambda file: (_folder(file), file.taken, file.path)):
        if group and not _joins(file, group[-1]):
            yield group
            group = []
        group.append(file)
    if group:
        yield group


def _joins(file: ForeignFile, before: ForeignFile) -> bool:
    if file.is_clip or before.is_clip or _folder(file) != _folder(before):
        return False
    if file.note is not None and before.note is not None:
        return file.note.follows(before.note) and apart(before.taken, file.taken) <= _MOST_APART
    return apart(before.taken, file.taken) <= BURST_GAP


def _folder(file: ForeignFile) -> str:
    return file.path.rpartition("/")[0]


def _read(file: Path, path: str, zone: timezone | None) -> ForeignFile:
    if not path.isprintable():  # bytes that are no text, or a new line: no table could name it
        raise ImageError("its name is not text", hint="rename it")
    if file.suffix.lower() in CLIP_EXTENSIONS:
        taken = _placed(path, clip_taken(file), zone)
        kind = _TYPES.get(file.suffix.lower()) or mimetypes.guess_type(file.name)[0] or "video/mp4"
        return ForeignFile(path, taken, file.stat().st_size, kind)
    with open_image(file) as opened:
        header = opened.header
    assert header.format in FORMATS  # noqa: S101 - open_image reads no other
    return ForeignFile(
        path,
        _placed(path, header.taken, zone),
        file.stat().st_size,
        f"image/{header.format.lower()}",
        header.width,
        header.height,
        header.serial,
        read_note(header.note),
    )


def _placed(path: str, taken: datetime | None, zone: timezone | None) -> datetime:
    if taken is None:
        raise ImageError("it does not say when it was taken")
    if taken.tzinfo is not None:
        return taken if zone is None else taken.astimezone(zone)
    if zone is None:
        raise UsageError(
            f"{path} says its time without an offset",
            why="so nobody knows which moment it was",
            hint="give the camera's with --timezone +HH:MM, standard or summer time as its clock was set",
        )
    return taken.replace(tzinfo=zone)
