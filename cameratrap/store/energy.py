"""What each day's energy went into: estimated by the seconds of each activity, beside it what a gauge measured.

The satellite's part is not written here: it stands with its sessions, and is read from there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date

from cameratrap.domain.activities import Activity, Spent


def create_energy(connection: sqlite3.Connection) -> None:
    """A migration step: the table of this module, one row for each activity of a station's day."""
    connection.execute(
        """CREATE TABLE energy (
            day TEXT NOT NULL,
            activity TEXT NOT NULL,
            seconds REAL NOT NULL,
            joules REAL NOT NULL,
            measured_s REAL NOT NULL,
            measured_j REAL NOT NULL,
            PRIMARY KEY (day, activity)
        ) STRICT"""
    )


def add(connection: sqlite3.Connection, day: date, activity: Activity, seconds: float, joules: float) -> None:
    """Add what an activity took on a day, within the caller's transaction."""
    _add(connection, day, activity, Spent(seconds, joules))


def add_measured(connection: sqlite3.Connection, day: date, activity: Activity, seconds: float, joules: float) -> None:
    """Add what a gauge measured over so many seconds of an activity, within the caller's transaction."""
    _add(connection, day, activity, Spent(measured_s=seconds, measured_j=joules))


def _add(connection: sqlite3.Connection, day: date, activity: Activity, spent: Spent) -> None:
    connection.execute(
        "INSERT INTO energy (day, activity, seconds, joules, measured_s, measured_j) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (day, activity) DO UPDATE SET seconds = seconds + excluded.seconds,"
        " joules = joules + excluded.joules, measured_s = measured_s + excluded.measured_s,"
        " measured_j = measured_j + excluded.measured_j",
        (day.isoformat(), activity.value, spent.seconds, spent.joules, spent.measured_s, spent.measured_j),
    )


def spent_by_day(connection: sqlite3.Connection) -> Mapping[date, Mapping[Activity, Spent]]:
    """Day -> activity -> what it took, the satellite's sessions among them; the oldest day first."""
    days: dict[date, dict[Activity, Spent]] = {}
    for row in connection.execute(
        "SELECT day, activity, seconds, joules, measured_s, measured_j FROM energy"
        " UNION ALL SELECT day, 'satellite', SUM(seconds), SUM(joules), 0, 0 FROM sessions GROUP BY day ORDER BY day"
    ):
        spent = Spent(row["seconds"], row["joules"], row["measured_s"], row["measured_j"])
        days.setdefault(date.fromisoformat(row["day"]), {})[Activity(row["activity"])] = spent
    return days
