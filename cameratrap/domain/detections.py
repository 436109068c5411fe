"""What a detector says of one frame, and what a burst of frames says of the animals in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BBox:
    """A box in fractions of the upright image, origin top left.

    Raises ValueError for a box that is empty or leaves the image; a head clips before it builds one.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        inside = (
            0 <= self.x <= 1
            and 0 <= self.y <= 1
            and self.x + self.width <= 1.000001
            and self.y + self.height <= 1.000001
        )
        if not (inside and self.width > 0 and self.height > 0):
            raise ValueError(f"a box must lie inside the image and not be empty: {self}")

    @property
    def area(self) -> float:
        """The box's share of the image."""
        return self.width * self.height

    def shared(self, other: BBox) -> float:
        """The area that two boxes have in common; 0 where they do not meet."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(across, 0.0) * max(down, 0.0)

    def as_list(self) -> list[float]:
        """``[x, y, width, height]`` rounded to four places: a tenth of a pixel on 1000."""
        return [round(value, 4) for value in (self.x, self.y, self.width, self.height)]


@dataclass(frozen=True, slots=True)
class Detection:
    """One animal, person or vehicle in one frame.

    ``taxon`` is a name of the taxa table; ``model_label`` is what the model itself called it; ``score`` is in 0..1.
    """

    taxon: str
    model_label: str
    score: float
    bbox: BBox


@dataclass(frozen=True, slots=True)
class View:
    """A frame made small, for comparing it with others of the same camera.

    ``grey`` holds ``width * height`` bytes, row by row from the top left of the upright picture, 0 black to 255 white.
    ``colour`` is how colourful the frame is, 0 to 1 (mean saturation): a picture lit by infrared has next to none.
    """

    width: int
    height: int
    grey: bytes = field(repr=False)
    colour: float

    def __post_init__(self) -> None:
        if len(self.grey) != self.width * self.height:
            raise ValueError(f"{self.width} x {self.height} pixels are not {len(self.grey)} bytes")


@dataclass(frozen=True, slots=True)
class DetectedFrame:
    """What a detector says of one frame: its upright size in pixels and the detections, best score first.

    ``doubtful`` are those that score too low to be believed without other evidence, best first; none overlaps
    a detection. ``view`` is the frame made small, None from a detector that gives none.
    """

    width: int
    height: int
    detections: tuple[Detection, ...]
    doubtful: tuple[Detection, ...] = ()
    view: View | None = None


def count_by_taxon(detections: Iterable[Detection]) -> dict[str, int]:
    """How many of each taxon one frame shows, in alphabetical order."""
    return dict(sorted(Counter(detection.taxon for detection in detections).items()))


def max_n(frame_counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """MaxN: for each taxon the largest number seen at once in any one frame.

    It is a lower bound of how many were there, and never grows with the number of frames taken, which the sum of
    boxes does.
    """
    largest: dict[str, int] = {}
    for counts in frame_counts:
        for taxon, count in counts.items():
            largest[taxon] = max(count, largest.get(taxon, 0))
    return dict(sorted((taxon, count) for taxon, count in largest.items() if count > 0))
