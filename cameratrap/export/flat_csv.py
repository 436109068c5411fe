"""One flat table of what was seen, for a spreadsheet, R or pandas: a row for each observation.

A row stands for an observation in a picture, in a sequence or in an event, by what is asked for; where nothing was
seen, or nobody has looked, there is one row all the same, and ``observation_type`` says which. Counts are of the
sequence (MaxN) in a row of a picture, too, where ``boxes`` is how many boxes of that taxon the model found in it; in a
row of an event they are the largest of its sequences. How the cameras hung is told by Camtrap DP alone.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from cameratrap.domain.positions import Position
from cameratrap.domain.selection import Selection
from cameratrap.domain.taxa import PERSON, VEHICLE, TaxaTable
from cameratrap.export.cells import csv_pieces
from cameratrap.export.chosen import EVERYTHING, chosen_deployments, chosen_events, chosen_sequences
from cameratrap.export.flat_columns import Unit, columns
from cameratrap.export.sequences import ReadSequence
from cameratrap.store.project_read import StoredDeployment
from cameratrap.store.project_rows import UNKNOWN, MediaRow, ObservationRow, WordRow

Row = dict[str, object]
_NAMED = {"life_stage": "lifeStage", "sex": "sex", "behavior": "behavior", "individual": "individualID"}


@dataclass(frozen=True, slots=True)
class FlatTable:
    """What the table is made of: positions as they may be published, and the table that names taxa."""

    connection: sqlite3.Connection
    positions: Mapping[str, Position | None]
    taxa: TaxaTable

    def pieces(self, unit: Unit, selection: Selection = EVERYTHING) -> Iterator[str]:
        """The table of a selection as text."""
        rows = self._of_events(selection) if unit is Unit.EVENT else self._of_sequences(selection, unit)
        return csv_pieces(tuple(columns(unit)), rows)

    def _of_events(self, selection: Selection) -> Iterator[Row]:
        wanted = chosen_events(self.connection, selection)
        for deployment in chosen_deployments(self.connection, selection):
            shared = self._of_deployment(deployment)
            for event, facts in self._events(deployment).items():
                if wanted is None or event in wanted:
                    yield from ({**shared, **facts, **each} for each in self._taxa_of(event, facts))

    def _of_sequences(self, selection: Selection, unit: Unit) -> Iterator[Row]:
        sequences = chosen_sequences(self.connection, selection)
        for deployment, members in groupby(sequences, key=lambda each: each[0]):
            shared, events = self._of_deployment(deployment), self._events(deployment)
            for _, sequence in members:
                row = {**shared, **events.get(sequence.event or 0, {}), **_of_sequence(sequence)}
                told = self._observations(sequence.standing)
                rows = told if unit is Unit.SEQUENCE else _by_media(sequence, told)
                yield from ({**row, **each} for each in rows)

    def _of_deployment(self, deployment: StoredDeployment) -> Row:
        row, position = deployment.row, self.positions[deployment.row.deployment]
        return {
            "deployment": row.deployment,
            "station": row.station,
            "session": row.session,
            "latitude": position and position.latitude,
            "longitude": position and position.longitude,
            "coordinate_uncertainty_m": position and position.uncertainty_m,
            "coordinates_coarsened": position and position.step_deg is not None,
            "deployment_start": row.start.isoformat(),
            "deployment_end": row.end.isoformat(),
        }

    def _taxa_of(self, event: int, facts: Row) -> list[Row]:
        found = self.connection.execute("SELECT * FROM event_taxa WHERE event = ? ORDER BY taxon", (event,)).fetchall()
        nothing = {"observation_type": "blank" if facts["is_blank"] else "unclassified"}
        return [{**self._of_taxon(row["taxon"]), "count": row["count"], "score": row["score"]} for row in found] or [
            nothing
        ]

    def _events(self, deployment: StoredDeployment) -> dict[int, Row]:
        rows = self.connection.execute(
            "SELECT * FROM events WHERE deployment = ? ORDER BY start_s, id",
            (deployment.number,),
        )
        return {row["id"]: _of_event(row, deployment) for row in rows}

    def _observations(self, word: WordRow | None) -> list[Row]:
        if word is None:
            return [{"observation_type": "unclassified"}]
        said = _of_word(word)
        return [{**said, **self._of_taxon(each.taxon), **_of_observation(each)} for each in word.observations] or [
            {**said, "observation_type": "blank"}
        ]

    def _of_taxon(self, taxon: str) -> Row:
        return {
            "observation_type": observation_type(self.taxa, taxon),
            "taxon": taxon,
            "vernacular": self.taxa.resolve(taxon).vernacular_en if taxon in self.taxa else None,
        }


def observation_type(taxa: TaxaTable, taxon: str) -> str:
    """Camtrap DP's observationType of a taxon: animal for whatever the table does not know."""
    if taxon == UNKNOWN:
        return "unknown"
    if taxon not in taxa:
        return "animal"
    return {PERSON: "human", VEHICLE: "vehicle"}.get(taxa.lineage(taxon)[-1].name, "animal")


