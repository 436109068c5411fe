"""What the satellite brought to the trap, what became of it, and what stands because of it.

What comes in is stored before anything is made of it, and what is decided is stored together with its effect. So a
power cut leaves a command either untouched, and it is taken up again, or done and reported.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from cameratrap.domain.summaries import CommandOutcome, CommandReport
from cameratrap.store.connection import transaction

KEPT_FORGERIES = 100  # of those that no summary tells; without a limit anyone with an account could fill the card
REPORTS_A_MESSAGE = 4
SUMMARIES_A_REPORT = 2  # a report travels in so many summaries, since one of them may be lost


def create_commands(connection: sqlite3.Connection) -> None:
    """A migration of the card's database. Times are ISO 8601 with offset.

    ``told`` is whether summaries report the outcome, ``command_reports`` which do. An override stands until another
    command or a person at the trap changes it. A day is repeated by the first summary with a number over ``after``.
    """
    for statement in (
        """CREATE TABLE commands (
            id INTEGER PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            payload BLOB NOT NULL,
            received_at TEXT NOT NULL,
            copies INTEGER NOT NULL DEFAULT 0,
            outcome TEXT,
            key TEXT,
            number INTEGER,
            detail TEXT NOT NULL DEFAULT '',
            told INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        """CREATE TABLE command_reports (
            command INTEGER NOT NULL REFERENCES commands (id),
            sequence INTEGER NOT NULL,
            PRIMARY KEY (command, sequence)
        ) STRICT""",
        """CREATE TABLE overrides (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL,
            number INTEGER NOT NULL,
            set_at TEXT NOT NULL
        ) STRICT""",
        "CREATE TABLE repeats (day TEXT PRIMARY KEY, after INTEGER NOT NULL) STRICT",
    ):
        connection.execute(statement)


@dataclass(frozen=True, slots=True)
class KeptCommand:
    """Bytes that came for the trap. ``outcome`` is None as long as nothing was decided."""

    id: int
    payload: bytes = field(repr=False)
    received_at: datetime
    outcome: CommandOutcome | None
    number: int | None
    detail: str


def keep_received(connection: sqlite3.Connection, payload: bytes, now: datetime) -> KeptCommand:
    """Store what came, durable when this returns. The same bytes again are counted and are the same command."""
    digest = hashlib.sha256(payload).hexdigest()
    with transaction(connection):
        connection.execute(
            "INSERT INTO commands (sha256, payload, received_at) VALUES (?, ?, ?)"
            " ON CONFLICT (sha256) DO UPDATE SET copies = copies + 1",
            (digest, payload, now.isoformat()),
        )
        row = connection.execute("SELECT * FROM commands WHERE sha256 = ?", (digest,)).fetchone()
    return _kept(row)


def undecided(connection: sqlite3.Connection) -> list[KeptCommand]:
    """What was stored and not decided, oldest first."""
    rows = connection.execute("SELECT * FROM commands WHERE outcome IS NULL ORDER BY id").fetchall()
    return [_kept(row) for row in rows]


def highest_number(connection: sqlite3.Connection, key: str) -> int:
    """The highest number that was ever proved with the key of this fingerprint, 0 before the first."""
    row = connection.execute("SELECT MAX(number) FROM commands WHERE key = ?", (key,)).fetchone()
    return int(row[0] or 0)


def decide(
    connection: sqlite3.Connection, kept: KeptCommand, report: CommandReport, *, key: str | None, detail: str
) -> None:
    """Write down what became of it, within the caller's transaction.

    Of what proves nothing, one a day is told: nobody without the key can fill the summaries.
    """
    told = report.outcome is not CommandOutcome.FORGED or not _forgery_told_on(connection, kept.received_at.date())
    connection.execute(
        "UPDATE commands SET outcome = ?, key = ?, number = ?, detail = ?, told = ? WHERE id = ?",
        (report.outcome.value, key, report.number, detail, told, kept.id),
    )
    connection.execute(
        "DELETE FROM commands WHERE outcome = 'forged' AND told = 0 AND id NOT IN"
        " (SELECT id FROM commands WHERE outcome = 'forged' AND told = 0 ORDER BY id DESC LIMIT ?)",
        (KEPT_FORGERIES,),
    )


def _forgery_told_on(connection: sqlite3.Connection, day: date) -> bool:
    sql = "SELECT 1 FROM commands WHERE outcome = 'forged' AND told = 1 AND substr(received_at, 1, 10) = ?"
    return connection.execute(sql, (day.isoformat(),)).fetchone() is not None


@dataclass(frozen=True, slots=True)
class PendingReport:
    """A report that the next summary is to carry."""

    command: int
    report: CommandReport


