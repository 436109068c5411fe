"""`watch` on a tree: the devices that the configuration names, the card, and whoever restarts this process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from sqlite3 import Connection
from types import FrameType
from typing import TYPE_CHECKING

import click

from cameratrap.app.deploy import own_deployment
from cameratrap.app.energy_count import EnergyCount
from cameratrap.app.field import Field, Standing
from cameratrap.app.ledger import Ledger
from cameratrap.app.rescue import rescue_burst
from cameratrap.app.resident import keep_watch
from cameratrap.app.stopping import Stop, StopRequest
from cameratrap.app.watch import Watch, WatchReport
from cameratrap.cli.context import Context
from cameratrap.cli.output import plural
from cameratrap.cli.watch_report import say_asleep, say_swept, teller
from cameratrap.config.overrides import effective
from cameratrap.drivers.board import board_serial
from cameratrap.drivers.clock import SystemClock, boot_id
from cameratrap.drivers.systemd import Systemd
from cameratrap.errors import DeviceError, StoreError
from cameratrap.store.card import RECORD, Card, Deployment, make_card, make_card_folder, sole_writer
from cameratrap.store.timings import lit_brightness
from cameratrap.wiring import (
    activity_watts,
    alert_rules,
    burst_profile,
    card_keeper,
    closing_rules,
    look_settings,
    open_camera,
    open_detector,
    open_power_watch,
    open_schedule,
    open_throttle,
    open_triggers,
)

if TYPE_CHECKING:
    from cameratrap.config import Config
    from cameratrap.drivers.trap_camera import TrapCamera
    from cameratrap.ports import Clock, Detector, Trigger, TriggerSource

STOPPED, INTERRUPTED = 0, 130


def watch_live(ctx: Context, model: str | None) -> int:
    """Watch until somebody stops it; returns the exit status.

    On a card a device that is missing costs only what hangs on it: that trap is alone. Where there is no card yet
    somebody stands beside it: it raises DeviceError, and makes none.
    """
    stop = Stop()
    clock = SystemClock(ctx.config.station.zone)
    is_alone = (ctx.data / RECORD).is_file()
    with ExitStack() as devices:
        devices.enter_context(_signals(stop))
        supervisor = devices.enter_context(closing(Systemd()))
        absent, unlit = (_say_absent, _say_unlit) if is_alone else (None, None)
        camera = devices.enter_context(closing(open_camera(ctx.config, absent=absent, unlit=unlit)))
        missing: list[DeviceError] = []
        sensor_absent = missing.append if is_alone else None
        opened = open_triggers(ctx.config, clock, boot_id(), camera, absent=sensor_absent)
        triggers = devices.enter_context(closing(opened))
        live = _Live(ctx, model, stop, supervisor, clock, camera, triggers, *missing)
        try:
            report = live.run()
        except StopRequest as request:
            supervisor.stopping()
            ctx.say("stopped; what was taken is safe")
            return int(request.code or STOPPED)
    ctx.say(f"{plural(report.triggers, 'trigger')}, {plural(report.pictures, 'new picture')}")
    return 3 if report.failures else 0


class _Live:
    """The devices of one process; the card may be opened several times."""

    def __init__(
        self,
        ctx: Context,
        model: str | None,
        stop: Stop,
        supervisor: Systemd,
        clock: Clock,
        camera: TrapCamera,
        triggers: TriggerSource,
        missing: DeviceError | None = None,
    ) -> None:
        self._ctx = ctx
        self._model = model
        self._clock = clock
        self._camera = camera
        self._triggers = triggers
        self._boot_id = boot_id()
        self._config = ctx.on_card.config
        energy = EnergyCount(clock, activity_watts(self._config))
        self._ledger = Ledger(clock, self._boot_id, energy=energy)
        self._detector = self._open_detector(self._config)
        self._field = Field(
            supervisor=supervisor,
            stop=stop,
            profile=burst_profile(self._config),
            has_lamp=self._config.lamp.is_there,
            missing=missing,
            admission=open_throttle(self._config),
            hours=open_schedule(self._config),
            open_battery=lambda card: open_power_watch(self._config, card, clock, self._boot_id),
        )

    def run(self) -> WatchReport:
        """Watch; a card that goes is waited for."""
        return keep_watch(
            self._session, self._triggers, self._ledger, self._clock, self._field, self._say_gone, self._rescue
        )

    def _session(self) -> WatchReport:
        ctx, config = self._ctx, self._config
        if self._ledger.has_been_armed and not (ctx.data / RECORD).is_file():
            raise StoreError(f"there is no card at {ctx.data} any more", hint="what is below is not its place")
        make_card_folder(ctx.data)
        settings = look_settings(config, ctx.taxa())
        with sole_writer(ctx.data, "watch"), make_card(ctx.data, self._deployment()) as card:
            say_swept(ctx, card, settings)
            say_asleep(card, self._clock.now())
            self._recall(card)
            rules = closing_rules(config, ctx.taxa(), card)
            watch = Watch(
                card,
                self._camera,
                self._detector,
                self._clock,
                boot_id=self._boot_id,
                serial=board_serial(),
                settings=settings,
                field=self._with_commands(card),
                ledger=self._ledger,
                keeper=card_keeper(config, card, self._clock),
            )
            alerts = alert_rules(config, ctx.taxa(), rules.sealer)
            self._say_watching()
            return watch.run(self._triggers, rules, alerts=alerts, tell=teller(ctx))

    def _say_watching(self) -> None:
        if self._field.missing is None:
            self._ctx.say(f"watching; what triggers is stored on {self._ctx.data}")
        else:
            click.echo(f"failed: {self._field.missing}; nothing triggers: days are told without effort", err=True)

    def _recall(self, card: Card) -> None:
        """What earlier processes have seen of the lamp, once: a lamp that is dead need not fail again to be known."""
        if not self._ledger.has_been_armed:
            self._camera.recall_lit(lit_brightness(card.connection, self._config.lamp.dead_bursts))

    def _with_commands(self, card: Card) -> Field:
        """What commands set takes effect while it runs."""

        def reread(connection: Connection) -> Standing | None:
            config = effective(self._ctx.config, connection)
            if config == self._config:
                return None
            if config.detector != self._config.detector:
                self._detector = self._open_detector(config)
            self._config = config
            self._ctx.say("a command has changed what holds; it does from now on")
            taxa = self._ctx.taxa()
            return Standing(
                burst_profile(config), self._detector, look_settings(config, taxa), closing_rules(config, taxa, card)
            )

        # In one process what was found broken is so still when its card is back.
        begin = _nothing_is_new if self._ledger.has_been_armed else self._field.begin
        return replace(self._field, begin=begin, profile=burst_profile(self._config), reread=reread)

    def _open_detector(self, config: Config) -> Detector:
        return open_detector(config, self._ctx.taxa(), self._model)

    def _deployment(self) -> Deployment:
        return own_deployment(self._config.station.id, self._config.station.utc_offset_minutes, self._clock.now())

    def _rescue(self, trigger: Trigger) -> bool:
        """Store a burst as files where the card is there and only its index cannot be used."""
        folder, admission = self._ctx.data, self._field.admission
        if not (folder / RECORD).is_file() or (admission and admission.admit(trigger) is not None):
            return False
        try:
            saved = rescue_burst(
                folder,
                self._camera,
                trigger,
                self._field.profile,
                self._clock,
                deployment=self._deployment(),
                boot_id=self._boot_id,
                serial=board_serial(),
            )
        except (StoreError, DeviceError) as error:
            click.echo(f"failed: {error}", err=True)
            return False
        self._ctx.say(f"{plural(len(saved), 'picture')} stored as files: the index cannot be written")
        return bool(saved)

    def _say_gone(self, error: StoreError) -> None:
        click.echo(f"no card: {error}; until it is back triggers are counted, or stored as files", err=True)


def _say_absent(error: DeviceError) -> None:
    """The trap is armed without it: its triggers are counted and its days told, with the camera as their fault."""
    click.echo(f"failed: {error}; each trigger is counted, and tries it again", err=True)


def _say_unlit(error: DeviceError) -> None:
    click.echo(f"failed: {error}; it goes on without the lamp", err=True)


def _nothing_is_new(_: Connection) -> None:
    """An index that this process has begun already."""


@contextmanager
def _signals(stop: Stop) -> Iterator[None]:
    """SIGTERM and SIGINT end it where nothing is lost by it."""

    def asker(status: int) -> Callable[[int, FrameType | None], None]:
        return lambda _number, _frame: stop.ask(status)

    before = {
        number: signal.signal(number, asker(status))
        for number, status in ((signal.SIGTERM, STOPPED), (signal.SIGINT, INTERRUPTED))
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
