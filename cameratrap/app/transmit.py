"""Sending what is due: one session after the other, until all is sent or going on is not worth the battery.

A failed session says something about the sky, not about its message, so that after one the whole run waits and no
other message is tried into the same sky. The waits are the outbox's, and so is the order; what this run adds is when
to stop: after ``attempts`` failures, or when the next wait would not end within ``budget_s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cameratrap.errors import CameraTrapError, DeviceError, EncodeError
from cameratrap.ports import Clock, SatelliteLink, SendResult, SendStatus
from cameratrap.store.outbox import MessageGoneError, Outbox, OutboxMessage, OutboxState

BUDGET_S = 1300.0  # the outbox's first four attempts at their longest: three waits (750 s) and three sessions of 180 s


@dataclass(frozen=True, slots=True)
class Attempt:
    """One session: the message as it stands afterwards, and how the session ended."""

    message: OutboxMessage
    result: SendResult


@dataclass(slots=True)
class TransmitReport:
    """What one run did. ``unsent`` were due and are not sent; ``device_error`` is why the modem could not be used."""

    attempts: list[Attempt] = field(default_factory=list)
    unsent: list[OutboxMessage] = field(default_factory=list)
    waiting: list[OutboxMessage] = field(default_factory=list)
    device_error: DeviceError | None = None

    @property
    def sent(self) -> list[OutboxMessage]:
        return [attempt.message for attempt in self.attempts if attempt.message.state is OutboxState.SENT]

    @property
    def failures(self) -> list[Attempt]:
        """The sessions after which a message still waits."""
        return [attempt for attempt in self.attempts if attempt.message.state is OutboxState.QUEUED]

    @property
    def credits(self) -> tuple[int, int]:
        """The least and the most credits this run has cost: uncertain sessions may have cost theirs."""
        certain = sum(a.message.credits for a in self.attempts if a.result.status is SendStatus.SENT)
        return certain, certain + sum(a.message.credits for a in self.attempts if a.result.uncertain)


Tell = Callable[[Attempt], None]


def transmit(
    outbox: Outbox,
    link: SatelliteLink,
    clock: Clock,
    *,
    attempts: int,
    deadline_s: float,
    budget_s: float = BUDGET_S,
    ignore_schedule: bool = False,
    wait: Callable[[float], None] = time.sleep,
    tell: Tell = lambda _: None,
    tell_wait: Callable[[float], None] = lambda _: None,
) -> TransmitReport:
    """Send what is due and report.

    A run ends after ``attempts`` failed sessions of at most ``deadline_s`` each, and begins none after ``budget_s``.
    ``ignore_schedule`` also takes up messages whose next attempt was planned for later. ``wait`` lets seconds pass
    between sessions; a replay hands in one that only moves its clock. A modem that is missing or silent does not
    raise: it is in the report, with what was done before.
    """
    wanted = outbox.messages(OutboxState.QUEUED) if ignore_schedule else outbox.due(clock.now())
    report = TransmitReport()
    ends_s = clock.monotonic_s() + budget_s
    try:
        for attempt in _sessions(outbox, link, clock, wanted, deadline_s):
            report.attempts.append(attempt)
            tell(attempt)
            if attempt.message.state is not OutboxState.QUEUED:
                continue
            pause_s = _pause_s(attempt.message, clock.now())
            if len(report.failures) >= attempts or clock.monotonic_s() + pause_s > ends_s:
                break
            tell_wait(pause_s)
            wait(pause_s)
    except DeviceError as error:
        report.device_error = error
    _conclude(outbox, wanted, report)
    return report


def _sessions(
    outbox: Outbox, link: SatelliteLink, clock: Clock, wanted: Sequence[OutboxMessage], deadline_s: float
) -> Iterator[Attempt]:
    """One session after the other: each message until it is done with, then the next."""
    for first in wanted:
        message = first
        while message.state is OutboxState.QUEUED:
            try:
                attempt = _attempt(outbox, link, clock, message, deadline_s)
            except MessageGoneError:
                break
            message = attempt.message
            yield attempt


def _pause_s(message: OutboxMessage, now: datetime) -> float:
    planned = message.next_attempt_at or now
    return max(0.0, (planned - now).total_seconds())


def _attempt(outbox: Outbox, link: SatelliteLink, clock: Clock, message: OutboxMessage, deadline_s: float) -> Attempt:
    begun = outbox.begin_attempt(message, clock.now())
    try:
        result = link.send(begun.payload, deadline_s=deadline_s)
    except EncodeError as error:
        result = SendResult(SendStatus.PERMANENT, detail=str(error))
    except DeviceError as error:
        outbox.record(begun, SendResult(SendStatus.RETRY, detail=str(error)), clock.now())
        raise
    return Attempt(outbox.record(begun, result, clock.now()), result)


def _conclude(outbox: Outbox, wanted: list[OutboxMessage], report: TransmitReport) -> None:
    # By name and not by row: a message may have been composed anew meanwhile, and is then a row of its own.
    ours = {(message.kind, message.sequence, message.part) for message in wanted}
    messages = [(message, (message.kind, message.sequence, message.part) in ours) for message in outbox.messages()]
    report.unsent = [
        message for message, wanted_now in messages if wanted_now and message.state is not OutboxState.SENT
    ]
    report.waiting = [m for m, wanted_now in messages if not wanted_now and m.state is OutboxState.QUEUED]


class UnsentError(CameraTrapError):
    """Something that was due is still here, or never will be sent; the reason is the last session's."""

    def __init__(self, unsent: list[OutboxMessage]) -> None:
        last = unsent[0]
        self.unsent = tuple(unsent)
        many = f"{len(unsent)} messages were" if len(unsent) > 1 else "one message was"
        planned = f"next attempt at {last.next_attempt_at:%Y-%m-%d %H:%M:%S%z}" if last.next_attempt_at else ""
        super().__init__(
            f"{many} not sent",
            why=f"{last.label}: {last.detail or 'not tried, since an earlier session failed'}",
            hint=planned or "it stays in the outbox as failed; `cameratrap transmit --dry-run` shows what is due",
        )
