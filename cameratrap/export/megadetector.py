"""MegaDetector's file of detections, format 1.6 (lila.science/megadetector-output-format), for Timelapse and AddaxAI.

It is a form for what a model found, and holds that: the boxes of the newest model's word, each as animal, person or
vehicle, and a taxon below those as its classification. What a person said, and all else that is needed to read the
project back from it, stands in objects called ``cameratrap``, which other programs pass over. Boxes that the model was
sure of and that were set aside (twice the same animal, a thing that always stands there) are only in those. No
position is in the file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cameratrap.domain.judged import Fate
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import ANIMAL, PERSON, VEHICLE, TaxaTable
from cameratrap.export.chosen import EVERYTHING, chosen_deployments, chosen_sequences
from cameratrap.export.media_files import MediaFiles
from cameratrap.export.megadetector_words import deployment_object, sequence_object, word_object
from cameratrap.export.sequences import ReadSequence
from cameratrap.store.project import Project
from cameratrap.store.project_lines import deployment_line
from cameratrap.store.project_read import StoredDeployment
from cameratrap.store.project_rows import DetectionRow, MediaRow

FORMAT_VERSION = "1.6"
CATEGORIES = {"1": "animal", "2": "person", "3": "vehicle"}
_SHOWN = frozenset({Fate.STANDS, Fate.BELIEVED, Fate.DOUBTFUL})
_KINDS = {PERSON: "2", VEHICLE: "3"}
_NO_CLASS = frozenset({ANIMAL, PERSON.casefold(), VEHICLE, *CATEGORIES.values(), ""})


def megadetector_pieces(
    project: Project, folder: Path, taxa: TaxaTable, *, version: str, selection: Selection = EVERYTHING
) -> Iterator[str]:
    """The file of a selection, in pieces. Files are named relative to ``folder``.

    ``version`` is this program's. Raises UsageError where a deployment's pictures lie outside the folder.
    """
    chosen = chosen_deployments(project.connection, selection)
    numbers = [each.number for each in chosen]
    classes = _classes(project.connection, numbers)
    head = {
        "info": _info(project.connection, chosen, version),
        "detection_categories": CATEGORIES,
        "classification_categories": {number: name for name, number in classes.items()},
    }
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "images": ['
    separator = "\n"
    images = _Images(taxa, classes, MediaFiles(project, folder))
    for deployment, sequence in chosen_sequences(project.connection, selection):
        for image in images.of(sequence, deployment):
            yield separator + json.dumps(image, ensure_ascii=False)
            separator = ",\n"
    yield "\n]}\n"


def _info(connection: sqlite3.Connection, chosen: Collection[StoredDeployment], version: str) -> dict[str, object]:
    rows = connection.execute(
        """SELECT w.classified_by AS who, MAX(julianday(w.classified_at)) AS day, MIN(w.score_threshold) AS threshold
        FROM sequences s JOIN words w ON w.id = s.machine WHERE s.deployment IN (SELECT value FROM json_each(?))
        GROUP BY w.classified_by ORDER BY w.classified_by""",
        (json.dumps([each.number for each in chosen]),),
    ).fetchall()
    thresholds = [row["threshold"] for row in rows if row["threshold"] is not None]
    ended = max((_moment(row["day"]) for row in rows), default=None)
    return {
        "format_version": FORMAT_VERSION,
        "detector": ", ".join(row["who"] for row in rows) or "none",
        **({"detection_completion_time": f"{ended:%Y-%m-%d %H:%M:%S}"} if ended else {}),
        **({"detector_metadata": {"typical_detection_threshold": float(min(thresholds))}} if thresholds else {}),
        "cameratrap": {
            "version": version,
            "deployments": [deployment_object(deployment_line(connection, each.number, each.row)) for each in chosen],
        },
    }


def _moment(julian_day: float) -> datetime:
    return datetime.fromtimestamp(round((julian_day - 2_440_587.5) * 86_400), UTC)


def _classes(connection: sqlite3.Connection, numbers: Collection[int]) -> dict[str, str]:
    """Each taxon that boxes have, below animal, person and vehicle, with the number it goes by."""
    rows = connection.execute(
        """SELECT DISTINCT COALESCE(d.counted_as, d.taxon) AS taxon FROM sequences s
        JOIN detections d ON d.word = s.machine
        WHERE s.deployment IN (SELECT value FROM json_each(?)) AND d.fate IN (SELECT value FROM json_each(?))
        ORDER BY taxon""",
        (json.dumps(list(numbers)), json.dumps([fate.value for fate in _SHOWN])),
    )
    names = [row["taxon"] for row in rows if row["taxon"].strip().casefold() not in _NO_CLASS]
    return {name: str(number) for number, name in enumerate(names, 1)}


class _Images:
    """The objects of the list ``images``."""

    def __init__(self, taxa: TaxaTable, classes: Mapping[str, str], files: MediaFiles) -> None:
        self._taxa = taxa
        self._classes = classes
        self._files = files

    def of(self, sequence: ReadSequence, deployment: StoredDeployment) -> Iterator[dict[str, object]]:
        """Those of one sequence. Its first holds what was said of the sequence."""
        words = [word_object(word, sequence.media) for word in (sequence.machine, sequence.standing) if word]
        shared = sequence_object(sequence, words[: 1 if sequence.standing is sequence.machine else 2])
        for position, (number, media) in enumerate(sequence.media.items()):
            own = shared if position == 0 else {"sequence": sequence.row.sequence}
            yield {
                "file": self._files.name(deployment.row.root, media.path),
                "datetime": f"{media.captured_at:%Y:%m:%d %H:%M:%S}",
                **self._found(sequence, number, media),
                "cameratrap": {
                    "deployment": deployment.row.deployment,
                    "media": media.media,
                    "path": media.path,
                    "captured_at": media.captured_at.isoformat(),
                    "mediatype": media.mediatype,
                    "width": media.width,
                    "height": media.height,
                    "bytes": media.size,
                    "sha256": media.sha256,
                    "state": media.state,
                    "infrared": media.infrared,
                    "attributes": dict(media.attributes),
                    **own,
                },
            }

    def _found(self, sequence: ReadSequence, number: int, media: MediaRow) -> dict[str, object]:
        is_video = media.mediatype.startswith("video/")
        if sequence.machine is None:
            failed = "failed" if sequence.row.status == "failed" else "not analysed"
            nothing = {"frame_rate": -1.0, "frames_processed": list[int]()} if is_video else {}
            return {"detections": None, "failure": failed, **nothing}
        boxes = [each for each in sequence.machine.detections if each.media == number and each.fate in _SHOWN]
        found = [self._detection(each) for each in sorted(boxes, key=lambda each: -each.score)]
        return {"detections": found} if not is_video else _of_video(media, found)

    def _detection(self, each: DetectionRow) -> dict[str, object]:
        taxon = each.counted_as or each.taxon
        number = self._classes.get(taxon)
        score = float(each.score)
        return {
            "category": self._category(taxon),
            "conf": score,
            "bbox": [each.bbox.x, each.bbox.y, each.bbox.width, each.bbox.height],
            **({"classifications": [[number, score]]} if number else {}),
        }

    def _category(self, taxon: str) -> str:
        return _KINDS.get(self._taxa.lineage(taxon)[-1].name, "1") if taxon in self._taxa else "1"


def _of_video(media: MediaRow, found: list[dict[str, object]]) -> dict[str, object]:
    """Which frames were looked at is known of clips that came from such a file; of others only that they were."""
    rate, looked_at = media.attributes.get("frame_rate"), media.attributes.get("frames_processed")
    of_boxes = media.attributes.get("frame_numbers")
    frames = of_boxes if isinstance(of_boxes, list) and len(of_boxes) == len(found) else [0] * len(found)
    return {
        "frame_rate": float(rate) if isinstance(rate, int | float) else 0.0,
        "frames_processed": looked_at if isinstance(looked_at, list) else sorted(set(frames)),
        "detections": [{**each, "frame_number": frame} for each, frame in zip(found, frames, strict=True)],
    }
