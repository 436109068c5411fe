"""`command`: tell a trap something, proved by its key, for one credit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import update_wrapper
from typing import Any

import click

from cameratrap.cli.command_sending import COLUMNS, Sending, log_rows, send_command
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.params import Number, day, day_or_never
from cameratrap.domain.commands import (
    MAX_BURST,
    MAX_DAYS,
    MAX_SPACING_S,
    ClearFault,
    Command,
    RepeatDays,
    SendNow,
    SetBurst,
    SetInterval,
    SetThreshold,
    SleepUntil,
)
from cameratrap.errors import UsageError

LIFETIME = timedelta(days=14)  # a gateway holds a message for five days; without an end it could be played back later
_STATION = "cameratrap.station"


@click.group()
@click.argument("station")
@click.pass_context
def command(click_context: click.Context, station: str) -> None:
    """Tell the trap at STATION something, over the satellite.

    Each command is sealed with the station's key, numbered and logged in the receiver's folder (--data DIR). The trap
    obeys it the next time it sends, once, and says so in its next summaries; `list` shows what it said.
    """
    click_context.meta[_STATION] = station


def _telling(make: Callable[..., Command]) -> Callable[..., int]:
    """A subcommand that makes one command, with the options that all of them take."""

    @click.option(
        "--expires",
        type=day_or_never,
        metavar="DATE",
        default=_in_two_weeks,
        help="Last day to obey it, or never (default: in two weeks).",
    )
    @click.option("--dry-run", is_flag=True, help="Say what would be sent and what it costs; number and send nothing.")
    @click.option("--hex", "as_hex", is_flag=True, help="Print nothing but the message in hex.")
    @click.option("--send", is_flag=True, help="Hand it to RockBLOCK's web service.")
    @click.option("--imei", metavar="IMEI", help="The modem to send to (default: the station's in ground.stations).")
    @table_options
    @click.pass_context
    def telling(
        click_context: click.Context,
        /,
        out: Output,
        *,
        expires: date | None,
        dry_run: bool,
        as_hex: bool,
        send: bool,
        imei: str | None,
        **values: Any,
    ) -> int:
        sending = Sending(
            station=click_context.meta[_STATION],
            command=make(**values),
            expires=_not_over(expires),
            dry_run=dry_run,
            as_hex=as_hex,
            send=send,
            imei=imei,
        )
        return send_command(click_context.obj, out, sending)

    update_wrapper(telling, make)  # its name and what it says of itself
    return telling


def _in_two_weeks() -> str:
    return (datetime.now(UTC).date() + LIFETIME).isoformat()


def _not_over(expires: date | None) -> date | None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)  # it may still be yesterday at the station
    if expires is not None and expires < yesterday:
        raise UsageError(f"{expires} is over: the trap would refuse it", hint="give a later day to --expires")
    return expires


@command.command("send-now")
@_telling
def send_now() -> Command:
    """Tell the days that wait for their summary, and send all that waits for a later attempt."""
    return SendNow()


@command.command()
@click.argument("days", type=click.IntRange(1, MAX_DAYS))
@_telling
def interval(days: int) -> Command:
    """Send one summary every DAYS days, 1 to 31."""
    return SetInterval(days)


@command.command()
@click.argument("score", type=Number(0, 1))
@_telling
def threshold(score: float) -> Command:
    """Count only what scores at least SCORE, 0 to 1 in thousandths."""
    return SetThreshold(score)


@command.command()
@click.argument("pictures", type=click.IntRange(1, MAX_BURST))
@click.argument("spacing_s", type=Number(0, MAX_SPACING_S), required=False)
@_telling
def burst(pictures: int, spacing_s: float | None) -> Command:
    """Take PICTURES a trigger, 1 to 20, SPACING_S seconds apart.

    SPACING_S is 0 to 60, in hundredths; without it the spacing stays as it is.
    """
    return SetBurst(pictures, spacing_s)


@command.command("sleep-until")
@click.argument("wakes", type=day, metavar="DAY")
@_telling
def sleep_until(wakes: date) -> Command:
    """Take no pictures before DAY, such as 2026-12-24; a day that is over wakes the trap.

    A trap that sleeps has nothing to send: it hears of another command only if its modem.mailbox_every_days is set.
    """
    sleep = SleepUntil(wakes)
    sleep.check_from(datetime.now(UTC).date())
    return sleep


@command.command()
@click.argument("first", type=day)
@click.argument("last", type=day)
@_telling
def repeat(first: date, last: date) -> Command:
    """Tell the days from FIRST to LAST once more, at most 31."""
    return RepeatDays(first, last)


@command.command("clear-fault")
@click.argument("fault", type=click.Choice(["modem"]), metavar="FAULT")
@_telling
def clear_fault(fault: str) -> Command:
    """Try again what was given up because of FAULT: modem, which is the modem's or its account's.

    Other faults are of one day and go with it.
    """
    return ClearFault(fault)


@command.command("list")
@table_options
@click.pass_context
def list_commands(click_context: click.Context, out: Output) -> None:
    """The station's commands, each with what became of it."""
    ctx: Context = click_context.obj
    out.table(COLUMNS, log_rows(ctx, click_context.meta[_STATION]))
