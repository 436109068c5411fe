"""Doing what a message to the trap says, if it proves who sent it; a bad one changes nothing.

The bytes are stored first. Then one transaction holds the decision, its effect and its report, so that the power may
go anywhere. A number is obeyed once, and only in ascending order: whoever plays back what was sent before, in whatever
order, moves nothing. The very same bytes again are what an uncertain network does, and are no news.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.app.clock_check import not_fast
from cameratrap.app.command_effects import CommandFailedError, carry_out
from cameratrap.domain.commands import COMMAND_NAMES, CommandRangeError, Order
from cameratrap.domain.summaries import CommandOutcome, CommandReport
from cameratrap.errors import DecodeError, SealError
from cameratrap.sbd.network_time import BUILT
from cameratrap.store.commands import KeptCommand, decide, highest_number, keep_received, undecided
from cameratrap.store.connection import transaction
from cameratrap.wire.commands import open_order, prove
from cameratrap.wire.seal import SealKey


@dataclass(frozen=True, slots=True)
class ObeySettings:
    """The trap's key, None where it has none: then nothing proves anything. ``accept`` names what may be asked."""

    key: SealKey | None
    accept: Sequence[str] = COMMAND_NAMES


@dataclass(frozen=True, slots=True)
class Obeyed:
    """What became of a message to the trap; ``detail`` says it to a person, ``is_new`` is False for a copy."""

    report: CommandReport
    detail: str
    is_new: bool = True

    def __str__(self) -> str:
        number = "a message to the trap" if self.report.number is None else f"command {self.report.number}"
        return f"{number}: {self.report.outcome} ({self.detail})" + ("" if self.is_new else ", as said before")


def obey(connection: sqlite3.Connection, payload: bytes, now: datetime, settings: ObeySettings) -> Obeyed:
    """Keep what came, decide, do it. ``now`` is the station's. Never raises for what the bytes are.

    Raises StoreError where the card cannot be written: then it is done by the next ``finish_commands``, if the bytes
    could be stored.
    """
    kept = keep_received(connection, payload, now)
    if kept.outcome is not None:
        return Obeyed(CommandReport(kept.number, kept.outcome), kept.detail, is_new=False)
    return _decide(connection, kept, now, settings)


def finish_commands(connection: sqlite3.Connection, now: datetime, settings: ObeySettings) -> list[Obeyed]:
    """Decide what was stored before the power went. Raises StoreError."""
    return [_decide(connection, kept, now, settings) for kept in undecided(connection)]


class _RefusedError(Exception):
    """The command is not carried out."""

    def __init__(self, outcome: CommandOutcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


def _decide(connection: sqlite3.Connection, kept: KeptCommand, now: datetime, settings: ObeySettings) -> Obeyed:
    key = settings.key
    number, why_not = _proved(kept.payload, key)
    with transaction(connection):
        if key is None or number is None:
            outcome, detail, fingerprint = CommandOutcome.FORGED, why_not, None
        else:
            outcome, detail = _carried_out(connection, kept.payload, number, key, settings.accept, now)
            fingerprint = key.fingerprint
        report = CommandReport(number, outcome)
        decide(connection, kept, report, key=fingerprint, detail=detail)
    return Obeyed(report, detail)


def _carried_out(
    connection: sqlite3.Connection, payload: bytes, number: int, key: SealKey, accept: Sequence[str], now: datetime
) -> tuple[CommandOutcome, str]:
    try:
        order = _admitted(connection, payload, number, key, accept, not_fast(connection, now))
        return CommandOutcome.DONE, carry_out(connection, order, now)
    except _RefusedError as refused:
        return refused.outcome, refused.detail
    except CommandRangeError as error:
        return CommandOutcome.OUT_OF_RANGE, str(error)
    except (CommandFailedError, DecodeError) as error:
        return CommandOutcome.FAILED, str(error)


def _proved(payload: bytes, key: SealKey | None) -> tuple[int | None, str]:
    """The number of a message that the trap's key sealed for the trap; else None and why."""
    if key is None:
        return None, "this trap has no key, so that nothing can prove who sent it"
    try:
        return prove(payload, key), ""
    except SealError as error:
        return None, str(error)


def _admitted(
    connection: sqlite3.Connection, payload: bytes, number: int, key: SealKey, accept: Sequence[str], now: datetime
) -> Order:
    """The order, if it may be carried out. Its number is spent in any case: refused once is refused for good.

    ``now`` is the trap's time, less what its clock is known to be fast: that refuses nothing that comes in time.
    Raises _RefusedError, CommandRangeError, DecodeError.
    """
    highest = highest_number(connection, key.fingerprint)
    if number <= highest:
        raise _RefusedError(CommandOutcome.REPEATED, f"command {highest} was here before it")
    order = open_order(payload, key)
    if order.command.name not in accept:
        raise _RefusedError(CommandOutcome.NOT_ALLOWED, f"commands.accept does not name {order.command.name}")
    # A clock that was never set cannot tell; what came with a session just now is then taken for new.
    if order.expires is not None and now >= BUILT and now.date() > order.expires:
        raise _RefusedError(CommandOutcome.EXPIRED, f"{order.command} was to be obeyed until {order.expires}")
    return order
