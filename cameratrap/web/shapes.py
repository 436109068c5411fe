"""What the scripts of the page are told, as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterable

from cameratrap.store.event_pictures import Box, Frame
from cameratrap.store.event_summaries import EventSummary, Shown

Shape = dict[str, object]


def event_shape(event: EventSummary) -> Shape:
    """An event as it stands."""
    return {
        "id": event.number,
        "deployment": event.deployment,
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "state": event.state,
        "taxa": [{"taxon": shown.taxon, "count": shown.count} for shown in event.shown],
        "machine": [_scored(shown) for shown in event.machine],
        "by": None if event.said is None else {"author": event.said.author, "at": event.said.at.isoformat()},
        "flagged": event.is_flagged,
        "is_blank": event.is_blank,
    }


def whole_event_shape(
    event: EventSummary, frames: Iterable[Frame], following: int | None, previous: int | None
) -> Shape:
    """The same with its pictures, and the events beside it in the selection."""
    media = [media_shape(frame) for frame in frames]
    return event_shape(event) | {"media": media, "next": following, "previous": previous}


def media_shape(frame: Frame) -> Shape:
    """One picture or clip with its boxes."""
    return {
        "id": frame.media,
        "path": frame.path,
        "captured_at": frame.captured_at.isoformat(),
        "sequence": frame.sequence,
        "mediatype": frame.mediatype,
        "state": frame.state,
        "boxes": [_box(box) for box in frame.boxes],
    }


def _scored(shown: Shown) -> Shape:
    return {"taxon": shown.taxon, "count": shown.count, "score": shown.score}


def _box(box: Box) -> Shape:
    return {
        "x": box.x,
        "y": box.y,
        "width": box.width,
        "height": box.height,
        "taxon": box.taxon,
        "score": box.score,
        "counts": box.counts,
    }
