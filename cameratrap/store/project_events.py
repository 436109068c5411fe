"""What follows from the words: which one stands on each sequence, and the events that a person looks at.

All of it is derived, and kept in the transaction that changes what it is derived from.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from cameratrap.domain.events import TriggerCause
from cameratrap.store.project import set_setting, setting

DEFAULT_EVENT_GAP = timedelta(minutes=2)  # Agouti's, too
_GAP = "event_gap_s"
IsNight = Callable[[int, float], bool | None]  # the deployment's number, and a moment in seconds of Unix time

_UNDONE = "COALESCE((SELECT u.undone FROM undos u WHERE u.action = w.action ORDER BY u.id DESC LIMIT 1), 0)"
# A person's newest by when it was said, not by when it came in: a card may bring what has been corrected since.
_STANDING = f"""COALESCE(
    (SELECT w.id FROM words w WHERE w.sequence = s.id AND w.method = 'human' AND NOT {_UNDONE}
        ORDER BY julianday(w.classified_at) DESC, w.id DESC LIMIT 1),
    (SELECT MAX(w.id) FROM words w WHERE w.sequence = s.id AND w.method = 'machine'))"""
_MACHINE = "(SELECT MAX(w.id) FROM words w WHERE w.sequence = s.id AND w.method = 'machine')"
_THESE = "(SELECT value FROM json_each(?))"
_FLAGGED = """COALESCE((SELECT w.flagged FROM flags w WHERE w.sequence = s.id AND NOT COALESCE(
    (SELECT u.undone FROM undos u WHERE u.action = w.action ORDER BY u.id DESC LIMIT 1), 0)
    ORDER BY w.id DESC LIMIT 1), 0)"""

_ADD_EVENT = """INSERT INTO events
    (id, deployment, cause, start, start_s, end_s, hour, sequences, media, cover, is_night, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'unlooked')"""


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
        f" WHERE s.id IN {_THESE}",
        (numbers,),
    )
    events = connection.execute(
        f"SELECT DISTINCT event FROM sequences WHERE event IS NOT NULL AND id IN {_THESE}",
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
    connection.execute("UPDATE sequences SET event = NULL WHERE deployment = ? AND event IS NOT NULL", (deployment,))
    connection.execute("DELETE FROM events WHERE deployment = ?", (deployment,))
    found = connection.execute("SELECT utc_offset_minutes FROM deployments WHERE id = ?", (deployment,)).fetchone()
    newest = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    groups = dict(enumerate(_groups(connection, deployment), 1 if newest is None else newest["seq"] + 1))
    connection.executemany(
        _ADD_EVENT,
        (
            (number, deployment, *each.values(60 * found[0]), is_night and is_night(deployment, each.start_s))
            for number, each in groups.items()
        ),
    )
    connection.executemany(
        "UPDATE sequences SET event = ? WHERE id = ?",
        ((number, sequence) for number, each in groups.items() for sequence in each.sequences),
    )
    tell_events(connection, groups)
    return len(groups)


def tell_events(connection: sqlite3.Connection, events: Collection[int]) -> None:
    """Say anew what these events show, by the words that stand."""
    numbers = (json.dumps(list(events)),)
    connection.execute(f"DELETE FROM event_taxa WHERE event IN {_THESE}", numbers)
    connection.execute(
        f"""UPDATE events AS e SET
        (machine_taxa, score) = (
            SELECT COALESCE(group_concat(t.taxon, '|'), ''), MAX(t.score) FROM (
                SELECT o.taxon, MAX(o.score) AS score FROM sequences s JOIN observations o ON o.word = s.machine
                WHERE s.event = e.id GROUP BY o.taxon ORDER BY o.taxon) t),
        (state, flagged, is_blank) = (
            SELECT CASE WHEN COUNT(*) = SUM(w.method IS 'human') THEN 'verified'
                WHEN SUM(w.method IS 'human') > 0 THEN 'partly'
                WHEN COUNT(w.id) > 0 THEN 'machine' ELSE 'unlooked' END,
                MAX(s.flagged),
                COUNT(w.id) = COUNT(*) AND NOT SUM(EXISTS (SELECT 1 FROM observations o WHERE o.word = w.id))
            FROM sequences s LEFT JOIN words w ON w.id = s.standing WHERE s.event = e.id)
        WHERE e.id IN {_THESE}""",
        numbers,
    )
    connection.execute(
        f"""INSERT INTO event_taxa
        (taxon, start_s, event, deployment, count, state, flagged, is_night, cause, hour, score)
        SELECT t.taxon, e.start_s, e.id, e.deployment, MAX(t.count), e.state, e.flagged, e.is_night, e.cause, e.hour,
            e.score
        FROM (SELECT s.event, o.taxon, SUM(o.count) AS count FROM sequences s JOIN observations o ON o.word = s.standing
            WHERE s.event IN {_THESE} GROUP BY s.id, o.taxon) t
        JOIN events e ON e.id = t.event GROUP BY e.id, t.taxon""",
        numbers,
    )
    connection.execute(
        f"""UPDATE events AS e SET (taxa, count) = (
            SELECT COALESCE(group_concat(t.taxon, '|'), ''), COALESCE(MAX(t.count), 0)
            FROM (SELECT taxon, count FROM event_taxa WHERE event = e.id ORDER BY taxon) t)
        WHERE e.id IN {_THESE}""",
        numbers,
    )


@dataclass
class _Group:
    """The sequences of an event, as they come."""

    cause: str
    start: str
    start_s: float
    end_s: float
    cover: int | None
    media: int = 0
    sequences: list[int] = field(default_factory=list)

    def takes(self, row: sqlite3.Row, gap_s: float) -> bool:
        """Whether the next sequence belongs to it."""
        is_timelapse = TriggerCause.TIMELAPSE.value
        same_kind = (row["cause"] == is_timelapse) == (self.cause == is_timelapse)
        return bool(same_kind and row["start_s"] - self.end_s <= gap_s)

    def add(self, row: sqlite3.Row) -> None:
        """Take it in."""
        self.end_s = max(self.end_s, row["end_s"])
        self.media += row["media"]
        self.sequences.append(row["id"])

    def values(self, offset_s: int) -> tuple[object, ...]:
        """What _ADD_EVENT takes of it, where standard time is so much ahead of UTC."""
        hour = int((self.start_s + offset_s) // 3600 % 24)
        return self.cause, self.start, self.start_s, self.end_s, hour, len(self.sequences), self.media, self.cover


def _groups(connection: sqlite3.Connection, deployment: int) -> Iterator[_Group]:
    """The events that the sequences make, in order of time."""
    gap_s, group = event_gap(connection).total_seconds(), None
    for row in connection.execute(
        """SELECT s.id, s.cause, s.start, s.start_s, s.end_s, COUNT(m.id) AS media, MIN(m.id) AS cover
        FROM sequences s LEFT JOIN media m ON m.sequence = s.id WHERE s.deployment = ?
        GROUP BY s.id ORDER BY s.cause = ?, s.start_s, s.id""",
        (deployment, TriggerCause.TIMELAPSE.value),
    ):
        if group and not group.takes(row, gap_s):
            yield group
            group = None
        group = group or _Group(row["cause"], row["start"], row["start_s"], row["end_s"], row["cover"])
        group.add(row)
    if group:
        yield group
