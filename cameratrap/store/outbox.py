"""The messages on their way out: each stays until a session succeeded or nothing can make it succeed.

An attempt is written down before the modem is touched, together with when the next one may be. A power cut in the
middle of a session leaves that trace, and a supply that gives way whenever the modem transmits cannot make the trap
try again at every boot.

Newest day first, parts in order within it: a message has room for the days before it, so that after an outage the
newest tells most for its credit. The older ones follow; none is dropped. What belongs to no day goes before all days:
it is about the trap as it is now.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from cameratrap.domain.credits import credits_for
from cameratrap.errors import StoreError
from cameratrap.ports import SendResult, SendStatus
from cameratrap.store.connection import path_of, store_error, transaction

SUMMARY = "summary"  # the kind of message that carries a day

# Four attempts over at least ten minutes, which is one satellite's pass; then the sky was not the reason. An immediate
# retry "is likely to fail as the satellite locations will not have changed" (Rock Seven), and costs as much as a first.
RETRY_DELAYS_S = (60.0, 180.0, 360.0, 3600.0, 7200.0, 21600.0)
JITTER = 0.25  # so that traps that failed together do not all try again together
CLOCK_TOLERANCE = timedelta(minutes=1)


class OutboxState(StrEnum):
    """Where a message stands. ``failed``: no modem will ever take it as it is."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message. ``uncertain_attempts`` of its ``attempts`` may have delivered it although they did not succeed.

    ``sequence`` numbers the messages of its ``kind``. A summary has a ``day``; another kind may have none.
    """

    id: int
    day: date | None
    sequence: int
    part: int
    payload: bytes = field(repr=False)
    created_at: datetime
    state: OutboxState
    attempts: int = 0
    uncertain_attempts: int = 0
    last_attempt_at: datetime | None = None
    next_attempt_at: datetime | None = None
    last_mo_status: int | None = None
    momsn: int | None = None
    detail: str = ""
    sent_at: datetime | None = None
    kind: str = SUMMARY

    @property
    def label(self) -> str:
        """What to call it before a person: its day, or its kind and number where it has no day."""
        return f"{self.day or f'{self.kind} {self.sequence}'}, part {self.part}"

    @property
    def credits(self) -> int:
        """What one session with this message costs."""
        return credits_for(len(self.payload))

    def is_due(self, now: datetime) -> bool:
        """Whether an attempt may begin.

        A clock that stands before the last attempt was set since: what was planned by it means nothing, and must not
        hold the message back until the wrong year comes round.
        """
        if self.state is not OutboxState.QUEUED:
            return False
        if self.next_attempt_at is None or self.last_attempt_at is None:
            return True
        return now >= self.next_attempt_at or now < self.last_attempt_at - CLOCK_TOLERANCE


def create_outbox(connection: sqlite3.Connection) -> None:
    """The table; a migration of the card's database."""
    connection.execute(
        """CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL DEFAULT 'summary',
            day TEXT CHECK (day IS NOT NULL OR kind <> 'summary'),
            sequence INTEGER NOT NULL,
            part INTEGER NOT NULL,
            payload BLOB NOT NULL,
            created_at TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
            attempts INTEGER NOT NULL DEFAULT 0,
            uncertain_attempts INTEGER NOT NULL DEFAULT 0,
            last_attempt_at TEXT,
            next_attempt_at TEXT,
            last_mo_status INTEGER,
            momsn INTEGER,
            detail TEXT NOT NULL DEFAULT '',
            sent_at TEXT,
            UNIQUE (kind, sequence, part)
        ) STRICT"""
    )


def retry_delay_s(attempts: int, jitter: float) -> float:
    """How long to wait after the ``attempts``-th attempt failed; ``jitter`` is in 0..1."""
    delay = RETRY_DELAYS_S[min(max(attempts, 1), len(RETRY_DELAYS_S)) - 1]
    return delay * (1 + JITTER * jitter)


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
    row = connection.execute(
        "SELECT * FROM outbox WHERE kind = ? AND sequence = ? AND part = ?", (kind, sequence, part)
    ).fetchone()
    message = _message(row)
    if (message.day, message.payload) != (day, payload):
        raise StoreError(
            f"the outbox already holds another {kind} {sequence}, part {part}",
            why=f"it is for {message.day} and differs from the one for {day}",
            hint="a message that may have been sent is never replaced: give the new one a new sequence",
        )
    return message


