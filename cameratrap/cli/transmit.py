"""`transmit`: send what is due over the satellite modem, in a process of its own, so that a modem that hangs costs no
trigger. Neither numpy nor a model runtime is imported here, nor what counts, closes and encodes a day; pyserial only
when there is something to send.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plural, table_options
from cameratrap.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cameratrap.app.transmit import Attempt, TransmitReport
    from cameratrap.store.outbox import OutboxMessage

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
    "next_attempt_at",
    "mo_status",
    "momsn",
    "detail",
    "payload",
)


@click.command()
@click.option("--port", metavar="DEVICE", help="The modem's serial port (default: modem.port).")
@click.option("--now", "ignore_schedule", is_flag=True, help="Also what is planned for a later attempt.")
@click.option("--no-wait", is_flag=True, help="Stop at the first failed session instead of waiting for the next.")
@click.option("--dry-run", is_flag=True, help="Show what is due and what it would cost; touch nothing.")
@table_options
@click.pass_obj
def transmit(
    ctx: Context, out: Output, port: str | None, *, ignore_schedule: bool, no_wait: bool, dry_run: bool
) -> int:
    """Send what is due in the outbox of the card at --data CARD, newest day first.

    Use as: cameratrap --data CARD transmit. It may take some twenty minutes: an attempt that fails is repeated after
    minutes, and by later runs after hours; what became of each is kept in the outbox. Prints the messages that were
    due, as they stand afterwards. Exit status: 0 all that was due is sent (or nothing was due), 1 something is not,
    4 the modem is missing or silent.
    """
    if not ctx.data.is_dir():
        raise StoreError(f"there is no folder {ctx.data}", hint="is the card mounted? name its folder with --data CARD")
    if not (ctx.data / "cameratrap.db").is_file():
        ctx.say(f"nothing is due: there is no card's database in {ctx.data}")
        out.table(COLUMNS, [])
        return 0
    if dry_run:
        return _show(ctx, out, ignore_schedule=ignore_schedule)
    return _send(ctx, out, port, attempts=1 if no_wait else ctx.config.modem.attempts, ignore_schedule=ignore_schedule)


def _show(ctx: Context, out: Output, *, ignore_schedule: bool) -> int:
    from cameratrap.store.connection import open_for_reading
    from cameratrap.store.migrations import CARD_MIGRATIONS
    from cameratrap.store.outbox import Outbox, OutboxState

    with open_for_reading(ctx.data / "cameratrap.db", CARD_MIGRATIONS) as connection:
        outbox = Outbox(connection)
        queued = outbox.messages(OutboxState.QUEUED)
        due = queued if ignore_schedule else outbox.due(datetime.now(UTC))
    out.table(COLUMNS, [_row(message) for message in due])
    waiting = [message for message in queued if message not in due]
    ctx.say(f"{len(due)} due, {plural(sum(message.credits for message in due), 'credit')}; {_waiting(waiting)}")
    return 0


def _send(ctx: Context, out: Output, port: str | None, *, attempts: int, ignore_schedule: bool) -> int:
    from cameratrap.app.transmit import TransmitReport
    from cameratrap.app.transmit import transmit as run
    from cameratrap.drivers.clock import SystemClock
    from cameratrap.store.card import sole_writer
    from cameratrap.store.connection import open_store
    from cameratrap.store.migrations import CARD_MIGRATIONS
    from cameratrap.store.outbox import Outbox, OutboxState
    from cameratrap.wiring import open_link

    clock = SystemClock(ctx.config.station.zone)
    with (
        closing(open_store(ctx.data / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection,
        sole_writer(ctx.data, "transmit"),
    ):
        outbox = Outbox(connection)
        waiting = outbox.messages(OutboxState.QUEUED)
        if not (waiting if ignore_schedule else outbox.due(clock.now())):
            return _report(ctx, out, TransmitReport(waiting=waiting))
        with closing(open_link(ctx.config, port)) as link:
            report = run(
                outbox,
                link,
                clock,
                attempts=attempts,
                deadline_s=ctx.config.modem.deadline_s,
                ignore_schedule=ignore_schedule,
                tell=lambda attempt: _tell(ctx, attempt),
                tell_wait=lambda seconds: ctx.say(f"waiting {seconds:.0f} s before the next attempt"),
            )
    return _report(ctx, out, report)


def _tell(ctx: Context, attempt: Attempt) -> None:
    message, result = attempt.message, attempt.result
    unsure = ", but it may have arrived" if result.uncertain else ""
    ctx.say(f"{message.label}: {result.status}{unsure} ({result.detail})")


def _report(ctx: Context, out: Output, report: TransmitReport) -> int:
    from cameratrap.app.transmit import UnsentError

    out.table(COLUMNS, [_row(message) for message in [*report.sent, *report.unsent]])
    least, most = report.credits
    ctx.say(f"{len(report.sent)} sent, {_credits(least, most)}; {_waiting(report.waiting)}")
    if report.device_error is not None:
        raise report.device_error
    if report.unsent:
        raise UnsentError(report.unsent)
    return 0


def _credits(least: int, most: int) -> str:
    return plural(least, "credit") if least == most else f"{least} to {most} credits"


def _waiting(messages: Sequence[OutboxMessage]) -> str:
    planned = [message.next_attempt_at for message in messages if message.next_attempt_at is not None]
    until = f", the first until {min(planned).isoformat(timespec='seconds')}" if planned else ""
    return f"{len(messages)} wait{until}"


def _row(message: OutboxMessage) -> dict[str, object]:
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
        "next_attempt_at": None if planned is None else planned.isoformat(timespec="seconds"),
        "mo_status": message.last_mo_status,
        "momsn": message.momsn,
        "detail": message.detail,
        "payload": message.payload.hex(),
    }
