"""A trap in simulation: the code of `watch` and of `transmit`, wired as the configuration wires it, on a real card.

Only its surroundings are made up: time, what triggers, what the camera gives, what the detector says, the battery, the
modem and its sky, and when the power is cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import cast

from bench_season_devices import Camera, Seer, open_gauge
from bench_season_journal import Journal
from bench_season_power import Fuse, FusedConnection
from bench_season_script import Script
from bench_season_sensor import SeasonClock, Sensor

from cameratrap.app.alerts import AlertFailed
from cameratrap.app.card_keeper import CardKeeper
from cameratrap.app.closing import Closing, ClosingFailed
from cameratrap.app.disk import Room
from cameratrap.app.energy_count import EnergyCount
from cameratrap.app.field import Field, Unsupervised
from cameratrap.app.fold import CardFold, fold
from cameratrap.app.ledger import Ledger
from cameratrap.app.power_watch import PowerWatch
from cameratrap.app.sweep import sweep
from cameratrap.app.transmit import Hooks, transmit
from cameratrap.app.transmit_plan import Limits
from cameratrap.app.treat import TreatmentFailed
from cameratrap.app.watch import Watch
from cameratrap.app.watch_report import Outcome
from cameratrap.config.tree import Config
from cameratrap.domain.summaries import ClockQuality
from cameratrap.domain.taxa import TaxaTable
from cameratrap.drivers.timelapse import Timelapse
from cameratrap.drivers.trigger_mix import TriggerMix
from cameratrap.errors import CameraTrapError
from cameratrap.ports import SatelliteLink
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.outbox import Outbox, OutboxMessage, OutboxState
from cameratrap.store.power_readings import newest
from cameratrap.store.sessions import Session, sessions
from cameratrap.wiring import (
    activity_watts,
    alert_rules,
    battery_policy,
    burst_profile,
    closing_rules,
    look_settings,
    open_schedule,
    open_throttle,
    power_figures,
    room_rules,
)

ROOMY = Room(free=20_000_000_000, total=32_000_000_000)


@dataclass(frozen=True, slots=True)
class World:
    """What surrounds a trap: its configuration, time, the sky with a time of its own, and what may cut its power."""

    config: Config
    taxa: TaxaTable
    script: Script
    clock: SeasonClock
    sky_clock: SeasonClock
    link: SatelliteLink
    fuse: Fuse
    journal: Journal
    chance: Random


class Supervised(Unsupervised):
    """The port Supervisor: notes that the trap is armed."""

    def __init__(self, clock: SeasonClock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal

    def ready(self) -> None:
        """As Supervisor.ready."""
        self._journal.note("start", self._clock.season_s)


class Trap:
    """One trap on its card at ``folder``. Whatever it does may end in a PowerCut; ``power_on`` starts it again."""

    def __init__(self, folder: Path, world: World) -> None:
        self.failures: list[CameraTrapError] = []
        self.received: list[bytes] = []
        self._folder = folder
        self._world = world
        self._deployment = Deployment("season_1", "season", world.config.station.utc_offset_minutes, world.clock.now())
        self._boots = 0
        self._card: Card | None = None
        self._outbox: Card | None = None

    @property
    def card(self) -> Card:
        """The open card."""
        assert self._card is not None
        return self._card

    def power_on(self) -> None:
        """Power on, or a process anew: the card is opened, by `watch` and by `transmit`."""
        self._boots += 1
        self._card, self._outbox = self._open(), self._open()
        kept = newest(self.card.connection)
        seen_s = None if kept is None else (kept.at - self._deployment.start).total_seconds()
        self._world.journal.note("boot", self._world.clock.season_s, seen_s)

    def power_off(self) -> None:
        """Everything that was not stored is gone."""
        for card in (self._card, self._outbox):
            if card is not None:
                card.close()
        self._card = self._outbox = None

    def watch(self, sensor: Sensor) -> None:
        """`watch`, until nothing triggers any more. Raises DeviceError where a new process is needed."""
        world, clock = self._world, self._world.clock
        config, boot_id = world.config, f"boot-{self._boots}"
        settings = look_settings(config, world.taxa)
        sweep(self.card, keep_partial=not settings.policy.changes_pictures)
        closing = self._closing()
        watch = Watch(
            self.card,
            Camera(world.script, sensor, clock, world.journal, world.fuse),
            Seer(clock, world.fuse),
            clock,
            boot_id=boot_id,
            serial="season",
            settings=settings,
            field=self._field(boot_id),
            ledger=Ledger(clock, boot_id, energy=EnergyCount(clock, activity_watts(config))),
            keeper=CardKeeper(self.card, clock, room_rules(config), measured=lambda _: ROOMY),
        )
        minutes = config.trigger.timelapse_minutes
        triggers = TriggerMix(sensor, Timelapse(clock, minutes, boot_id=boot_id), clock)
        alerts = alert_rules(config, world.taxa, closing.sealer)
        watch.run(triggers, closing, alerts=alerts, tell=self._told, ended=True)

    def transmit(self) -> None:
        """One run of `transmit`, beside `watch`: it takes none of its time."""
        world, modem = self._world, self._world.config.modem
        assert self._outbox is not None
        limits = Limits(
            attempts=modem.attempts,
            deadline_s=modem.deadline_s,
            power=power_figures(world.config),
            supersede=not world.config.summary.send_superseded,
            mailbox_every_days=modem.mailbox_every_days,
        )
        outbox = Outbox(self._outbox.connection, jitter=world.chance.random)
        hooks = Hooks(wait=world.sky_clock.wait, receive=self.received.append)
        world.sky_clock.wait_until(world.clock.season_s)
        transmit(outbox, world.link, world.sky_clock, limits, hooks)

    def fold(self) -> CardFold:
        """What the card says."""
        return fold(self.card, self._closing().rules)

    def messages(self) -> list[OutboxMessage]:
        """The outbox."""
        return Outbox(self.card.connection).messages()

    @property
    def is_waiting(self) -> bool:
        """Whether the outbox still holds something to send."""
        return bool(Outbox(self.card.connection).messages(OutboxState.QUEUED))

    def sessions(self) -> Sequence[Session]:
        """Every session, as the trap wrote it down."""
        return sessions(self.card.connection)

    def _open(self) -> Card:
        card = make_card(self._folder, self._deployment)
        card.connection = cast("sqlite3.Connection", FusedConnection(card.connection, self._world.fuse))
        return card

    def _closing(self) -> Closing:
        rules = closing_rules(self._world.config, self._world.taxa, self.card)
        return replace(rules, clock=ClockQuality.OK)

    def _field(self, boot_id: str) -> Field:
        world = self._world

        def battery(card: Card) -> PowerWatch:
            policy = battery_policy(world.config)
            gauge = lambda: open_gauge(world.script, world.clock, world.journal)  # noqa: E731
            every_s = world.config.battery.every_minutes * 60
            return PowerWatch(card.connection, gauge, policy, world.clock, boot_id=boot_id, every_s=every_s)

        return Field(
            supervisor=Supervised(world.clock, world.journal),
            profile=burst_profile(world.config),
            has_lamp=world.config.lamp.is_there,
            admission=open_throttle(world.config),
            hours=open_schedule(world.config),
            open_battery=battery,
        )

    def _told(self, outcome: Outcome) -> None:
        if isinstance(outcome, AlertFailed | ClosingFailed | TreatmentFailed):
            self.failures.append(outcome.error)
