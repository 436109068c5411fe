"""Three days at a waterhole, as a pure description: what passes when, and where it stands in each frame.

The story is the demonstration's ground truth. It holds what a camera trap's tables must get right: blanks, a person,
an event that crosses midnight, two bursts of one event, a visit again after the independence interval, and herds whose
members come and go between the frames of a burst, so that MaxN is neither their sum nor their mean.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache
from math import cos, pi, radians, sin

from cameratrap.domain.events import TriggerCause

ZONE = timezone(timedelta(hours=1))
STORY_START = datetime(2026, 6, 1, tzinfo=ZONE)
STORY_END = datetime(2026, 6, 4, tzinfo=ZONE)
BURST_FRAMES = 3
FRAME_SPACING_S = 1.5
TAXA = {
    "elephant": "Loxodonta africana",
    "calf": "Loxodonta africana",
    "zebra": "Equus quagga",
    "giraffe": "Giraffa camelopardalis",
    "stork": "Aves",
    "person": "Homo sapiens",
}
STEP_M = {"elephant": 2.6, "calf": 1.5, "zebra": 1.7, "giraffe": 3.2, "stork": 0.8, "person": 1.5}
LIGHT_FROM_HOUR = ((5.5, "dawn"), (7.0, "morning"), (10.5, "noon"), (15.5, "evening"), (17.8, "dusk"), (18.7, "night"))


@dataclass(frozen=True, slots=True)
class Posture:
    """How a body stands: ``head`` 0 up to 1 at the ground or water, ``stride`` -1 to 1 through a walking step."""

    head: float = 0.0
    stride: float = 0.0


STANDING = Posture()


@dataclass(frozen=True, slots=True)
class SceneAnimal:
    """One body in one frame: what it is, where on the plain it stands and how.

    ``across_m`` is metres right of the camera's axis, ``away_m`` metres from it; ``heading_deg`` 0 faces right, 90 away
    from the camera, 180 left. ``scale`` is its size against a grown animal's.
    """

    body: str
    across_m: float
    away_m: float
    heading_deg: float
    scale: float = 1.0
    posture: Posture = STANDING

    @property
    def taxon(self) -> str:
        """Its name in the taxa table."""
        return TAXA[self.body]


@dataclass(frozen=True, slots=True)
class SceneFrame:
    """One picture to be drawn. ``name`` is unique in the story.

    ``wind`` bends the grass; ``in_the_way`` is a clump right at the lens, 0 for none.
    """

    name: str
    offset_s: float
    light: str
    animals: tuple[SceneAnimal, ...]
    seed: int
    wind: float
    in_the_way: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """How many of each taxon really are in it."""
        return dict(sorted(Counter(animal.taxon for animal in self.animals).items()))


@dataclass(frozen=True, slots=True)
class SceneBurst:
    """One trigger and its frames. ``at`` is aware."""

    key: str
    at: datetime
    cause: TriggerCause
    frames: tuple[SceneFrame, ...]


@dataclass(frozen=True, slots=True)
class _Actor:
    """A body that walks straight on at ``speed_m_s`` and is there in some frames; ``start`` is its place at first."""

    start: SceneAnimal
    speed_m_s: float = 0.0
    frames: tuple[int, ...] = (1, 2, 3)

    def at(self, seconds: float, number: int) -> SceneAnimal:
        """The body that much later; ``number`` keeps the members of a herd out of step."""
        walked = self.speed_m_s * seconds
        if not self.speed_m_s:
            return self.start
        phase = 2 * pi * (walked / STEP_M[self.start.body] + 0.15 + 0.1 * number)
        return replace(
            self.start,
            across_m=self.start.across_m + walked * cos(radians(self.start.heading_deg)),
            away_m=self.start.away_m + walked * sin(radians(self.start.heading_deg)),
            posture=replace(self.start.posture, stride=sin(phase)),
        )


@dataclass(frozen=True, slots=True)
class _Scene:
    at: datetime
    actors: tuple[_Actor, ...] = ()
    wind: float = 0.05
    in_the_way: tuple[float, float, float] = (0.0, 0.0, 0.0)


def _stands(
    body: str, across: float, away: float, heading: float, *,
    head: float = 0.0, stride: float = 0.3, scale: float = 1.0, frames: tuple[int, ...] = (1, 2, 3),
) -> _Actor:  # fmt: skip
    return _Actor(SceneAnimal(body, across, away, heading, scale, Posture(head, stride)), 0.0, frames)


def _walks(
    body: str, across: float, away: float, heading: float, speed: float, *, scale: float = 1.0,
    frames: tuple[int, ...] = (1, 2, 3),
) -> _Actor:  # fmt: skip
    return _Actor(SceneAnimal(body, across, away, heading, scale), speed, frames)


def _june(day: int, hour: int, minute: int, second: int) -> datetime:
    return datetime(2026, 6, day, hour, minute, second, tzinfo=ZONE)


def _first_day() -> tuple[_Scene, ...]:
    return (
        _Scene(_june(1, 6, 12, 9), (
            _walks("giraffe", -2.6, 13.2, 8, 0.9),
            _stands("giraffe", 3.3, 12.6, 168, scale=0.86, frames=(2, 3)),
        )),
        _Scene(_june(1, 7, 41, 30), (
            _stands("zebra", 1.9, 9.6, 168, head=1.0),
            _walks("zebra", -1.7, 8.2, 10, 0.5),
            _stands("zebra", -3.0, 12.0, 16, frames=(2,)),
        )),
        _Scene(_june(1, 7, 58, 2), (
            _stands("zebra", 1.4, 8.6, 172, head=0.95),
            _walks("zebra", -3.3, 9.8, 4, 0.8, frames=(1, 2)),
        )),
        _Scene(_june(1, 10, 36, 47), wind=0.42, in_the_way=(0.30, 0.62, 0.45)),
        _Scene(_june(1, 11, 20, 15), (
            _stands("stork", -0.9, 5.7, 12),
            _walks("stork", 1.9, 6.4, 170, 0.35, frames=(2, 3)),
        )),
        _Scene(_june(1, 15, 48, 21), (_walks("zebra", -2.3, 8.0, 6, 1.0),)),
        _Scene(_june(1, 17, 9, 58), (
            _walks("elephant", -2.2, 12.6, 18, 0.8),
            _stands("calf", 3.6, 12.9, 12, scale=0.62, frames=(2, 3)),
        )),
        _Scene(_june(1, 18, 12, 36), (_walks("person", -1.6, 6.6, 6, 1.2),)),
        _Scene(_june(1, 23, 52, 4), (_walks("elephant", -1.4, 10.6, 14, 0.6),)),
    )  # fmt: skip


def _second_day() -> tuple[_Scene, ...]:
    return (
        _Scene(_june(2, 0, 9, 40), (
            _stands("elephant", -1.3, 10.8, 18),
            _stands("calf", 3.2, 10.4, 165, scale=0.6, frames=(1, 2)),
        )),
        _Scene(_june(2, 8, 25, 12), (
            _walks("giraffe", -3.0, 12.8, 10, 0.9),
            _stands("zebra", 2.1, 9.0, 170, head=0.9),
        )),
        _Scene(_june(2, 9, 51, 33), (
            _stands("stork", -1.4, 5.8, 8),
            _stands("stork", 0.5, 6.6, 165, frames=(2,)),
            _walks("stork", 2.3, 6.1, 172, 0.3, frames=(2, 3)),
        )),
        _Scene(_june(2, 13, 30, 55), wind=0.30, in_the_way=(0.55, 0.25, 0.0)),
        _Scene(_june(2, 16, 44, 18), (
            _walks("elephant", -3.4, 13.0, 12, 0.7),
            _stands("elephant", 1.9, 15.6, 20, scale=0.92, frames=(1, 2)),
            _stands("calf", 2.6, 11.6, 168, scale=0.55, frames=(2, 3)),
        )),
        _Scene(_june(2, 17, 5, 44), (_stands("elephant", 0.9, 12.4, 166),)),
        _Scene(_june(2, 18, 20, 27), (_walks("giraffe", 2.4, 13.2, 172, 0.8),)),
        _Scene(_june(2, 22, 31, 6), (
            _walks("zebra", -2.0, 7.8, 10, 0.6),
            _stands("zebra", 2.0, 8.6, 165, frames=(2, 3)),
        )),
    )  # fmt: skip


def _third_day() -> tuple[_Scene, ...]:
    return (
        _Scene(_june(3, 6, 2, 51), wind=0.25),
        _Scene(_june(3, 12, 10, 19), (_walks("stork", -0.8, 5.9, 10, 0.4),)),
    )


@cache
def demo_story() -> tuple[SceneBurst, ...]:
    """The bursts, in order of time."""
    scenes = _first_day() + _second_day() + _third_day()
    return tuple(_burst(number, scene) for number, scene in enumerate(scenes, start=1))


def light_at(moment: datetime) -> str:
    """Which light there is at that hour: the waterhole lies near the equator."""
    hour = moment.hour + moment.minute / 60
    return next((name for start, name in reversed(LIGHT_FROM_HOUR) if hour >= start), "night")


def _burst(number: int, scene: _Scene) -> SceneBurst:
    key = f"demo-{number:02d}"
    frames = tuple(_frame(key, number, index, scene) for index in range(1, BURST_FRAMES + 1))
    return SceneBurst(key, scene.at, TriggerCause.PIR, frames)


def _frame(key: str, number: int, index: int, scene: _Scene) -> SceneFrame:
    seconds = FRAME_SPACING_S * (index - 1)
    animals = tuple(actor.at(seconds, order) for order, actor in enumerate(scene.actors) if index in actor.frames)
    return SceneFrame(
        name=f"{key}-{index}",
        offset_s=seconds,
        light=light_at(scene.at),
        animals=animals,
        seed=100 * number + index,
        wind=scene.wind + 0.08 * sin(2.1 * index + number),
        in_the_way=scene.in_the_way[index - 1],
    )
