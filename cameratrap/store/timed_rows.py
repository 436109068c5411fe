"""Every row of a card that tells a time of the trap's clock."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

# The times of each kind of row, as it was told by the trap's clock.
TIMES = {
    "bursts": ("started_at",),
    "media": ("captured_at",),
    "observations": ("first_at", "last_at"),
    "armed": ("start", "end"),
    "suppressed": ("hour",),
    "device_faults": ("start", "end"),
    "alerts": ("start", "end"),
    "power_readings": ("at",),
}


@dataclass(frozen=True, slots=True)
class RowTimes:
    """A row's times as it has them now. ``boot_id`` and ``monotonic_s`` are None where the row does not have them.

    ``is_part``: the times are those of a part of the row, which is to be cut there before that part is moved.
    """

    kind: str
    key: str
    times: tuple[datetime, ...]
    boot_id: str | None = None
    monotonic_s: float | None = None
    burst: str | None = None
    is_part: bool = False


def timed_rows(connection: sqlite3.Connection) -> Iterator[RowTimes]:
    """Every row that tells a time of the trap's clock; those of a burst right behind it."""
    belongings = _by_burst(connection)
    for row in connection.execute("SELECT * FROM bursts ORDER BY rowid"):
        yield _row(row, "bursts", monotonic_s=row["monotonic_s"])
        yield from belongings.get(row["id"], ())
    for row in connection.execute("SELECT * FROM armed ORDER BY id"):
        yield _row(row, "armed", monotonic_s=row["start_monotonic_s"])
    for row in connection.execute("SELECT * FROM device_faults ORDER BY id"):
        yield _row(row, "device_faults", monotonic_s=row["monotonic_s"])
    for row in connection.execute("SELECT * FROM power_readings ORDER BY id"):
        yield _row(row, "power_readings", monotonic_s=row["monotonic_s"])
    for row in connection.execute("SELECT * FROM suppressed ORDER BY id"):
        yield _row(row, "suppressed")
    for row in connection.execute("SELECT *, NULL AS boot_id FROM alerts ORDER BY id"):
        yield _row(row, "alerts")


def moves(connection: sqlite3.Connection) -> Mapping[tuple[str, str], list[int]]:
    """Kind and key of each row that is not where the trap's clock put it -> the standing corrections that moved it."""
    found: dict[tuple[str, str], list[int]] = {}
    # A row that was only cut has another end, and begins where it did.
    for row in connection.execute(
        "SELECT o.shift, o.kind, o.key FROM clock_originals o JOIN clock_shifts s ON s.id = o.shift"
        " WHERE s.undone_at IS NULL AND o.field IN (SELECT value FROM json_each(?)) ORDER BY o.shift",
        (json.dumps(sorted({fields[0] for fields in TIMES.values()})),),
    ):
        found.setdefault((row["kind"], row["key"]), []).append(row["shift"])
    return found


def _by_burst(connection: sqlite3.Connection) -> Mapping[str, list[RowTimes]]:
    found: dict[str, list[RowTimes]] = {}
    for row in connection.execute("SELECT *, NULL AS boot_id FROM media ORDER BY id"):
        found.setdefault(row["burst"], []).append(_row(row, "media", burst=row["burst"]))
    for row in connection.execute(
        "SELECT o.*, c.burst, NULL AS boot_id FROM observations o JOIN classifications c ON c.id = o.classification"
    ):
        found.setdefault(row["burst"], []).append(_row(row, "observations", burst=row["burst"]))
    return found


def _row(row: sqlite3.Row, kind: str, *, monotonic_s: float | None = None, burst: str | None = None) -> RowTimes:
    times = tuple(datetime.fromisoformat(row[field]) for field in TIMES[kind])
    return RowTimes(kind, str(row["id"]), times, row["boot_id"], monotonic_s, burst)
