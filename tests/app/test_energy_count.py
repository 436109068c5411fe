"""What a process spends, second by second, and writes down when it writes anyway."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.energy_count import EnergyCount
from cameratrap.app.ledger import Ledger
from cameratrap.domain.activities import Activity, Spent
from cameratrap.errors import DeviceError
from cameratrap.replay.clock import ReplayClock
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.energy import spent_by_day

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = date(2026, 6, 1)
WATTS = {Activity.IDLE: 0.5, Activity.BOOT: 1.0, Activity.CAPTURE: 2.0, Activity.LAMP: 3.0}


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path / "card", Deployment("d", "s", 0, NOON)) as card:
        yield card


def passes(clock: ReplayClock, seconds: float) -> None:
    clock.set(clock.now() + timedelta(seconds=seconds))


def write(card: Card, count: EnergyCount) -> None:
    with transaction(card.connection):
        count.write(card.connection)
    count.written()


def test_every_second_is_of_one_activity(card: Card) -> None:
    """What was not counted was idle; the lamp is on top of what it lights."""
    clock = ReplayClock(NOON)
    count = EnergyCount(clock, WATTS)
    passes(clock, 90)
    with count.during(Activity.CAPTURE):
        passes(clock, 10)
        count.took(Activity.LAMP, 2)
    write(card, count)
    assert spent_by_day(card.connection)[TODAY] == {
        Activity.IDLE: Spent(90, 45),
        Activity.CAPTURE: Spent(10, 20),
        Activity.LAMP: Spent(2, 6),
    }


def test_a_day_has_the_seconds_that_were_its_own(card: Card) -> None:
    """A wait over midnight is split there, and so is one over several; none of it is the day's that is written on."""
    clock = ReplayClock(NOON)
    count = EnergyCount(clock, WATTS)
    passes(clock, 12 * 3600 + 300)
    write(card, count)
    passes(clock, 2 * 86400)
    write(card, count)
    days = [TODAY + timedelta(days=n) for n in range(4)]
    seconds = {day: spent[Activity.IDLE].seconds for day, spent in spent_by_day(card.connection).items()}
    assert seconds == dict(zip(days, (43200, 86400, 86400, 300), strict=True))


def test_what_was_written_is_not_written_again(card: Card) -> None:
    """The second time only what came after the first."""
    clock = ReplayClock(NOON)
    count = EnergyCount(clock, WATTS)
    for seconds in (100, 50):
        passes(clock, seconds)
        write(card, count)
    assert spent_by_day(card.connection)[TODAY] == {Activity.IDLE: Spent(150, 75)}


def test_what_could_not_be_written_waits(card: Card) -> None:
    """A transaction that fails has counted nothing, and the next one has it all."""
    clock = ReplayClock(NOON)
    count = EnergyCount(clock, WATTS)
    passes(clock, 100)
    with contextlib.suppress(ZeroDivisionError), transaction(card.connection):
        count.write(card.connection)
        raise ZeroDivisionError
    passes(clock, 20)
    write(card, count)
    assert spent_by_day(card.connection)[TODAY] == {Activity.IDLE: Spent(120, 60)}


@pytest.mark.parametrize(("uptime_s", "boot"), [(12, {Activity.BOOT: Spent(12, 12)}), (90000, {})])
def test_a_boot_was_before_the_process(card: Card, uptime_s: float, boot: dict[Activity, Spent]) -> None:
    """It takes nothing from the process's own time; a machine that is up for a day was not booted for it."""
    clock = ReplayClock(NOON)
    passes(clock, uptime_s)
    count = EnergyCount(clock, WATTS, is_after_boot=True)
    passes(clock, 5)
    write(card, count)
    day = spent_by_day(card.connection)[clock.now().date()]
    assert day == {**boot, Activity.IDLE: Spent(5, 2.5)}


def test_what_is_done_within_something_is_its_own(card: Card) -> None:
    """A trigger that comes while a burst is looked at is photographed at once: no second is counted twice."""
    clock = ReplayClock(NOON)
    count = EnergyCount(clock, WATTS)
    with count.during(Activity.INFERENCE):
        passes(clock, 3)
        with count.during(Activity.CAPTURE):
            passes(clock, 4)
        write(card, count)
        passes(clock, 2)
    passes(clock, 1)
    write(card, count)
    seconds = {activity: spent.seconds for activity, spent in spent_by_day(card.connection)[TODAY].items()}
    assert seconds == {Activity.INFERENCE: 5, Activity.CAPTURE: 4, Activity.IDLE: 1}


def test_what_fails_took_its_energy_all_the_same(card: Card) -> None:
    """A camera that does not answer was on."""
    clock = ReplayClock(NOON)
    count = EnergyCount(clock, WATTS)
    with contextlib.suppress(DeviceError), count.during(Activity.CAPTURE):
        passes(clock, 8)
        raise DeviceError("the camera does not answer", device="camera")
    write(card, count)
    assert spent_by_day(card.connection)[TODAY] == {Activity.CAPTURE: Spent(8, 16)}


def test_the_ledger_writes_it_with_whatever_it_writes(card: Card) -> None:
    """No transaction is made for it; one that fails leaves it to the next, and what is written is written once."""
    clock = ReplayClock(NOON)
    ledger = Ledger(clock, "b", energy=EnergyCount(clock, WATTS))
    with ledger.during(Activity.CAPTURE):
        passes(clock, 4)
    with contextlib.suppress(ZeroDivisionError), ledger.transaction(card.connection):
        raise ZeroDivisionError
    assert spent_by_day(card.connection) == {}
    for _ in range(2):
        ledger.flush(card.connection)
    assert spent_by_day(card.connection)[TODAY] == {Activity.CAPTURE: Spent(4, 8)}
