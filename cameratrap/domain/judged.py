"""A burst's boxes, once each has been judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cameratrap.domain.detections import Detection


class Fate(StrEnum):
    """What became of a box: it counts (the first two), or why it does not."""

    STANDS = "stands"
    BELIEVED = "believed"  # too doubtful by its score, believed for what its neighbours and the background say
    DUPLICATE = "duplicate"  # of another box of the same animal in the same frame
    DOUBTFUL = "doubtful"
    FIXTURE = "fixture"  # suppressed: a thing that always stands there
    UNCHANGED = "unchanged"  # suppressed: the place looks as it does without an animal

    @property
    def suppressed(self) -> bool:
        """Whether the background spoke against a detection that the model believed."""
        return self in {Fate.FIXTURE, Fate.UNCHANGED}


@dataclass(frozen=True, slots=True)
class JudgedBox:
    """A detection and what became of it. ``counted_as`` is the taxon it counts as, None where it does not count.

    ``hidden`` says that it is to be made unrecognisable if its picture stays on the card.
    """

    detection: Detection
    fate: Fate
    counted_as: str | None = None
    hidden: bool = False

    @property
    def believed(self) -> bool:
        """Whether it is taken for what the model says, in one box or in several of one animal."""
        return self.fate in {Fate.STANDS, Fate.BELIEVED, Fate.DUPLICATE}
