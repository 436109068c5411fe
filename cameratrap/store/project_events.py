"""What follows from the words: which one stands on each sequence, and the events that a person looks at.

All of it is derived, and kept in the transaction that changes what it is derived from.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta

from cameratrap.domain.events import TriggerCause
from cameratrap.store.project import set_setting, setting

DEFAULT_EVENT_GAP = timedelta(minutes=2)  # Agouti's, too
_GAP = "event_gap_s"
IsNight = Callable[[int, float], bool | None]  # the deployment's number, and a moment in seconds of Unix time

_UNDONE = "COALESCE((SELECT u.undone FROM undos u WHERE u.action = w.action ORDER BY u.id DESC LIMIT 1), 0)"
_STANDING = f"""COALESCE(
    (SELECT MAX(w.id) FROM words w WHERE w.sequence = s.id AND w.method = 'human' AND NOT {_UNDONE}),
    (SELECT MAX(w.id) FROM words w WHERE w.sequence = s.id AND w.method = 'machine'))"""
_MACHINE = "(SELECT MAX(w.id) FROM words w WHERE w.sequence = s.id AND w.method = 'machine')"
_FLAGGED = """COALESCE((SELECT w.flagged FROM flags w WHERE w.sequence = s.id AND NOT COALESCE(
    (SELECT u.undone FROM undos u WHERE u.action = w.action ORDER BY u.id DESC LIMIT 1), 0)
    ORDER BY w.id DESC LIMIT 1), 0)"""


def event_gap(connection: sqlite3.Connection) -> timedelta:
    """How long nothing must be taken for another event to begin."""
    return timedelta(seconds=float(str(setting(connection, _GAP, DEFAULT_EVENT_GAP.total_seconds()))))


def set_event_gap(connection: sqlite3.Connection, gap: timedelta) -> None:
    """Within the caller's transaction; ``regroup`` every deployment afterwards."""
    set_setting(connection, _GAP, gap.total_seconds())


def settle(connection: sqlite3.Connection, sequences: Collection[int]) -> None:
    """Say anew which words and flags stand on these sequences, and what their events therefore show."""
    numbers = json.dumps(list(sequences))
    connection.execute(
        f"UPDATE sequences AS s SET standing = {_STANDING}, machine = {_MACHINE}, flagged = {_FLAGGED}"
        " WHERE s.id IN (SELECT value FROM json_each(?))",
        (numbers,),
    )
    events = connection.execute(
        "SELECT DISTINCT event FROM sequences WHERE event IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
        (numbers,),
    )
    tell_events(connection, [int(row["event"]) for row in events])


def regroup(connection: sqlite3.Connection, deployment: int, *, is_night: IsNight | None = None) -> int:
    """Group a deployment's sequences into events anew; returns how many there are. Events get new numbers.

    Time-lapse sequences are grouped apart from triggered ones.
    """
    connection.execute(
        "DELETE FROM event_taxa WHERE event IN (SELECT id FROM events WHERE deployment = ?)", (deployment,)
    )
    connection.execute("UPDATE sequences SET event = NULL WHERE deployment = ?", (deployment,))
    connection.execute("DELETE FROM events WHERE deployment = ?", (deployment,))
    offset_s = 60 * int(
        connection.execute("SELECT utc_offset_minutes FROM deployments WHERE id = ?", (deployment,)).fetchone()[0]
    )
    numbers = []
    for group in _groups(connection, deployment, event_gap(connection).total_seconds()):
        first = group[0]
        night = None if is_night is None else is_night(deployment, first["start_s"])
        numbers.append(
            _add_event(connection, deployment, group, int((first["start_s"] + offset_s) // 3600 % 24), night)
        )
    tell_events(connection, numbers)
    return len(numbers)


def tell_events(connection: sqlite3.Connection, events: Collection[int]) -> None:
    """Say anew what these events show, by the words that stand."""
    for event in events:
        connection.execute("DELETE FROM event_taxa WHERE event = ?", (event,))
        connection.execute(
            """INSERT INTO event_taxa (taxon, start_s, event, deployment, count, score)
            SELECT o.taxon, e.start_s, e.id, e.deployment, MAX(o.count), MAX(o.score) FROM events e
            JOIN sequences s ON s.event = e.id JOIN observations o ON o.word = s.standing
            WHERE e.id = ? GROUP BY o.taxon""",
            (event,),
        )
        connection.execute(
            """UPDATE events AS e SET (taxa, count) = (
                SELECT COALESCE(group_concat(t.taxon, '|'), ''), COALESCE(MAX(t.count), 0)
                FROM (SELECT taxon, count FROM event_taxa WHERE event = e.id ORDER BY taxon) t),
            (machine_taxa, score) = (
                SELECT COALESCE(group_concat(t.taxon, '|'), ''), MAX(t.score) FROM (
                    SELECT o.taxon, MAX(o.score) AS score FROM sequences s JOIN observations o ON o.word = s.machine
                    WHERE s.event = e.id GROUP BY o.taxon ORDER BY o.taxon) t),
            (state, flagged, is_blank) = (
                SELECT CASE WHEN COUNT(*) = SUM(w.method IS 'human') THEN 'verified'
                    WHEN SUM(w.method IS 'human') > 0 THEN 'partly'
                    WHEN COUNT(w.id) > 0 THEN 'machine' ELSE 'unlooked' END,
                    MAX(s.flagged),
                    COUNT(w.id) = COUNT(*)
                        AND NOT EXISTS (SELECT 1 FROM event_taxa x WHERE x.event = e.id)
                FROM sequences s LEFT JOIN words w ON w.id = s.standing WHERE s.event = e.id)
            WHERE e.id = ?""",
            (event,),
        )


def _groups(connection: sqlite3.Connection, deployment: int, gap_s: float) -> Iterator[list[sqlite3.Row]]:
    group: list[sqlite3.Row] = []
    for row in connection.execute(
        """SELECT s.id, s.cause, s.start, s.start_s, s.end_s, COUNT(m.id) AS media, MIN(m.id) AS cover
        FROM sequences s LEFT JOIN media m ON m.sequence = s.id WHERE s.deployment = ?
        GROUP BY s.id ORDER BY s.cause = ?, s.start_s, s.id""",
        (deployment, TriggerCause.TIMELAPSE.value),
    ).fetchall():
        if group and not _belongs(row, group, gap_s):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _belongs(row: sqlite3.Row, group: Iterable[sqlite3.Row], gap_s: float) -> bool:
    members = list(group)
    same_kind = (row["cause"] == TriggerCause.TIMELAPSE) == (members[0]["cause"] == TriggerCause.TIMELAPSE)
    return bool(same_kind and row["start_s"] - max(each["end_s"] for each in members) <= gap_s)


def _add_event(
    connection: sqlite3.Connection, deployment: int, group: list[sqlite3.Row], hour: int, night: bool | None
) -> int:
    first = group[0]
    cursor = connection.execute(
        "INSERT INTO events (deployment, cause, start, start_s, end_s, hour, is_night, sequences, media, cover, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'unlooked')",
        (
            deployment,
            first["cause"],
            first["start"],
            first["start_s"],
            max(each["end_s"] for each in group),
            hour,
            night,
            len(group),
            sum(each["media"] for each in group),
            first["cover"],
        ),
    )
    event = int(cursor.lastrowid or 0)
    connection.executemany("UPDATE sequences SET event = ? WHERE id = ?", [(event, each["id"]) for each in group])
    return event
