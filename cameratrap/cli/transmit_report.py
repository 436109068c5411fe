"""What `transmit` says: its table of messages, what they cost, and what keeps others waiting."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cameratrap.cli.output import plain, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cameratrap.app.transmit_plan import Limits
    from cameratrap.app.transmit_report import TransmitReport
    from cameratrap.cli.context import Context
    from cameratrap.cli.output import Output
    from cameratrap.store.outbox import Outbox, OutboxMessage

COLUMNS = (
    "kind",
    "day",
    "sequence",
    "part",
    "bytes",
    "credits",
    "state",
    "attempts",
    "uncertain_attempts",
    "joules",
    "next_attempt_at",
    "mo_status",
    "momsn",
    "fault",
    "detail",
    "payload",
)


def say_report(ctx: Context, out: Output, outbox: Outbox, report: TransmitReport, limits: Limits) -> int:
    """Print what became of what was due; returns 0 where all is sent. Raises the report's DeviceError, UnsentError."""
    from cameratrap.app.transmit_report import UnsentError

    out.table(COLUMNS, rows(outbox, [*report.sent, *report.unsent]))
    least, most = report.credits
    now = datetime.now(ctx.config.station.zone)
    waiting = waiting_in_words(outbox, report.waiting, limits, now)
    ctx.say(f"{len(report.sent)} sent, {credits_in_words(least, most)}; {waiting}")
    if report.superseded:
        told = "newer messages have told all they tell but for their health"
        ctx.say(f"{len(report.superseded)} superseded and not sent: {told}")
    say_what_else(ctx, outbox, limits, now)
    if report.device_error is not None:
        raise report.device_error
    if report.unsent:
        raise UnsentError(report.unsent, out_of_energy=report.out_of_energy)
    return 0


def say_what_else(ctx: Context, outbox: Outbox, limits: Limits, now: datetime) -> None:
    """What the day's energy is, and what keeps the modem from being tried."""
    from cameratrap.store.sessions import taken_on

    if limits.power is not None:
        used = sum(each.joules for each in taken_on(outbox.connection, now.date()))
        session = limits.power.session_w * limits.deadline_s
        ctx.say(f"{used:.0f} of {limits.power.day_j:.0f} J used today; a session takes up to {session:.0f} J")
    fault = outbox.standing_fault()
    if fault is not None:
        rest = f"no session before {fault.next_at.isoformat(timespec='seconds')} without --now"
        ctx.say(plain(f"the modem's {fault.fault} fault stands since {fault.since:%Y-%m-%d} ({fault.detail}); {rest}"))


def credits_in_words(least: int, most: int) -> str:
    """What it costs, where what gets through decides how much."""
    return plural(least, "credit") if least == most else f"{least} to {most} credits"


def waiting_in_words(outbox: Outbox, messages: Sequence[OutboxMessage], limits: Limits, now: datetime) -> str:
    """How many wait, and until when the first of them does; no message before the modem's rest is over."""
    fault = outbox.standing_fault()
    rests = fault is not None and fault.holds(now) and not limits.ignore_schedule
    rest = [fault.next_at] if fault is not None and rests else []
    times = [[*rest, *([message.next_attempt_at] if message.next_attempt_at else [])] for message in messages]
    planned = [max(each) for each in times if each]
    until = f", the first until {min(planned).isoformat(timespec='seconds')}" if planned else ""
    return f"{len(messages)} wait{until}"


def rows(outbox: Outbox, messages: Sequence[OutboxMessage]) -> list[dict[str, object]]:
    """The messages by COLUMNS, with the joules that their sessions have taken."""
    from cameratrap.store.sessions import joules_by_message

    joules = joules_by_message(outbox.connection)
    return [_row(message, joules.get(message.name, 0.0)) for message in messages]


def _row(message: OutboxMessage, joules: float) -> dict[str, object]:
    planned = message.next_attempt_at
    return {
        "kind": message.kind,
        "day": None if message.day is None else message.day.isoformat(),
        "sequence": message.sequence,
        "part": message.part,
        "bytes": len(message.payload),
        "credits": message.credits,
        "state": message.state.value,
        "attempts": message.attempts,
        "uncertain_attempts": message.uncertain_attempts,
        "joules": round(joules, 1),
        "next_attempt_at": None if planned is None else planned.isoformat(timespec="seconds"),
        "mo_status": message.last_mo_status,
        "momsn": message.momsn,
        "fault": message.fault,
        "detail": message.detail,
        "payload": message.payload.hex(),
    }
