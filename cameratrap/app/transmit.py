"""Sending what is due: one session after the other, until all is sent or going on is not worth the battery.

An alert that is raised meanwhile is taken up before the next session. One that is older than a day is no news any
more, and leaves the newest summary its turn.

A failed session says something about the sky, not about its message, so that after one the whole run waits and no
other message is tried into the same sky. The waits are the outbox's, and so is the order; what this run adds is when
to stop: after ``attempts`` failures, when the next wait would not end within ``budget_s``, or when the day's energy is
used up. Each joule is written down before it is taken: the start, each session at its longest, each wait in which the
modem stays on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from cameratrap.app.energy_meter import EnergyMeter
from cameratrap.app.transmit_plan import Limits, claim_of, mailbox_is_due, wanted
from cameratrap.app.transmit_report import Attempt, MailboxCheck, TransmitReport
from cameratrap.domain.patience import HARDWARE
from cameratrap.errors import DeviceError, EncodeError
from cameratrap.ports import Clock, SatelliteLink, SendResult, SendStatus
from cameratrap.store.connection import transaction
from cameratrap.store.outbox import ALERT, MessageGoneError, Outbox, OutboxMessage, OutboxState
from cameratrap.store.sessions import MAILBOX, begin_session, end_session

MAX_MAILBOX_CHECKS = 4  # a run; each brings one message and, with a 9602, costs a credit


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a run calls: ``wait`` lets seconds pass between sessions (a replay only moves its clock); ``receive`` takes
    a message to the trap and stores it before it returns; the others tell what happens.
    """

    wait: Callable[[float], None] = time.sleep
    receive: Callable[[bytes], None] = lambda _: None
    tell: Callable[[Attempt | MailboxCheck], None] = lambda _: None
    tell_wait: Callable[[float], None] = lambda _: None


def transmit(
    outbox: Outbox, link: SatelliteLink, clock: Clock, limits: Limits, hooks: Hooks | None = None
) -> TransmitReport:
    """Send what is due, fetch what waits for the trap, and report.

    A modem that is missing or silent does not raise: it is in the report, with what was done before.
    """
    run = _Run(outbox, link, clock, limits, hooks or Hooks())
    try:
        run.send_all()
        run.fetch_all()
    except DeviceError as error:
        run.report.device_error = error
    run.conclude()
    return run.report


@dataclass(frozen=True, slots=True)
class _Measured:
    """How a session ended and how long it took; ``failure`` where the modem gave no answer to speak of."""

    result: SendResult
    seconds: float
    failure: DeviceError | None

    def raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass
