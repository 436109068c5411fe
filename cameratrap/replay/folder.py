"""A folder of pictures played back as a trap's own triggers and camera: `watch --replay DIR`.

Pictures are ordered by the time in their EXIF. Those that follow each other within ``BURST_GAP`` are one burst: a trap
takes a burst a second or so apart, and an animal that triggers again does so later. Pictures of our own say which
burst they belong to. The trap counts as armed from the first picture to the last, which is all that a folder can prove.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.events import BURST_GAP, TriggerCause
from cameratrap.errors import DeviceError
from cameratrap.ports import EndOfTriggers, Frame, Trigger
from cameratrap.replay.clock import ReplayClock


@dataclass(frozen=True, slots=True)
class TimedPicture:
    """A picture file and when it was taken (aware).

    ``name`` is its path below the folder, ``sha256`` its content's as the first camera gave it, ``serial`` the camera's
    if the file says. ``trigger_key`` and ``cause`` are what a picture of our own says of its burst.
    """

    path: Path
    name: str
    captured_at: datetime
    sha256: str
    serial: str = ""
    trigger_key: str | None = None
    cause: TriggerCause = TriggerCause.PIR


@dataclass(frozen=True, slots=True)
class _Burst:
    trigger: Trigger
    pictures: tuple[TimedPicture, ...]


class FolderReplay:
    """A TriggerSource and a Camera over the same pictures. Sets ``clock`` to the time of what it plays."""

    def __init__(
        self, pictures: Sequence[TimedPicture], clock: ReplayClock, known: Mapping[str, str] | None = None
    ) -> None:
        """``known`` names the trigger of every picture that was played before, by its content: a burst that has grown
        since stays the burst that it was."""
        self._by_key: dict[str, _Burst] = {}
        for group in group_bursts(pictures):
            burst = _burst(group, known or {})
            same = self._by_key.get(burst.trigger.key)  # it was one burst before: a picture between has gone since
            self._by_key[burst.trigger.key] = (
                burst if same is None else _Burst(same.trigger, same.pictures + burst.pictures)
            )
        self._bursts = list(self._by_key.values())
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

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """The next burst's trigger. Raises EndOfTriggers after the last.

        Its time stands still while nobody waits for it: with a ``timeout_s`` of 0 nothing ever comes.
        """
        if timeout_s == 0:
            return None
        burst = next(self._waiting, None)
        if burst is None:
            self._clock.set(self._end)
            raise EndOfTriggers
        self._clock.set(burst.trigger.at)
        return burst.trigger

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:  # noqa: ARG002
        """The pictures of that trigger, read when asked for. Raises DeviceError for a file that has gone."""
        pictures = self._by_key[trigger.key].pictures
        for position, picture in enumerate(pictures, start=1):
            try:
                jpeg = picture.path.read_bytes()
            except OSError as error:
                raise DeviceError(f"{picture.name} cannot be read any more", device="camera", why=str(error)) from error
            yield Frame(
                jpeg, picture.captured_at, picture.name, picture.serial, position, len(pictures), picture.sha256
            )

    def suppressed(self) -> Mapping[str, int]:
        """A recording passes all it has."""
        return {}

    def incidents(self) -> Sequence[Incident]:
        """Nothing happens to it."""
        return ()

    def close(self) -> None:
        """Nothing is held open."""


def group_bursts(pictures: Sequence[TimedPicture]) -> list[list[TimedPicture]]:
    """Pictures in order of time, one group a burst.

    Two files with the same content are one picture: somebody copied it.
    """
    groups: list[list[TimedPicture]] = []
    own: dict[str, list[TimedPicture]] = {}
    seen: set[str] = set()
    for picture in sorted(pictures, key=lambda picture: (picture.captured_at, picture.name)):
        if picture.sha256 in seen:
            continue
        seen.add(picture.sha256)
        if picture.trigger_key is not None:
            if picture.trigger_key not in own:
                groups.append(own.setdefault(picture.trigger_key, []))
            own[picture.trigger_key].append(picture)
        elif groups and _continues(groups[-1][-1], picture):
            groups[-1].append(picture)
        else:
            groups.append([picture])
    return groups


def longest_gap(times: Iterable[datetime]) -> tuple[datetime, datetime]:
    """The two consecutive times that are farthest apart; the same time twice where there is one."""
    ordered = sorted(times)
    pairs = list(pairwise(ordered)) or [(ordered[0], ordered[0])]
    return max(pairs, key=lambda pair: pair[1] - pair[0])


def _continues(before: TimedPicture, picture: TimedPicture) -> bool:
    return before.trigger_key is None and picture.captured_at - before.captured_at <= BURST_GAP


def _burst(group: Sequence[TimedPicture], known: Mapping[str, str]) -> _Burst:
    """The trigger's key is what it was before, else its first picture's content: the same again for the same folder."""
    first = group[0]
    before = next((known[picture.sha256] for picture in group if picture.sha256 in known), None)
    key = first.trigger_key or before or f"replay:{first.sha256}"
    return _Burst(Trigger(key, first.captured_at, first.cause), tuple(group))
