"""A trap in simulation: a real card, a real outbox, and what a detector would have said, made up.

Nothing looks at pictures: what was seen is written to the card's index through the store's own functions, as `watch`
writes it. Everything after that is the code that a trap runs, wired as its configuration wires it.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from bench_season_power import Fuse, FusedConnection

from cameratrap.app.alerts import AlertFailed, AlertRules, raise_alerts
from cameratrap.app.close_day import Closing, ClosingFailed, close_due_days
from cameratrap.app.fold import CardFold, fold
from cameratrap.app.transmit import Hooks, transmit
from cameratrap.app.transmit_plan import Limits
from cameratrap.config.tree import Config
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import CameraTrapError
from cameratrap.ports import PowerReading, SatelliteLink, Trigger
from cameratrap.replay.emulated_lines import VirtualClock
from cameratrap.store.analyses import Analysis, ModelIdentity, Observation, PictureAnswer, store_analysis
from cameratrap.store.bursts import add_picture, begin_burst, is_analysed, pictures_of
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.media import SavedPicture
from cameratrap.store.outbox import Outbox, OutboxMessage, OutboxState
from cameratrap.store.sessions import Session, sessions
from cameratrap.wiring import alert_rules, closing_rules, power_figures

MODEL = ModelIdentity("season", "1", "0" * 64, 0.5)


class SeasonClock:
    """The port Clock, on the virtual time of everything."""

    def __init__(self, virtual: VirtualClock, start: datetime) -> None:
        self._virtual = virtual
        self._start = start

    def now(self) -> datetime:
        """As Clock.now."""
        return self._start + timedelta(seconds=self._virtual())

    def monotonic_s(self) -> float:
        """As Clock.monotonic_s."""
        return self._virtual()

    def quality(self) -> ClockQuality | None:
        """As Clock.quality."""
        return ClockQuality.OK

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._virtual.advance_to(self._virtual() + seconds)

    def wait_until(self, moment: datetime) -> None:
        """Let time pass up to ``moment``; it never runs back."""
        self._virtual.advance_to((moment - self._start).total_seconds())


@dataclass(frozen=True, slots=True)
class Burst:
    """One trigger: an animal or, without a taxon, the wind."""

    at: datetime
    taxon: str | None
    count: int


@dataclass(frozen=True, slots=True)
class World:
    """What surrounds a trap: its configuration, time, the sky, and what may cut its power."""

    config: Config
    taxa: TaxaTable
    clock: SeasonClock
    link: SatelliteLink
    fuse: Fuse
    chance: random.Random


class Trap:
    """One trap on its card at ``folder``. Whatever it does may end in a PowerCut; ``boot`` starts it again."""

    def __init__(self, folder: Path, world: World) -> None:
        self.failures: list[CameraTrapError] = []
        self.received: list[bytes] = []
        self._folder = folder
        self._world = world
        self._deployment = Deployment("season_1", "season", world.config.station.utc_offset_minutes, world.clock.now())
        self._boots = 0
        self._card: Card | None = None
        self._stretch = 0
        self._closing: Closing
        self._alerts: AlertRules | None = None

    @property
    def is_on(self) -> bool:
        """Whether it has power."""
        return self._card is not None

    @property
    def card(self) -> Card:
        """The open card."""
        assert self._card is not None
        return self._card

    @property
    def connection(self) -> sqlite3.Connection:
        """Its index."""
        return self.card.connection

    def boot(self) -> None:
        """Power on: open the card, look up what is configured, and arm."""
        self._boots += 1
        world = self._world
        card = make_card(self._folder, self._deployment)
        card.connection = cast("sqlite3.Connection", FusedConnection(card.connection, world.fuse))
        self._card = card
        closing = closing_rules(world.config, world.taxa, card)
        self._closing = replace(closing, power=self._power, clock=ClockQuality.OK)
        self._alerts = alert_rules(world.config, world.taxa, closing.sealer)
        self._stretch = arm(card.connection, world.clock.now(), world.clock.monotonic_s(), self._boot_id)

    def power_off(self) -> None:
        """Everything that was not stored is gone."""
        if self._card is not None:
            self._card.close()
            self._card = None

    def see(self, burst: Burst) -> None:
        """Store a burst and what is in it, and raise what is worth an alert; begun before a cut, it is finished."""
        clock, name = self._world.clock, burst.at.isoformat()
        self._stretch = still_armed(self.connection, self._stretch, clock.now(), clock.monotonic_s())
        trigger = Trigger(name, burst.at, TriggerCause.PIR, clock.monotonic_s())
        begin_burst(self.connection, name, trigger, boot_id=self._boot_id, clock=ClockQuality.OK)
        if not pictures_of(self.connection, name):
            saved = SavedPicture(f"DCIM/100CTRAP/{name}.JPG", name, 1)
            add_picture(
                self.connection, name, saved, position=1, of=1, captured_at=burst.at, source_sha256=name, source_name=""
            )
        if not is_analysed(self.connection, name):
            store_analysis(self.connection, name, self._analysis(burst, name), MODEL, made_at=burst.at)
        if self._alerts and burst.taxon and self._alerts.concern([burst.taxon]):
            outcomes = raise_alerts(self.card, self._alerts, clock.now())
            self.failures += [each.error for each in outcomes if isinstance(each, AlertFailed)]

    def close_days(self, *, everything: bool = False) -> None:
        """Close what is over."""
        outcomes = close_due_days(self.card, self._closing, self._world.clock.now(), everything=everything)
        self.failures += [each.error for each in outcomes if isinstance(each, ClosingFailed)]

    def transmit(self) -> None:
        """One run of `transmit`."""
        world, modem = self._world, self._world.config.modem
        limits = Limits(
            attempts=modem.attempts,
            deadline_s=modem.deadline_s,
            power=power_figures(world.config),
            supersede=not world.config.summary.send_superseded,
            mailbox_every_days=modem.mailbox_every_days,
        )
        outbox = Outbox(self.connection, jitter=world.chance.random)
        hooks = Hooks(wait=world.clock.wait, receive=self.received.append)
        transmit(outbox, world.link, world.clock, limits, hooks)

    def fold(self) -> CardFold:
        """What the card says."""
        return fold(self.card, self._closing.rules)

    def messages(self) -> list[OutboxMessage]:
        """The outbox."""
        return Outbox(self.connection).messages()

    @property
    def is_waiting(self) -> bool:
        """Whether the outbox still holds something to send."""
        return bool(Outbox(self.connection).messages(OutboxState.QUEUED))

    def sessions(self) -> Sequence[Session]:
        """Every session, as the trap wrote it down."""
        return sessions(self.connection)

    @property
    def _boot_id(self) -> str:
        return f"boot-{self._boots}"

    def _power(self) -> PowerReading:
        chance = self._world.chance
        return PowerReading(12.6 + chance.uniform(-0.4, 0.4), chance.gauss(12, 6))

    def _analysis(self, burst: Burst, name: str) -> Analysis:
        answers = tuple(PictureAnswer(picture, 1, 1, ()) for picture in pictures_of(self.connection, name))
        if burst.taxon is None:
            return Analysis(answers)
        count = burst.count
        return Analysis(answers, (Observation(burst.taxon, count, count, count, 0.9, burst.at, burst.at),))
