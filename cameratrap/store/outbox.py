"""The messages on their way out: each stays until a session succeeded or nothing can make it succeed.

An attempt is written down before the modem is touched, together with when the next one may be. A power cut in the
middle of a session leaves that trace, and a supply that gives way whenever the modem transmits cannot make the trap
try again at every boot.

In the order of their worth: what belongs to no day first, alerts above all, since it is about the trap as it is now;
then the newest day, parts in order within it, since a message has room for the days before it, so that after an
outage the newest tells most for its credit. The older ones follow. One of them of which every day has reached the
receiver meanwhile, as this message tells it, in messages that were surely sent, would cost a credit for its health and
its trigger counts alone: it is kept as superseded and not sent, unless the configuration asks for every message. The
message of a day that was told otherwise, or by nothing that is known to have arrived, is never superseded.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from cameratrap.domain.patience import StandingFault, retry_delay_s
from cameratrap.errors import StoreError
from cameratrap.ports import SendResult, SendStatus
from cameratrap.store.connection import path_of, store_error, transaction
from cameratrap.store.outbox_message import ALERT, SUMMARY, OutboxMessage, OutboxState, from_row
from cameratrap.store.sessions import begin_session, current_fault, end_session

__all__ = ["ALERT", "SUMMARY", "MessageGoneError", "Outbox", "OutboxMessage", "OutboxState", "enqueue"]

_STATES = {
    SendStatus.SENT: OutboxState.SENT,
    SendStatus.RETRY: OutboxState.QUEUED,
    SendStatus.PERMANENT: OutboxState.FAILED,
}
_NAMED = "kind = ? AND sequence = ? AND part = ?"
_COLUMNS = """
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL DEFAULT 'summary',
    day TEXT CHECK (day IS NOT NULL OR kind <> 'summary'),
    sequence INTEGER NOT NULL,
    part INTEGER NOT NULL,
    payload BLOB NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ({states})),
    attempts INTEGER NOT NULL DEFAULT 0,
    uncertain_attempts INTEGER NOT NULL DEFAULT 0,
    last_attempt_at TEXT,
    next_attempt_at TEXT,
    last_mo_status INTEGER,
    momsn INTEGER,
    detail TEXT NOT NULL DEFAULT '',
    sent_at TEXT,
    {more}UNIQUE (kind, sequence, part)
"""


def create_outbox(connection: sqlite3.Connection) -> None:
    """The table; a migration of the card's database."""
    columns = _COLUMNS.format(states="'queued', 'sent', 'failed'", more="")
    connection.execute(f"CREATE TABLE outbox ({columns}) STRICT")


def rank_outbox(connection: sqlite3.Connection) -> None:
    """A state more, and why each attempt failed; a migration of the card's database. Every message is kept."""
    more = "fault TEXT NOT NULL DEFAULT '',\n    "
    columns = _COLUMNS.format(states="'queued', 'sent', 'failed', 'superseded'", more=more)
    names = [row["name"] for row in connection.execute("PRAGMA table_info(outbox)").fetchall()]
    connection.execute("ALTER TABLE outbox RENAME TO outbox_before")
    connection.execute(f"CREATE TABLE outbox ({columns}) STRICT")
    connection.execute(f"INSERT INTO outbox ({', '.join(names)}) SELECT {', '.join(names)} FROM outbox_before")
    connection.execute("DROP TABLE outbox_before")


def enqueue(
    connection: sqlite3.Connection,
    *,
    day: date | None,
    sequence: int,
    part: int,
    payload: bytes,
    now: datetime,
    kind: str = SUMMARY,
) -> OutboxMessage:
    """Put a message in, within the caller's transaction if there is one. Doing it again changes nothing.

    Raises StoreError when another message of this kind already has this sequence and part.
    """
    connection.execute(
        "INSERT INTO outbox (kind, day, sequence, part, payload, created_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (kind, sequence, part) DO NOTHING",
        (kind, day and day.isoformat(), sequence, part, payload, now.isoformat()),
    )
    message = from_row(connection.execute(f"SELECT * FROM outbox WHERE {_NAMED}", (kind, sequence, part)).fetchone())
    if (message.day, message.payload) != (day, payload):
        raise StoreError(
            f"the outbox already holds another {kind} {sequence}, part {part}",
            why=f"it is for {message.day} and differs from the one for {day}",
            hint="a message that may have been sent is never replaced: give the new one a new sequence",
        )
    return message


def replace_payload(connection: sqlite3.Connection, message: OutboxMessage, payload: bytes) -> None:
    """Give a message that waits other bytes for the same content."""
    with transaction(connection):
        connection.execute(
            f"UPDATE outbox SET payload = ? WHERE {_NAMED} AND state = 'queued'", (payload, *message.name)
        )


class MessageGoneError(StoreError):
    """A message was composed anew in fewer parts before its first attempt, or is not worth sending any more."""


