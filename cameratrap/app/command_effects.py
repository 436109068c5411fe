"""What each command changes. All of it is in the card's database, within the caller's transaction."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta

from cameratrap.app.clock_check import not_fast
from cameratrap.domain.commands import (
    ClearFault,
    Order,
    RepeatDays,
    SendNow,
    SetBurst,
    SetInterval,
    SetThreshold,
    SleepUntil,
)
from cameratrap.errors import CameraTrapError
from cameratrap.store.commands import ask_again, forget_override, hurry, override, overrides
from cameratrap.store.sessions import clear_fault, current_fault

# What commands set. The first two are the configuration's keys; the others have no other place.
EVERY_DAYS = "summary.every_days"
SCORE_THRESHOLD = "detector.score_threshold"
BURST_COUNT = "burst.count"
BURST_SPACING_S = "burst.spacing_s"
SLEEP_UNTIL = "sleep_until"
WAKE_HINT = "`cameratrap --data CARD config reset sleep_until` wakes it"
CLOCK_WENT_BACK = timedelta(days=2)  # by so much no clock is put right that a command was obeyed by
SEND_NOW = "send_now"  # stands until the days that wait for their summary are told


class CommandFailedError(CameraTrapError):
    """A command that may be obeyed and cannot."""


def carry_out(connection: sqlite3.Connection, order: Order, now: datetime) -> str:
    """Do it, and say what was done. Raises CommandFailedError or CommandRangeError, and has then changed nothing."""
    match order.command:
        case SetInterval(every_days):
            override(connection, EVERY_DAYS, every_days, order.number, now)
        case SetThreshold(score):
            override(connection, SCORE_THRESHOLD, score, order.number, now)
        case SetBurst(count, spacing_s):
            override(connection, BURST_COUNT, count, order.number, now)
            if spacing_s is not None:
                override(connection, BURST_SPACING_S, spacing_s, order.number, now)
        case SleepUntil(day) as sleep:
            sleep.check_from(not_fast(connection, now).date())
            _sleep(connection, order, day, now)
        case RepeatDays(first, last):
            if not ask_again(connection, first, last):
                raise CommandFailedError(f"no day from {first} to {last} was told")
        case ClearFault(fault):
            _clear(connection, fault, now)
        case SendNow():
            override(connection, SEND_NOW, "yes", order.number, now)
            hurry(connection)
    return str(order.command)


def _sleep(connection: sqlite3.Connection, order: Order, day: date, now: datetime) -> None:
    if day > not_fast(connection, now).date():
        override(connection, SLEEP_UNTIL, day, order.number, now)
    else:
        forget_override(connection, SLEEP_UNTIL)


def _clear(connection: sqlite3.Connection, fault: str, now: datetime) -> None:
    """The other faults are of one day and go with it; what stands is a modem, or its account, that was given up."""
    if fault != "modem" or current_fault(connection) is None:
        raise CommandFailedError(f"no fault of the {fault} stands")
    clear_fault(connection, now)
    hurry(connection)


def sleeps(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether the trap was told to take no pictures yet. ``now`` is the station's clock."""
    return asleep(connection, now) is not None


def asleep_until(connection: sqlite3.Connection, now: datetime) -> date | None:
    """The first day on which a trap that sleeps takes pictures again; None where it is awake."""
    return date.fromisoformat(overrides(connection)[SLEEP_UNTIL].value) if sleeps(connection, now) else None


def asleep(connection: sqlite3.Connection, now: datetime) -> str | None:
    """That the trap was told to take no pictures yet, for a person at it; None where it takes some."""
    until = overrides(connection).get(SLEEP_UNTIL)
    if until is None or not_fast(connection, now).date() >= date.fromisoformat(until.value):
        return None
    if now < until.set_at - CLOCK_WENT_BACK:  # a clock that went back, to 1970 for one, would let it sleep for ever
        return None
    return f"the trap sleeps: it takes no pictures before {until.value} ({until.origin})"
