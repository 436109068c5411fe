"""Bursts and their pictures.

A burst's row goes through two states. ``captured``: its pictures are safe and it still has to be looked at.
``analysed`` or ``failed``: what the detector said is stored (``observations``). A picture that is added puts it back to
captured, so that a power cut at any moment leaves it to be looked at again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cameratrap.domain.policy import Treatment
from cameratrap.domain.summaries import ClockQuality
from cameratrap.ports import Trigger
from cameratrap.store.connection import transaction
from cameratrap.store.media import SavedPicture
from cameratrap.store.treatments import CURRENT, Outcome

# A burst that kills the process each time it is looked at must not do so at every boot; the last chance is a day later.
MAX_ATTEMPTS = 3
LAST_CHANCE = MAX_ATTEMPTS + 2


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a burst, as the index has it. ``path`` is relative to the card.

    ``sha256`` is of the picture as it was stored. ``treatment`` is what has been decided because of people or vehicles
    in it, and ``outcome`` what was done; ``sha256_now`` is of the file as it is now, None where there is none any more.
    """

    id: int
    burst: str
    position: int
    of: int
    path: str
    sha256: str
    source_name: str
    captured_at: datetime
    width: int | None
    height: int | None
    treatment: Treatment = Treatment.KEEP
    outcome: Outcome | None = None
    sha256_now: str | None = None

    @property
    def is_treated(self) -> bool:
        """Whether the file is not, or will not be, what the camera took."""
        return self.treatment is not Treatment.KEEP

    @property
    def is_removed(self) -> bool:
        """Whether the file is gone, or is about to be removed."""
        return self.treatment in {Treatment.COUNT, Treatment.DISCARD} or self.outcome is Outcome.REMOVED


_PICTURES = (
    f"SELECT m.*, t.treatment, t.outcome, t.sha256 AS new_sha256 FROM media m LEFT JOIN ({CURRENT}) t ON t.media = m.id"
)


def begin_burst(
    connection: sqlite3.Connection, burst: str, trigger: Trigger, *, boot_id: str, clock: ClockQuality | None
) -> None:
    """Note that a trigger was taken up; the same trigger again changes nothing."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO bursts (id, trigger_key, cause, started_at, monotonic_s, boot_id, clock, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'captured') ON CONFLICT (trigger_key) DO NOTHING",
            (burst, trigger.key, trigger.cause.value, trigger.at.isoformat(), trigger.monotonic_s, boot_id, clock),
        )


def add_picture(
    connection: sqlite3.Connection,
    burst: str,
    picture: SavedPicture,
    *,
    position: int,
    of: int,
    captured_at: datetime,
    source_sha256: str,
    source_name: str,
) -> None:
    """Index one picture that is already durable; its burst is to be looked at (again)."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO media (burst, position, of, path, sha256, source_sha256, source_name, bytes, captured_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                burst,
                position,
                of,
                picture.path,
                picture.sha256,
                source_sha256,
                source_name,
                picture.size,
                captured_at.isoformat(),
            ),
        )
        connection.execute(
            "UPDATE bursts SET status = 'captured', attempts = 0, error = NULL, fault = NULL WHERE id = ?", (burst,)
        )


def end_capture(
    connection: sqlite3.Connection, burst: str, *, error: str | None, fault: str | None, is_looked_at: bool
) -> None:
    """Note what went wrong when the pictures were taken, and whether a look follows at once: it is counted with this.

    A burst without any picture is done with: there is nothing to look at.
    """
    with transaction(connection):
        connection.execute(
            "UPDATE bursts SET error = ?, fault = ?, attempts = ?,"
            " status = iif(EXISTS (SELECT 1 FROM media WHERE burst = bursts.id), 'captured', 'failed') WHERE id = ?",
            (error, fault, is_looked_at, burst),
        )


def capture_error(connection: sqlite3.Connection, burst: str) -> tuple[str, str] | None:
    """What went wrong, and with which part, when the pictures of a burst that waits were taken."""
    row = connection.execute(
        "SELECT error, fault FROM bursts WHERE id = ? AND status = 'captured'", (burst,)
    ).fetchone()
    return None if row is None or row["error"] is None else (str(row["error"]), str(row["fault"]))


def burst_of_trigger(connection: sqlite3.Connection, trigger_key: str) -> str | None:
    """The burst this trigger already has, or None."""
    row = connection.execute("SELECT id FROM bursts WHERE trigger_key = ?", (trigger_key,)).fetchone()
    return None if row is None else str(row["id"])


def has_source(connection: sqlite3.Connection, source_sha256: str) -> bool:
    """Whether a picture with this content, as the camera gave it, is already on the card."""
    return connection.execute("SELECT 1 FROM media WHERE source_sha256 = ?", (source_sha256,)).fetchone() is not None


