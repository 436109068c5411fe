"""Run a detector over pictures that are already taken: one result an image, in order, as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from cameratrap.app.images import StillImage, read_image
from cameratrap.domain.detections import Detection, count_by_taxon
from cameratrap.domain.events import DEFAULT_INTERVAL, IndependenceRule
from cameratrap.errors import ImageError
from cameratrap.ports import Detector, Frame


@dataclass(frozen=True, slots=True)
class ProcessedImage:
    """What one file gave. ``detections`` is None, and ``error`` says why, where it could not be read.

    ``event`` is the file that began the event this picture belongs to, None where nothing was found or the picture
    has no time. ``timestamp`` is without an offset where neither the file nor the caller gives one.
    """

    file: str
    width: int | None = None
    height: int | None = None
    timestamp: datetime | None = None
    event: str | None = None
    detections: tuple[Detection, ...] | None = None
    error: str | None = None

    @property
    def counts(self) -> dict[str, int] | None:
        """How many of each taxon the picture shows; None where nobody could look."""
        return None if self.detections is None else count_by_taxon(self.detections)

    def as_json(self) -> dict[str, Any]:
        """The object that ``process --json`` promises."""
        return {
            "file": self.file,
            "width": self.width,
            "height": self.height,
            "timestamp": None if self.timestamp is None else iso(self.timestamp),
            "event": self.event,
            "detections": None if self.detections is None else [_as_json(found) for found in self.detections],
            "counts": self.counts,
            "error": self.error,
        }


def process_images(
    files: Iterable[Path],
    detector: Detector,
    *,
    zone: tzinfo | None = None,
    interval: timedelta = DEFAULT_INTERVAL,
    rule: IndependenceRule = IndependenceRule.LAST_RECORD,
) -> Iterator[ProcessedImage]:
    """Each file in the order given; a file that cannot be read is one result like the others.

    One picture is in memory at a time. ``zone`` is where times without an offset are taken to be.
    """
    grouping = EventGrouping(interval, rule)
    for file in files:
        yield _process(file, detector, zone, grouping)


@dataclass
class EventGrouping:
    """Names the event of each picture in one pass, folder by folder: a folder stands for a deployment.

    Pictures that show something belong together until the independence interval has passed without one; the taxa
    are not told apart here, as they are in the tables of a card. A clock that jumps back by more than the
    interval opens a new event.
    """

    interval: timedelta
    rule: IndependenceRule
    _open: dict[Path, tuple[datetime, str]] = field(default_factory=dict)

    def event_of(self, file: Path, taken: datetime) -> str:
        """The event of a picture that shows something: the name of the file that began it."""
        mark = self._open.get(file.parent)
        joins = mark is not None and _apart(mark[0], taken) < self.interval
        event = mark[1] if mark is not None and joins else str(file)
        if not joins or self.rule is IndependenceRule.LAST_RECORD:
            self._open[file.parent] = (taken, event)
        return event


def iso(moment: datetime) -> str:
    """ISO 8601, with milliseconds only where there are any."""
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _process(file: Path, detector: Detector, zone: tzinfo | None, grouping: EventGrouping) -> ProcessedImage:
    try:
        still = read_image(file).at(zone)
    except ImageError as error:
        return ProcessedImage(str(file), error=str(error))
    try:
        found = detector.detect(_frame(file, still)).detections
    except ImageError as error:
        return ProcessedImage(str(file), still.width, still.height, still.taken, error=str(error))
    event = grouping.event_of(file, still.taken) if found and still.taken else None
    return ProcessedImage(str(file), still.width, still.height, still.taken, event, found)


def _frame(file: Path, still: StillImage) -> Frame:
    # A frame has a time because a camera's has; a detector does not look at it, and it goes nowhere else.
    taken = still.at(UTC).taken or datetime.min.replace(tzinfo=UTC)
    return Frame(still.data, taken, str(file))


def _apart(first: datetime, second: datetime) -> timedelta:
    """How far apart two times are; without end where only one of them has an offset."""
    if (first.tzinfo is None) is not (second.tzinfo is None):
        return timedelta.max
    return abs(second - first)


def _as_json(detection: Detection) -> dict[str, Any]:
    return {
        "taxon": detection.taxon,
        "model_label": detection.model_label,
        "score": round(detection.score, 4),
        "bbox": detection.bbox.as_list(),
    }
