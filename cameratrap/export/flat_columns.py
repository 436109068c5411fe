"""The columns of the flat table, and what each holds: `export csv --columns` prints this."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """What a row stands for."""

    MEDIA = "media"
    SEQUENCE = "sequence"
    EVENT = "event"


# What each column holds; the table of the documentation and of --help is made of this.
DEPLOYMENT_COLUMNS = {
    "deployment": "the deployment's name",
    "station": "the station it belongs to",
    "session": "its season or campaign",
    "latitude": "degrees north, WGS 84; coarsened where a sensitive taxon was seen",
    "longitude": "degrees east",
    "coordinate_uncertainty_m": "radius of the circle that holds the place, metres",
    "coordinates_coarsened": "true where the position was coarsened",
    "deployment_start": "setup, ISO 8601 with offset",
    "deployment_end": "retrieval",
}
EVENT_COLUMNS = {
    "event": "number of the event: sequences that follow each other within the project's event gap",
    "event_start": "its first picture",
    "event_end": "its last picture",
    "is_night": "whether infrared lit its first pictures; where they do not tell, whether the sun was down; else empty",
    "event_state": "unlooked, machine, partly or verified",
    "flagged": "whether a person has flagged it",
}
SEQUENCE_COLUMNS = {
    "sequence": "what one trigger took",
    "sequence_start": "its first picture",
    "sequence_end": "its last picture",
    "trigger": "pir, motion, timelapse or manual",
    "status": "captured, analysed or failed",
    "clock": "what is known of the clock that told the time",
}
MEDIA_COLUMNS = {
    "media": "the picture's or clip's identifier",
    "path": "its file, relative to the deployment's folder",
    "captured_at": "when it was taken",
    "mediatype": "its MIME type",
    "width": "pixels",
    "height": "pixels",
    "bytes": "size of the file",
    "sha256": "hash of the file",
    "media_state": "present, blurred, sealed or removed",
    "infrared": "whether it was lit by infrared",
    "boxes": "how many boxes of the taxon count in it",
}
OBSERVATION_COLUMNS = {
    "observation_type": "animal, human, vehicle, blank, unknown, or unclassified where nobody has looked",
    "taxon": "the name that stands",
    "vernacular": "its English name, where the taxa table has it",
    "count": "MaxN: the most seen at once",
    "count_low": "how many there were without doubt",
    "count_high": "how many there may have been",
    "score": "the model's best score, 0 to 1",
}
WORD_COLUMNS = {
    "first_at": "the first picture that shows it",
    "last_at": "the last",
    "life_stage": "adult, subadult or juvenile",
    "sex": "female or male",
    "behavior": "what it did",
    "individual": "who it was",
    "attributes": "what else was noted, as JSON",
    "method": "machine or human: who said so",
    "classified_by": "the model or the person",
    "classified_at": "when",
    "model_sha256": "hash of the model",
    "score_threshold": "what the model's scores had to reach",
}
MACHINE_COLUMNS = {"machine_taxa": "what the model said, separated by |", "machine_score": "its best score"}


def columns(unit: Unit) -> dict[str, str]:
    """The columns of a table and what each holds."""
    of_sequence = {} if unit is Unit.EVENT else SEQUENCE_COLUMNS
    of_word = {} if unit is Unit.EVENT else WORD_COLUMNS
    of_media = MEDIA_COLUMNS if unit is Unit.MEDIA else {}
    return {
        **DEPLOYMENT_COLUMNS, **EVENT_COLUMNS, **of_sequence, **of_media, **OBSERVATION_COLUMNS, **of_word,
        **MACHINE_COLUMNS,
    }  # fmt: skip
