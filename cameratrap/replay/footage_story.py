"""What a story for the camera is told in: bodies on a plain, frames, bursts, and how one is made from scenes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from math import cos, pi, radians, sin

from cameratrap.domain.events import TriggerCause

BURST_FRAMES = 3
FRAME_SPACING_S = 1.5
TAXA = {
    "elephant": "Loxodonta africana",
    "calf": "Loxodonta africana",
    "zebra": "Equus quagga",
    "giraffe": "Giraffa camelopardalis",
    "jackal": "Lupulella mesomelas",
    "stork": "Aves",
    "guineafowl": "Numida meleagris",
    "person": "Homo sapiens",
    "pickup": "vehicle",
}
STEP_M = {
    "elephant": 2.6, "calf": 1.5, "zebra": 1.7, "giraffe": 3.2, "jackal": 0.8, "stork": 0.8, "guineafowl": 0.35,
    "person": 1.5, "pickup": 2.5,
}  # fmt: skip
LIGHT_FROM_HOUR = ((5.5, "dawn"), (7.0, "morning"), (10.5, "noon"), (15.5, "evening"), (17.8, "dusk"), (18.7, "night"))


@dataclass(frozen=True, slots=True)
class Posture:
    """How a body stands: ``head`` 0 up to 1 at the ground or water, ``stride`` -1 to 1 through a walking step."""

    head: float = 0.0
    stride: float = 0.0


STANDING = Posture()


@dataclass(frozen=True, slots=True)
class SceneAnimal:
    """One body in one frame, of an animal, a person or a car: what it is, where on the plain it stands and how.

    ``across_m`` is metres right of the camera's axis, ``away_m`` metres from it; ``heading_deg`` 0 faces right, 90 away
    from the camera, 180 left. ``scale`` is its size against a grown animal's; ``speed_m_s`` is how fast it goes.
    """

    body: str
    across_m: float
    away_m: float
    heading_deg: float
    scale: float = 1.0
    posture: Posture = STANDING
    speed_m_s: float = 0.0

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
class Actor:
    """A body that goes straight on and is there in some frames; ``start`` is its place at first."""

    start: SceneAnimal
    frames: tuple[int, ...]

    def at(self, seconds: float, number: int) -> SceneAnimal:
        """The body that much later; ``number`` keeps the members of a herd out of step."""
        if not self.start.speed_m_s:
            return self.start
        walked = self.start.speed_m_s * seconds
        phase = 2 * pi * (walked / STEP_M[self.start.body] + 0.15 + 0.1 * number)
        return replace(
            self.start,
            across_m=self.start.across_m + walked * cos(radians(self.start.heading_deg)),
            away_m=self.start.away_m + walked * sin(radians(self.start.heading_deg)),
            posture=replace(self.start.posture, stride=sin(phase)),
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """What passes at one trigger. ``in_the_way`` is of each of its frames."""

    at: datetime
    actors: tuple[Actor, ...] = ()
    wind: float = 0.05
    in_the_way: tuple[float, float, float] = (0.0, 0.0, 0.0)


def stands(
    body: str, across: float, away: float, heading: float, *,
    head: float = 0.0, stride: float = 0.3, scale: float = 1.0, frames: tuple[int, ...] = (1, 2, 3),
) -> Actor:  # fmt: skip
    """A body that keeps its place; ``across`` and ``away`` in metres, ``heading`` in degrees."""
    return Actor(SceneAnimal(body, across, away, heading, scale, Posture(head, stride)), frames)


def walks(
    body: str, across: float, away: float, heading: float, speed: float, *, head: float = 0.0, scale: float = 1.0,
    frames: tuple[int, ...] = (1, 2, 3),
) -> Actor:  # fmt: skip
    """A body that goes ``speed`` metres a second."""
    return Actor(SceneAnimal(body, across, away, heading, scale, Posture(head), speed), frames)


def burst_of(number: int, scene: Scene) -> SceneBurst:
    """The ``number``-th trigger of a story and its frames."""
    key = f"demo-{number:02d}"
    frames = tuple(_frame(key, number, index, scene) for index in range(1, BURST_FRAMES + 1))
    return SceneBurst(key, scene.at, TriggerCause.PIR, frames)


def light_at(moment: datetime) -> str:
    """Which light there is at that hour: the waterhole lies near the equator."""
    hour = moment.hour + moment.minute / 60
    return next((name for start, name in reversed(LIGHT_FROM_HOUR) if hour >= start), "night")


def _frame(key: str, number: int, index: int, scene: Scene) -> SceneFrame:
    seconds = FRAME_SPACING_S * (index - 1)
    return SceneFrame(
        name=f"{key}-{index}",
        offset_s=seconds,
        light=light_at(scene.at),
        animals=tuple(actor.at(seconds, order) for order, actor in enumerate(scene.actors) if index in actor.frames),
        seed=100 * number + index,
        wind=scene.wind + 0.08 * sin(2.1 * index + number),
        in_the_way=scene.in_the_way[index - 1],
    )
