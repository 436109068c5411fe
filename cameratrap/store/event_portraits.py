"""Pictures that could stand for a taxon: those in which it is large and certain, and nobody who is not to be shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.detections import BBox
from cameratrap.domain.events import standard_zone
from cameratrap.domain.judged import Fate

MOST = 8  # of a taxon, each of another event
_LARGE = 0.25  # of a picture: an animal larger than that is not the better for it
# A person's word has no boxes of its own: the model's are its, where it names one taxon or the model the same.
_ITS_BOXES = """b.word IN (s.standing, s.machine) AND b.fate IN (SELECT value FROM json_each(:fates))
    AND (COALESCE(b.counted_as, b.taxon) = :taxon OR w.method = 'human' AND
        (SELECT COUNT(DISTINCT o.taxon) FROM observations o WHERE o.word = w.id) = 1)"""
# What a model thought it saw counts, however doubtful, until a person has looked.
_NOBODY = """NOT EXISTS (SELECT 1 FROM observations q WHERE q.word = s.standing
        AND q.taxon IN (SELECT value FROM json_each(:hidden)))
    AND (w.method = 'human' OR NOT EXISTS (SELECT 1 FROM detections q WHERE q.word = s.machine
        AND q.fate NOT IN (SELECT value FROM json_each(:refuted))
        AND q.taxon IN (SELECT value FROM json_each(:hidden))))"""
_FROM = """FROM event_taxa t JOIN sequences s ON s.event = t.event JOIN words w ON w.id = s.standing
    JOIN media m ON m.sequence = s.id JOIN deployments p ON p.id = s.deployment"""
_WHERE = f"""WHERE t.taxon = :taxon AND (:events IS NULL OR t.event IN (SELECT value FROM json_each(:events)))
    AND EXISTS (SELECT 1 FROM observations o WHERE o.word = w.id AND o.taxon = :taxon)
    AND m.state IN (SELECT value FROM json_each(:states)) AND m.mediatype LIKE 'image/%' AND {_NOBODY}"""
_SHOWN = """t.event, m.id, m.path, p.root, m.captured_at, p.utc_offset_minutes, p.deployment,
    w.method = 'human' AS is_verified"""
_Given = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture of the taxon, in the station's standard time.

    ``boxes`` are the animals in it, the most certain first, none where nobody drew any. ``score`` is the best of them.
    """

    root: str
    path: str
    deployment: str
    captured_at: datetime
    is_verified: bool
    score: float | None
    boxes: tuple[BBox, ...]


def labels_said(connection: sqlite3.Connection) -> list[str]:
    """Everything that anybody, model or person, has called anything."""
    rows = connection.execute("SELECT taxon FROM observations UNION SELECT taxon FROM detections")
    return [row["taxon"] for row in rows]


class Candidates:
    """Asked taxon by taxon.

    No picture that shows one of the labels ``hidden``, or may, is among them, nor without ``with_blurred`` one that was
    blurred to hide somebody. ``events`` are those to choose from, None for all.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        hidden: Collection[str] = (),
        with_blurred: bool = False,
        events: Collection[int] | None = None,
    ) -> None:
        self._connection = connection
        self._given: _Given = {
            "hidden": json.dumps(list(hidden)),
            "events": None if events is None else json.dumps(list(events)),
            "states": json.dumps(["present", "blurred"] if with_blurred else ["present"]),
            "fates": json.dumps([Fate.STANDS, Fate.BELIEVED]),
            "refuted": json.dumps([fate for fate in Fate if fate.suppressed]),
        }

    def of(self, taxon: str) -> list[Candidate]:
        """At most ``MOST``, the most promising first: verified, then certain and large; one of each event."""
        given = self._given | {"taxon": taxon}
        rows = self._boxed(given) or self._unboxed(given)
        first_of = {row["event"]: row for row in reversed(rows)}
        return [self._candidate(row, given) for row in reversed(first_of.values())][:MOST]

    def _boxed(self, given: _Given) -> list[sqlite3.Row]:
        return self._connection.execute(
            f"""SELECT {_SHOWN}, MAX(b.score) AS score, MAX(b.score * MIN(b.width * b.height, {_LARGE})) AS worth
            {_FROM} JOIN detections b ON b.media = m.id AND {_ITS_BOXES} {_WHERE}
            GROUP BY m.id ORDER BY is_verified DESC, worth DESC, m.id LIMIT {MOST * MOST}""",
            given,
        ).fetchall()

    def _unboxed(self, given: _Given) -> list[sqlite3.Row]:
        return self._connection.execute(
            f"""SELECT {_SHOWN}, NULL AS score {_FROM} {_WHERE}
            ORDER BY is_verified DESC, m.captured_s, m.id LIMIT {MOST * MOST}""",
            given,
        ).fetchall()

    def _candidate(self, row: sqlite3.Row, given: _Given) -> Candidate:
        boxes = self._connection.execute(
            f"""SELECT DISTINCT b.x, b.y, b.width, b.height FROM media m JOIN sequences s ON s.id = m.sequence
            JOIN words w ON w.id = s.standing JOIN detections b ON b.media = m.id AND {_ITS_BOXES}
            WHERE m.id = :media ORDER BY b.score DESC, b.id""",
            {**given, "media": row["id"]},
        )
        return Candidate(
            row["root"],
            row["path"],
            row["deployment"],
            datetime.fromisoformat(row["captured_at"]).astimezone(standard_zone(row["utc_offset_minutes"])),
            bool(row["is_verified"]),
            row["score"],
            tuple(BBox(*each) for each in boxes),
        )
