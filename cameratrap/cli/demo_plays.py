"""What the demonstration's trap is shown: the drawn waterhole, or somebody's own pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.replay.clock import ReplayClock

if TYPE_CHECKING:
    from cameratrap.config import Config
    from cameratrap.ports import Camera, TriggerSource
    from cameratrap.replay.folder import TimedPicture
    from cameratrap.replay.footage_story import SceneBurst
    from cameratrap.replay.footage_truth import Shown

MOST_PICTURES = 200
LONGEST = timedelta(days=60)
"""A demonstration closes each day from the first picture to the last and sends it: one of years would take all day."""


@dataclass(frozen=True, slots=True)
class Play:
    """Triggers and a camera that set ``clock``, from ``start`` to ``end`` (aware).

    ``station`` is the configuration's section of that name. ``shown`` is what each frame really shows, by its name and
    once it was taken; None where nobody knows.
    """

    triggers: TriggerSource
    camera: Camera
    clock: ReplayClock
    start: datetime
    end: datetime
    station: Mapping[str, str | int]
    shown: Mapping[str, Sequence[Shown]] | None = None

    @property
    def name(self) -> str:
        """The station's."""
        return str(self.station["id"])


@dataclass(frozen=True, slots=True)
class OwnPictures:
    """Of somebody's folder, the pictures to be played, and what has to be said of them.

    ``assumed`` of them have an assumed time, from ``assumed_from`` on; all of them where EXIF's span ``too_long``, from
    when to when, which else is empty. ``left_out`` files were too many; ``refused`` ones cannot be played.
    """

    pictures: Sequence[TimedPicture]
    assumed: int
    assumed_from: datetime
    too_long: str
    left_out: int
    refused: Sequence[tuple[Path, str]]


def waterhole(story: tuple[SceneBurst, ...] | None = None) -> Play:
    """The drawn story, or another one on the same days."""
    from cameratrap.replay.footage import FootageCamera, FootageTriggers
    from cameratrap.replay.footage_script import STORY_END, STORY_START

    clock, camera = ReplayClock(STORY_START), FootageCamera(story)
    station: dict[str, str | int] = {"id": "waterhole", "utc_offset": "+01:00", "latitude": -19, "longitude": 16}
    return Play(FootageTriggers(clock, story), camera, clock, STORY_START, STORY_END, station, camera.shown)


def of_pictures(pictures: Sequence[TimedPicture], config: Config) -> Play:
    """Pictures as the trap would have taken them, at a station with the configuration's offset from UTC."""
    from cameratrap.replay.folder import FolderReplay

    start, end = (edge(picture.captured_at for picture in pictures) for edge in (min, max))
    clock = ReplayClock(start)
    player = FolderReplay(pictures, clock)
    return Play(player, player, clock, start, end, {"id": "own-pictures", "utc_offset": config.station.utc_offset})


def look_through(folder: Path, config: Config) -> OwnPictures:
    """The first ``MOST_PICTURES`` of a folder. Nothing in it is changed.

    Times are those in EXIF. A picture without one, or every picture where the times span more than ``LONGEST``, is
    assumed to have been taken an hour after the one before, in order of name; the first of them on the day after the
    last that has a time, or on the day on which the drawn story starts.
    """
    from cameratrap.app.find_files import find_images
    from cameratrap.replay.folder_pictures import assumed_times, midnight_after, read_pictures
    from cameratrap.replay.footage_script import STORY_START

    paths = find_images([folder])
    found = read_pictures(folder, islice(paths, MOST_PICTURES), config.station.zone)
    timed = [picture.timed for picture in found.pictures if picture.timed is not None]
    untimed = [picture for picture in found.pictures if picture.timed is None]
    span = _span(timed)
    if span:
        timed, untimed = [], found.pictures
    last = max((picture.captured_at for picture in timed), default=None)
    start = midnight_after(last) if last else STORY_START.replace(tzinfo=config.station.zone)
    pictures = [*timed, *assumed_times(untimed, start)]
    return OwnPictures(pictures, len(untimed), start, span, sum(1 for _ in paths), found.refused)


def _span(timed: Sequence[TimedPicture]) -> str:
    """From when to when the pictures were taken, where that is longer than ``LONGEST``."""
    times = [picture.captured_at for picture in timed]
    if not times or max(times) - min(times) <= LONGEST:
        return ""
    return f"{min(times):%Y-%m-%d} to {max(times):%Y-%m-%d}"
