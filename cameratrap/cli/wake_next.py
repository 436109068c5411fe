"""What a power-on leaves for the next one: when that is at last, how its burst is taken, and when none is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cameratrap.app.gate import next_attempt, rests_ahead, yesterday_is_closed
from cameratrap.app.wake_plan import NextWake, next_alarm, write_plan
from cameratrap.cli.wake import PowerOn
from cameratrap.config import Config
from cameratrap.config.power import Gauge
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.events import TriggerCause
from cameratrap.ports import Clock
from cameratrap.store.bursts import last_path
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.wakes import WakeCause, Woken, add_wake, forget_alarm
from cameratrap.wiring import open_schedule


def plan_next(card: Card, clock: Clock, config: Config, profile: BurstProfile) -> NextWake:
    """What is due next, and what the next power-on must know before it opens the card. Raises ConfigError."""
    now = clock.now()
    rests = rests_ahead(card, clock, open_schedule(config), has_gauge=config.battery.gauge is not Gauge.NONE)
    alarm_at, is_timelapse = next_alarm(
        now,
        day_is_closed=yesterday_is_closed(card, now),
        interval=timedelta(minutes=config.events.interval_minutes),
        timelapse_minutes=config.trigger.timelapse_minutes,
        next_attempt=next_attempt(card, now),
        rests=rests,
    )
    return NextWake(alarm_at, is_timelapse, profile, last_path(card.connection), rests)


def leave(card: Card, started: PowerOn, clock: Clock, plan: NextWake, failures: Sequence[str]) -> None:
    """Note it beside the index and in it, just before the power is handed back. Raises StoreError."""
    write_plan(card.folder, plan)
    is_pir = started.trigger is not None and started.trigger.cause is TriggerCause.PIR
    cause = WakeCause.PIR if is_pir else WakeCause.ALARM
    woken = Woken(started.boot_id, cause, started.edge, clock.now(), plan.alarm_at, tuple(failures))
    add_wake(card.connection, woken)


def leave_without_alarm(folder: Path, deployment: Deployment, started: PowerOn, plan: NextWake) -> None:
    """Nothing that switches the trap on is an alarm then, and that none rang says nothing. Raises StoreError."""
    write_plan(folder, replace(plan, alarm_at=None, is_timelapse=False))
    with make_card(folder, deployment) as card:
        forget_alarm(card.connection, started.boot_id)
