"""The pictures of an event with their boxes, and those of other events to compare one with.

An event of a time-lapse may be a season long: its pictures come a part at a time.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.judged import Fate
from cameratrap.store.project_rows import MediaState

# The boxes of a picture are those of the word that stands, and the newest model's, which a person's word seldom has.
_ITS_WORDS = "d.word IN (s.standing, s.machine)"


@dataclass(frozen=True, slots=True)
class Box:
    """One detection, in fractions of the upright picture; ``counts`` is whether it stands for an animal."""

    x: float
    y: float
    width: float
    height: float
    taxon: str
    score: float
    counts: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture or clip of an event, by its number in the index; ``root`` is its deployment's."""

    media: int
    root: str
    path: str
    captured_at: datetime
    sequence: int
    mediatype: str
    state: MediaState
    width: int | None
    height: int | None
    size: int | None
    infrared: bool | None
    boxes: tuple[Box, ...] = ()


def frames(connection: sqlite3.Connection, event: int, *, first: int = 0, most: int = 500) -> list[Frame]:
    """Its pictures in order of time, ``most`` of them from number ``first`` on."""
    rows = connection.execute(
        """SELECT m.*, p.root FROM sequences s JOIN media m ON m.sequence = s.id
        JOIN deployments p ON p.id = m.deployment WHERE s.event = ? ORDER BY m.captured_s, m.id LIMIT ? OFFSET ?""",
        (event, most, first),
    ).fetchall()
    found = boxes(connection, [row["id"] for row in rows])
    return [_frame(row, found.get(row["id"], ())) for row in rows]


def place_of(connection: sqlite3.Connection, event: int, media: int) -> int:
    """How many of the event's pictures come before this one, which need not be of it."""
    found = connection.execute(
        """SELECT COUNT(*) FROM media this JOIN sequences s ON s.event = ? JOIN media m ON m.sequence = s.id
        WHERE this.id = ? AND (m.captured_s, m.id) < (this.captured_s, this.id)""",
        (event, media),
    ).fetchone()
    return int(found[0])


def media_at(connection: sqlite3.Connection, event: int, place: int) -> int | None:
    """The number of the event's picture at that place, from 0; None where there is none."""
    found = None
    if place >= 0:
        found = connection.execute(
            """SELECT m.id FROM sequences s JOIN media m ON m.sequence = s.id WHERE s.event = ?
            ORDER BY m.captured_s, m.id LIMIT 1 OFFSET ?""",
            (event, place),
        ).fetchone()
    return None if found is None else int(found["id"])


def frame(connection: sqlite3.Connection, media: int) -> Frame | None:
    """One picture by its number."""
    row = connection.execute(
        "SELECT m.*, p.root FROM media m JOIN deployments p ON p.id = m.deployment WHERE m.id = ?", (media,)
    ).fetchone()
    return None if row is None else _frame(row, boxes(connection, [media]).get(media, ()))


def covers(connection: sqlite3.Connection, events: Collection[int]) -> dict[int, Frame]:
    """For each event the picture that shows it best: that of the most certain box that can be seen, else its first."""
    rows = connection.execute(
        f"""SELECT e.id AS of_event, m.*, p.root FROM events e JOIN deployments p ON p.id = e.deployment
        JOIN media m ON m.id = COALESCE((
            SELECT d.media FROM sequences s JOIN detections d ON {_ITS_WORDS}
            JOIN media q ON q.id = d.media AND q.state IN ('present', 'blurred')
            WHERE s.event = e.id AND d.fate IN (?, ?) ORDER BY d.score DESC, d.id LIMIT 1), e.cover)
        WHERE e.id IN (SELECT value FROM json_each(?))""",
        (Fate.STANDS.value, Fate.BELIEVED.value, json.dumps(list(events))),
    ).fetchall()
    found = boxes(connection, [row["id"] for row in rows])
    return {row["of_event"]: _frame(row, found.get(row["id"], ())) for row in rows}


def boxes(connection: sqlite3.Connection, media: Collection[int]) -> Mapping[int, tuple[Box, ...]]:
    """The boxes in these pictures, the most certain first."""
    found: dict[int, list[Box]] = defaultdict(list)
    for row in connection.execute(
        f"""SELECT d.* FROM json_each(?) n JOIN media m ON m.id = n.value JOIN sequences s ON s.id = m.sequence
        JOIN detections d ON d.media = m.id AND {_ITS_WORDS} ORDER BY d.score DESC, d.id""",
        (json.dumps(list(media)),),
    ):
        counts = row["fate"] in (Fate.STANDS, Fate.BELIEVED)
        place = (row["x"], row["y"], row["width"], row["height"])
        found[row["media"]].append(Box(*place, row["counted_as"] or row["taxon"], row["score"], counts))
    return {number: tuple(each) for number, each in found.items()}


def pictures_like(connection: sqlite3.Connection, media: int, *, most: int) -> list[Frame]:
    """Pictures of the same deployment, light and size, each of another event, those nearest in time first."""
    rows = connection.execute(
        """WITH this AS (SELECT m.*, s.event FROM media m JOIN sequences s ON s.id = m.sequence WHERE m.id = ?),
        near AS (
            SELECT * FROM (SELECT s.id, s.event, s.start_s FROM sequences s, this WHERE s.deployment = this.deployment
                AND s.start_s <= this.captured_s ORDER BY s.start_s DESC LIMIT 200)
            UNION SELECT * FROM (SELECT s.id, s.event, s.start_s FROM sequences s, this
                WHERE s.deployment = this.deployment AND s.start_s > this.captured_s ORDER BY s.start_s LIMIT 200))
        SELECT m.*, p.root, MIN(ABS(near.start_s - this.captured_s)) AS away FROM near, this
        JOIN media m ON m.sequence = near.id JOIN deployments p ON p.id = m.deployment
        WHERE near.event IS NOT this.event AND m.state = 'present' AND m.infrared IS this.infrared
            AND m.mediatype = this.mediatype AND m.width IS this.width AND m.height IS this.height
        GROUP BY near.event ORDER BY away LIMIT ?""",
        (media, most),
    )
    return [_frame(row, ()) for row in rows]


def _frame(row: sqlite3.Row, its_boxes: Iterable[Box]) -> Frame:
    return Frame(
        row["id"],
        row["root"],
        row["path"],
        datetime.fromisoformat(row["captured_at"]),
        row["sequence"],
        row["mediatype"],
        row["state"],
        row["width"],
        row["height"],
        row["bytes"],
        None if row["infrared"] is None else bool(row["infrared"]),
        tuple(its_boxes),
    )
