"""What a power-on does once its pictures are being taken, and how it hands the power back whatever happens."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

import click
import msgspec

from cameratrap.app.energy_count import EnergyCount
from cameratrap.app.field import Field
from cameratrap.app.hand_back import hand_back
from cameratrap.app.late_detector import LateDetector
from cameratrap.app.ledger import Ledger
from cameratrap.app.power_on import PowerOnTriggers
from cameratrap.app.wake_plan import AFTER_FAILURE, NextWake, armed_since, next_alarm, write_plan
from cameratrap.app.watch import Watch
from cameratrap.cli.context import Context
from cameratrap.cli.output import plural
from cameratrap.cli.wake import PowerOn
from cameratrap.cli.watch_report import say_swept, teller
from cameratrap.config import Config
from cameratrap.config.trigger import TriggerMode
from cameratrap.domain.capture import Incident
from cameratrap.domain.events import TriggerCause, station_day
from cameratrap.domain.lamp_health import LampHealth
from cameratrap.domain.summaries import ClockQuality
from cameratrap.drivers.board import board_serial
from cameratrap.errors import CameraTrapError, DeviceError
from cameratrap.ports import TriggerSource
from cameratrap.store.bursts import never_looked_at
from cameratrap.store.card import Card, Deployment, make_card, make_card_folder, sole_writer
from cameratrap.store.outbox import Outbox, OutboxState
from cameratrap.store.summaries import is_closed
from cameratrap.store.timings import lit_brightness
from cameratrap.store.wakes import WakeCause, Woken, add_wake, last_wake
from cameratrap.wiring import (
    activity_watts,
    alert_rules,
    burst_profile,
    card_keeper,
    closing_rules,
    look_settings,
    open_detector,
    open_power_controller,
    open_power_watch,
    open_throttle,
    open_triggers,
)

_UNFORESEEN = (CameraTrapError, OSError, sqlite3.Error, MemoryError)


def finish(ctx: Context, started: PowerOn, *, stay: bool) -> int:
    """Do the rest and hand the power back; returns the exit status. Raises DeviceError where that cannot be done."""
    work = _Work(ctx, started, stay=stay)
    try:
        work.do()
    finally:
        if stay:
            ctx.say("the power stays on (--stay)")
        else:
            work.hand_back()
    return 3 if work.failures else 0


class _Work:
    """One power-on. ``failures`` are told, counted on the card, and never keep the power on."""

    def __init__(self, ctx: Context, started: PowerOn, *, stay: bool) -> None:
        self._ctx = ctx
        self._stay = stay
        self._started = started
        self._clock = started.clock
        self._config: Config = ctx.config
        self._profile = started.profile
        self.failures: list[str] = []
        self._alarm_at = self._clock.now() + AFTER_FAILURE

    def do(self) -> None:
        """Photograph, count, close, send; then plan the next power-on."""
        try:
            with closing(self._started.camera):
                self._config = self._ctx.on_card.config
                make_card_folder(self._ctx.data)
                with sole_writer(self._ctx.data, "watch"), make_card(self._ctx.data, self._deployment()) as card:
                    self._try(lambda: self._watch(card))
                    self._try(lambda: self._transmit(card))
                    self._plan(card)
        except _UNFORESEEN as error:
            self._failed(error)

    def hand_back(self) -> None:
        """Set the alarm and let the power be cut. Raises DeviceError where it cannot be, or nothing could cut it."""
        controller = open_power_controller(self._ctx.config)
        if controller is None:
            raise DeviceError(
                "nothing switches the trap off",
                device="power controller",
                why='power.controller is "none"',
                hint="set it to what cuts the power; --stay leaves it on",
            )
        with closing(controller):
            alarm_at, error = hand_back(controller, self._alarm_at)
        if error is not None:
            self._failed(error)
        when = "no alarm" if alarm_at is None else f"the alarm at {alarm_at:%Y-%m-%d %H:%M:%S}"
        self._ctx.say(f"switching off, with {when}")

    def _try(self, do: Callable[[], None]) -> None:
        """One thing that fails must not cost the others."""
        try:
            do()
        except _UNFORESEEN as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        self.failures.append(str(error) or type(error).__name__)
        click.echo(f"failed: {self.failures[-1]}", err=True)

    def _watch(self, card: Card) -> None:
        ctx, config, started, clock = self._ctx, self._config, self._started, self._clock
        settings, rules = look_settings(config, ctx.taxa()), closing_rules(config, ctx.taxa(), card)
        energy = EnergyCount(clock, activity_watts(config), is_after_boot=True)
        ledger = Ledger(clock, started.boot_id, energy=energy, armed_since=self._armed_since(card))
        field = Field(
            profile=burst_profile(config),
            looks=self._looks(card),
            admission=open_throttle(config),
            open_battery=lambda card: open_power_watch(config, card, clock, started.boot_id),
        )
        with closing(self._triggers(ledger)) as triggers:
            watch = Watch(
                card,
                started.camera,
                LateDetector(lambda: open_detector(config, ctx.taxa())),
                clock,
                boot_id=started.boot_id,
                serial=board_serial(),
                settings=settings,
                field=field,
                ledger=ledger,
                keeper=card_keeper(config, card, clock),
            )
            report = watch.run(triggers, rules, alerts=alert_rules(config, ctx.taxa(), rules.sealer), tell=teller(ctx))
            self._judge_lamp(card, ledger)
        self._profile = watch.spared_profile
        if report.failures:
            self.failures.append(plural(report.failures, "part of the work failed", "parts of the work failed"))
        say_swept(ctx, card, settings)

    def _judge_lamp(self, card: Card, ledger: Ledger) -> None:
        """One burst tells nothing of the lamp, and this process has seen no more: the card has."""
        section = self._config.lamp
        health = LampHealth(section.dead_below, section.dead_bursts)
        for brightness in lit_brightness(card.connection, section.dead_bursts):
            health = health.after(brightness)
        if health.dead:
            what = f"{section.dead_bursts} lit bursts in a row are dark"
            ledger.incidents([Incident("lamp", what, self._clock.monotonic_s(), recovered=False)])
            ledger.flush(card.connection)

    def _triggers(self, ledger: Ledger) -> PowerOnTriggers:
        """What switched it on, and what its PIR sees while it is up: without a pin for that, nothing more."""
        started, config = self._started, self._config
        settled = msgspec.structs.replace(config.trigger, settle_s=0, mode=TriggerMode.PIR, timelapse_minutes=0)
        live: TriggerSource | None = None
        try:
            live = open_triggers(
                msgspec.structs.replace(config, trigger=settled), self._clock, started.boot_id, started.camera
            )
        except DeviceError as error:
            self._failed(error)
            ledger.incidents([Incident("pir", error.what, self._clock.monotonic_s(), recovered=False)])
        return PowerOnTriggers(started.trigger, live, self._clock, linger_s=config.wake.linger_s)

    def _looks(self, card: Card) -> bool:
        """Whether so many bursts wait that the model is worth its start, or the day is to be closed with them."""
        is_pir = self._started.trigger is not None
        waiting = never_looked_at(card.connection) + is_pir
        return not is_pir or waiting >= self._config.wake.batch or not self._yesterday_is_closed(card)

    def _yesterday_is_closed(self, card: Card) -> bool:
        """Or there was none."""
        yesterday = station_day(self._clock.now(), card.zone) - timedelta(days=1)
        began = station_day(card.deployment.start, card.zone)
        return began > yesterday or is_closed(card.connection, yesterday)

    def _armed_since(self, card: Card) -> datetime | None:
        """From when on the gate was armed while the power was off; None where that cannot be known."""
        last = last_wake(card.connection)
        if last is None or self._clock.quality() is ClockQuality.UNSET:
            return None
        return armed_since(last.handed_back_at, last.alarm_at, self._clock.now(), self._config.wake.rearm_s)

    def _transmit(self, card: Card) -> None:
        """Send what is due, in a process of its own that a modem may hang. Raises StoreError, OSError."""
        if not Outbox(card.connection).due(self._clock.now()):
            return
        options = [] if self._ctx.config_file is None else ["--config", str(self._ctx.config_file)]
        command = [sys.executable, "-m", "cameratrap", *options, "--data", str(self._ctx.data), "--quiet", "transmit"]
        try:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=self._config.wake.transmit_s)
        except subprocess.CalledProcessError as error:
            self.failures.append(f"`transmit` ended with status {error.returncode}")
        except subprocess.TimeoutExpired:
            self.failures.append(f"`transmit` was broken off after {self._config.wake.transmit_s:g} s")

    def _plan(self, card: Card) -> None:
        """Work out the alarm, and leave for the next power-on what it must know before it opens the card."""
        now, config = self._clock.now(), self._config
        alarm_at, is_timelapse = next_alarm(
            now,
            day_is_closed=self._yesterday_is_closed(card),
            interval=timedelta(minutes=config.events.interval_minutes),
            timelapse_minutes=config.trigger.timelapse_minutes,
            next_attempt=_next_attempt(card, now),
        )
        self._alarm_at = alarm_at
        started = self._started
        is_pir = started.trigger is not None and started.trigger.cause is TriggerCause.PIR
        if self._stay:
            return  # the gate is not armed, and no alarm set
        write_plan(card.folder, NextWake(alarm_at, is_timelapse, self._profile))
        cause = WakeCause.PIR if is_pir else WakeCause.ALARM
        add_wake(
            card.connection,
            Woken(started.boot_id, cause, started.edge, self._clock.now(), alarm_at, tuple(self.failures)),
        )

    def _deployment(self) -> Deployment:
        station, start = self._config.station, self._clock.now()
        name = station.id or "unnamed"
        return Deployment(f"{name}_{start:%Y%m%d}", name, station.utc_offset_minutes, start)


def _next_attempt(card: Card, now: datetime) -> datetime | None:
    """When a message is to be tried again; one that was left over without a plan, in hours."""
    planned = [message.next_attempt_at for message in Outbox(card.connection).messages(OutboxState.QUEUED)]
    known = [each for each in planned if each is not None]
    if known:
        return min(known)
    return now + AFTER_FAILURE if planned else None
