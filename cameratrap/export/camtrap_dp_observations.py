"""The observations of a Camtrap DP package, on two levels that are never to be added up.

Of an event: what stands, a person's word where there is one and the model's where there is none, each taxon once with
the most that any of its sequences has (MaxN). Of media: every box that counts, whoever drew it; a model's stay beside
what a person said of the event. Programs that count animals take the events.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.camtrap_dp import TRAITS
from cameratrap.domain.judged import Fate
from cameratrap.domain.package_names import safe_name
from cameratrap.domain.taxa import TaxaTable
from cameratrap.export.camtrap_dp_cells import Row
from cameratrap.export.camtrap_dp_taxa import named
from cameratrap.export.sequences import ReadSequence
from cameratrap.store.project_rows import DetectionRow, ObservationRow, WordRow

_COUNTS = (Fate.STANDS, Fate.BELIEVED)
_Seen = tuple[WordRow, ObservationRow]


@dataclass(frozen=True, slots=True)
class ExportedEvent:
    """One event: its sequences in order of time. It is called by the first of them."""

    deployment: str
    sequences: Sequence[ReadSequence]

    @property
    def name(self) -> str:
        """Unique in a project, and the same each time it is exported."""
        return f"{safe_name(self.deployment)}/{self.sequences[0].row.sequence}"

    @property
    def start(self) -> datetime:
        """When the first trigger was, or the first picture."""
        return min(self._moments("start"))

    @property
    def end(self) -> datetime:
        """When the last picture was taken."""
        return max(self._moments("end"))

    def _moments(self, side: str) -> Iterator[datetime]:
        for each in self.sequences:
            yield getattr(each.row, side)
            yield from (media.captured_at for media in each.media.values())


def event_cells(event: ExportedEvent, taxa: TaxaTable) -> Iterator[Row]:
    """The rows of what stands of an event: one a taxon, one for a blank, one where nobody has looked."""
    words = [each.standing for each in event.sequences if each.standing is not None]
    seen = _by_taxon(words)
    shared = {
        "deploymentID": event.deployment,
        "eventID": event.name,
        "eventStart": event.start,
        "eventEnd": event.end,
        "observationLevel": "event",
    }
    if not seen:
        is_blank = len(words) == len(event.sequences)
        said = _classified(_last(words)) if is_blank else {}
        yield {**shared, **said, "observationID": f"{event.name}/event/1",
               "observationType": "blank" if is_blank else "unclassified"}  # fmt: skip
    for place, (_, each) in enumerate(sorted(seen.items()), start=1):
        yield {**shared, **_observed(each, taxa), "observationID": f"{event.name}/event/{place}"}


def box_cells(event: ExportedEvent, taxa: TaxaTable, left_out: Collection[int] = ()) -> Iterator[Row]:
    """The rows of the boxes in an event's media, but for those media that are ``left_out``."""
    for sequence in event.sequences:
        drawn: dict[int, list[tuple[WordRow, DetectionRow]]] = defaultdict(list)
        for word in held_words(sequence):
            for box in word.detections:
                if box.fate in _COUNTS and box.media in sequence.media and box.media not in left_out:
                    drawn[box.media].append((word, box))
        for number in sequence.media:
            media = sequence.media[number]
            for place, (word, box) in enumerate(drawn[number], start=1):
                yield {
                    "observationID": f"{media.media}/box/{place}",
                    "deploymentID": event.deployment,
                    "mediaID": media.media,
                    "eventID": event.name,
                    "eventStart": media.captured_at,
                    "eventEnd": media.captured_at,
                    "observationLevel": "media",
                    "count": 1,
                    **_named(taxa, box.counted_as or box.taxon),
                    **_box(box),
                    **_classified(word),
                    "classificationProbability": box.score,
                }


def held_words(sequence: ReadSequence) -> tuple[WordRow, ...]:
    """What a model says of a sequence and what a person says, or the one that there is."""
    by_person = sequence.standing is not None and sequence.standing.method == "human"
    words = (sequence.machine, sequence.standing if by_person else None)
    return tuple(word for word in words if word is not None)


def _by_taxon(words: Sequence[WordRow]) -> dict[tuple[str, str], list[_Seen]]:
    found: dict[tuple[str, str], list[_Seen]] = defaultdict(list)
    for word in words:
        for each in word.observations:
            found[each.taxon, json.dumps(_traits(each), sort_keys=True)].append((word, each))
    return found


def _observed(seen: Sequence[_Seen], taxa: TaxaTable) -> Row:
    """Of several words on one taxon the one with the largest count is told, a person's before a model's."""
    word, most = max(seen, key=lambda each: (each[1].count, each[0].method == "human"))
    scores = [each.score for of, each in seen if each.score is not None and of.method == word.method]
    traits = _traits(most)
    name = _named(taxa, most.taxon)
    tags = [str(part) for part in (traits.get("observationTags"), name.get("observationTags")) if part]
    return {
        **traits,
        **name,
        "count": most.count,
        **_classified(word),
        "classificationProbability": max(scores, default=None),
        "observationTags": " | ".join(dict.fromkeys(tags)),
    }


def _traits(each: ObservationRow) -> dict[str, object]:
    return {name: each.attributes[name] for name in TRAITS if name in each.attributes}


def _named(taxa: TaxaTable, label: str) -> dict[str, object]:
    name = named(taxa, label)
    return {
        "observationType": name.observation_type,
        "scientificName": name.scientific_name,
        "observationTags": name.tag,
    }


def _classified(word: WordRow) -> dict[str, object]:
    return {
        "classificationMethod": word.method,
        "classifiedBy": word.classified_by,
        "classificationTimestamp": word.classified_at,
    }


def _last(words: Sequence[WordRow]) -> WordRow:
    """Who has the last word on a blank event; a model, as long as a person has not seen all of it."""
    by_model = [word for word in words if word.method == "machine"]
    return max(by_model or words, key=lambda word: word.classified_at)


def _box(box: DetectionRow) -> dict[str, object]:
    """To a millionth of the picture, and within it."""
    x, y = round(box.bbox.x, 6), round(box.bbox.y, 6)
    width, height = round(min(box.bbox.width, 1 - x), 6), round(min(box.bbox.height, 1 - y), 6)
    return {"bboxX": x, "bboxY": y, "bboxWidth": max(width, 1e-6), "bboxHeight": max(height, 1e-6)}
