"""Moving the times of a project's deployment, where its camera's clock was wrong: forward, and back again.

A sequence's time is what its camera told plus every standing correction that moved it, so that corrections can be
taken back in any order, and a card that is read again finds its sequences where they belong.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from cameratrap.domain.summaries import ClockQuality
from cameratrap.store.project_corrections import STANDING, Correction, add_correction, corrections


def offsets(connection: sqlite3.Connection, deployment: int) -> Mapping[int, timedelta]:
    """Sequence -> by how much it is moved now; those that are where their camera put them are absent."""
    rows = connection.execute(
        "SELECT m.sequence, SUM(json_extract(c.detail, '$.offset_s')) AS offset_s FROM moved m"
        f" JOIN corrections c ON c.id = m.correction WHERE c.deployment = ? AND {STANDING} GROUP BY m.sequence",
        (deployment,),
    )
    return {int(row["sequence"]): timedelta(seconds=row["offset_s"]) for row in rows}


def moved_by(connection: sqlite3.Connection, sequences: Collection[int]) -> list[int]:
    """The numbers of the standing corrections that moved some of these sequences."""
    rows = connection.execute(
        f"SELECT DISTINCT c.id FROM moved m JOIN corrections c ON c.id = m.correction WHERE {STANDING}"
        " AND m.sequence IN (SELECT value FROM json_each(?)) ORDER BY c.id",
        (json.dumps(list(sequences)),),
    )
    return [int(row["id"]) for row in rows]


def shift(
    connection: sqlite3.Connection,
    deployment: int,
    offset: timedelta,
    *,
    since: datetime | None,
    until: datetime | None,
    author: str,
    made_at: datetime,
) -> int:
    """Move the sequences that begin in the time given, within the caller's transaction; returns the correction.

    What had no clock to be trusted counts as right afterwards. Events are to be made anew (``regroup``).
    """
    detail = {
        "offset_s": offset.total_seconds(),
        "since": since and since.isoformat(),
        "until": until and until.isoformat(),
    }
    number = add_correction(connection, deployment, "clock", detail, author=author, made_at=made_at)
    _follow(connection, number, chosen(connection, deployment, since, until), offset)
    return number


def chosen(
    connection: sqlite3.Connection, deployment: int, since: datetime | None = None, until: datetime | None = None
) -> list[int]:
    """The sequences that begin in the time given, in order of time."""
    rows = connection.execute(
        "SELECT id FROM sequences WHERE deployment = ? AND start_s >= COALESCE(?, start_s)"
        " AND (? IS NULL OR start_s < ?) ORDER BY start_s, id",
        (deployment, since and since.timestamp(), *[until and until.timestamp()] * 2),
    )
    return [int(row["id"]) for row in rows]


def take_back(connection: sqlite3.Connection, found: Correction, *, author: str, made_at: datetime) -> None:
    """Move everything back that a correction moved, within the caller's transaction."""
    rows = connection.execute("SELECT sequence, clock FROM moved WHERE correction = ?", (found.number,)).fetchall()
    connection.executemany("UPDATE sequences SET clock = ? WHERE id = ?", [(row[1], row[0]) for row in rows])
    move(connection, [row["sequence"] for row in rows], -offset_of(found))
    add_correction(connection, found.deployment, "clock", {}, author=author, made_at=made_at, undoes=found.number)


def follow(connection: sqlite3.Connection, deployment: int, sequences: Collection[int]) -> None:
    """Sequences that are new, from the same card, are moved by what has moved the others of their time."""
    for each in corrections(connection, deployment):
        if each.kind == "clock" and each.undone_at is None:
            within = set(chosen(connection, deployment, *bounds_of(each))).intersection(sequences)
            _follow(connection, each.number, sorted(within), offset_of(each))


def move(connection: sqlite3.Connection, sequences: Collection[int], by: timedelta) -> None:
    """Move sequences with their media and all that was ever said of them, within the caller's transaction."""
    numbers = json.dumps(list(sequences))
    of = "IN (SELECT value FROM json_each(?))"
    rows = connection.execute(f"SELECT id, start FROM sequences WHERE id {of}", (numbers,)).fetchall()
    connection.executemany(
        "UPDATE sequences SET start = ?, start_s = start_s + ?, end_s = end_s + ? WHERE id = ?",
        [(_moved(row["start"], by), *[by.total_seconds()] * 2, row["id"]) for row in rows],
    )
    rows = connection.execute(f"SELECT id, captured_at FROM media WHERE sequence {of}", (numbers,)).fetchall()
    connection.executemany(
        "UPDATE media SET captured_at = ?, captured_s = captured_s + ? WHERE id = ?",
        [(_moved(row["captured_at"], by), by.total_seconds(), row["id"]) for row in rows],
    )
    rows = connection.execute(
        f"SELECT o.id, o.first_at, o.last_at FROM observations o JOIN words w ON w.id = o.word WHERE w.sequence {of}",
        (numbers,),
    ).fetchall()
    connection.executemany(
        "UPDATE observations SET first_at = ?, last_at = ? WHERE id = ?",
        [(_moved(row["first_at"], by), _moved(row["last_at"], by), row["id"]) for row in rows],
    )


def offset_of(found: Correction) -> timedelta:
    """By how much a clock's correction moves."""
    return timedelta(seconds=float(str(found.detail["offset_s"])))


def bounds_of(found: Correction) -> tuple[datetime | None, datetime | None]:
    """From and to which time of before it a clock's correction moves."""
    since, until = (found.detail.get(name) for name in ("since", "until"))
    return _moment(since), _moment(until)


def _follow(connection: sqlite3.Connection, correction: int, sequences: Collection[int], by: timedelta) -> None:
    numbers = json.dumps(list(sequences))
    of = "id IN (SELECT value FROM json_each(?))"
    connection.execute(
        f"INSERT INTO moved (correction, sequence, clock) SELECT ?, id, clock FROM sequences WHERE {of}",
        (correction, numbers),
    )
    connection.execute(
        f"UPDATE sequences SET clock = ? WHERE clock IS NOT NULL AND {of}", (ClockQuality.OK.value, numbers)
    )
    move(connection, sequences, by)


def _moved(time: str, by: timedelta) -> str:
    return (datetime.fromisoformat(time) + by).isoformat()


def _moment(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))
