"""What stands of a burst, of what models (``store.analyses``) and people have said of it.

The word that stands of a burst is the newest of a person, else the newest of a model. Every older one is kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from cameratrap.domain.events import Sighting, Source, TriggerCause
from cameratrap.domain.judged import Fate
from cameratrap.store.connection import transaction

_STANDING = """
    SELECT c.* FROM classifications c WHERE NOT EXISTS (
        SELECT 1 FROM classifications o WHERE o.burst = c.burst AND (
            (o.method = 'human' AND c.method = 'machine') OR (o.method = c.method AND o.id > c.id)))
"""
_NEWEST = "SELECT MAX(id) FROM classifications WHERE method = 'machine' GROUP BY burst"
_SUPPRESSED = ", ".join(f"'{fate}'" for fate in Fate if fate.suppressed)


def classify_by_hand(
    connection: sqlite3.Connection, burst: str, counts: Mapping[str, int], *, author: str, made_at: datetime
) -> int:
    """Store a person's word on a burst, which stands over every model's; an empty mapping says that it is blank.

    Returns the classification's number. Times are those of the burst's first and last picture.
    """
    with transaction(connection):
        standing = connection.execute(f"{_STANDING} AND c.burst = ?", (burst,)).fetchone()
        times = connection.execute(
            "SELECT MIN(captured_at) AS first_at, MAX(captured_at) AS last_at FROM media WHERE burst = ?", (burst,)
        ).fetchone()
        cursor = connection.execute(
            "INSERT INTO classifications (burst, method, classified_by, classified_at, replaces)"
            " VALUES (?, 'human', ?, ?, ?)",
            (burst, author, made_at.isoformat(), None if standing is None else standing["id"]),
        )
        connection.executemany(
            "INSERT INTO observations (classification, taxon, count, count_low, count_high, first_at, last_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(cursor.lastrowid, taxon, n, n, n, times["first_at"], times["last_at"]) for taxon, n in counts.items()],
        )
    return int(cursor.lastrowid or 0)


def sightings(connection: sqlite3.Connection, deployment: str) -> Iterator[Sighting]:
    """The sightings as they stand now, in order of time, one by one: those of a season are not held together."""
    rows = connection.execute(
        f"SELECT o.*, c.burst, c.method, b.cause FROM ({_STANDING}) c JOIN observations o ON o.classification = c.id"
        " JOIN bursts b ON b.id = c.burst ORDER BY julianday(o.first_at), o.id"
    )
    return (sighting_of(row, deployment) for row in rows)


def words_on_bursts(connection: sqlite3.Connection) -> Iterator[sqlite3.Row]:
    """Every burst, one by one: ``started_at``, ``cause``, ``fault``, and what was said of it.

    ``is_blank``: the standing word is that nothing is in it. ``suppressed``: so many boxes the background spoke
    against, as its newest model has it.
    """
    return iter(
        connection.execute(
            f"""SELECT b.started_at, b.cause, b.fault, COALESCE(s.n, 0) AS suppressed, b.id IN (
                SELECT c.burst FROM ({_STANDING}) c
                WHERE NOT EXISTS (SELECT 1 FROM observations o WHERE o.classification = c.id)) AS is_blank
            FROM bursts b LEFT JOIN (
                SELECT c.burst, COUNT(*) AS n FROM detections d JOIN classifications c ON c.id = d.classification
                WHERE c.id IN ({_NEWEST}) AND d.fate IN ({_SUPPRESSED}) GROUP BY c.burst) s ON s.burst = b.id"""
        )
    )


def picture_counts(connection: sqlite3.Connection, media: Collection[int]) -> Mapping[int, Mapping[str, int]]:
    """How many of each taxon each of these pictures shows, by its number, as the newest model's counts have it."""
    return _of_pictures(connection, media, "counted_as", "counted_as IS NOT NULL")


def suppressed_counts(connection: sqlite3.Connection, media: Collection[int]) -> Mapping[int, Mapping[str, int]]:
    """How many detections of each of these pictures the background spoke against, by its number and the reason."""
    return _of_pictures(connection, media, "fate", f"fate IN ({_SUPPRESSED})")


def _of_pictures(
    connection: sqlite3.Connection, media: Collection[int], what: str, where: str
) -> Mapping[int, Mapping[str, int]]:
    rows = connection.execute(
        f"""SELECT d.media, d.{what} AS what, COUNT(*) AS n FROM detections d WHERE d.{where} AND d.classification IN (
            SELECT MAX(id) FROM classifications WHERE method = 'machine'
            AND burst IN (SELECT burst FROM media WHERE id IN (SELECT value FROM json_each(?))) GROUP BY burst)
        GROUP BY d.media, what ORDER BY what""",
        (json.dumps(list(media)),),
    )
    return _by_picture(rows)


def _by_picture(rows: Iterable[sqlite3.Row]) -> Mapping[int, Mapping[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["media"], {})[row["what"]] = row["n"]
    return counts


def sighting_of(row: sqlite3.Row, deployment: str) -> Sighting:
    """A sighting of a row that has its columns, of a card's index or of a project's."""
    source: Source = "human" if row["method"] == "human" else "machine"
    return Sighting(
        deployment=deployment,
        taxon=row["taxon"],
        start=datetime.fromisoformat(row["first_at"]),
        end=datetime.fromisoformat(row["last_at"]),
        count=row["count"],
        burst=row["burst"],
        cause=TriggerCause(row["cause"]),
        score=row["score"],
        source=source,
        count_low=row["count_low"],
        count_high=row["count_high"],
    )
