"""What a run of `transmit` would do: which messages are due, in what order, for whom the energy is, and what rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cameratrap.app.energy_meter import EnergyMeter
from cameratrap.domain.energy import Claim, PowerFigures
from cameratrap.domain.patience import CLOCK_TOLERANCE, StandingFault
from cameratrap.ports import Clock
from cameratrap.store.outbox import ALERT, SUMMARY, Outbox, OutboxMessage, OutboxState
from cameratrap.store.sessions import MAILBOX, last_contact, last_of_kind

BUDGET_S = 1300.0  # the outbox's first four attempts at their longest: three waits (750 s) and three sessions of 180 s
NEWS = timedelta(days=1)  # for so long an alert is news


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
