"""What a person says of sequences, written as words: from what stands, and from what is said instead."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.review import UNKNOWN, Change, Standing, say
from cameratrap.store.project_rows import ObservationRow, WordRow, add_word


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks in which action, and when."""

    action: int
    author: str
    at: datetime


def speak(connection: sqlite3.Connection, event: Sequence[int], change: Change, by: Speaker) -> None:
    """Add a person's words on the sequences of one event. Raises UsageError as ``say``."""
    stood = [_standing(connection, sequence) for sequence in event]
    counts: list[Standing] = [None if each is None else _counts(each) for each in stood]
    said_at = _after_all(connection, event, by.at)
    for sequence, was, now in zip(event, stood, say(change, counts), strict=True):
        if now is not None:
            observations = tuple(_observations(connection, sequence, was or [], now, change))
            add_word(connection, sequence, WordRow("human", by.author, said_at, observations), action=by.action)


def _after_all(connection: sqlite3.Connection, event: Sequence[int], now: datetime) -> datetime:
    """No earlier than what people have said of it: what is said last stands, also where a clock has gone back."""
    newest = connection.execute(
        "SELECT classified_at FROM words WHERE method = 'human' AND sequence IN (SELECT value FROM json_each(?))"
        " ORDER BY julianday(classified_at) DESC LIMIT 1",
        (json.dumps(list(event)),),
    ).fetchone()
    return now if newest is None else max(now, datetime.fromisoformat(newest["classified_at"]))


def _standing(connection: sqlite3.Connection, sequence: int) -> list[ObservationRow] | None:
    """What stands of a sequence; None where nobody has said anything."""
    rows = connection.execute(
        "SELECT s.standing, o.* FROM sequences s LEFT JOIN observations o ON o.word = s.standing WHERE s.id = ?"
        " ORDER BY o.id",
        (sequence,),
    ).fetchall()
    return None if rows[0]["standing"] is None else [_sure(row) for row in rows if row["id"] is not None]


def _sure(row: sqlite3.Row) -> ObservationRow:
    """As a person says it: without a score, and neither fewer nor more."""
    first_at, last_at = (datetime.fromisoformat(row[name]) for name in ("first_at", "last_at"))
    count = row["count"]
    return ObservationRow(
        row["taxon"], count, first_at, last_at, count, count, attributes=json.loads(row["attributes"])
    )


def _counts(observations: Iterable[ObservationRow]) -> dict[str, int]:
    """Of one taxon there may be several observations, of adults and of young ones."""
    counts = Counter[str]()
    for each in observations:
        counts[each.taxon] += each.count
    return dict(counts)


def _observations(
    connection: sqlite3.Connection,
    sequence: int,
    was: Sequence[ObservationRow],
    now: Mapping[str, int],
    change: Change,
) -> Iterator[ObservationRow]:
    """What is said, with times and attributes of what it is said instead of; else of the whole sequence."""
    heir = change.taxon if change.kind == "relabel" else UNKNOWN
    gone = [each for each in was if each.taxon not in now]
    for taxon, count in now.items():
        own = [each for each in was if each.taxon == taxon]
        sources = own + gone if taxon == heir else own
        if _counts(own).get(taxon) == count:
            yield from own
        elif sources:
            yield _joined(sources, taxon, count)
        else:
            first_at, last_at = _times(connection, sequence)
            yield ObservationRow(taxon, count, first_at, last_at, count, count)


def _joined(sources: Sequence[ObservationRow], taxon: str, count: int) -> ObservationRow:
    """What is said of one animal only, its sex or its age, is not said of another."""
    attributes = sources[0].attributes if len(sources) == 1 else {}
    first_at, last_at = min(each.first_at for each in sources), max(each.last_at for each in sources)
    return ObservationRow(taxon, count, first_at, last_at, count, count, attributes=attributes)


def _times(connection: sqlite3.Connection, sequence: int) -> tuple[datetime, datetime]:
    """When its first and its last picture were taken; of a sequence without any, when it began."""
    pictures = "SELECT captured_at FROM media WHERE sequence = ? ORDER BY captured_s"
    row = connection.execute(
        f"""SELECT COALESCE(({pictures} LIMIT 1), start) AS first_at,
            COALESCE(({pictures} DESC LIMIT 1), start) AS last_at
        FROM sequences WHERE id = ?""",
        (sequence, sequence, sequence),
    ).fetchone()
    return datetime.fromisoformat(row["first_at"]), datetime.fromisoformat(row["last_at"])
