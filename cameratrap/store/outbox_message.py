"""One message on its way out, as its row in the outbox has it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from cameratrap.domain.credits import credits_for
from cameratrap.domain.patience import CLOCK_TOLERANCE

SUMMARY = "summary"  # the kind of message that carries a day
ALERT = "alert"


class OutboxState(StrEnum):
    """Where a message stands.

    ``failed``: no modem will ever take it as it is. ``superseded``: all it tells of tallies has been told by messages
    that were sent meanwhile, so that it is not worth its credit any more.
    """

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message. ``uncertain_attempts`` of its ``attempts`` may have delivered it although they did not succeed.

    ``last_attempt_at`` is when the last attempt ended, or began where nobody knows. ``sequence`` numbers the messages
    of its ``kind``. A summary has a ``day``; another kind may have none. ``fault`` is the class of its last failure
    (``ports.SendResult``).
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
    fault: str = ""

    @property
    def name(self) -> tuple[str, int, int]:
        """Kind, number and part: the same also when the message was composed anew and is another row."""
        return (self.kind, self.sequence, self.part)

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


def from_row(row: sqlite3.Row) -> OutboxMessage:
    """The message of a whole row of the table."""

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
        fault=row["fault"],
    )