class _Run:
    outbox: Outbox
    link: SatelliteLink
    clock: Clock
    limits: Limits
    hooks: Hooks
    report: TransmitReport = field(default_factory=TransmitReport)
    wanted: Sequence[OutboxMessage] = ()
    to_fetch: int = 0

    def __post_init__(self) -> None:
        self.meter = EnergyMeter(self.outbox, self.clock, self.limits.power)
        self.ends_s = self.clock.monotonic_s() + self.limits.budget_s
        self._supersede()
        self.wanted = wanted(self.outbox, self.clock.now(), self.limits)

    def send_all(self) -> None:
        """The messages, each until it is done with, until a limit is met."""
        for attempt in self._sessions():
            self.report.attempts.append(attempt)
            self.hooks.tell(attempt)
            if attempt.message.state is OutboxState.QUEUED and not self._go_on_after(attempt.message):
                break

    def fetch_all(self) -> None:
        """What is known to wait for the trap, and the mailbox where it is time to; not under a sky that just failed."""
        if self.report.attempts and self.report.attempts[-1].message.state is OutboxState.QUEUED:
            return
        checks = min(self.to_fetch, MAX_MAILBOX_CHECKS)
        if mailbox_is_due(self.outbox, self.clock.now(), self.limits):
            checks = max(checks, 1)
        while checks > 0 and len(self.report.mailbox) < MAX_MAILBOX_CHECKS:
            limit_s = self.meter.session_s(self.limits.deadline_s, claim_of(self.outbox, None))
            if self.clock.monotonic_s() > self.ends_s or not limit_s:
                break
            result = self._check_mailbox(limit_s)
            checks = self.to_fetch if result.status is SendStatus.SENT else 0

    def conclude(self) -> None:
        """By name and not by row: a message may have been composed anew meanwhile, and is then a row of its own."""
        ours = {message.name for message in self.wanted}
        for message in self.outbox.messages():
            if message.name in ours and message.state in (OutboxState.QUEUED, OutboxState.FAILED):
                self.report.unsent.append(message)
            elif message.state is OutboxState.QUEUED:
                self.report.waiting.append(message)

    def _supersede(self) -> None:
        if self.limits.supersede:
            self.report.superseded += self.outbox.supersede()

    def _sessions(self) -> Iterator[Attempt]:
        left = list(self.wanted)
        while left := [*self._new_alerts(), *left]:
            message = left.pop(0)
            limit_s = self.meter.session_s(self.limits.deadline_s, claim_of(self.outbox, message))
            if not limit_s:
                self.report.out_of_energy = True
                continue
            try:
                attempt = self._attempt(message, limit_s)
            except MessageGoneError:
                continue
            if attempt.message.state is OutboxState.QUEUED:
                left.insert(0, attempt.message)
            yield attempt  # here a failed message's pause passes

    def _new_alerts(self) -> list[OutboxMessage]:
        """What was raised since the run began: it is not left to another run."""
        known = {message.name for message in self.wanted}
        now_wanted = wanted(self.outbox, self.clock.now(), self.limits)
        new = [message for message in now_wanted if message.kind == ALERT and message.name not in known]
        self.wanted = [*new, *self.wanted]
        return new

    def _go_on_after(self, message: OutboxMessage) -> bool:
        """Let the time pass until a failed message's next attempt, if there is to be one in this run."""
        now = self.clock.now()
        pause_s = max(0.0, ((message.next_attempt_at or now) - now).total_seconds())
        fault = self.outbox.standing_fault()
        rests = fault is not None and fault.holds(now)
        enough = len(self.report.failures) >= self.limits.attempts or self.clock.monotonic_s() + pause_s > self.ends_s
        if rests or enough:
            return False
        if not self.meter.pay_for_waiting(pause_s, claim_of(self.outbox, message)):
            self.report.out_of_energy = True
            return False
        self.hooks.tell_wait(pause_s)
        self.hooks.wait(pause_s)
        return True

    def _attempt(self, message: OutboxMessage, limit_s: float) -> Attempt:
        self.meter.start()
        begun = self.outbox.begin_attempt(message, self.clock.now(), joules=self.meter.joules(limit_s))
        session = self._measured(lambda: self.link.send(begun.payload, deadline_s=limit_s))
        done = self.outbox.record(
            begun, session.result, self.clock.now(), seconds=session.seconds, joules=self.meter.joules(session.seconds)
        )
        session.raise_failure()
        if done.state is OutboxState.SENT:
            self._supersede()
        return Attempt(done, session.result)

    def _check_mailbox(self, limit_s: float) -> SendResult:
        self.meter.start()
        connection = self.outbox.connection
        with transaction(connection):
            number = begin_session(connection, MAILBOX, self.clock.now(), joules=self.meter.joules(limit_s))
        session = self._measured(lambda: self.link.check_mailbox(deadline_s=limit_s))
        with transaction(connection):
            joules = self.meter.joules(session.seconds)
            end_session(connection, number, session.result, seconds=session.seconds, joules=joules)
        session.raise_failure()
        check = MailboxCheck(session.result, credits=self.limits.mailbox_credits)
        self.report.mailbox.append(check)
        self.hooks.tell(check)
        return session.result

    def _measured(self, session: Callable[[], SendResult]) -> _Measured:
        began_s = self.clock.monotonic_s()
        failure = None
        try:
            result = session()
        except EncodeError as error:
            result = SendResult(SendStatus.PERMANENT, detail=str(error), fault="payload")
        except DeviceError as error:
            failure, result = error, SendResult(SendStatus.RETRY, detail=str(error), fault=HARDWARE)
        seconds = self.clock.monotonic_s() - began_s
        self.meter.in_contact = result.status is SendStatus.SENT
        self._take_in(result)
        return _Measured(result, seconds, failure)

    def _take_in(self, result: SendResult) -> None:
        """What came with a session is stored before the session is: the network has no other copy of it."""
        self.to_fetch = result.waiting
        for message in result.received:
            self.hooks.receive(message)
            self.report.received += 1
