"""Three days at a waterhole, as a pure description: what passes when, and where it stands in each frame.

The story is the demonstration's ground truth. It holds what a camera trap's tables must get right: blanks, people and
their car, an event that crosses midnight, two bursts of one event, a visit again after the independence interval, and
herds whose members come and go between the frames of a burst, so that MaxN is neither their sum nor their mean. And it
holds what a detector finds hard: small animals and far ones, a flock, bodies that hide each other or leave the picture,
a flank right before the flash, and what moves in poor light.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache

from cameratrap.replay.footage_story import Scene, SceneBurst, burst_of, stands, walks

ZONE = timezone(timedelta(hours=1))
STORY_START = datetime(2026, 6, 1, tzinfo=ZONE)
STORY_END = datetime(2026, 6, 4, tzinfo=ZONE)


@cache
def demo_story() -> tuple[SceneBurst, ...]:
    """The bursts, in order of time."""
    scenes = _first_day() + _second_day() + _third_day()
    return tuple(burst_of(number, scene) for number, scene in enumerate(scenes, start=1))


def _june(day: int, hour: int, minute: int, second: int) -> datetime:
    return datetime(2026, 6, day, hour, minute, second, tzinfo=ZONE)


def _first_day() -> tuple[Scene, ...]:
    return (
        Scene(_june(1, 6, 12, 9), (
            walks("giraffe", -2.6, 13.2, 8, 0.9),
            stands("giraffe", 3.3, 12.6, 168, scale=0.86, frames=(2, 3)),
        )),
        Scene(_june(1, 7, 41, 30), (
            stands("zebra", 1.9, 9.6, 168, head=1.0),
            walks("zebra", -1.7, 8.2, 10, 0.5),
            stands("zebra", -3.0, 12.0, 16, frames=(2,)),
        )),
        Scene(_june(1, 7, 58, 2), (
            stands("zebra", 1.4, 8.6, 172, head=0.95),
            walks("zebra", -3.9, 9.8, 4, 0.8, frames=(1, 2)),
        )),
        Scene(_june(1, 9, 24, 50), (walks("pickup", -4.9, 11.8, 6, 2.4),)),
        Scene(_june(1, 10, 36, 47), wind=0.42, in_the_way=(0.30, 0.62, 0.45)),
        Scene(_june(1, 11, 20, 15), (
            stands("stork", -0.9, 5.7, 12),
            walks("stork", 1.9, 6.4, 170, 0.35, frames=(2, 3)),
        )),
        Scene(_june(1, 15, 48, 21), (walks("zebra", -2.3, 8.0, 6, 1.0), stands("zebra", 9.5, 29.0, 14))),
        Scene(_june(1, 17, 9, 58), (
            walks("elephant", -2.2, 12.6, 18, 0.8),
            stands("calf", 3.6, 12.9, 12, scale=0.62, frames=(2, 3)),
        )),
        Scene(_june(1, 18, 12, 36), (walks("person", -1.6, 6.6, 6, 1.2), walks("person", -3.2, 7.3, 6, 1.2))),
        Scene(_june(1, 20, 47, 11), (walks("jackal", 2.1, 6.4, 176, 1.1),)),
        Scene(_june(1, 23, 52, 4), (walks("elephant", -1.4, 10.6, 14, 0.6),)),
    )  # fmt: skip


def _second_day() -> tuple[Scene, ...]:
    return (
        Scene(_june(2, 0, 9, 40), (
            stands("elephant", -1.3, 10.8, 18),
            stands("calf", 3.2, 10.4, 165, scale=0.6, frames=(1, 2)),
        )),
        Scene(_june(2, 4, 31, 27), wind=0.30, in_the_way=(0.0, 0.35, 0.50)),
        Scene(_june(2, 6, 55, 3), (
            walks("guineafowl", -2.0, 6.2, 4, 0.4, head=0.9),
            walks("guineafowl", -1.3, 7.4, 12, 0.5),
            stands("guineafowl", -0.6, 6.6, 160, head=1.0),
            walks("guineafowl", 0.1, 8.1, 0, 0.4, head=0.6),
            stands("guineafowl", 0.7, 6.9, 70, frames=(1, 2)),
            stands("guineafowl", 1.5, 7.8, 190, head=0.8, frames=(2, 3)),
            walks("guineafowl", 2.1, 6.5, 178, 0.3, frames=(2,)),
        )),
        Scene(_june(2, 8, 25, 12), (
            walks("giraffe", -3.0, 12.8, 10, 0.9),
            stands("zebra", 2.1, 9.0, 170, head=0.9),
        )),
        Scene(_june(2, 9, 51, 33), (
            stands("stork", -1.4, 5.8, 8),
            stands("stork", 0.5, 6.6, 165, frames=(2,)),
            walks("stork", 2.3, 6.1, 172, 0.3, frames=(2, 3)),
        )),
        Scene(_june(2, 11, 6, 45), (
            stands("pickup", -2.4, 12.2, 8),
            walks("person", 0.3, 9.6, 4, 0.6),
            stands("giraffe", 5.6, 16.5, 172, frames=(2, 3)),
        )),
        Scene(_june(2, 16, 44, 18), (
            walks("elephant", -3.4, 13.0, 12, 0.7),
            stands("elephant", 1.9, 15.6, 20, scale=0.92, frames=(1, 2)),
            stands("calf", 2.6, 11.6, 168, scale=0.55, frames=(2, 3)),
        )),
        Scene(_june(2, 18, 20, 27), (walks("giraffe", 2.4, 13.2, 172, 0.8),)),
        Scene(_june(2, 20, 15, 52), (walks("jackal", -3.0, 9.4, 2, 1.3), walks("jackal", -4.4, 10.2, 2, 1.3))),
        Scene(_june(2, 22, 31, 6), (
            walks("zebra", -2.0, 7.8, 10, 0.6),
            stands("zebra", 2.0, 8.6, 165, frames=(2, 3)),
            stands("zebra", 1.7, 3.6, 176, head=0.7, frames=(3,)),
        )),
    )  # fmt: skip


def _third_day() -> tuple[Scene, ...]:
    return (
        Scene(_june(3, 6, 2, 51), wind=0.25),
        Scene(_june(3, 12, 10, 19), (walks("stork", -0.8, 5.9, 10, 0.4),)),
    )
