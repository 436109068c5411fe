"""A folder of pictures played back as a trap's own triggers and camera: `watch --replay DIR`.

Pictures are ordered by the time in their EXIF. Those that follow each other within ``BURST_GAP`` are one burst: a trap
takes a burst a second or so apart, and an animal that triggers again does so later. The trap counts as armed from
the first picture to the last, which is all that a folder of pictures can prove.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cameratrap.domain.events import TriggerCause
from cameratrap.ports import EndOfTriggers, Frame, Trigger
from cameratrap.replay.clock import ReplayClock

BURST_GAP = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class TimedPicture:
    """A picture file and when it was taken (aware).

    ``name`` is its path below the folder, ``sha256`` its content's, ``serial`` the camera's if the file says.
    """

    path: Path
    name: str
    captured_at: datetime
    sha256: str
    serial: str = ""


@dataclass(frozen=True, slots=True)
class _Burst:
    trigger: Trigger
    pictures: tuple[TimedPicture, ...]


class FolderReplay:
    """A TriggerSource and a Camera over the same pictures. Sets ``clock`` to the time of what it plays."""

    def __init__(self, pictures: Sequence[TimedPicture], clock: ReplayClock) -> None:
        self._bursts = [_burst(group) for group in group_bursts(pictures)]
        self._by_key = {burst.trigger.key: burst for burst in self._bursts}
        self._clock = clock
        self._waiting = iter(self._bursts)
        self._end = max((picture.captured_at for picture in pictures), default=clock.now())
        if self._bursts:
            clock.set(self._bursts[0].trigger.at)

    @property
    def triggers(self) -> int:
        """How many triggers there are to play."""
        return len(self._bursts)

    @property
    def frames(self) -> int:
        """How many pictures they have; copies of a picture are left out."""
        return sum(len(burst.pictures) for burst in self._bursts)

    def wait(self, timeout_s: float | None) -> Trigger | None:  # noqa: ARG002 - a recording never waits
        """The next burst's trigger. Raises EndOfTriggers after the last."""
        burst = next(self._waiting, None)
        if burst is None:
            self._clock.set(self._end)
            raise EndOfTriggers
        self._clock.set(burst.trigger.at)
        return burst.trigger

    def capture_burst(self, trigger: Trigger) -> Iterator[Frame]:
        """The pictures of that trigger, read when asked for."""
        pictures = self._by_key[trigger.key].pictures
        for position, picture in enumerate(pictures, start=1):
            jpeg = picture.path.read_bytes()
            yield Frame(jpeg, picture.captured_at, picture.name, picture.serial, position, len(pictures))

    def close(self) -> None:
        """Nothing is held open."""


def group_bursts(pictures: Sequence[TimedPicture]) -> list[list[TimedPicture]]:
    """Pictures in order of time, those at most BURST_GAP after the one before in one group.

    Two files with the same content are one picture: somebody copied it.
    """
    groups: list[list[TimedPicture]] = []
    seen: set[str] = set()
    for picture in sorted(pictures, key=lambda picture: (picture.captured_at, picture.name)):
        if picture.sha256 in seen:
            continue
        seen.add(picture.sha256)
        if not groups or picture.captured_at - groups[-1][-1].captured_at > BURST_GAP:
            groups.append([])
        groups[-1].append(picture)
    return groups


def _burst(group: Sequence[TimedPicture]) -> _Burst:
    """The trigger's key is its first picture's content, so that the same folder played again is the same triggers."""
    first = group[0]
    trigger = Trigger(f"replay:{first.sha256}", first.captured_at, TriggerCause.PIR)
    return _Burst(trigger, tuple(group))
