"""What `transmit` does beside sending: what came for the trap is obeyed, and the clock is checked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from cameratrap.cli.context import Context
from cameratrap.cli.output import plain
from cameratrap.errors import DeviceError
from cameratrap.ports import Clock, SatelliteLink
from cameratrap.store.commands import undecided
from cameratrap.store.sessions import note_power

if TYPE_CHECKING:
    from cameratrap.app.obey import ObeySettings
    from cameratrap.app.transmit import Hooks
    from cameratrap.app.transmit_report import Attempt, MailboxCheck


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


def check_clock(ctx: Context, link: SatelliteLink, clock: Clock, connection: sqlite3.Connection) -> None:
    """Compare the clock where that is configured. What was sent is sent: no failure here is the run's."""
    if not ctx.config.clock.check:
        return
    from cameratrap.app.clock_check import ClockNotSetError, ClockSettings, check, describe
    from cameratrap.drivers.clock import set_system_clock

    settings = ClockSettings(set_clock=set_system_clock if ctx.config.clock.correct else None)
    note_power(connection, clock.now(), ctx.config.modem.idle_w * settings.deadline_s, "asking for the time")
    try:
        reading = check(link, clock, connection, settings)
    except DeviceError as error:
        ctx.say(plain(str(error) if isinstance(error, ClockNotSetError) else f"the clock was not checked: {error}"))
        if error.hint:
            ctx.say(f"hint: {error.hint}")
        return
    ctx.say("the network told no time" if reading is None else describe(reading))
