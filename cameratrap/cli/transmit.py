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
from cameratrap.cli.output import Output, plain, table_options
from cameratrap.cli.transmit_report import COLUMNS, credits_in_words, rows, say_report, say_what_else, waiting_in_words
from cameratrap.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from cameratrap.app.transmit_plan import Limits
    from cameratrap.app.transmit_report import Attempt, MailboxCheck
    from cameratrap.store.outbox import OutboxMessage


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
    from cameratrap.store.keys import key_path
    from cameratrap.store.migrations import CARD_MIGRATIONS
    from cameratrap.store.outbox import Outbox, OutboxState
    from cameratrap.store.reading import open_for_reading
    from cameratrap.wire.seal import is_sealed

    now = datetime.now(ctx.config.station.zone)
    with open_for_reading(ctx.data / "cameratrap.db", CARD_MIGRATIONS) as connection:
        outbox = Outbox(connection)
        spared = {message.name for message in outbox.worthless()} if limits.supersede else set()
        queued = [message for message in outbox.messages(OutboxState.QUEUED) if message.name not in spared]
        due = [message for message in wanted(outbox, now, limits) if message.name not in spared]
        mailbox = limits.mailbox_credits if mailbox_is_due(outbox, now, limits) else 0
        least, most = _costs(connection, due, limits, mailbox)
        out.table(COLUMNS, rows(outbox, due))
        waiting = [message for message in queued if message not in due]
        ctx.say(f"{len(due)} due, {credits_in_words(least, most)}; {waiting_in_words(outbox, waiting, limits, now)}")
        say_what_else(ctx, outbox, limits, now)
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
    from cameratrap.store.outbox import Outbox
    from cameratrap.store.trials import copy_in_memory

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
            status = say_report(ctx, out, outbox, TransmitReport(waiting=waiting, superseded=superseded), limits)
            if held is not None:
                raise resting_error(*held)
            return status
        if not pays_for_any(outbox, clock, limits, due):
            # Before the modem is opened, which may switch it on.
            report = TransmitReport(unsent=due, superseded=superseded, out_of_energy=True)
            return say_report(ctx, out, outbox, report, limits)
        with closing(open_link(ctx.config, port, number_counts=number_counts(connection))) as link:
            report = transmit(outbox, link, clock, limits, hooks(ctx, connection, clock, _teller(ctx)))
            report.superseded = [*superseded, *report.superseded]
            if report.contact:
                check_clock(ctx, link, clock, connection)
        return say_report(ctx, out, outbox, report, limits)


def _teller(ctx: Context) -> Callable[[Attempt | MailboxCheck], None]:
    def tell(each: Attempt | MailboxCheck) -> None:
        unsure = ", but it may have arrived" if each.result.uncertain else ""
        ctx.say(plain(f"{each.label}: {each.result.status}{unsure} ({each.result.detail})"))

    return tell
