"""Every body of the story: its shape, its coat and its size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cameratrap.replay import footage_birds, footage_car, footage_mammals, footage_skins
from cameratrap.replay.footage_solids import Array, Part, Surface
from cameratrap.replay.footage_story import Posture


@dataclass(frozen=True, slots=True)
class Body:
    """``shape`` gives the parts for a posture, ``skin`` the colour of each point (rows, columns, 3), linear.

    ``size_m`` is the length that shading smooths over in proportion: about a body's trunk and neck.
    """

    shape: Callable[[Posture], tuple[Part, ...]]
    skin: Callable[[Surface, Sequence[Part]], Array]
    size_m: float


BODIES: dict[str, Body] = {
    "zebra": Body(footage_mammals.zebra, footage_skins.zebra, 1.6),
    "elephant": Body(footage_mammals.elephant, footage_skins.elephant, 3.0),
    "calf": Body(footage_mammals.calf, footage_skins.elephant, 3.0),
    "giraffe": Body(footage_mammals.giraffe, footage_skins.giraffe, 3.2),
    "jackal": Body(footage_mammals.jackal, footage_skins.jackal, 0.6),
    "stork": Body(footage_birds.stork, footage_skins.stork, 0.9),
    "guineafowl": Body(footage_birds.guineafowl, footage_skins.guineafowl, 0.4),
    "person": Body(footage_mammals.person, footage_skins.person, 1.3),
    "pickup": Body(footage_car.pickup, footage_car.painted, 1.0),
}
