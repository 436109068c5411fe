"""`transmit`: send what is due over the satellite modem, in a process of its own, so that a modem that hangs costs no
trigger. Neither numpy nor a model runtime is imported here, nor what counts, closes and encodes a day; pyserial only
when there is something to send, and what opens a command only when one came in.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plain, plural, table_options
from cameratrap.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from cameratrap.app.transmit_plan import Limits
    from cameratrap.app.transmit_report import Attempt, MailboxCheck, TransmitReport
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


@click.command()
@click.option("--port", metavar="DEVICE", help="The modem's serial port (default: modem.port).")
@click.option("--alerts", "alerts_only", is_flag=True, help="Only alerts, for a timer that runs every few minutes.")
@click.option("--now", "ignore_schedule", is_flag=True, help="Also what is planned for later, or held back by a fault.")
@click.option("--no-wait", is_flag=True, help="Stop at the first failed session instead of waiting for the next.")
@click.option("--dry-run", is_flag=True, help="Show what is due and what it would cost; touch nothing.")
@table_options
@click.pass_obj
def transmit(
    ctx: Context,
    out: Output,
    port: str | None,
    *,
    alerts_only: bool,
    ignore_schedule: bool,
    no_wait: bool,
    dry_run: bool,
) -> int:
    """Send what is due in the outbox of the card at --data CARD: alerts first, then the newest day.

    Use as: cameratrap --data CARD transmit. It may take some twenty minutes: an attempt that fails is repeated after
    minutes, and by later runs after hours; what became of each is kept in the outbox. It ends earlier when the day's
    energy is used up (modem.energy_j_per_day). What the network holds for the trap is fetched and obeyed. Prints the
    messages that were due, as they stand afterwards; joules are what their sessions have taken. Exit status: 0 all
    that was due is sent (or nothing was due), 1 something is not, 4 the modem is missing or silent, or rests since it
    was. With --alerts, 0 also where another `transmit` runs: that one takes new alerts up before its next session.
    """
    if not ctx.data.is_dir():
        raise StoreError(f"there is no folder {ctx.data}", hint="is the card mounted? name its folder with --data CARD")
    if not (ctx.data / "cameratrap.db").is_file():
        raise StoreError(
            f"there is no card's database in {ctx.data}", hint="is the card mounted? `cameratrap watch` makes a new one"
        )
    limits = _limits(ctx, alerts_only=alerts_only, ignore_schedule=ignore_schedule, no_wait=no_wait)
    return _show(ctx, out, limits) if dry_run else _send_alone(ctx, out, port, limits)


def _limits(ctx: Context, *, alerts_only: bool, ignore_schedule: bool, no_wait: bool) -> Limits:
    from cameratrap.app.transmit_plan import Limits
    from cameratrap.wiring import power_figures

    modem = ctx.config.modem
    return Limits(
        attempts=1 if no_wait else modem.attempts,
        deadline_s=modem.deadline_s,
        power=power_figures(ctx.config),
        ignore_schedule=ignore_schedule,
        alerts_only=alerts_only,
        supersede=not ctx.config.summary.send_superseded,
        mailbox_every_days=modem.mailbox_every_days,
        mailbox_credits=0 if modem.type == "9704" else 1,  # to a 9704 messages come by themselves
    )


def _show(ctx: Context, out: Output, limits: Limits) -> int:
    from cameratrap.app.transmit_plan import mailbox_is_due, wanted
    from cameratrap.store.connection import open_for_reading
    from cameratrap.store.keys import key_path
    from cameratrap.store.migrations import CARD_MIGRATIONS
    from cameratrap.store.outbox import Outbox, OutboxState
    from cameratrap.wire.seal import is_sealed

    now = datetime.now(ctx.config.station.zone)
    with open_for_reading(ctx.data / "cameratrap.db", CARD_MIGRATIONS) as connection:
        outbox = Outbox(connection)
        spared = {message.name for message in outbox.worthless()} if limits.supersede else set()
        queued = [message for message in outbox.messages(OutboxState.QUEUED) if message.name not in spared]
        due = [message for message in wanted(outbox, now, limits) if message.name not in spared]
        mailbox = limits.mailbox_credits if mailbox_is_due(outbox, now, limits) else 0
        least, most = _costs(connection, due, limits, mailbox)
        out.table(COLUMNS, _rows(outbox, due))
        waiting = [message for message in queued if message not in due]
        ctx.say(f"{len(due)} due, {_credits(least, most)}; {_waiting(outbox, waiting, limits, now)}")
        _say_what_else(ctx, outbox, limits, now)
    if mailbox:
        unless = ", unless a message gets through first" if due else ""
        ctx.say(f"a credit is for the mailbox{unless}: no session got through for modem.mailbox_every_days")
    if spared:
        ctx.say(f"{len(spared)} would not be sent: newer messages have told all they tell but for their health")
    if unsealed := sum(not is_sealed(message.payload) for message in due):
        has_key = key_path(ctx.config.seal.key_file, ctx.data).exists()
        how = "they were made before the trap had its key" if has_key else "`cameratrap key new` makes a key"
        ctx.say(f"{unsealed} not sealed: anyone could read or forge them ({how})")
    return 0


def _costs(
    connection: sqlite3.Connection, due: Sequence[OutboxMessage], limits: Limits, mailbox: int
) -> tuple[int, int]:
    """The least and the most credits of what is due and of the ``mailbox``, each paid for once at most.

    What gets through makes older messages worthless, found out in a copy in memory, and a look into the mailbox.
    """
    from cameratrap.store.connection import copy_in_memory
    from cameratrap.store.outbox import Outbox

    least, spared = 0, set[tuple[str, int, int]]()
    with copy_in_memory(connection) as copy:
        outbox = Outbox(copy)
        for message in due:
            if message.name not in spared:
                least += message.credits
                copy.execute("UPDATE outbox SET state = 'sent' WHERE id = ?", (message.id,))
                spared |= {each.name for each in outbox.worthless()} if limits.supersede else set()
    return (least if due else mailbox), sum(message.credits for message in due) + mailbox


def _send_alone(ctx: Context, out: Output, port: str | None, limits: Limits) -> int:
    """Send where no other process does."""
    from cameratrap.store.card import InUseError, sole_writer

    try:
        with sole_writer(ctx.data, "transmit"):
            return _send(ctx, out, port, limits)
    except InUseError as error:
        if not limits.alerts_only:
            hint = "it ends by itself within half an hour, and the next run sends what is left"
            raise StoreError(error.what, hint=hint) from error
        ctx.say("another `transmit` is running: it takes new alerts up before its next session")
        out.table(COLUMNS, [])
        return 0


def _send(ctx: Context, out: Output, port: str | None, limits: Limits) -> int:
    from cameratrap.app.transmit import transmit
    from cameratrap.app.transmit_plan import held_back, mailbox_is_due, pays_for_any, wanted
    from cameratrap.app.transmit_report import TransmitReport, resting_error
    from cameratrap.cli.transmit_hooks import ask_for_the_time, check_clock, finish_downlink, hooks
    from cameratrap.drivers.clock import SystemClock
    from cameratrap.store.connection import open_store
    from cameratrap.store.migrations import CARD_MIGRATIONS
    from cameratrap.store.outbox import Outbox, OutboxState
    from cameratrap.store.sessions import number_counts, use_modem
    from cameratrap.wiring import open_link

    clock = SystemClock(ctx.config.station.zone)
    with closing(open_store(ctx.data / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        outbox = Outbox(connection)
        use_modem(connection, f"{ctx.config.modem.type} at {port or ctx.config.modem.port}", clock.now())
        finish_downlink(ctx, connection, clock)
        superseded = outbox.supersede() if limits.supersede else []
        due = wanted(outbox, clock.now(), limits)
        if not due and not mailbox_is_due(outbox, clock.now(), limits):
            ask_for_the_time(ctx, port, clock, connection, limits.power)
            waiting = outbox.messages(OutboxState.QUEUED)
            held = held_back(outbox, clock.now(), limits)
            status = _report(ctx, out, outbox, TransmitReport(waiting=waiting, superseded=superseded), limits)
            if held is not None:
                raise resting_error(*held)
            return status
        if not pays_for_any(outbox, clock, limits, due):
            # Before the modem is opened, which may switch it on.
            report = TransmitReport(unsent=due, superseded=superseded, out_of_energy=True)
            return _report(ctx, out, outbox, report, limits)
        with closing(open_link(ctx.config, port, number_counts=number_counts(connection))) as link:
            report = transmit(outbox, link, clock, limits, hooks(ctx, connection, clock, _teller(ctx)))
            report.superseded = [*superseded, *report.superseded]
            if report.contact:
                check_clock(ctx, link, clock, connection)
        return _report(ctx, out, outbox, report, limits)


def _teller(ctx: Context) -> Callable[[Attempt | MailboxCheck], None]:
    def tell(each: Attempt | MailboxCheck) -> None:
        unsure = ", but it may have arrived" if each.result.uncertain else ""
        ctx.say(plain(f"{each.label}: {each.result.status}{unsure} ({each.result.detail})"))

    return tell


def _report(ctx: Context, out: Output, outbox: Outbox, report: TransmitReport, limits: Limits) -> int:
    from cameratrap.app.transmit_report import UnsentError

    out.table(COLUMNS, _rows(outbox, [*report.sent, *report.unsent]))
    least, most = report.credits
    now = datetime.now(ctx.config.station.zone)
    ctx.say(f"{len(report.sent)} sent, {_credits(least, most)}; {_waiting(outbox, report.waiting, limits, now)}")
    if report.superseded:
        told = "newer messages have told all they tell but for their health"
        ctx.say(f"{len(report.superseded)} superseded and not sent: {told}")
    _say_what_else(ctx, outbox, limits, now)
    if report.device_error is not None:
        raise report.device_error
    if report.unsent:
        raise UnsentError(report.unsent, out_of_energy=report.out_of_energy)
    return 0


def _say_what_else(ctx: Context, outbox: Outbox, limits: Limits, now: datetime) -> None:
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


def _credits(least: int, most: int) -> str:
    return plural(least, "credit") if least == most else f"{least} to {most} credits"


def _waiting(outbox: Outbox, messages: Sequence[OutboxMessage], limits: Limits, now: datetime) -> str:
    """How many wait, and until when the first of them does; no message before the modem's rest is over."""
    fault = outbox.standing_fault()
    rests = fault is not None and fault.holds(now) and not limits.ignore_schedule
    rest = [fault.next_at] if fault is not None and rests else []
    times = [[*rest, *([message.next_attempt_at] if message.next_attempt_at else [])] for message in messages]
    planned = [max(each) for each in times if each]
    until = f", the first until {min(planned).isoformat(timespec='seconds')}" if planned else ""
    return f"{len(messages)} wait{until}"


def _rows(outbox: Outbox, messages: Sequence[OutboxMessage]) -> list[dict[str, object]]:
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