def trigger_keys(connection: sqlite3.Connection) -> Mapping[str, str]:
    """For every picture, by its content as the camera gave it, the trigger that it belongs to."""
    rows = connection.execute("SELECT m.source_sha256, b.trigger_key FROM media m JOIN bursts b ON b.id = m.burst")
    return {str(row["source_sha256"]): str(row["trigger_key"]) for row in rows}


def is_to_look_at(connection: sqlite3.Connection, burst: str) -> bool:
    """Whether a burst has pictures, and nobody has looked at all of them yet."""
    row = connection.execute(
        "SELECT 1 FROM bursts b JOIN media m ON m.burst = b.id WHERE b.id = ? AND b.status <> 'analysed'", (burst,)
    ).fetchone()
    return row is not None


def last_path(connection: sqlite3.Connection) -> str | None:
    """The greatest path in the index."""
    row = connection.execute("SELECT MAX(path) AS path FROM media").fetchone()
    return None if row["path"] is None else str(row["path"])


def waiting_bursts(connection: sqlite3.Connection, model: str, today: date) -> list[str]:
    """Bursts to look at, oldest first.

    Those nobody has looked at; those whose pictures could not be read, since a card may come back; those on which
    another model than ``model`` failed; and, once, those of a day before ``today`` that were given up after
    ``MAX_ATTEMPTS``: a battery that sagged under the first look at each boot has recovered by then.
    """
    rows = connection.execute(
        "SELECT id FROM bursts WHERE status = 'captured' OR (status = 'failed' AND"
        " (fault = 'card' OR (fault = 'detector' AND (looked_by IS NOT ?"
        " OR (attempts = ? AND substr(started_at, 1, 10) < ?))))) ORDER BY started_at, id",
        (model, MAX_ATTEMPTS + 1, today.isoformat()),
    )
    return [str(row["id"]) for row in rows]


def never_looked_at(connection: sqlite3.Connection) -> int:
    """How many bursts nobody has looked at yet."""
    return int(connection.execute("SELECT COUNT(*) FROM bursts WHERE status = 'captured'").fetchone()[0])


def begin_look(connection: sqlite3.Connection, burst: str) -> int:
    """Count a look before it is taken, and return its number: one that kills the process leaves a trace."""
    with transaction(connection):
        connection.execute("UPDATE bursts SET attempts = attempts + 1 WHERE id = ?", (burst,))
        row = connection.execute("SELECT attempts FROM bursts WHERE id = ?", (burst,)).fetchone()
    return int(row["attempts"])


def give_back_look(connection: sqlite3.Connection, burst: str) -> None:
    """The look was broken off by somebody who wanted the program to stop: it says nothing of the burst."""
    with transaction(connection):
        connection.execute("UPDATE bursts SET attempts = attempts - 1 WHERE id = ?", (burst,))


def pictures_of(connection: sqlite3.Connection, burst: str) -> list[Picture]:
    """A burst's pictures in order of time."""
    rows = connection.execute(f"{_PICTURES} WHERE m.burst = ? ORDER BY captured_at, position, m.id", (burst,))
    return [_picture(row) for row in rows]


def all_pictures(connection: sqlite3.Connection) -> list[Picture]:
    """Every picture, in order of time."""
    return list(each_picture(connection))


def each_picture(connection: sqlite3.Connection, bursts: Collection[str] | None = None) -> Iterator[Picture]:
    """The same one by one, of ``bursts`` or all: those of a season are not held together."""
    only = "" if bursts is None else " WHERE m.burst IN (SELECT value FROM json_each(?))"
    asked = () if bursts is None else (json.dumps(list(bursts)),)
    rows = connection.execute(f"{_PICTURES}{only} ORDER BY captured_at, position, m.id", asked)
    return (_picture(row) for row in rows)


def picture_bytes(folder: Path, picture: Picture) -> bytes:
    """The picture itself. Raises OSError."""
    return (folder / picture.path).read_bytes()


def _picture(row: sqlite3.Row) -> Picture:
    return Picture(
        id=row["id"],
        burst=row["burst"],
        position=row["position"],
        of=row["of"],
        path=row["path"],
        sha256=row["sha256"],
        source_name=row["source_name"],
        captured_at=datetime.fromisoformat(row["captured_at"]),
        width=row["width"],
        height=row["height"],
        treatment=Treatment(row["treatment"] or Treatment.KEEP),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        sha256_now=_sha256_now(row),
    )


def _sha256_now(row: sqlite3.Row) -> str | None:
    if row["outcome"] in {Outcome.REMOVED, Outcome.DROPPED}:
        return None
    return str(row["new_sha256"] if row["outcome"] == Outcome.BLURRED else row["sha256"])
