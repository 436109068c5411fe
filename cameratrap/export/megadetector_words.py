"""What a project says beyond MegaDetector's format, as the objects ``cameratrap`` of such a file hold it.

``app.import_megadetector_own`` reads them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cameratrap.export.sequences import ReadSequence
from cameratrap.store.project_lines import DeploymentLine
from cameratrap.store.project_rows import DetectionRow, MediaRow, ObservationRow, WordRow

Object = dict[str, object]
_POSITION = frozenset({"latitude", "longitude", "coordinateUncertainty"})


def deployment_object(line: DeploymentLine) -> Object:
    """A deployment without its position, which a file that is handed around must not tell; rates want its effort."""
    row = line.row
    return {
        "deployment": row.deployment,
        "station": row.station,
        "session": row.session,
        "utc_offset_minutes": row.utc_offset_minutes,
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "setup": {name: value for name, value in row.setup.items() if name not in _POSITION},
        "made_with": dict(row.made_with),
        "down": [[start.isoformat(), end.isoformat(), why] for start, end, why in line.down],
        "effort": [dict(day) for day in line.effort],
    }


def sequence_object(sequence: ReadSequence, words: Sequence[Object]) -> Object:
    """A sequence with what was said of it."""
    row = sequence.row
    return {
        "sequence": row.sequence,
        "cause": row.cause.value,
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "status": row.status,
        "clock": row.clock,
        "first_frame_s": row.first_frame_s,
        "flagged": sequence.flagged,
        "words": list(words),
    }


def word_object(word: WordRow, media: Mapping[int, MediaRow]) -> Object:
    """A word. Its boxes are by the pictures' identifiers, and all of them are here: also those set aside."""
    return {
        "method": word.method,
        "classified_by": word.classified_by,
        "classified_at": word.classified_at.isoformat(),
        "model_sha256": word.model_sha256,
        "score_threshold": word.score_threshold,
        "observations": [_observation(each) for each in word.observations],
        "boxes": [_box(each, media[each.media].media) for each in word.detections if each.media in media],
    }


def _box(each: DetectionRow, media: str) -> Object:
    bbox = [each.bbox.x, each.bbox.y, each.bbox.width, each.bbox.height]
    return {
        "media": media,
        "bbox": bbox,
        "score": each.score,
        "taxon": each.taxon,
        "label": each.model_label,
        "fate": each.fate.value,
        "counted_as": each.counted_as,
    }


def _observation(each: ObservationRow) -> Object:
    return {
        "taxon": each.taxon,
        "count": each.count,
        "count_low": each.count_low,
        "count_high": each.count_high,
        "score": each.score,
        "first_at": each.first_at.isoformat(),
        "last_at": each.last_at.isoformat(),
        "attributes": dict(each.attributes),
    }
