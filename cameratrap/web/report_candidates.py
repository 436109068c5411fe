"""Pictures that could stand for a taxon in a report: those in which it is large, certain and nobody else is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.events import standard_zone
from cameratrap.domain.judged import Fate
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.event_query import numbers
from cameratrap.store.project import Project
from cameratrap.web.report_asked import Asked, shows_people

MOST = 8  # of a taxon, each of another event: that many are decoded to find the sharpest
_LARGE = 0.25  # of a picture: an animal larger than that is not the better for it
# Nothing that shows a person, or may: what a model thought it saw counts until a person has looked.
_NOBODY = """NOT EXISTS (SELECT 1 FROM observations q WHERE q.word = s.standing
        AND q.taxon IN (SELECT value FROM json_each(:people)))
    AND (w.method = 'human' OR NOT EXISTS (SELECT 1 FROM detections q WHERE q.word = s.machine
        AND q.fate NOT IN ('fixture', 'unchanged') AND q.taxon IN (SELECT value FROM json_each(:people))))"""
# A person's word has no boxes of its own: the model's are its, where it names one taxon or the model the same.
_ITS_BOXES = """b.word IN (s.standing, s.machine) AND b.fate IN (SELECT value FROM json_each(:fates))
    AND (COALESCE(b.counted_as, b.taxon) = :taxon OR w.method = 'human' AND
        (SELECT COUNT(DISTINCT o.taxon) FROM observations o WHERE o.word = w.id) = 1)"""
_FROM = """FROM event_taxa t JOIN sequences s ON s.event = t.event JOIN words w ON w.id = s.standing
    JOIN media m ON m.sequence = s.id JOIN deployments p ON p.id = s.deployment"""
_WHERE = f"""WHERE t.taxon = :taxon AND (:events IS NULL OR t.event IN (SELECT value FROM json_each(:events)))
    AND EXISTS (SELECT 1 FROM observations o WHERE o.word = w.id AND o.taxon = :taxon)
    AND m.state IN (SELECT value FROM json_each(:states)) AND m.mediatype LIKE 'image/%' AND {_NOBODY}"""
_SHOWN = """t.event, m.id, m.path, p.root, m.captured_at, p.utc_offset_minutes, p.deployment,
    w.method = 'human' AS is_verified"""


@dataclass(frozen=True, slots=True)
class Box:
    """Where the animal is, in fractions of the upright picture."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def is_whole(self) -> bool:
        """Whether it keeps clear of the picture's edges, so that nothing of the animal is cut off."""
        margin = 0.008
        return min(self.x, self.y, 1 - self.x - self.width, 1 - self.y - self.height) > margin


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture of the taxon; ``boxes`` are the animals in it, the most certain first, none where nobody drew any."""

    root: str
    path: str
    deployment: str
    captured_at: datetime
    is_verified: bool
    score: float | None
    boxes: tuple[Box, ...]


class Candidates:
    """Asked taxon by taxon; what holds for all of them is looked up once."""

    def __init__(self, project: Project, taxa: TaxaTable, asked: Asked) -> None:
        connection = project.connection
        self._connection = connection
        said = {} if asked.with_people else _said(connection)
        selection = asked.selection
        self._given = {
            "people": json.dumps([label for label in said if shows_people(taxa, label)]),
            "events": json.dumps(numbers(connection, selection)) if selection else None,
            "states": json.dumps(["present", "blurred"] if asked.with_people else ["present"]),
        }

    def of(self, taxon: str) -> list[Candidate]:
        """At most ``MOST``, the most promising first."""
        given = self._given | {"taxon": taxon, "fates": json.dumps([Fate.STANDS, Fate.BELIEVED])}
        rows = self._connection.execute(
            f"""SELECT {_SHOWN}, MAX(b.score) AS score, MAX(b.score * MIN(b.width * b.height, {_LARGE})) AS worth
            {_FROM} JOIN detections b ON b.media = m.id AND {_ITS_BOXES} {_WHERE}
            GROUP BY m.id ORDER BY is_verified DESC, worth DESC LIMIT {MOST * MOST}""",
            given,
        ).fetchall()
        if not rows:
            by = f"ORDER BY is_verified DESC, m.captured_s LIMIT {MOST}"
            rows = self._connection.execute(f"SELECT {_SHOWN}, NULL AS score {_FROM} {_WHERE} {by}", given).fetchall()
        first_of = {row["event"]: row for row in reversed(rows)}
        chosen = sorted(first_of.values(), key=rows.index)[:MOST]
        return [self._candidate(row, given) for row in chosen]

    def _candidate(self, row: sqlite3.Row, given: dict[str, str | None]) -> Candidate:
        boxes = self._connection.execute(
            f"""SELECT DISTINCT b.x, b.y, b.width, b.height FROM media m JOIN sequences s ON s.id = m.sequence
            JOIN words w ON w.id = s.standing JOIN detections b ON b.media = m.id AND {_ITS_BOXES}
            WHERE m.id = :media ORDER BY b.score DESC, b.id""",
            given | {"media": row["id"]},
        )
        return Candidate(
            row["root"],
            row["path"],
            row["deployment"],
            datetime.fromisoformat(row["captured_at"]).astimezone(standard_zone(row["utc_offset_minutes"])),
            bool(row["is_verified"]),
            row["score"],
            tuple(Box(each["x"], each["y"], each["width"], each["height"]) for each in boxes),
        )


def _said(connection: sqlite3.Connection) -> Collection[str]:
    """Everything that anybody has called anything."""
    rows = connection.execute("SELECT taxon FROM observations UNION SELECT taxon FROM detections")
    return [row["taxon"] for row in rows]
