"""What a card tells of its bursts, in a project's words; some hundreds are read at once, never the whole card."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.events import TriggerCause
from cameratrap.store.bursts import Picture, each_picture
from cameratrap.store.card import Card
from cameratrap.store.project_read import detection_of
from cameratrap.store.project_rows import MediaRow, MediaState, ObservationRow, SequenceRow, WordRow
from cameratrap.store.sealed_pictures import SUFFIX, sealed_hashes
from cameratrap.store.treatments import Outcome

_AT_ONCE = 500
# Bursts that have no picture and no word on them are triggers of which nothing came: they are in the effort.
_BURSTS = """SELECT b.*, t.first_frame_s, COALESCE(v.infrared, t.lamp) AS infrared FROM bursts b
    LEFT JOIN timings t ON t.burst = b.id LEFT JOIN views v ON v.burst = b.id
    WHERE EXISTS (SELECT 1 FROM media m WHERE m.burst = b.id)
    OR EXISTS (SELECT 1 FROM classifications c WHERE c.burst = b.id) ORDER BY b.started_at, b.id"""
_WORDS = "SELECT * FROM classifications WHERE burst IN (SELECT value FROM json_each(?)) ORDER BY id"
_OBSERVATIONS = "SELECT * FROM observations WHERE classification IN (SELECT value FROM json_each(?)) ORDER BY id"
_DETECTIONS = "SELECT * FROM detections WHERE classification IN (SELECT value FROM json_each(?)) ORDER BY id"


@dataclass(frozen=True, slots=True)
class CardBurst:
    """A burst, its pictures in order of time, and every word on it, the first one first.

    ``media`` are by their numbers on the card, by which the words' detections name them.
    """

    row: SequenceRow
    media: Mapping[int, MediaRow]
    words: Sequence[WordRow]


def card_bursts(card: Card, name: str) -> Iterator[list[CardBurst]]:
    """Every burst that has pictures or words, by time, as those of the deployment called ``name``."""
    connection, sealed = card.connection, sealed_hashes(card.connection)
    bursts = connection.execute(_BURSTS)
    while rows := bursts.fetchmany(_AT_ONCE):
        names = [str(row["id"]) for row in rows]
        pictures: defaultdict[str, list[Picture]] = defaultdict(list)
        for picture in each_picture(connection, names):
            pictures[picture.burst].append(picture)
        words = _words(connection, names)
        yield [_burst(row, pictures[row["id"]], words.get(row["id"], ()), name, sealed) for row in rows]


def _burst(
    row: sqlite3.Row, pictures: list[Picture], words: Sequence[WordRow], name: str, sealed: Mapping[int, str]
) -> CardBurst:
    infrared = None if row["infrared"] is None else bool(row["infrared"])
    media = {each.id: _media(each, name, sealed.get(each.id), infrared) for each in pictures}
    return CardBurst(_sequence(row, pictures), media, words)


def _sequence(burst: sqlite3.Row, pictures: list[Picture]) -> SequenceRow:
    """From the first picture to the last: between the trigger and the first the clock may have been set."""
    start = pictures[0].captured_at if pictures else datetime.fromisoformat(burst["started_at"])
    return SequenceRow(
        sequence=burst["id"],
        cause=TriggerCause(burst["cause"]),
        start=start,
        end=max((each.captured_at for each in pictures), default=start),
        status=burst["status"],
        clock=burst["clock"],
        first_frame_s=burst["first_frame_s"],
    )


def _media(picture: Picture, name: str, sealed_sha256: str | None, infrared: bool | None) -> MediaRow:
    state = _state(picture, is_sealed=sealed_sha256 is not None)
    is_sealed = state == "sealed"
    return MediaRow(
        media=f"{name}/{picture.path}",
        path=picture.path + (SUFFIX if is_sealed else ""),
        captured_at=picture.captured_at,
        width=picture.width,
        height=picture.height,
        sha256=sealed_sha256 if is_sealed else picture.sha256_now,
        state=state,
        infrared=infrared,
    )


def _state(picture: Picture, *, is_sealed: bool) -> MediaState:
    if picture.is_removed or picture.outcome is Outcome.DROPPED:
        return "removed"
    if is_sealed:
        return "sealed"
    return "blurred" if picture.outcome is Outcome.BLURRED else "present"


def _words(connection: sqlite3.Connection, bursts: Collection[str]) -> Mapping[str, list[WordRow]]:
    """By their burst."""
    rows = connection.execute(_WORDS, (json.dumps(list(bursts)),)).fetchall()
    asked = (json.dumps([row["id"] for row in rows]),)
    observations = _by_word(connection.execute(_OBSERVATIONS, asked))
    detections = _by_word(connection.execute(_DETECTIONS, asked))
    words: defaultdict[str, list[WordRow]] = defaultdict(list)
    for row in rows:
        words[row["burst"]].append(_word(row, observations.get(row["id"], ()), detections.get(row["id"], ())))
    return words


def _by_word(rows: Iterable[sqlite3.Row]) -> Mapping[int, list[sqlite3.Row]]:
    found: defaultdict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        found[row["classification"]].append(row)
    return found


def _word(row: sqlite3.Row, observations: Iterable[sqlite3.Row], detections: Iterable[sqlite3.Row]) -> WordRow:
    return WordRow(
        method="human" if row["method"] == "human" else "machine",
        classified_by=row["classified_by"],
        classified_at=datetime.fromisoformat(row["classified_at"]),
        observations=tuple(_observation(each) for each in observations),
        detections=tuple(detection_of(each) for each in detections),
        model_sha256=row["model_sha256"],
        score_threshold=row["score_threshold"],
    )


def _observation(row: sqlite3.Row) -> ObservationRow:
    return ObservationRow(
        taxon=row["taxon"],
        count=row["count"],
        first_at=datetime.fromisoformat(row["first_at"]),
        last_at=datetime.fromisoformat(row["last_at"]),
        count_low=row["count_low"],
        count_high=row["count_high"],
        score=row["score"],
    )
