"""Whether an event of a project was by night: by the light its pictures were taken in, else by the sun."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from datetime import UTC, date, datetime
from functools import cache

from cameratrap.app.nights import nights
from cameratrap.domain.effort import Span
from cameratrap.domain.events import standard_zone, station_day
from cameratrap.store.project_events import IsNight


def night_of(connection: sqlite3.Connection, deployment: int) -> IsNight:
    """For ``regroup`` of this deployment: None where the pictures do not tell, and its position is not known."""
    rows = connection.execute(
        "SELECT s.start_s, MAX(m.infrared) AS infrared FROM sequences s JOIN media m ON m.sequence = s.id"
        " WHERE s.deployment = ? AND m.infrared IS NOT NULL GROUP BY s.id",
        (deployment,),
    )
    lit = {float(row["start_s"]): bool(row["infrared"]) for row in rows}
    row = connection.execute("SELECT * FROM deployments WHERE id = ?", (deployment,)).fetchone()
    zone, place = standard_zone(row["utc_offset_minutes"]), (row["latitude"], row["longitude"])

    @cache
    def dark(day: date) -> list[Span]:
        return nights(*place, day, day, zone)

    def is_night(_deployment: int, moment_s: float) -> bool | None:
        if moment_s in lit:
            return lit[moment_s]
        if None in place:
            return None
        moment = datetime.fromtimestamp(moment_s, UTC)
        spans = dark(station_day(moment, zone))
        at = bisect_right(spans, moment, key=lambda span: span.start)
        return at > 0 and moment < spans[at - 1].end

    return is_night
