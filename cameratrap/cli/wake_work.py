"""What a power-on does once its pictures are being taken, and how it hands the power back whatever happens."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import click
import msgspec

from cameratrap.app.deploy import check_lasts, check_made, own_deployment
from cameratrap.app.energy_count import EnergyCount
from cameratrap.app.field import Field
from cameratrap.app.gate import carries_over, judged, power_off_before, taken_before, yesterday_is_closed
from cameratrap.app.hand_back import hand_back
from cameratrap.app.late_detector import LateDetector
from cameratrap.app.ledger import Ledger
from cameratrap.app.power_on import PowerOnTriggers
from cameratrap.app.wake_plan import AFTER_FAILURE, AT_MOST, NextWake
from cameratrap.app.watch import Watch
from cameratrap.cli.context import Context
from cameratrap.cli.output import plural
from cameratrap.cli.wake import PowerOn
from cameratrap.cli.wake_failing import rescue
from cameratrap.cli.wake_next import leave, leave_without_alarm, plan_next
from cameratrap.cli.wake_sending import send
from cameratrap.cli.watch_report import say_swept, teller
from cameratrap.config import Config
from cameratrap.config.trigger import TriggerMode
from cameratrap.domain.capture import Incident
from cameratrap.domain.lamp_health import LampHealth
from cameratrap.domain.throttle import Throttle
from cameratrap.drivers.board import board_serial
from cameratrap.errors import CameraTrapError, DeviceError, UsageError
from cameratrap.ports import TriggerSource
from cameratrap.store.bursts import never_looked_at
from cameratrap.store.card import Card, Deployment, make_card, make_card_folder, sole_writer
from cameratrap.store.outbox import Outbox
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
    open_schedule,
    open_throttle,
    open_triggers,
)

_UNFORESEEN = (CameraTrapError, OSError, sqlite3.Error, MemoryError)


def finish(ctx: Context, started: PowerOn, *, stay: bool, existing: bool = False) -> int:
    """Do the rest and hand the power back; returns the exit status. Raises DeviceError where that cannot be done.

    ``existing``: nothing is stored where there is no card yet.
    """
    work = _Work(ctx, started, stay=stay, existing=existing)
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

    def __init__(self, ctx: Context, started: PowerOn, *, stay: bool, existing: bool) -> None:
        self._ctx = ctx
        self._stay = stay
        self._existing = existing
        self._started = started
        self._clock = started.clock
        self._config: Config = ctx.config
        self._profile = started.profile
        self.failures: list[str] = []
        self._alarm_at = self._clock.now() + AFTER_FAILURE
        self._left: NextWake | None = None

    def do(self) -> None:
        """Photograph, count, close, send; then plan the next power-on. Without an index the pictures are files."""
        with closing(self._started.camera):
            if self._existing and not self._try(lambda: check_made(self._ctx.data)):
                return
            is_done = False
            try:
                is_done = self._is_over() or self._work_on_card()
            except _UNFORESEEN as error:
                self._failed(error)
            finally:  # a fault in this program must not cost the pictures either
                if not is_done:
                    self._try(lambda: rescue(self._ctx, self._started, self._deployment()))

    def _is_over(self) -> bool:
        """Whether the trap is being carried home: what it sees is none of the deployment. Raises StoreError."""
        try:
            check_lasts(self._ctx.data)
        except UsageError as ended:
            self._ctx.say(f"{ended}; nothing is added")
            self._alarm_at = self._clock.now() + AT_MOST
            return True
        return False

    def _work_on_card(self) -> bool:
        """Whether the loop has had its turn. Raises StoreError, ConfigError."""
        self._config = self._ctx.on_card.config
        make_card_folder(self._ctx.data)
        with sole_writer(self._ctx.data, "watch"), make_card(self._ctx.data, self._deployment()) as card:
            has_watched = self._try(lambda: self._watch(card))
            self._try(lambda: self._transmit(card))
            self._try(lambda: self._plan(card))
        return has_watched

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
            alarm_at, error = hand_back(controller, self._alarm_at, without_alarm=self._leave_without_alarm)
        if error is not None:
            self._failed(error)
        when = "no alarm" if alarm_at is None else f"the alarm at {alarm_at:%Y-%m-%d %H:%M:%S}"
        self._ctx.say(f"switching off, with {'its own timer' if self._has_timer else when}")

    @property
    def _has_timer(self) -> bool:
        """Whether its circuit switches it on at times that nobody here sets."""
        return self._config.power.timer_minutes > 0

    def _leave_without_alarm(self) -> None:
        plan = self._left
        if plan is not None and plan.alarm_at is not None:
            self._try(lambda: leave_without_alarm(self._ctx.data, self._deployment(), self._started, plan))

    def _try(self, do: Callable[[], None]) -> bool:
        """Whether it is done: one thing that fails must not cost the others."""
        try:
            do()
        except _UNFORESEEN as error:
            self._failed(error)
            return False
        return True

    def _failed(self, error: BaseException) -> None:
        self.failures.append(str(error) or type(error).__name__)
        click.echo(f"failed: {self.failures[-1]}", err=True)

    def _watch(self, card: Card) -> None:
        ctx, config, started, clock = self._ctx, self._config, self._started, self._clock
        settings, rules = look_settings(config, ctx.taxa()), closing_rules(config, ctx.taxa(), card)
        power_off = power_off_before(card, clock, started.plan, config.wake.rearm_s)
        energy = EnergyCount(clock, activity_watts(config), is_after_boot=True)
        ledger = Ledger(clock, started.boot_id, energy=energy, power_off=power_off)
        carried = carries_over(clock, started.boot_id, was_armed=power_off is not None)
        field = Field(
            begin=lambda connection: ledger.begin(connection, carried),
            profile=burst_profile(config),
            has_lamp=config.lamp.is_there,
            looks=self._looks(card),
            admission=self._throttle(card),
            hours=open_schedule(config),
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
            self._judge(card, ledger)
        self._profile = watch.spared_profile
        if report.failures:
            self.failures.append(plural(report.failures, "part of the work failed", "parts of the work failed"))
        say_swept(ctx, card, settings)

    def _judge(self, card: Card, ledger: Ledger) -> None:
        """This process has seen one burst, and says of camera and lamp what the card knows."""
        section = self._config.lamp
        health = LampHealth(section.dead_below, section.dead_bursts)
        ledger.incidents(judged(card.connection, health, self._started.boot_id, self._clock.monotonic_s()))
        ledger.flush(card.connection)

    def _throttle(self, card: Card) -> Throttle:
        """A storm of wind empties the same bucket at each power-on."""
        started, throttle = self._started, open_throttle(self._config)
        if started.trigger is not None:
            throttle.recall(taken_before(card.connection, self._clock, started.trigger.monotonic_s))
        return throttle

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
        return not is_pir or waiting >= self._config.wake.batch or not yesterday_is_closed(card, self._clock.now())

    def _transmit(self, card: Card) -> None:
        """Send what is due. Raises StoreError, OSError."""
        if Outbox(card.connection).due(self._clock.now()):
            self.failures += send(self._ctx, self._config.wake.transmit_s)

    def _plan(self, card: Card) -> None:
        """Work out the alarm, and leave for the next power-on what it must know."""
        plan = plan_next(card, self._clock, self._config, self._profile)
        assert plan.alarm_at is not None  # noqa: S101 - something is always due within a day
        self._alarm_at = plan.alarm_at
        if self._stay:
            return  # the gate is not armed, and no alarm set
        if self._has_timer:
            plan = replace(plan, alarm_at=None, is_timelapse=False)
        leave(card, self._started, self._clock, plan, self.failures)
        self._left = plan

    def _deployment(self) -> Deployment:
        return own_deployment(self._config.station.id, self._config.station.utc_offset_minutes, self._clock.now())