def unreported(connection: sqlite3.Connection, sequence: int) -> tuple[PendingReport, ...]:
    """The reports that summary ``sequence`` is to carry, oldest first, at most four.

    Each travels in two summaries, not counting one that no modem will take. Asked again for the same summary, as when
    it is composed anew, the ones it carries are among them.
    """
    rows = connection.execute(
        """SELECT id, number, outcome FROM commands WHERE told = 1 AND
             (SELECT COUNT(*) FROM command_reports r WHERE r.command = commands.id AND r.sequence <> :sequence
              AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 'summary' AND o.sequence = r.sequence
                              AND o.state IN ('failed', 'superseded'))) < :times
           ORDER BY id LIMIT :most""",
        {"sequence": sequence, "times": SUMMARIES_A_REPORT, "most": REPORTS_A_MESSAGE},
    ).fetchall()
    return tuple(PendingReport(row["id"], CommandReport(row["number"], CommandOutcome(row["outcome"]))) for row in rows)


def mark_reported(connection: sqlite3.Connection, sequence: int, reports: Iterable[PendingReport]) -> None:
    """Note that summary ``sequence`` carries these and no others. What is not noted is told once more."""
    connection.execute("DELETE FROM command_reports WHERE sequence = ?", (sequence,))
    for each in reports:
        connection.execute("INSERT INTO command_reports (command, sequence) VALUES (?, ?)", (each.command, sequence))


@dataclass(frozen=True, slots=True)
class Override:
    """A value that a command has set, as text; ``number`` is the command's."""

    value: str
    number: int
    set_at: datetime

    @property
    def origin(self) -> str:
        """Where the value comes from, for a person."""
        return f"command {self.number} of {self.set_at:%Y-%m-%d}"


def overrides(connection: sqlite3.Connection) -> Mapping[str, Override]:
    """Everything that commands have set: key -> value."""
    rows = connection.execute("SELECT * FROM overrides ORDER BY key").fetchall()
    return {row["key"]: Override(row["value"], row["number"], datetime.fromisoformat(row["set_at"])) for row in rows}


def override(connection: sqlite3.Connection, key: str, value: object, number: int, now: datetime) -> None:
    """Let ``value`` stand for ``key`` from now on, within the caller's transaction."""
    connection.execute(
        "INSERT INTO overrides (key, value, number, set_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value, number = excluded.number, set_at = excluded.set_at",
        (key, str(value), number, now.isoformat()),
    )


def forget_override(connection: sqlite3.Connection, key: str) -> bool:
    """Let the configuration hold again for ``key``, within the caller's transaction; whether anything stood there."""
    return connection.execute("DELETE FROM overrides WHERE key = ?", (key,)).rowcount == 1


def hurry(connection: sqlite3.Connection) -> bool:
    """Let all that waits be due at once, within the caller's transaction; whether anything waits."""
    return connection.execute("UPDATE outbox SET next_attempt_at = NULL WHERE state = 'queued'").rowcount > 0


def ask_again(connection: sqlite3.Connection, first: date, last: date) -> list[date]:
    """Have the days from ``first`` to ``last`` that are closed carried again, within the caller's transaction."""
    rows = connection.execute(
        "SELECT DISTINCT day FROM summaries WHERE day BETWEEN ? AND ? ORDER BY day",
        (first.isoformat(), last.isoformat()),
    ).fetchall()
    for row in rows:
        connection.execute(
            "INSERT OR REPLACE INTO repeats (day, after) SELECT ?, MAX(sequence) FROM summaries", (row["day"],)
        )
    return [date.fromisoformat(row["day"]) for row in rows]


def days_to_repeat(connection: sqlite3.Connection, sequence: int) -> list[date]:
    """The days that were asked for again and that no later summary tells yet, but for ``sequence``; oldest first."""
    rows = connection.execute(
        """SELECT day FROM repeats r WHERE NOT EXISTS
             (SELECT 1 FROM tellings t WHERE t.day = r.day AND t.sequence > r.after AND t.sequence <> ?
              AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 'summary' AND o.sequence = t.sequence
                              AND o.state IN ('failed', 'superseded')))
           ORDER BY day""",
        (sequence,),
    ).fetchall()
    return [date.fromisoformat(row["day"]) for row in rows]


def _kept(row: sqlite3.Row) -> KeptCommand:
    return KeptCommand(
        id=row["id"],
        payload=bytes(row["payload"]),
        received_at=datetime.fromisoformat(row["received_at"]),
        outcome=None if row["outcome"] is None else CommandOutcome(row["outcome"]),
        number=row["number"],
        detail=row["detail"],
    )
