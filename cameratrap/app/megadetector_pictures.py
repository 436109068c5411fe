"""The pictures of a file of results that are new to a project: where they lie, when they were taken, what they form."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import count, pairwise
from mimetypes import guess_type
from pathlib import Path

from cameratrap.app.images import open_image
from cameratrap.app.megadetector_results import FileResult
from cameratrap.domain.events import BURST_GAP
from cameratrap.errors import ImageError, UsageError
from cameratrap.store.project_rows import MediaRow

_OLDEST_YEAR = 1970  # a camera whose clock was never set may begin before


@dataclass(frozen=True, slots=True)
class Picture:
    """A result with the picture's time, and its size where the picture is at hand."""

    result: FileResult
    taken: datetime
    width: int | None = None
    height: int | None = None


def inside(base: Path, file: str) -> str:
    """The file relative to the folder; empty for one that lies outside, whatever it is called, or is no file's name."""
    whole = posixpath.normpath(posixpath.join(base.as_posix(), file))
    is_inside = whole.startswith(base.as_posix().rstrip("/") + "/") and file.isprintable()
    return posixpath.relpath(whole, base.as_posix()) if is_inside else ""


def picture_of(base: Path, result: FileResult, zone: timezone | None) -> Picture | None:
    """The picture with its time, None where nobody knows that. Raises UsageError for a local time without a zone."""
    taken, width, height = parse_moment(result.taken, zone), None, None
    try:
        with open_image(base / result.file) as opened:
            header = opened.header.at(zone)
        taken, width, height = taken or header.taken, header.width, header.height
    except ImageError:  # a clip, or a picture that is not at hand: the file of results may know its time
        pass
    if taken is not None and taken.tzinfo is None:
        raise UsageError(
            f"{result.file} does not say by which clock its time is", hint="give its offset: --timezone +HH:MM"
        )
    return None if taken is None else Picture(result, taken, width, height)


def sequences_of(pictures: Iterable[Picture]) -> Iterator[list[Picture]]:
    """Pictures of one folder that follow each other within a burst's gap; a clip is one by itself."""
    folders: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        folders[posixpath.dirname(picture.result.file)].append(picture)
    for _, members in sorted(folders.items()):
        members.sort(key=lambda each: (each.taken, each.result.file))
        start = 0
        for at, (before, after) in zip(count(1), pairwise(members), strict=False):
            if after.taken - before.taken > BURST_GAP or _is_video(before.result) or _is_video(after.result):
                yield members[start:at]
                start = at
        yield members[start:]


def media_row(deployment: str, picture: Picture) -> MediaRow:
    """As the index has it; of a clip with the frames that were looked at, which its boxes do not tell."""
    result = picture.result
    clip = {} if result.frame_rate is None else {
        "frame_rate": result.frame_rate,
        "frames_processed": list(result.frames),
        "frame_numbers": [each.frame or 0 for each in result.found or ()],
    }  # fmt: skip
    return MediaRow(
        f"{deployment}/{result.file}",
        result.file,
        picture.taken,
        guess_type(result.file)[0] or "application/octet-stream",
        picture.width,
        picture.height,
        attributes=clip,
    )


def _is_video(result: FileResult) -> bool:
    return (guess_type(result.file)[0] or "").startswith("video/")


def parse_moment(text: str | None, zone: timezone | None) -> datetime | None:
    """A time as EXIF or ISO 8601 writes it, in ``zone`` where it has no offset; None for anything else."""
    if text is None:
        return None
    iso = text[:10].replace(":", "-") + text[10:]
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return None
    placed = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return placed if placed.year >= _OLDEST_YEAR else None
