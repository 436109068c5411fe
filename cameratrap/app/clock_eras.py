"""The eras of a card's clock: which times one setting of it told, and how wrong each was, as far as that is known."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cameratrap.app.clock_check import is_believable
from cameratrap.domain.eras import WRONG, Boot, ClockPoint, Era, eras, true_zeros
from cameratrap.sbd.network_time import BUILT
from cameratrap.store.clock_readings import readings
from cameratrap.store.clock_shifts import ClockShift, shifts
from cameratrap.store.effort import REPLAY_BOOT_ID
from cameratrap.store.timed_rows import RowTimes, moves

# A burst's pictures lie closer together than this; one that does not was taken after the clock was set.
_WITH_ITS_BURST = timedelta(hours=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EraOfCard:
    """One era and its rows. ``error`` is how far they are ahead of the truth, None where that does not follow.

    ``corrections`` are those that moved them and stand (``with_corrections``).
    """

    boot_id: str
    era: Era
    rows: tuple[RowTimes, ...]
    error: timedelta | None
    corrections: tuple[ClockShift, ...] = ()

    @property
    def name(self) -> str:
        """Short, and enough to tell a card's eras apart."""
        return f"{self.boot_id[:8]}/{self.era.number}"

    @property
    def is_wrong(self) -> bool:
        """Whether it is known to have been set wrong, and by how much: not only left to drift."""
        return self.error is not None and abs(self.error) > WRONG

    @property
    def verdict(self) -> str:
        """For a person: "yes", "no", "corrected" by somebody where no comparison tells, or "unknown".

        A time before this program was built is wrong, by whatever, unless somebody has put it there.
        """
        if self.error is None and self.corrections:
            return "corrected"
        if self.error is None and self.era.first.shown >= BUILT:
            return "unknown"
        return "yes" if self.error is None or self.is_wrong else "no"


def card_eras(connection: sqlite3.Connection, rows: Sequence[RowTimes]) -> list[EraOfCard]:
    """The eras of every boot of the trap itself, in the order of the boots. A recording's times have none."""
    boots = _boots(connection, rows)
    zeros = true_zeros(boots, known_zeros(connection))
    members = _members({boot.id: boot.eras for boot in boots}, rows)
    return [
        EraOfCard(
            boot.id,
            era,
            tuple(members[boot.id, era.number]),
            era.error(zeros[boot.id]) if boot.id in zeros else None,
        )
        for boot in boots
        for era in boot.eras
    ]


def with_corrections(connection: sqlite3.Connection, found: Iterable[EraOfCard]) -> list[EraOfCard]:
    """The same eras with what has moved their rows."""
    made, moved = {each.number: each for each in shifts(connection)}, moves(connection)
    return [
        replace(
            each,
            corrections=tuple(
                made[number]
                for number in sorted({number for row in each.rows for number in moved.get((row.kind, row.key), ())})
            ),
        )
        for each in found
    ]


def _boots(connection: sqlite3.Connection, rows: Sequence[RowTimes]) -> list[Boot]:
    points: defaultdict[str, list[ClockPoint]] = defaultdict(list)
    on_rtc: dict[str, bool] = {}  # a clock of which no more is known than that (see drivers.clock)
    for row in connection.execute("SELECT * FROM armed WHERE boot_id <> ? ORDER BY id", (REPLAY_BOOT_ID,)):
        on_rtc.setdefault(row["boot_id"], row["clock"] is None)
        for end in ("start", "end"):
            points[row["boot_id"]].append(ClockPoint(row[f"{end}_monotonic_s"], datetime.fromisoformat(row[end])))
    for each in rows:
        if each.boot_id and each.boot_id != REPLAY_BOOT_ID and each.monotonic_s is not None:
            points[each.boot_id].append(ClockPoint(each.monotonic_s, each.times[0]))
    return [Boot(boot, eras(found), on_rtc.get(boot, False)) for boot, found in points.items()]


def newest_point(connection: sqlite3.Connection) -> tuple[str, ClockPoint] | None:
    """The boot of the stretch that was begun last, and what its clock showed when it was last extended."""
    # By its boot: a stretch that a correction has cut has its later part in a row of its own.
    row = connection.execute(
        "SELECT a.* FROM armed a JOIN (SELECT boot_id, MIN(id) AS first FROM armed GROUP BY boot_id) b USING (boot_id)"
        " ORDER BY b.first DESC, a.end_monotonic_s DESC, a.id DESC LIMIT 1"
    ).fetchone()
    return row and (row["boot_id"], ClockPoint(row["end_monotonic_s"], datetime.fromisoformat(row["end"])))


def known_zeros(connection: sqlite3.Connection) -> Mapping[str, datetime]:
    """The true time of each boot's monotonic 0, by the newest comparison in it that can be believed.

    One that differs by years proves nothing; that one of the same boot which can be believed says it too, does.
    """
    zeros: dict[str, datetime] = {}
    for reading in readings(connection):
        if reading.boot_id is not None and reading.monotonic_s is not None and is_believable(reading):
            zeros[reading.boot_id] = reading.at - timedelta(seconds=reading.offset_s + reading.monotonic_s)
    return zeros


def _members(
    boots: Mapping[str, Sequence[Era]], rows: Sequence[RowTimes]
) -> Mapping[tuple[str, int], Sequence[RowTimes]]:
    """Each era's rows: by their own moment or hour, what belongs to a burst with it, alerts with what they tell of."""
    members: defaultdict[tuple[str, int], list[RowTimes]] = defaultdict(list)
    bursts: dict[str, tuple[tuple[str, int], datetime]] = {}
    seen: dict[datetime, tuple[str, int]] = {}
    for row in rows:
        place: tuple[str, int] | None = None
        if row.kind == "alerts":
            place = seen.get(row.times[0])
        elif row.burst is not None:
            place = _with_its_burst(bursts.get(row.burst), row)
        elif row.boot_id:
            place = next(((row.boot_id, era.number) for era in boots.get(row.boot_id, ()) if _is_in(era, row)), None)
        if place is None:
            continue
        members[place].append(row)
        if row.kind == "bursts":
            bursts[row.key] = place, row.times[0]
        elif row.kind == "observations":
            seen.setdefault(row.times[0], place)
    return members


def _with_its_burst(burst: tuple[tuple[str, int], datetime] | None, row: RowTimes) -> tuple[str, int] | None:
    return burst[0] if burst is not None and abs(row.times[0] - burst[1]) <= _WITH_ITS_BURST else None


def _is_in(era: Era, row: RowTimes) -> bool:
    if row.monotonic_s is None:
        return era.first.shown - _HOUR < row.times[0] <= era.last.shown
    at = ClockPoint(row.monotonic_s, row.times[0])
    return era.holds(row.monotonic_s) and abs(at.zero - era.first.zero) <= _WITH_ITS_BURST
