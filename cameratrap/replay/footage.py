"""The demonstration's footage: a story drawn by code, played as a trap's own triggers and camera.

Nothing in the pictures is photographic or copied: every shape is code, in the modules ``footage_*``. The same story
gives the same pictures, so what a real model said of them once (``recorded_detector``) holds until the drawing changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

from cameratrap.errors import DeviceError
from cameratrap.ports import EndOfTriggers, Frame, Trigger
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.footage_story import STORY_END, SceneBurst, SceneFrame, demo_story

if TYPE_CHECKING:
    from PIL import Image

FOOTAGE_VERSION = 1
"""Raised with every change that alters a picture: the recorded detections name the version they were made on."""
JPEG_QUALITY = 86
SERIAL = "demo"


def render(scene: SceneFrame) -> Image.Image:
    """Draw one frame: 1280 x 960, RGB. Raises DeviceError where numpy is not installed."""
    try:
        from cameratrap.replay.footage_compose import picture
    except ImportError as error:
        raise DeviceError(
            "the footage cannot be drawn", device="camera", why=str(error), hint="pip install 'cameratrap[demo]'"
        ) from error
    return picture(scene.animals, scene.light, seed=scene.seed, wind=scene.wind, in_the_way=scene.in_the_way).image


def frame_jpeg(scene: SceneFrame) -> bytes:
    """Draw one frame and encode it as the camera would."""
    jpeg = BytesIO()
    render(scene).save(jpeg, "JPEG", quality=JPEG_QUALITY)
    return jpeg.getvalue()


class FootageTriggers:
    """The port TriggerSource over the story. Sets ``clock`` to the time of what it plays."""

    def __init__(self, clock: ReplayClock | None = None, story: tuple[SceneBurst, ...] | None = None) -> None:
        self._story = demo_story() if story is None else story
        self._waiting = iter(self._story)
        self._clock = clock

    def __len__(self) -> int:
        return len(self._story)

    def wait(self, timeout_s: float | None) -> Trigger | None:  # noqa: ARG002 - a story never waits
        """The next trigger. Raises EndOfTriggers after the last, with the clock at the end of the story's last day."""
        burst = next(self._waiting, None)
        if self._clock is not None:
            self._clock.set(STORY_END if burst is None else burst.at)
        if burst is None:
            raise EndOfTriggers
        return Trigger(burst.key, burst.at, burst.cause)

    def close(self) -> None:
        """Nothing is held open."""


class FootageCamera:
    """The port Camera: draws the frames of the story's burst that the trigger names."""

    def __init__(self, story: tuple[SceneBurst, ...] | None = None) -> None:
        self._bursts = {burst.key: burst for burst in (demo_story() if story is None else story)}

    def capture_burst(self, trigger: Trigger) -> Iterator[Frame]:
        """Draw one frame after the other. Raises DeviceError for a trigger that is not of the story."""
        burst = self._bursts.get(trigger.key)
        if burst is None:
            raise DeviceError(
                f"the footage has no burst {trigger.key}", device="camera", hint="it answers its own triggers only"
            )
        for position, scene in enumerate(burst.frames, start=1):
            taken = burst.at + timedelta(seconds=scene.offset_s)
            yield Frame(frame_jpeg(scene), taken, scene.name, SERIAL, position, len(burst.frames))

    def close(self) -> None:
        """Nothing is held open."""
