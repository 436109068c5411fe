"""People against animals, on the frames of one station that was held out whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.classes import CLASSES
from trainer.dataset import JURA, Frame

from detection.figures import Judged
from detection.intervals import Interval, clopper_pearson

# Of fewer frames nothing is said.
LEAST_FRAMES = 60
_PERSON = next(index for index, trained in enumerate(CLASSES) if trained.label == "person")


@dataclass(frozen=True, slots=True)
class Cases:
    """So many of so many frames; the interval takes the frames for independent, which those of one place are not."""

    hits: int
    n: int

    @property
    def enough(self) -> bool:
        """Whether there are frames enough to say anything."""
        return self.n >= LEAST_FRAMES

    @property
    def interval(self) -> Interval:
        """The exact 95 %."""
        return clopper_pearson(self.hits, self.n)


def people(judged: Sequence[Judged]) -> dict[str, Cases]:
    """What is said of frames with people, and of frames with animals and nobody, at that station."""
    with_people = [one for one in judged if one.frame.camera == JURA and shows_people(one.frame)]
    animals = [one for one in judged if one.frame.camera == JURA and one.frame.has_animal and one not in with_people]
    return {
        "people: a person is said": _cases([one.person for one in with_people]),
        "people: an animal is said": _cases([one.count > 0 for one in with_people]),
        "animals: an animal is said": _cases([one.count > 0 for one in animals]),
        "animals: a person is said": _cases([one.person for one in animals]),
    }


def shows_people(frame: Frame) -> bool:
    """Whether a box of the frame is a person's."""
    return any(box.label == _PERSON for box in frame.boxes)


def _cases(hits: Sequence[bool]) -> Cases:
    return Cases(sum(hits), len(hits))
