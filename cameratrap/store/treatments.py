"""What is to be done with pictures, and what was done: decided first, then carried out.

Because of people or vehicles that they show; or, of pictures that show nothing, because the card is full.

A treatment is decided together with what was found, in one transaction, and carried out afterwards; one that a power
cut has left undone is found here. A picture's row in the index stays as it was written: the name and the hash of what
was photographed are never given to another picture, nor is the picture taken in again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cameratrap.domain.detections import BBox
from cameratrap.domain.policy import Treatment
from cameratrap.store.connection import transaction

# The newest treatment of each picture: the strictest, since only a stricter one is ever added.
CURRENT = "SELECT t.* FROM treatments t WHERE t.id = (SELECT MAX(id) FROM treatments WHERE media = t.media)"


class Outcome(StrEnum):
    """What was done with a picture in the end."""

    BLURRED = "blurred"
    REMOVED = "removed"
    DROPPED = "dropped"


class Reason(StrEnum):
    """Why something is done with a picture."""

    PEOPLE = "people"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class Undone:
    """A treatment that is decided and not carried out.

    ``boxes`` are to be hidden; ``announced_sha256`` is of the picture that was about to take the place of this one.
    """

    id: int
    path: str
    treatment: Treatment
    boxes: tuple[BBox, ...]
    announced_sha256: str | None
    reason: Reason = Reason.PEOPLE


def create_treatments(connection: sqlite3.Connection) -> None:
    """A migration step: the table of this module, and which boxes a treatment is to hide."""
    connection.execute(
        """CREATE TABLE treatments (
            id INTEGER PRIMARY KEY,
            media INTEGER NOT NULL REFERENCES media (id),
            treatment TEXT NOT NULL CHECK (treatment IN ('blur', 'count', 'discard')),
            decided_at TEXT NOT NULL,
            sha256 TEXT,
            outcome TEXT CHECK (outcome IN ('blurred', 'removed')),
            done_at TEXT
        ) STRICT"""
    )
    connection.execute("CREATE INDEX treatments_by_media ON treatments (media)")
    connection.execute("ALTER TABLE detections ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0")


def tell_reasons(connection: sqlite3.Connection) -> None:
    """A migration step: why a picture is treated; those of old cards all because of people."""
    for statement in (
        "ALTER TABLE treatments RENAME TO treatments_before",
        """CREATE TABLE treatments (
            id INTEGER PRIMARY KEY,
            media INTEGER NOT NULL REFERENCES media (id),
            treatment TEXT NOT NULL CHECK (treatment IN ('blur', 'count', 'discard')),
            decided_at TEXT NOT NULL,
            sha256 TEXT,
            outcome TEXT CHECK (outcome IN ('blurred', 'removed', 'dropped')),
            done_at TEXT,
            reason TEXT NOT NULL DEFAULT 'people' CHECK (reason IN ('people', 'room'))
        ) STRICT""",
        "INSERT INTO treatments SELECT *, 'people' FROM treatments_before",
        "DROP TABLE treatments_before",
        "CREATE INDEX treatments_by_media ON treatments (media)",
    ):
        connection.execute(statement)


def droppable(connection: sqlite3.Connection, most: int) -> list[int]:
    """The oldest pictures, by number and ``most`` of them, that may go to make room, the least valuable first.

    A model or a person has looked at the whole burst and found nothing. Those in which the background spoke against
    something come last. Time-lapse pictures are taken for what stands still in them, and stay.
    """
    rows = connection.execute(
        f"""SELECT m.id FROM media m JOIN bursts b ON b.id = m.burst
        WHERE b.status = 'analysed' AND b.cause <> 'timelapse'
        AND EXISTS (SELECT 1 FROM classifications c WHERE c.burst = b.id)
        AND NOT EXISTS (SELECT 1 FROM classifications c JOIN observations o ON o.classification = c.id
                        WHERE c.burst = b.id)
        AND NOT EXISTS (SELECT 1 FROM ({CURRENT}) t WHERE t.media = m.id AND t.treatment <> 'blur')
        ORDER BY EXISTS (SELECT 1 FROM detections d JOIN classifications c ON c.id = d.classification
                         WHERE c.burst = b.id), b.started_at, m.id LIMIT ?""",
        (most,),
    )
    return [int(row["id"]) for row in rows]


def drop(connection: sqlite3.Connection, media: Iterable[int], now: datetime) -> None:
    """Write down that pictures go to make room; they are removed as others are. Their rows stay."""
    with transaction(connection):
        connection.executemany(
            "INSERT INTO treatments (media, treatment, decided_at, reason) VALUES (?, 'count', ?, 'room')",
            [(each, now.isoformat()) for each in media],
        )


def decide(connection: sqlite3.Connection, burst: str, treatments: Mapping[int, Treatment], now: datetime) -> None:
    """Write down what is to be done with a burst's pictures, within the caller's transaction.

    A picture that is already treated as strictly is left as it is. Where pictures are discarded, what any model said
    of the burst's pictures goes at once; its counts stay.
    """
    standing = {
        int(row["media"]): Treatment(row["treatment"])
        for row in connection.execute(f"{CURRENT} AND t.media IN (SELECT id FROM media WHERE burst = ?)", (burst,))
    }
    for media, treatment in treatments.items():
        if treatment.strictness > standing.get(media, Treatment.KEEP).strictness:
            connection.execute(
                "INSERT INTO treatments (media, treatment, decided_at) VALUES (?, ?, ?)",
                (media, treatment.value, now.isoformat()),
            )
    if Treatment.DISCARD in treatments.values():
        connection.execute("DELETE FROM detections WHERE media IN (SELECT id FROM media WHERE burst = ?)", (burst,))


def undone(connection: sqlite3.Connection) -> list[Undone]:
    """What is still to be carried out, oldest first."""
    rows = connection.execute(f"{CURRENT} AND t.outcome IS NULL ORDER BY t.id").fetchall()
    return [
        Undone(
            row["id"],
            str(connection.execute("SELECT path FROM media WHERE id = ?", (row["media"],)).fetchone()["path"]),
            Treatment(row["treatment"]),
            hidden_boxes(connection, row["media"]),
            row["sha256"],
            Reason(row["reason"]),
        )
        for row in rows
    ]


def announce(connection: sqlite3.Connection, treatment: int, sha256: str) -> None:
    """Note which picture is about to take the place of the one that is there."""
    with transaction(connection):
        connection.execute("UPDATE treatments SET sha256 = ? WHERE id = ?", (sha256, treatment))


def finish(connection: sqlite3.Connection, outcomes: Mapping[int, Outcome], now: datetime) -> None:
    """Note which treatments were carried out."""
    with transaction(connection):
        connection.executemany(
            "UPDATE treatments SET outcome = ?, done_at = ? WHERE id = ?",
            [(outcome.value, now.isoformat(), treatment) for treatment, outcome in outcomes.items()],
        )


def hidden_boxes(connection: sqlite3.Connection, media: int) -> tuple[BBox, ...]:
    """What is to be unrecognisable in a picture, by the word of any model that has looked at it."""
    rows = connection.execute(
        "SELECT x, y, width, height FROM detections WHERE hidden AND media = ? ORDER BY id", (media,)
    )
    return tuple(BBox(row["x"], row["y"], row["width"], row["height"]) for row in rows)