class MessageGoneError(StoreError):
    """A message was composed anew in fewer parts before its first attempt."""


class Outbox:
    """The outbox of an open card. ``jitter`` gives numbers in 0..1.

    Each write is a transaction of its own, which waits while another process writes. Every method raises StoreError
    for what SQLite cannot do.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._connection = connection
        self._jitter = jitter

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
        return [_message(row) for row in rows]

    def due(self, now: datetime) -> list[OutboxMessage]:
        """The messages an attempt may begin with, in the order of their worth."""
        return [message for message in self.messages(OutboxState.QUEUED) if message.is_due(now)]

    def begin_attempt(self, message: OutboxMessage, now: datetime) -> OutboxMessage:
        """Count an attempt before it is made. Until `record` it stands there as one whose outcome nobody knows.

        Returns the message as it is now, which is what to send: until its first attempt a day's summary is composed
        anew when its day grows. Raises MessageGoneError when that left no such message.
        """
        later = now + timedelta(seconds=retry_delay_s(message.attempts + 1, self._jitter()))
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE outbox SET attempts = attempts + 1, uncertain_attempts = uncertain_attempts + 1, "
                "last_attempt_at = ?, next_attempt_at = ?, last_mo_status = NULL, detail = 'interrupted' "
                "WHERE kind = ? AND sequence = ? AND part = ? AND state = 'queued'",
                (now.isoformat(), later.isoformat(), message.kind, message.sequence, message.part),
            )
            row = self._connection.execute(
                "SELECT * FROM outbox WHERE kind = ? AND sequence = ? AND part = ?",
                (message.kind, message.sequence, message.part),
            ).fetchone()
        if row is None:
            raise MessageGoneError(f"{message.label} is not in the outbox any more")
        return _message(row)

    def record(self, message: OutboxMessage, result: SendResult, now: datetime) -> OutboxMessage:
        """Write down how the attempt begun last ended."""
        state = {
            SendStatus.SENT: OutboxState.SENT,
            SendStatus.RETRY: OutboxState.QUEUED,
            SendStatus.PERMANENT: OutboxState.FAILED,
        }[result.status]
        queued, sent = state is OutboxState.QUEUED, state is OutboxState.SENT
        values = (
            state.value,
            0 if result.uncertain else 1,
            self._next_attempt(message, result, now).isoformat() if queued else None,
            result.mo_status,
            result.momsn,
            result.detail,
            now.isoformat() if sent else None,
            message.id,
        )
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE outbox SET state = ?, uncertain_attempts = uncertain_attempts - ?, next_attempt_at = ?, "
                "last_mo_status = ?, momsn = ?, detail = ?, sent_at = ? WHERE id = ?",
                values,
            )
            return self._get(message.id)

    def _next_attempt(self, message: OutboxMessage, result: SendResult, now: datetime) -> datetime:
        ours = retry_delay_s(message.attempts, self._jitter())
        return now + timedelta(seconds=max(ours, result.retry_after_s or 0.0))

    def _get(self, number: int) -> OutboxMessage:
        return _message(self._connection.execute("SELECT * FROM outbox WHERE id = ?", (number,)).fetchone())


def _message(row: sqlite3.Row) -> OutboxMessage:
    def moment(column: str) -> datetime | None:
        return datetime.fromisoformat(row[column]) if row[column] else None

    return OutboxMessage(
        id=row["id"],
        day=date.fromisoformat(row["day"]) if row["day"] else None,
        sequence=row["sequence"],
        part=row["part"],
        payload=bytes(row["payload"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        state=OutboxState(row["state"]),
        attempts=row["attempts"],
        uncertain_attempts=row["uncertain_attempts"],
        last_attempt_at=moment("last_attempt_at"),
        next_attempt_at=moment("next_attempt_at"),
        last_mo_status=row["last_mo_status"],
        momsn=row["momsn"],
        detail=row["detail"],
        sent_at=moment("sent_at"),
        kind=row["kind"],
    )
