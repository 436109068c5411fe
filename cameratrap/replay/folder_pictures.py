"""The pictures of a folder, with the times their EXIF gives or, where it gives none, with assumed ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, timezone
from pathlib import Path

from cameratrap.app.images import StillImage, read_image
from cameratrap.errors import ImageError
from cameratrap.replay.folder import TimedPicture
from cameratrap.store.exif import read_tags
from cameratrap.store.media import sha256_of

YEARS = range(2000, 2089)
"""Of a clock that was set: no camera trap with EXIF is older, and a message's days are counted from 2000 to 2089."""
ASSUMED_SPACING = timedelta(hours=1)
"""Longer than the usual independence interval: a picture of which no time is known is taken for an event of its own."""


@dataclass(frozen=True, slots=True)
class FolderPicture:
    """A picture that can be played, ``timed`` where its EXIF says when it was taken; ``why`` says why it does not."""

    path: Path
    name: str
    sha256: str
    serial: str
    timed: TimedPicture | None
    why: str = ""

    def assumed(self, at: datetime) -> TimedPicture:
        """The same, assumed to have been taken at that time (aware), whatever it says."""
        return TimedPicture(self.path, self.name, at, self.sha256, self.serial)


@dataclass(frozen=True, slots=True)
class FolderPictures:
    """What files hold, in their order: pictures, and files that cannot be played and why."""

    pictures: list[FolderPicture] = field(default_factory=list)
    refused: list[tuple[Path, str]] = field(default_factory=list)


def read_pictures(folder: Path, paths: Iterable[Path], zone: timezone) -> FolderPictures:
    """Look through files below ``folder``; a time without an offset is taken as being in ``zone``."""
    found = FolderPictures()
    for path in paths:
        try:
            still = read_image(path).at(zone)
        except ImageError as error:
            found.refused.append((path, str(error)))
            continue
        if still.format != "JPEG":
            found.refused.append((path, f"it is a {still.format}, and a trap takes JPEG pictures"))
            continue
        # A name may be any bytes; the index holds text.
        name = os.fsencode(path.relative_to(folder)).decode("utf-8", "replace")
        found.pictures.append(_picture(path, name, still, zone))
    return found


def assumed_times(pictures: Sequence[FolderPicture], start: datetime) -> list[TimedPicture]:
    """The pictures in their order, the first at ``start`` and each ``ASSUMED_SPACING`` after the one before."""
    return [picture.assumed(start + number * ASSUMED_SPACING) for number, picture in enumerate(pictures)]


def midnight_after(moment: datetime) -> datetime:
    """The next day's first moment, in the same offset."""
    return datetime.combine(moment.date() + timedelta(days=1), time(), moment.tzinfo)


def _picture(path: Path, name: str, still: StillImage, zone: timezone) -> FolderPicture:
    sha256, serial = sha256_of(still.data), still.serial or ""
    if still.taken is None:
        return FolderPicture(path, name, sha256, serial, None, "its EXIF does not say when it was taken")
    if still.taken.year not in YEARS:
        why = f"its time, {still.taken:%Y-%m-%d}, is that of a clock that was not set"
        return FolderPicture(path, name, sha256, serial, None, why)
    timed = _own(still.data, TimedPicture(path, name, still.taken.astimezone(zone), sha256, serial))
    return FolderPicture(path, name, timed.sha256, serial, timed)


def _own(data: bytes, picture: TimedPicture) -> TimedPicture:
    """A picture of our own says itself which burst it is of, and what it was before it was ours."""
    try:
        tags = read_tags(data)
    except ImageError:
        return picture
    return replace(
        picture,
        name=tags.source_name or picture.name,
        sha256=tags.source_sha256,
        trigger_key=tags.trigger_key,
        cause=tags.cause,
    )
