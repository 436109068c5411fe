"""When a device did not work: from when to when, in which boot. What a day's effort is less by."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from cameratrap.domain.capture import Incident
from cameratrap.domain.effort import Span
from cameratrap.domain.eras import STEP
from cameratrap.store.connection import transaction


def create_device_faults(connection: sqlite3.Connection) -> None:
    """A migration step: the table of this module. ``end`` is when it was last known not to work, or worked again."""
    connection.execute(
        """CREATE TABLE device_faults (
            id INTEGER PRIMARY KEY,
            device TEXT NOT NULL,
            what TEXT NOT NULL,
            boot_id TEXT NOT NULL,
            monotonic_s REAL NOT NULL,
            start TEXT NOT NULL,
            end TEXT NOT NULL,
            recovered INTEGER NOT NULL
        ) STRICT"""
    )


def begin_anew(connection: sqlite3.Connection) -> None:
    """A process that starts knows nothing of what an earlier one found broken: that ends where it was last known."""
    with transaction(connection):
        connection.execute("UPDATE device_faults SET recovered = 1 WHERE NOT recovered")


def carry_over(
    connection: sqlite3.Connection,
    devices: Collection[str],
    now: datetime,
    monotonic_s: float,
    boot_id: str,
    *,
    was_armed: bool,
) -> None:
    """A process after a power-off: which of ``devices`` were found broken are so still; the others begin anew.

    ``was_armed``: the trap was armed while it was off, as far as the clock can be believed, and so it was broken until
    ``now``; without that nothing is said of the time between.
    """
    with transaction(connection):
        held = [
            row
            for row in connection.execute("SELECT * FROM device_faults WHERE NOT recovered")
            if row["device"] in devices
        ]
        begin_anew(connection)
        for row in held:
            if was_armed:
                end = max(now, datetime.fromisoformat(row["end"])).isoformat()
                connection.execute("UPDATE device_faults SET end = ? WHERE id = ?", (end, row["id"]))
            _begin(connection, Incident(row["device"], row["what"], monotonic_s, recovered=False), now, boot_id)


def is_down(connection: sqlite3.Connection, device: str, boot_id: str) -> bool:
    """Whether a device is not known to work again."""
    sql = "SELECT EXISTS (SELECT 1 FROM device_faults WHERE device = ? AND boot_id = ? AND NOT recovered)"
    return bool(connection.execute(sql, (device, boot_id)).fetchone()[0])


def note_incident(connection: sqlite3.Connection, incident: Incident, at: datetime, boot_id: str) -> None:
    """Store what a device went through; ``at`` (aware) is ``incident.monotonic_s`` by the wall clock.

    One that does not work is down from then on: until it is noted to work again, and meanwhile as far as
    ``still_down`` says. A device that is down already is not down twice.
    """
    with transaction(connection):
        down = connection.execute(
            "SELECT * FROM device_faults WHERE device = ? AND boot_id = ? AND NOT recovered",
            (incident.device, boot_id),
        ).fetchone()
        if down is None:
            _begin(connection, incident, at, boot_id)
        else:
            _extend(connection, down, at, incident.monotonic_s, recovered=incident.recovered)


def still_down(connection: sqlite3.Connection, now: datetime, monotonic_s: float, boot_id: str) -> None:
    """Extend what does not work in this boot to ``now``; called where the armed stretch is extended."""
    down = "SELECT * FROM device_faults WHERE boot_id = ? AND NOT recovered"
    if connection.execute(down, (boot_id,)).fetchone() is None:
        return
    with transaction(connection):
        for row in connection.execute(down, (boot_id,)).fetchall():
            _extend(connection, row, now, monotonic_s, recovered=False)


def _begin(connection: sqlite3.Connection, incident: Incident, at: datetime, boot_id: str) -> None:
    time = at.isoformat()
    connection.execute(
        "INSERT INTO device_faults (device, what, boot_id, monotonic_s, start, end, recovered)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (incident.device, incident.what, boot_id, incident.monotonic_s, time, time, incident.recovered),
    )


def _extend(
    connection: sqlite3.Connection, row: sqlite3.Row, at: datetime, monotonic_s: float, *, recovered: bool
) -> None:
    """Where the wall clock was set meanwhile, the stretch ends where it was last true and another one begins."""
    by_wall = at - datetime.fromisoformat(row["start"])
    by_monotonic = timedelta(seconds=monotonic_s - row["monotonic_s"])
    if abs(by_wall - by_monotonic) <= STEP:
        end = max(at, datetime.fromisoformat(row["end"])).isoformat()
        connection.execute("UPDATE device_faults SET end = ?, recovered = ? WHERE id = ?", (end, recovered, row["id"]))
        return
    connection.execute("UPDATE device_faults SET recovered = 1 WHERE id = ?", (row["id"],))
    _begin(connection, Incident(row["device"], row["what"], monotonic_s, recovered), at, row["boot_id"])


def spans(connection: sqlite3.Connection) -> Mapping[str, list[Span]]:
    """By device, the stretches during which it did not work, in order of time; one of no length is an incident."""
    found: dict[str, list[Span]] = {}
    for row in connection.execute("SELECT device, start, end FROM device_faults ORDER BY start, id"):
        start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
        found.setdefault(row["device"], []).append(Span(start, max(start, end)))
    return found
