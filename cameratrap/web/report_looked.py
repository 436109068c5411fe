"""How much was photographed of nothing, what looked at the pictures, and who has looked after it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.effort import day_span
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.selection import Selection
from cameratrap.store.project import Project

_OPEN = 1e15  # seconds of Unix time, far from either side
# Sequences of deployments, each from a moment up to another: takes JSON, [[name, start_s, end_s], ...].
_OF_DAYS = """FROM json_each(?) AS asked JOIN deployments d ON d.deployment = json_extract(asked.value, '$[0]')
    JOIN sequences s ON s.deployment = d.id AND s.start_s >= json_extract(asked.value, '$[1]')
        AND s.start_s < json_extract(asked.value, '$[2]')"""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one deployment was triggered by, in the days of the report; ``deployment`` is "" for all of them.

    ``sequences`` were triggered, not taken by a timer. ``blank`` of them stand as showing nothing, nobody and no model
    has looked at ``unlooked``, a person has at ``verified``. ``uncounted`` triggers were not photographed, None where
    nobody counted.
    """

    deployment: str
    pictures: int
    sequences: int
    blank: int
    unlooked: int
    verified: int
    uncounted: int | None

    @property
    def blank_share(self) -> float | None:
        """Of those that were looked at."""
        looked = self.sequences - self.unlooked
        return self.blank / looked if looked else None

    @property
    def verified_share(self) -> float | None:
        """Of all."""
        return self.verified / self.sequences if self.sequences else None


@dataclass(frozen=True, slots=True)
class Model:
    """What gave the newest machine's word on so many sequences, and from which score on it was believed."""

    name: str
    sha256: str | None
    threshold: float | None
    sequences: int


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person whose word stands on so many sequences."""

    name: str
    sequences: int
    first: datetime
    last: datetime


def looked_at(project: Project, deployed: Sequence[Deployed], selection: Selection) -> list[Looked]:
    """A row for each deployment."""
    return [_looked(project.connection, each, selection) for each in deployed]


def together(rows: Sequence[Looked]) -> Looked:
    """All of them as one."""
    counted = [each.uncounted for each in rows if each.uncounted is not None]
    pictures, sequences, blank, unlooked, verified = (
        sum(getattr(each, name) for each in rows) for name in ("pictures", "sequences", "blank", "unlooked", "verified")
    )
    return Looked("", pictures, sequences, blank, unlooked, verified, sum(counted) if counted else None)


def models_of(project: Project, deployed: Sequence[Deployed], selection: Selection) -> list[Model]:
    """The models whose words are the newest in the days of the report, those with most of them first."""
    rows = project.connection.execute(
        f"""SELECT w.classified_by, w.model_sha256, w.score_threshold, COUNT(*) AS n {_OF_DAYS}
        JOIN words w ON w.id = s.machine GROUP BY 1, 2, 3 ORDER BY n DESC, 1""",
        (_days(deployed, selection),),
    )
    return [Model(row["classified_by"], row["model_sha256"], row["score_threshold"], row["n"]) for row in rows]


def reviewers_of(project: Project, deployed: Sequence[Deployed], selection: Selection) -> list[Reviewer]:
    """The people whose words stand on what is of the days of the report, those with most of them first."""
    rows = project.connection.execute(
        f"""SELECT w.classified_by, COUNT(*) AS n, MIN(w.classified_at) AS first, MAX(w.classified_at) AS last
        {_OF_DAYS} JOIN words w ON w.id = s.standing
        WHERE w.method = 'human' GROUP BY 1 ORDER BY n DESC, 1""",
        (_days(deployed, selection),),
    )
    moment = datetime.fromisoformat
    return [Reviewer(row["classified_by"], row["n"], moment(row["first"]), moment(row["last"])) for row in rows]


def _days(deployed: Sequence[Deployed], selection: Selection) -> str:
    """For _OF_DAYS."""
    return json.dumps([(each.deployment, *_span(each, selection)) for each in deployed])


def _span(each: Deployed, selection: Selection) -> tuple[float, float]:
    """The report's days at a deployment, in seconds of Unix time."""
    since, until = selection.since, selection.until
    start = -_OPEN if since is None else day_span(since, each.zone).start.timestamp()
    return start, _OPEN if until is None else day_span(until, each.zone).end.timestamp()


def _looked(connection: sqlite3.Connection, each: Deployed, selection: Selection) -> Looked:
    since, until = selection.since, selection.until
    start, end = _span(each, selection)
    row = connection.execute(
        """SELECT COUNT(*) AS sequences, COALESCE(SUM(w.id IS NULL), 0) AS unlooked,
        COALESCE(SUM(w.method IS 'human'), 0) AS verified,
        COALESCE(SUM(w.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM observations o WHERE o.word = w.id)), 0) AS blank
        FROM sequences s JOIN deployments d ON d.id = s.deployment LEFT JOIN words w ON w.id = s.standing
        WHERE d.deployment = ? AND s.start_s >= ? AND s.start_s < ? AND s.cause != ?""",
        (each.deployment, start, end, TriggerCause.TIMELAPSE.value),
    ).fetchone()
    pictures = connection.execute(
        """SELECT COUNT(*) FROM deployments d JOIN sequences s ON s.deployment = d.id JOIN media m ON m.sequence = s.id
        WHERE d.deployment = ? AND s.start_s >= ? AND s.start_s < ?""",
        (each.deployment, start, end),
    ).fetchone()[0]
    uncounted = connection.execute(
        """SELECT SUM(suppressed) FROM effort_days e JOIN deployments d ON d.id = e.deployment
        WHERE d.deployment = ? AND day >= COALESCE(?, day) AND day <= COALESCE(?, day)""",
        (each.deployment, since and since.isoformat(), until and until.isoformat()),
    ).fetchone()[0]
    return Looked(
        each.deployment, pictures, row["sequences"], row["blank"], row["unlooked"], row["verified"], uncounted
    )
