"""What `process` says of one file, and the object it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cameratrap.domain.detections import Detection


@dataclass(frozen=True, slots=True)
class ClipMoment:
    """What one sampled frame of a clip shows, ``offset_s`` seconds after the clip's beginning."""

    offset_s: float
    detections: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class ProcessedFile:
    """What one file gave. ``detections`` and ``counts`` are None, and ``error`` says why, where nothing could be read.

    ``event`` is the file that began the event this one belongs to, None where nothing was found or the file has no
    time. ``timestamp`` is without an offset where neither the file nor the caller gives one. Of a clip ``moments`` are
    the sampled frames, ``detections`` those of the first moment that shows the most, ``counts`` MaxN over all; one
    that broke off has both these and an error.
    """

    file: str
    width: int | None = None
    height: int | None = None
    timestamp: datetime | None = None
    event: str | None = None
    detections: tuple[Detection, ...] | None = None
    counts: Mapping[str, int] | None = None
    error: str | None = None
    moments: tuple[ClipMoment, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that ``process --json`` promises; for a clip with ``offset_s`` and ``frames`` besides."""
        promised = {
            "file": self.file,
            "width": self.width,
            "height": self.height,
            "timestamp": None if self.timestamp is None else iso(self.timestamp),
            "event": self.event,
            "detections": None if self.detections is None else _as_json(self.detections),
            "counts": None if self.counts is None else dict(self.counts),
            "error": self.error,
        }
        if self.moments is None:
            return promised
        frames = [{"offset_s": each.offset_s, "detections": _as_json(each.detections)} for each in self.moments]
        return {**promised, "offset_s": fullest(self.moments).offset_s, "frames": frames}


def fullest(moments: Sequence[ClipMoment]) -> ClipMoment:
    """The first moment that shows the most."""
    return max(moments, key=lambda moment: len(moment.detections))


def iso(moment: datetime) -> str:
    """ISO 8601, with milliseconds only where there are any."""
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _as_json(found: Sequence[Detection]) -> list[dict[str, Any]]:
    return [
        {
            "taxon": detection.taxon,
            "model_label": detection.model_label,
            "score": round(detection.score, 4),
            "bbox": detection.bbox.as_list(),
        }
        for detection in found
    ]
