"""When the trap was armed, and what it saw without photographing: the denominator of every published number."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from cameratrap.domain.effort import Span
from cameratrap.domain.eras import STEP
from cameratrap.domain.events import TriggerCause, station_day
from cameratrap.domain.summaries import ClockQuality
from cameratrap.store.connection import transaction
from cameratrap.store.observations import words_on_bursts

REPLAY_BOOT_ID = "replay"


def tell_resumed(connection: sqlite3.Connection) -> None:
    """A migration step: whether a stretch only goes on with what was armed before."""
    connection.execute("ALTER TABLE armed ADD COLUMN resumed INTEGER NOT NULL DEFAULT 0")


def arm(
    connection: sqlite3.Connection,
    now: datetime,
    monotonic_s: float,
    boot_id: str,
    *,
    resumed: bool = False,
    clock: ClockQuality | None = None,
) -> int:
    """Note that the trap is armed from ``now``; returns the stretch's number for ``still_armed``.

    The same start of the same boot again, as a replay makes it, is the same stretch. ``resumed``: it is armed again by
    what had disarmed it, a schedule or a power gate, and has not restarted. ``clock`` is how far ``now`` can be
    trusted, None where it comes from a real-time clock, which takes its error, or none, into the next boot.
    """
    with transaction(connection):
        row = connection.execute(
            "SELECT id FROM armed WHERE boot_id = ? AND start = ?", (boot_id, now.isoformat())
        ).fetchone()
        if row is not None:
            return int(row["id"])
        cursor = connection.execute(
            "INSERT INTO armed (boot_id, start, end, start_monotonic_s, end_monotonic_s, resumed, clock)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (boot_id, now.isoformat(), now.isoformat(), monotonic_s, monotonic_s, resumed, clock),
        )
        assert cursor.lastrowid is not None  # noqa: S101 - an INSERT always has one
        return cursor.lastrowid


def arm_since(
    connection: sqlite3.Connection,
    start: datetime,
    now: datetime,
    monotonic_s: float,
    boot_id: str,
    *,
    clock: ClockQuality | None = None,
) -> int:
    """Note that the trap was armed from ``start`` to ``now`` by a gate that switched it on; returns the stretch."""
    with transaction(connection):
        before_s = monotonic_s - (now - start).total_seconds()
        stretch = arm(connection, start, before_s, boot_id, resumed=True, clock=clock)
        return still_armed(connection, stretch, now, monotonic_s, clock=clock)


def still_armed(
    connection: sqlite3.Connection,
    stretch: int,
    now: datetime,
    monotonic_s: float,
    *,
    clock: ClockQuality | None = None,
) -> int:
    """Extend a stretch to ``now``, never back; returns the stretch to go on with.

    A power cut loses at most what came after the last call. Where the wall clock has been set meanwhile, the stretch
    ends where it was last known to be true and a new one begins; so it does where its times were corrected meanwhile
    and the clock still shows what it did, so that the rest is corrected, too.
    """
    row = connection.execute("SELECT * FROM armed WHERE id = ?", (stretch,)).fetchone()
    by_wall = now - datetime.fromisoformat(row["start"])
    by_monotonic = timedelta(seconds=monotonic_s - row["start_monotonic_s"])
    if abs(by_wall - by_monotonic) > STEP:
        return arm(connection, now, monotonic_s, row["boot_id"], resumed=True, clock=clock)
    if now > datetime.fromisoformat(row["end"]):
        with transaction(connection):
            connection.execute(
                "UPDATE armed SET end = ?, end_monotonic_s = ? WHERE id = ?", (now.isoformat(), monotonic_s, stretch)
            )
    return stretch


def armed_spans(connection: sqlite3.Connection) -> list[Span]:
    """The stretches during which the trap was armed, by start."""
    rows = connection.execute("SELECT start, end FROM armed")
    spans = [(datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])) for row in rows]
    return [Span(start, max(start, end)) for start, end in sorted(spans)]


def suppress(
    connection: sqlite3.Connection,
    at: datetime,
    boot_id: str,
    reason: str,
    triggers: int = 1,
    *,
    clock: ClockQuality | None = None,
) -> None:
    """Count triggers that were not photographed, by the hour: a wrong clock can be corrected afterwards."""
    hour = at.replace(minute=0, second=0, microsecond=0).isoformat()
    with transaction(connection):
        connection.execute(
            "INSERT INTO suppressed (hour, boot_id, reason, triggers, clock) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (hour, boot_id, reason) WHERE NOT corrected"
            " DO UPDATE SET triggers = triggers + excluded.triggers",
            (hour, boot_id, reason, triggers, clock),
        )


@dataclass
class DayCounts:
    """A day's triggers: bursts taken, those with nothing in them, those not photographed; and the faults they met.

    Time-lapse bursts are no triggers: how many there are depends on the timer. ``suppressed_detections`` counts boxes
    that the background spoke against, in bursts of every kind; ``suppressed`` counts triggers.
    """

    triggers: int = 0
    blank: int = 0
    suppressed: int = 0
    suppressed_detections: int = 0
    faults: set[str] = field(default_factory=set)


def day_counts(connection: sqlite3.Connection, zone: timezone) -> Mapping[date, DayCounts]:
    """The trigger counts of every day that has any."""
    days: defaultdict[date, DayCounts] = defaultdict(DayCounts)
    for row in words_on_bursts(connection):
        counts = days[station_day(datetime.fromisoformat(row["started_at"]), zone)]
        counts.suppressed_detections += row["suppressed"]
        if row["fault"]:
            counts.faults.add(row["fault"])
        if row["cause"] != TriggerCause.TIMELAPSE:
            counts.triggers += 1
            counts.blank += row["is_blank"]
    for row in connection.execute("SELECT hour, triggers FROM suppressed"):
        days[station_day(datetime.fromisoformat(row["hour"]), zone)].suppressed += row["triggers"]
    return dict(sorted(days.items()))


def starts_by_day(connection: sqlite3.Connection, zone: timezone) -> Counter[date]:
    """How often the trap was armed on each day: once is the deployment, each further time a restart.

    A recording that is played again, or a second one, is no restart.
    """
    rows = connection.execute("SELECT start FROM armed WHERE boot_id <> ? AND NOT resumed", (REPLAY_BOOT_ID,))
    return Counter(station_day(datetime.fromisoformat(row["start"]), zone) for row in rows)