def _of_event(row: sqlite3.Row, deployment: StoredDeployment) -> Row:
    return {
        "event": row["id"],
        "event_start": row["start"],
        "event_end": datetime.fromtimestamp(row["end_s"], deployment.zone).isoformat(),
        "is_night": None if row["is_night"] is None else bool(row["is_night"]),
        "event_state": row["state"],
        "flagged": bool(row["flagged"]),
        "is_blank": bool(row["is_blank"]),
        "machine_taxa": row["machine_taxa"],
        "machine_score": row["score"],
    }


def _by_media(sequence: ReadSequence, told: Sequence[Row]) -> Iterator[Row]:
    boxes = _boxes(sequence)
    for number, media in sequence.media.items():
        for each in told:
            yield {**_of_media(media), **each, "boxes": boxes.get((number, str(each.get("taxon", ""))), 0)}


def _of_sequence(sequence: ReadSequence) -> Row:
    machine = sequence.machine.observations if sequence.machine else ()
    return {
        "sequence": sequence.row.sequence,
        "sequence_start": sequence.row.start.isoformat(),
        "sequence_end": sequence.row.end.isoformat(),
        "trigger": sequence.row.cause.value,
        "status": sequence.row.status,
        "clock": sequence.row.clock,
        "flagged": sequence.flagged,
        "machine_taxa": "|".join(sorted(each.taxon for each in machine)),
        "machine_score": max((each.score for each in machine if each.score is not None), default=None),
    }


def _of_media(media: MediaRow) -> Row:
    return {
        "media": media.media,
        "path": media.path,
        "captured_at": media.captured_at.isoformat(),
        "mediatype": media.mediatype,
        "width": media.width,
        "height": media.height,
        "bytes": media.size,
        "sha256": media.sha256,
        "media_state": media.state,
        "infrared": media.infrared,
    }


def _of_observation(each: ObservationRow) -> Row:
    more = dict(each.attributes)
    return {
        "count": each.count,
        "count_low": each.count_low,
        "count_high": each.count_high,
        "score": each.score,
        "first_at": each.first_at.isoformat(),
        "last_at": each.last_at.isoformat(),
        **{column: more.pop(name, None) for column, name in _NAMED.items()},
        "attributes": more or None,
    }


def _of_word(word: WordRow) -> Row:
    return {
        "method": word.method,
        "classified_by": word.classified_by,
        "classified_at": word.classified_at.isoformat(),
        "model_sha256": word.model_sha256,
        "score_threshold": word.score_threshold,
    }


def _boxes(sequence: ReadSequence) -> Mapping[tuple[int, str], int]:
    """How many boxes of the model count, by picture and taxon."""
    detections = sequence.machine.detections if sequence.machine else ()
    return Counter((each.media, each.counted_as) for each in detections if each.counted_as is not None)
