"""What `transmit` does beside sending: what came for the trap is obeyed, and the clock is checked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from cameratrap.cli.context import Context
from cameratrap.cli.output import plain
from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import DeviceError
from cameratrap.ports import Clock, SatelliteLink
from cameratrap.store.commands import undecided
from cameratrap.store.sessions import note_power

if TYPE_CHECKING:
    from cameratrap.app.obey import ObeySettings
    from cameratrap.app.transmit import Hooks
    from cameratrap.app.transmit_report import Attempt, MailboxCheck
    from cameratrap.domain.energy import PowerFigures


def hooks(
    ctx: Context, connection: sqlite3.Connection, clock: Clock, tell: Callable[[Attempt | MailboxCheck], None]
) -> Hooks:
    """What a run calls. Only a message to the trap that really came loads what opens it."""
    from cameratrap.app.transmit import Hooks

    def receive(payload: bytes) -> None:
        from cameratrap.app.obey import obey

        ctx.say(plain(str(obey(connection, payload, clock.now(), _obey_settings(ctx)))))

    return Hooks(
        receive=receive,
        tell=tell,
        tell_wait=lambda seconds: ctx.say(f"waiting {seconds:.0f} s before the next attempt"),
    )


def finish_downlink(ctx: Context, connection: sqlite3.Connection, clock: Clock) -> None:
    """Obey what was stored just before the power went."""
    if not undecided(connection):
        return
    from cameratrap.app.obey import finish_commands

    for obeyed in finish_commands(connection, clock.now(), _obey_settings(ctx)):
        ctx.say(plain(str(obeyed)))


def _obey_settings(ctx: Context) -> ObeySettings:
    from cameratrap.app.obey import ObeySettings
    from cameratrap.store.keys import key_of_trap

    key = key_of_trap(ctx.config.seal.key_file, ctx.data)
    return ObeySettings(None if key is None else key.key, ctx.config.commands.accept)


def ask_for_the_time(
    ctx: Context, port: str | None, clock: Clock, connection: sqlite3.Connection, power: PowerFigures | None
) -> None:
    """Ask the network where the clock was never set: no day is closed then, so that nothing would ever be due.

    It costs no credit, and of the day's joules no more than there are. Raises DeviceError where there is no modem.
    """
    from cameratrap.app.clock_check import ClockSettings
    from cameratrap.store.sessions import taken_on
    from cameratrap.wiring import open_link

    if not ctx.config.clock.check or clock.quality() is not ClockQuality.UNSET:
        return
    if power is not None:
        used_j = sum(each.joules for each in taken_on(connection, clock.now().date()))
        if used_j + power.start_j + power.idle_w * ClockSettings().deadline_s > power.day_j:
            ctx.say("the clock was never set, and today's energy does not pay for asking the network")
            return
        note_power(connection, clock.now(), power.start_j, "starting")
    with closing(open_link(ctx.config, port)) as link:
        check_clock(ctx, link, clock, connection)


def check_clock(ctx: Context, link: SatelliteLink, clock: Clock, connection: sqlite3.Connection) -> None:
    """Compare the clock where that is configured. What was sent is sent: no failure here is the run's."""
    if not ctx.config.clock.check:
        return
    from cameratrap.app.clock_check import ClockNotSetError, ClockSettings, check, describe
    from cameratrap.drivers.clock import boot_id, set_system_clock

    settings = ClockSettings(set_clock=set_system_clock if ctx.config.clock.correct else None, boot_id=boot_id())
    note_power(connection, clock.now(), ctx.config.modem.idle_w * settings.deadline_s, "asking for the time")
    try:
        reading = check(link, clock, connection, settings)
    except DeviceError as error:
        ctx.say(plain(str(error) if isinstance(error, ClockNotSetError) else f"the clock was not checked: {error}"))
        if error.hint:
            ctx.say(f"hint: {error.hint}")
        return
    ctx.say("the network told no time" if reading is None else describe(reading))
