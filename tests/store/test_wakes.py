"""What the card knows of power-ons, of how bursts were timed, and of the hours that a gate was armed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.fold import Rules, fold
from cameratrap.app.ledger import Ledger, PowerOff
from cameratrap.domain.effort import Span
from cameratrap.domain.events import TriggerCause
from cameratrap.ports import Trigger
from cameratrap.store import timings
from cameratrap.store.bursts import begin_burst
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.effort import arm, armed_spans
from cameratrap.store.timings import Timing, lit_brightness
from cameratrap.store.wakes import WakeCause, Woken, add_wake, forget_alarm, last_wake
from tests.virtual_trap import VirtualClock

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WOKEN = Woken("boot-1", WakeCause.PIR, NOON, NOON + timedelta(seconds=20), NOON + timedelta(hours=12), ("a", "b"))


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path, Deployment("ridge_20260601", "ridge", 0, NOON)) as card:
        yield card


def test_the_last_power_on_reads_back(card: Card) -> None:
    assert last_wake(card.connection) is None
    add_wake(card.connection, WOKEN)
    assert last_wake(card.connection) == WOKEN
    plain = Woken("boot-2", WakeCause.ALARM, NOON, NOON, None)
    add_wake(card.connection, plain)
    assert last_wake(card.connection) == plain


def test_one_that_ended_otherwise_hides_those_before(card: Card) -> None:
    """A power-on that was armed and never handed the power back: since when it was off nobody knows."""
    arm(card.connection, NOON, 5.0, "boot-1")
    add_wake(card.connection, WOKEN)
    assert last_wake(card.connection) == WOKEN
    arm(card.connection, NOON + timedelta(hours=1), 5.0, "boot-2")
    assert last_wake(card.connection) is None


def test_power_ons_that_were_not_armed_hide_nothing(card: Card) -> None:
    """A trap that sleeps is switched on all the same, and hands the power back."""
    arm(card.connection, NOON, 5.0, "boot-1")
    add_wake(card.connection, WOKEN)
    asleep = Woken("boot-2", WakeCause.PIR, NOON, NOON, None)
    add_wake(card.connection, asleep)
    assert last_wake(card.connection) == asleep


def test_an_alarm_that_could_not_be_set_is_forgotten(card: Card) -> None:
    earlier = Woken("boot-0", WakeCause.PIR, NOON, NOON, NOON)
    for woken in (earlier, WOKEN):
        add_wake(card.connection, woken)
    forget_alarm(card.connection, "boot-1")
    last = last_wake(card.connection)
    assert last is not None
    assert last.alarm_at is None
    assert card.connection.execute("SELECT COUNT(*) FROM wakes WHERE alarm_at IS NOT NULL").fetchone()[0] == 1


def test_the_hours_of_a_gate_are_effort_and_no_restart(card: Card) -> None:
    """Armed by hardware from a quarter past noon on, switched on at two, up until ten past."""
    first = Ledger(VirtualClock(NOON), "boot-1")
    first.arm(card.connection, armed=True)
    first.flush(card.connection)
    clock = VirtualClock(NOON + timedelta(hours=2))
    clock.pass_s(8.0)  # the boot
    power_off = PowerOff((Span(NOON + timedelta(minutes=15), clock.now()),), is_armed_still=True)
    ledger = Ledger(clock, "boot-2", power_off=power_off)
    ledger.arm(card.connection, armed=True)
    clock.pass_s(592.0)
    ledger.flush(card.connection)
    ledger.flush(card.connection)
    assert armed_spans(card.connection)[1] == Span(NOON + timedelta(minutes=15), NOON + timedelta(hours=2, minutes=10))
    assert fold(card, Rules()).restarts[NOON.date()] == 0


def test_how_bursts_were_timed_reads_back(card: Card) -> None:
    """The newest word on a burst stands; of the lit ones the newest are told, oldest first."""
    for number, lamp in enumerate([True, False, True, True, None]):
        at = NOON + timedelta(minutes=number)
        begin_burst(card.connection, f"b{number}", Trigger(f"k{number}", at, TriggerCause.PIR), boot_id="b", clock=None)
        with transaction(card.connection):
            timings.add(card.connection, f"b{number}", Timing(0.1, 9.0, 3, 1.0))
            timings.add(card.connection, f"b{number}", Timing(0.2, 2.5, 3, 1.0, lamp, 10.0 * number))
    assert timings.timings(card.connection)["b2"] == Timing(0.2, 2.5, 3, 1.0, True, 20.0)
    assert timings.timings(card.connection)["b4"].lamp is None
    assert lit_brightness(card.connection, 2) == [20.0, 30.0]
    assert lit_brightness(card.connection, 9) == [0.0, 20.0, 30.0]
