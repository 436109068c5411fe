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
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cameratrap.app.energy_meter import EnergyMeter
from cameratrap.app.transmit_report import Attempt, MailboxCheck, TransmitReport
from cameratrap.domain.energy import Claim, PowerFigures
from cameratrap.domain.patience import CLOCK_TOLERANCE, HARDWARE, StandingFault
from cameratrap.errors import DeviceError, EncodeError
from cameratrap.ports import Clock, SatelliteLink, SendResult, SendStatus
from cameratrap.store.connection import transaction
from cameratrap.store.outbox import ALERT, SUMMARY, MessageGoneError, Outbox, OutboxMessage, OutboxState
from cameratrap.store.sessions import MAILBOX, begin_session, end_session, last_contact, last_of_kind

BUDGET_S = 1300.0  # the outbox's first four attempts at their longest: three waits (750 s) and three sessions of 180 s
NEWS = timedelta(days=1)  # for so long an alert is news
MAX_MAILBOX_CHECKS = 4  # a run; each brings one message and, with a 9602, costs a credit


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may do.

    It ends after ``attempts`` failed sessions of at most ``deadline_s`` each, and begins none after ``budget_s``.
    ``power`` is None where energy is no object. ``ignore_schedule`` also takes up messages whose next attempt was
    planned for later, and a modem that rests; ``alerts_only`` leaves everything else for another run. Without
    ``supersede`` each message is sent, also one that tells nothing new. The mailbox is looked into where no session
    got through for ``mailbox_every_days``; 0 is never. Each look costs ``mailbox_credits``.
    """

    attempts: int
    deadline_s: float
    budget_s: float = BUDGET_S
    power: PowerFigures | None = None
    ignore_schedule: bool = False
    alerts_only: bool = False
    supersede: bool = True
    mailbox_every_days: int = 0
    mailbox_credits: int = 1


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a run calls: ``wait`` lets seconds pass between sessions (a replay only moves its clock); ``receive`` takes
    a message to the trap and stores it before it returns; the others tell what happens.
    """

    wait: Callable[[float], None] = time.sleep
    receive: Callable[[bytes], None] = lambda _: None
    tell: Callable[[Attempt | MailboxCheck], None] = lambda _: None
    tell_wait: Callable[[float], None] = lambda _: None


def wanted(outbox: Outbox, now: datetime, limits: Limits) -> list[OutboxMessage]:
    """The messages that a run would take up, in the order of their worth."""
    messages = outbox.messages(OutboxState.QUEUED) if limits.ignore_schedule else outbox.due(now)
    newest = max((message.sequence for message in messages if message.kind == SUMMARY), default=0)
    chosen = [message for message in messages if message.kind == ALERT or not limits.alerts_only]
    return sorted(chosen, key=lambda message: _rank(message, newest, now))


def _rank(message: OutboxMessage, newest: int, now: datetime) -> int:
    if message.kind == ALERT:
        return 0 if now - message.created_at < NEWS else 2
    return 1 if message.sequence == newest else 3


def claim_of(outbox: Outbox, message: OutboxMessage | None) -> Claim:
    """For whom a session with a message is, or one with the mailbox where it is None."""
    if message is not None and message.kind == ALERT:
        return Claim.ALERT
    summaries = [each for each in outbox.messages() if each.kind == SUMMARY]
    newest = max((each.sequence for each in summaries), default=0)
    waits = any(each.sequence == newest and each.state is OutboxState.QUEUED for each in summaries)
    is_newest = message is not None and message.sequence == newest
    return Claim.OTHER if waits and not is_newest else Claim.NEWEST


def pays_for_any(outbox: Outbox, clock: Clock, limits: Limits, messages: Sequence[OutboxMessage]) -> bool:
    """Whether the day's energy pays for a session with any of the messages or, where there are none, the mailbox."""
    meter = EnergyMeter(outbox, clock, limits.power)
    found = [claim_of(outbox, message) for message in messages] or [claim_of(outbox, None)]
    return any(meter.session_s(limits.deadline_s, claim) for claim in found)


def held_back(outbox: Outbox, now: datetime, limits: Limits) -> tuple[StandingFault, list[OutboxMessage]] | None:
    """The fault for which the modem rests, and what waits for its end; None where nothing does."""
    fault = outbox.standing_fault()
    if fault is None or not fault.holds(now) or limits.ignore_schedule:
        return None
    held = wanted(outbox, now, replace(limits, ignore_schedule=True))
    return (fault, held) if held else None


def mailbox_is_due(outbox: Outbox, now: datetime, limits: Limits) -> bool:
    """Whether a session that sends nothing is to look for messages to the trap: once a day until one gets through."""
    fault = outbox.standing_fault()
    if not limits.mailbox_every_days or limits.alerts_only or (fault is not None and fault.holds(now)):
        return False
    tried = last_of_kind(outbox.connection, MAILBOX)
    heard = last_contact(outbox.connection)
    every = timedelta(days=limits.mailbox_every_days)
    return _long_ago(heard, every, now) and _long_ago(tried, timedelta(days=1), now)


def _long_ago(moment: datetime | None, least: timedelta, now: datetime) -> bool:
    return moment is None or now - moment >= least or now < moment - CLOCK_TOLERANCE


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
