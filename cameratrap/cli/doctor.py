"""`doctor`: everything looked over once, from the configuration to a message that is sent and read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.config import check_settings
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.errors import ConfigError, UsageError
from cameratrap.store.card import RECORD

if TYPE_CHECKING:
    from cameratrap.app.doctor import Check, CheckedThing, Finding
    from cameratrap.ports import SatelliteLink
    from cameratrap.store.clock_readings import ClockReading
    from cameratrap.store.deployment import Deployment

COLUMNS = ("check", "state", "what", "hint")


@click.command(short_help="Look over the trap, or the receiver, once.")
@click.option("--port", metavar="DEVICE", help="The modem's serial port (default: modem.port).")
@click.option("--no-modem", is_flag=True, help="Leave the modem alone.")
@click.option("--send", is_flag=True, help="Send the test message through the modem; it costs a credit.")
@click.option("--verify", is_flag=True, help="Instead compare every picture of the card with its hash in the index.")
@table_options
@click.pass_obj
def doctor(ctx: Context, out: Output, port: str | None, *, no_modem: bool, send: bool, verify: bool) -> int:
    """Look over the trap, or the receiver, once: nothing is changed, and nothing is sent without --send.

    The modem is looked for on a trap, and where --port or the configuration names one. The test message tells of
    nothing counted and is in the receiver's inbox, but never a day of its table; with it the clock's comparison is kept
    on the card. Use with --data DIR.

    On a trap (one is configured, or this is a Raspberry Pi with a card at --data) a picture is taken, looked at and
    thrown away, the lamp is lit, and PIR, battery, the alarm that wakes it, clock, service and card are looked at. What
    a running `watch` uses is left to it.

    \b
    Exit status: 0 all is well, 1 a check found something, 4 a device is missing
    or does not answer.
    """
    from cameratrap.app.doctor import exit_status

    if verify:
        if send or no_modem or port:
            raise click.UsageError("--verify goes without --port, --no-modem and --send")
        from cameratrap.cli.doctor_verify import verify_pictures

        return verify_pictures(ctx, out)
    if send and no_modem:
        raise click.UsageError("--send and --no-modem exclude each other")
    if send and not (ctx.data / RECORD).is_file():
        raise UsageError(
            f"the test message is not sent: {ctx.data} is no card",
            why="a command that comes back must be kept, and the seal's counter too",
            hint="name the card's folder with --data CARD",
        )
    with ExitStack() as stack:
        checked = list(_examine(_Patient(ctx, stack, port, leave_modem=no_modem, send=send)))
    out.table(COLUMNS, [_row(each) for each in checked])
    told = [each.finding.state.value for each in checked]
    ctx.say(", ".join(f"{told.count(state)} {state}" for state in dict.fromkeys(told)))
    return exit_status(checked)


def _row(checked: CheckedThing) -> dict[str, object]:
    finding = checked.finding
    return {
        "check": checked.check,
        "state": finding.state.value,
        "what": " ".join(finding.what.split()),  # an error may have lines
        "hint": finding.hint or None,
    }


def _examine(patient: _Patient) -> Iterator[CheckedThing]:
    """Without a configuration that can be read nothing else can be judged."""
    from cameratrap.app.doctor import CheckedThing, Finding, State, examine

    yield from examine({"configuration": patient.configuration})
    if not patient.is_configured:
        skipped = Finding(State.SKIP, "not looked at: the configuration cannot be read")
        yield from (CheckedThing(name, skipped) for name in patient.checks())
    else:
        yield from examine(patient.checks())


class _Patient:
    """What the checks look at. The modem is opened once, by the check of it, and closed by ``stack``."""

    def __init__(self, ctx: Context, stack: ExitStack, port: str | None, *, leave_modem: bool, send: bool) -> None:
        self._ctx = ctx
        self._stack = stack
        self._port = port
        self._leave_modem = leave_modem
        self._send = send
        self._link: SatelliteLink | None = None

    def checks(self) -> dict[str, Check]:
        """Every check after the configuration's, in the order in which they build on each other."""
        from cameratrap.cli.doctor_field import FieldChecks

        return {
            "disk": self._disk,
            "card": self._card,
            "inbox": self._inbox,
            "taxa": self._taxa,
            "model": self._model,
            **FieldChecks(self._ctx).checks(),
            "key": self._key,
            "outbox": self._outbox,
            "commands": self._commands,
            "modem": self._modem,
            "clock": self._clock,
            "message": self._message,
        }

    @property
    def is_configured(self) -> bool:
        try:
            return bool(self._ctx.resolved)
        except ConfigError:
            return False

    def configuration(self) -> Finding:
        from cameratrap.app.doctor import Finding, State

        used = sorted(set(self._ctx.resolved.origins.values()) - {"default"})
        check_settings(self._ctx)
        return Finding(State.OK, f"from {', '.join(used)}" if used else "every key at its default")

    @property
    def _folder(self) -> Path | None:
        return self._ctx.data if self._ctx.data_flag or self._ctx.config.data else None

    def _disk(self) -> Finding:
        from cameratrap.app.doctor_folder import check_disk
        from cameratrap.wiring import room_rules

        return check_disk(self._folder, room_rules(self._ctx.config))

    def _card(self) -> Finding:
        from cameratrap.app.doctor_folder import check_card

        return check_card(self._folder)

    def _inbox(self) -> Finding:
        from cameratrap.app.doctor_folder import check_inbox

        return check_inbox(self._folder)

    def _taxa(self) -> Finding:
        from cameratrap.app.doctor import Finding, State

        return Finding(State.OK, f"{len(self._ctx.taxa())} taxa, from {self._ctx.config.taxa or 'the built-in table'}")

    def _model(self) -> Finding:
        from cameratrap.app.doctor_link import check_detector
        from cameratrap.wiring import open_detector

        with closing(open_detector(self._ctx.config, self._ctx.taxa())) as detector:
            return check_detector(detector)

    def _key(self) -> Finding:
        from cameratrap.app.doctor_folder import check_key

        return check_key(self._folder, self._ctx.config.seal.key_file)

    def _outbox(self) -> Finding:
        from cameratrap.app.doctor_folder import check_outbox

        return check_outbox(self._folder, self._now(), day_j=self._ctx.config.modem.energy_j_per_day)

    def _commands(self) -> Finding:
        from cameratrap.app.doctor_folder import check_commands

        return check_commands(self._folder, self._now())

    def _modem(self) -> Finding:
        from cameratrap.app.doctor import Finding, State
        from cameratrap.app.doctor_link import check_modem
        from cameratrap.wiring import open_link

        if self._leave_modem:
            return Finding(State.SKIP, "left alone, as asked")
        if not self._port and not self._send and not self._has_modem():
            return Finding(State.SKIP, "no modem is configured", "name its serial port with --port, or set modem.port")
        link = self._stack.enter_context(closing(open_link(self._ctx.config, self._port)))
        finding = check_modem(link)
        self._link = link
        return finding

    def _has_modem(self) -> bool:
        """A trap's `transmit` asks it at the default port, too."""
        from cameratrap.cli.doctor_field import is_trap

        return self._ctx.resolved.origins["modem.port"] != "default" or is_trap(self._ctx)

    def _clock(self) -> Finding:
        from cameratrap.app.doctor_link import check_clock
        from cameratrap.drivers.clock import SystemClock, boot_id
        from cameratrap.store.card import make_card
        from cameratrap.store.clock_readings import add_reading
        from cameratrap.wiring import clock_basis

        basis = clock_basis(self._folder)
        clock = SystemClock(self._ctx.config.station.zone)
        now, monotonic_s = clock.now(), clock.monotonic_s()

        def keep(reading: ClockReading) -> None:
            if not self._send:
                return
            with make_card(self._ctx.data, self._deployment()) as card:
                add_reading(card.connection, replace(reading, boot_id=boot_id(), monotonic_s=monotonic_s))

        return check_clock(now, self._link, corrects=self._ctx.config.clock.correct, basis=basis, keep=keep)

    def _message(self) -> Finding:
        from cameratrap.app.doctor import Finding, State
        from cameratrap.app.doctor_link import check_message

        if self._send and self._link is None:
            return Finding(State.FAIL, "the test message was not sent: there is no modem to send it", is_device=True)
        if self._send and self._link is not None:
            return self._send_message(self._link)
        return check_message(self._ctx.taxa(), self._now())

    def _send_message(self, link: SatelliteLink) -> Finding:
        """As the trap sends it: with its seal, and what comes back for the trap is kept for `transmit` to obey."""
        from cameratrap.app.doctor_link import Books, Sending, check_message
        from cameratrap.drivers.clock import SystemClock
        from cameratrap.store.card import make_card
        from cameratrap.store.commands import keep_received
        from cameratrap.wiring import open_seal, power_figures

        with make_card(self._ctx.data, self._deployment()) as card:
            sealer, opener = open_seal(self._ctx.config, card)
            sending = Sending(
                link,
                self._ctx.config.modem.deadline_s,
                lambda payload: keep_received(card.connection, payload, self._now()),
                sealer,
                opener,
                Books(card.connection, SystemClock(self._ctx.config.station.zone), power_figures(self._ctx.config)),
            )
            return check_message(self._ctx.taxa(), self._now(), sending)

    def _deployment(self) -> Deployment:
        from cameratrap.store.card import open_card

        with open_card(self._ctx.data) as card:
            return card.deployment

    def _now(self) -> datetime:
        from cameratrap.drivers.clock import SystemClock

        return SystemClock(self._ctx.config.station.zone).now()
