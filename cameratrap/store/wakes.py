"""How a trap that is off between its visits was switched on, what went wrong, and when it handed the power back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cameratrap.store.connection import transaction


class WakeCause(StrEnum):
    """What switched the trap on."""

    PIR = "pir"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Woken:
    """One power-on that ended well. ``failures`` are sentences; ``alarm_at`` is when it is to be switched on at last.

    Times are aware; without an alarm it is switched on by its PIR alone. One that ended otherwise has no row.
    """

    boot_id: str
    cause: WakeCause
    woken_at: datetime
    handed_back_at: datetime
    alarm_at: datetime | None
    failures: tuple[str, ...] = ()


def create_wakes(connection: sqlite3.Connection) -> None:
    """A migration step: the table of this module."""
    connection.execute(
        """CREATE TABLE wakes (
            id INTEGER PRIMARY KEY,
            boot_id TEXT NOT NULL,
            cause TEXT NOT NULL CHECK (cause IN ('pir', 'alarm')),
            woken_at TEXT NOT NULL,
            handed_back_at TEXT NOT NULL,
            alarm_at TEXT,
            failures INTEGER NOT NULL,
            failure TEXT NOT NULL
        ) STRICT"""
    )


def add_wake(connection: sqlite3.Connection, woken: Woken) -> None:
    """Store a power-on just before the power is handed back."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO wakes (boot_id, cause, woken_at, handed_back_at, alarm_at, failures, failure)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                woken.boot_id,
                woken.cause.value,
                woken.woken_at.isoformat(),
                woken.handed_back_at.isoformat(),
                None if woken.alarm_at is None else woken.alarm_at.isoformat(),
                len(woken.failures),
                "\n".join(woken.failures),
            ),
        )


def forget_alarm(connection: sqlite3.Connection, boot_id: str) -> None:
    """The power-on of this boot could set no alarm."""
    with transaction(connection):
        connection.execute("UPDATE wakes SET alarm_at = NULL WHERE boot_id = ?", (boot_id,))


def last_wake(connection: sqlite3.Connection) -> Woken | None:
    """The newest power-on that ended well; None where something has been armed since, and so ended otherwise."""
    row = connection.execute("SELECT * FROM wakes ORDER BY id DESC LIMIT 1").fetchone()
    if row is None:
        return None
    woken = Woken(
        row["boot_id"],
        WakeCause(row["cause"]),
        datetime.fromisoformat(row["woken_at"]),
        datetime.fromisoformat(row["handed_back_at"]),
        None if row["alarm_at"] is None else datetime.fromisoformat(row["alarm_at"]),
        tuple(row["failure"].split("\n")) if row["failures"] else (),
    )
    last = connection.execute(
        "SELECT boot_id IN (SELECT boot_id FROM wakes) AS ended_well FROM armed ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return woken if last is None or last["ended_well"] else None


def camera_answered(connection: sqlite3.Connection, boot_id: str) -> bool | None:
    """Whether the camera gave what its newest burst of this boot asked for; None where there was none."""
    row = connection.execute(
        "SELECT fault FROM bursts WHERE boot_id = ? ORDER BY rowid DESC LIMIT 1", (boot_id,)
    ).fetchone()
    return None if row is None else row["fault"] != "camera"


def photographed_since(connection: sqlite3.Connection, since: datetime, until: datetime) -> list[datetime]:
    """When the sensor's bursts of that time began, in order; both aware. One at ``until`` is none of them."""
    rows = connection.execute("SELECT started_at FROM bursts WHERE cause = 'pir' ORDER BY rowid DESC LIMIT 10000")
    times = (datetime.fromisoformat(row["started_at"]) for row in rows)
    return sorted(at for at in times if since <= at < until)
