"""The demonstration's footage: a story drawn by code, played as a trap's own triggers and camera.

Nothing in the pictures is photographic or copied: every shape is code, in the modules ``footage_*``, and the same story
gives the same pictures. They are drawings: how a detector fares on them says nothing of how it fares on real ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.errors import DeviceError
from cameratrap.ports import EndOfTriggers, Frame, Trigger
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.footage_script import STORY_END, demo_story
from cameratrap.replay.footage_story import SceneBurst, SceneFrame

if TYPE_CHECKING:
    from cameratrap.replay.footage_compose import Picture
    from cameratrap.replay.footage_truth import Shown

FOOTAGE_VERSION = 2
"""Raised with every change that alters a picture: the README's picture names the version it was made from."""
JPEG_QUALITY = 86
SERIAL = "demo"


def draw(scene: SceneFrame) -> Picture:
    """Draw one frame: 1024 x 768, RGB. Raises DeviceError where numpy or OpenCV is not installed."""
    try:
        from cameratrap.replay.footage_compose import picture
    except ImportError as error:
        raise DeviceError(
            "the footage cannot be drawn", device="camera", why=str(error), hint="pip install 'cameratrap[detect]'"
        ) from error
    return picture(scene.animals, scene.light, seed=scene.seed, wind=scene.wind, in_the_way=scene.in_the_way)


def encoded(picture: Picture) -> bytes:
    """A drawn frame as the camera would encode it."""
    jpeg = BytesIO()
    picture.image.save(jpeg, "JPEG", quality=JPEG_QUALITY)
    return jpeg.getvalue()


class FootageTriggers:
    """The port TriggerSource over the story. Sets ``clock`` to the time of what it plays."""

    def __init__(self, clock: ReplayClock | None = None, story: tuple[SceneBurst, ...] | None = None) -> None:
        self._story = demo_story() if story is None else story
        self._waiting = iter(self._story)
        self._clock = clock

    def __len__(self) -> int:
        return len(self._story)

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """The next trigger. Raises EndOfTriggers after the last, with the clock at the end of the story's last day.

        Its time stands still while nobody waits for it: with a ``timeout_s`` of 0 nothing ever comes.
        """
        if timeout_s == 0:
            return None
        burst = next(self._waiting, None)
        if self._clock is not None:
            self._clock.set(STORY_END if burst is None else burst.at)
        if burst is None:
            raise EndOfTriggers
        return Trigger(burst.key, burst.at, burst.cause)

    def suppressed(self) -> Mapping[str, int]:
        """The story passes all it has."""
        return {}

    def incidents(self) -> Sequence[Incident]:
        """Nothing happens to it."""
        return ()

    def close(self) -> None:
        """Nothing is held open."""


class FootageCamera:
    """The port Camera: draws the frames of the story's burst that the trigger names.

    ``shown`` is what each frame drawn so far really shows, by the frame's name.
    """

    def __init__(self, story: tuple[SceneBurst, ...] | None = None) -> None:
        self._bursts = {burst.key: burst for burst in (demo_story() if story is None else story)}
        self.shown: dict[str, tuple[Shown, ...]] = {}

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:  # noqa: ARG002
        """Draw one frame after the other. Raises DeviceError for a trigger that is not of the story."""
        burst = self._bursts.get(trigger.key)
        if burst is None:
            raise DeviceError(
                f"the footage has no burst {trigger.key}", device="camera", hint="it answers its own triggers only"
            )
        for position, scene in enumerate(burst.frames, start=1):
            taken = burst.at + timedelta(seconds=scene.offset_s)
            yield Frame(self._taken(scene), taken, scene.name, SERIAL, position, len(burst.frames))

    def incidents(self) -> Sequence[Incident]:
        """Nothing happens to it."""
        return ()

    def close(self) -> None:
        """Nothing is held open."""

    def _taken(self, scene: SceneFrame) -> bytes:
        from cameratrap.replay.footage_truth import Shown

        picture = draw(scene)
        self.shown[scene.name] = tuple(
            Shown(animal.taxon, picture.box(number)) for number, animal in enumerate(scene.animals)
        )
        return encoded(picture)
