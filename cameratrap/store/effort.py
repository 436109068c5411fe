"""When the trap was armed, and what it saw without photographing: the denominator of every published number."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone

from cameratrap.domain.effort import Span
from cameratrap.domain.events import station_day
from cameratrap.store.connection import transaction


def arm(connection: sqlite3.Connection, start: datetime, boot_id: str) -> int:
    """Note that the trap is armed from ``start``; returns the stretch's number for ``still_armed``.

    The same start of the same boot again, as a replay makes it, is the same stretch.
    """
    with transaction(connection):
        row = connection.execute(
            "SELECT id FROM armed WHERE boot_id = ? AND start = ?", (boot_id, start.isoformat())
        ).fetchone()
        if row is not None:
            return int(row["id"])
        cursor = connection.execute(
            "INSERT INTO armed (boot_id, start, end) VALUES (?, ?, ?)", (boot_id, start.isoformat(), start.isoformat())
        )
        assert cursor.lastrowid is not None  # noqa: S101 - an INSERT always has one
        return cursor.lastrowid


def still_armed(connection: sqlite3.Connection, stretch: int, now: datetime) -> None:
    """Extend a stretch to ``now``, never back. A power cut loses at most what came after the last call."""
    with transaction(connection):
        row = connection.execute("SELECT end FROM armed WHERE id = ?", (stretch,)).fetchone()
        if now > datetime.fromisoformat(row["end"]):
            connection.execute("UPDATE armed SET end = ? WHERE id = ?", (now.isoformat(), stretch))


def armed_spans(connection: sqlite3.Connection) -> list[Span]:
    """The stretches during which the trap was armed, by start."""
    rows = connection.execute("SELECT start, end FROM armed")
    spans = [(datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])) for row in rows]
    return [Span(start, max(start, end)) for start, end in sorted(spans)]


def suppress(connection: sqlite3.Connection, day: date, reason: str) -> None:
    """Count one trigger that was not photographed."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO suppressed (day, reason, triggers) VALUES (?, ?, 1)"
            " ON CONFLICT (day, reason) DO UPDATE SET triggers = triggers + 1",
            (day.isoformat(), reason),
        )


@dataclass(frozen=True, slots=True)
class DayCounts:
    """A day's triggers: bursts taken, those with nothing in them, those not photographed, those that failed."""

    triggers: int = 0
    blank: int = 0
    suppressed: int = 0
    failed: int = 0


def day_counts(connection: sqlite3.Connection, zone: timezone) -> Mapping[date, DayCounts]:
    """The trigger counts of every day that has any."""
    bursts = connection.execute(
        "SELECT started_at, status, NOT EXISTS (SELECT 1 FROM observations o WHERE o.burst = bursts.id AND o.count > 0"
        " AND NOT EXISTS (SELECT 1 FROM observations later WHERE later.replaces = o.id)) AS empty FROM bursts"
    )
    triggers: Counter[date] = Counter()
    blank: Counter[date] = Counter()
    failed: Counter[date] = Counter()
    for row in bursts:
        day = station_day(datetime.fromisoformat(row["started_at"]), zone)
        triggers[day] += 1
        blank[day] += row["status"] == "analysed" and row["empty"]
        failed[day] += row["status"] == "failed"
    suppressed: Counter[date] = Counter()
    for row in connection.execute("SELECT day, triggers FROM suppressed"):
        suppressed[date.fromisoformat(row["day"])] += row["triggers"]
    days = sorted(triggers.keys() | suppressed.keys())
    return {day: DayCounts(triggers[day], blank[day], suppressed[day], failed[day]) for day in days}


def starts_by_day(connection: sqlite3.Connection, zone: timezone) -> Counter[date]:
    """How often the trap was armed on each day: once is the deployment, each further time a restart."""
    return Counter(station_day(span.start, zone) for span in armed_spans(connection))