class Outbox:
    """The outbox of an open card. ``jitter`` gives numbers in 0..1.

    Each write is a transaction of its own, which waits while another process writes. Every method raises StoreError
    for what SQLite cannot do.
    """

    def __init__(self, connection: sqlite3.Connection, *, jitter: Callable[[], float] = random.random) -> None:
        self._connection = connection
        self._jitter = jitter
        self._sessions: dict[int, int] = {}  # of each message, the session begun last

    @property
    def connection(self) -> sqlite3.Connection:
        """The card's database."""
        return self._connection

    def messages(self, state: OutboxState | None = None) -> list[OutboxMessage]:
        """All messages, or those in one state: first those of no day, then newest day first; parts in order."""
        try:
            rows = self._connection.execute(
                "SELECT * FROM outbox WHERE :state IS NULL OR state = :state "
                "ORDER BY day DESC NULLS FIRST, kind, sequence DESC, part",
                {"state": state and state.value},
            ).fetchall()
        except sqlite3.Error as error:
            raise store_error(error, path_of(self._connection)) from error
        return [from_row(row) for row in rows]

    def due(self, now: datetime) -> list[OutboxMessage]:
        """The messages an attempt may begin with, in the order of their worth; none while a standing fault rests."""
        fault = self.standing_fault()
        if fault is not None and fault.holds(now):
            return []
        return [message for message in self.messages(OutboxState.QUEUED) if message.is_due(now)]

    def standing_fault(self) -> StandingFault | None:
        """What keeps every message from being sent, until a session succeeds."""
        return current_fault(self._connection)

    def worthless(self) -> list[OutboxMessage]:
        """The summaries that are not worth a credit any more, though they wait to be sent."""
        part = "SELECT 1 FROM outbox p WHERE p.kind = 'summary' AND p.sequence"
        otherwise = (  # what the receiver believes rather than t, and s would set right
            "SELECT 1 FROM tellings n WHERE n.day = t.day AND n.says <> t.says"
            " AND n.sequence > t.sequence AND n.sequence < s.sequence"
            f" AND NOT EXISTS ({part} = n.sequence AND p.state IN ('failed', 'superseded'))"
        )
        sent = (
            "SELECT 1 FROM tellings t WHERE t.day = s.day AND t.says = s.says"
            f" AND NOT EXISTS ({part} = t.sequence AND p.state <> 'sent') AND NOT EXISTS ({otherwise})"
        )
        told = (
            "SELECT sequence FROM tellings s WHERE sequence IN"
            " (SELECT sequence FROM outbox WHERE kind = 'summary' AND state = 'queued')"
            f" GROUP BY sequence HAVING SUM(says = '' OR NOT EXISTS ({sent})) = 0"
        )
        rows = self._connection.execute(
            "SELECT * FROM outbox WHERE state = 'queued' AND kind = 'summary'"
            f" AND sequence IN ({told}) ORDER BY day DESC, sequence DESC, part"
        )
        return [from_row(row) for row in rows]

    def supersede(self) -> list[OutboxMessage]:
        """Take out the summaries that are not worth a credit any more; returns them."""
        with transaction(self._connection):
            spared = self.worthless()
            self._connection.executemany(
                "UPDATE outbox SET state = 'superseded', next_attempt_at = NULL WHERE id = ?",
                [(message.id,) for message in spared],
            )
        return [replace(message, state=OutboxState.SUPERSEDED, next_attempt_at=None) for message in spared]

    def begin_attempt(self, message: OutboxMessage, now: datetime, *, joules: float = 0.0) -> OutboxMessage:
        """Count an attempt, and what it may take at most, before it is made. Until `record` nobody knows how it ended.

        Returns the message as it is now, which is what to send: until its first attempt a day's summary is composed
        anew when its day grows. Raises MessageGoneError when that left no such message.
        """
        later = now + timedelta(seconds=retry_delay_s(message.attempts + 1, self._jitter()))
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE outbox SET attempts = attempts + 1, uncertain_attempts = uncertain_attempts + 1, "
                "last_attempt_at = ?, next_attempt_at = ?, last_mo_status = NULL, detail = 'interrupted', fault = '' "
                f"WHERE {_NAMED} AND state = 'queued'",
                (now.isoformat(), later.isoformat(), *message.name),
            )
            row = self._connection.execute(f"SELECT * FROM outbox WHERE {_NAMED}", message.name).fetchone()
            if row is None or row["state"] != OutboxState.QUEUED:
                raise MessageGoneError(f"{message.label} is not in the outbox any more")
            begun = from_row(row)
            kind, sequence, part = begun.name
            self._sessions[begun.id] = begin_session(
                self._connection, kind, now, sequence=sequence, part=part, credit=begun.credits, joules=joules
            )
        return begun

    def record(
        self,
        message: OutboxMessage,
        result: SendResult,
        now: datetime,
        *,
        seconds: float = 0.0,
        joules: float = 0.0,
    ) -> OutboxMessage:
        """Write down how the attempt begun last ended, and what it took."""
        state = _STATES[result.status]
        queued, sent = state is OutboxState.QUEUED, state is OutboxState.SENT
        values = (
            state.value,
            0 if result.uncertain else 1,
            now.isoformat(),
            self._next_attempt(message, result, now).isoformat() if queued else None,
            result.mo_status,
            result.momsn,
            result.detail,
            now.isoformat() if sent else None,
            result.fault,
            message.id,
        )
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE outbox SET state = ?, uncertain_attempts = uncertain_attempts - ?, last_attempt_at = ?, "
                "next_attempt_at = ?, last_mo_status = ?, momsn = ?, detail = ?, sent_at = ?, fault = ? WHERE id = ?",
                values,
            )
            session = self._sessions.pop(message.id)
            end_session(self._connection, session, result, seconds=seconds, joules=joules)
            return from_row(self._connection.execute("SELECT * FROM outbox WHERE id = ?", (message.id,)).fetchone())

    def _next_attempt(self, message: OutboxMessage, result: SendResult, now: datetime) -> datetime:
        ours = retry_delay_s(message.attempts, self._jitter(), result.fault)
        return now + timedelta(seconds=max(ours, result.retry_after_s or 0.0))
