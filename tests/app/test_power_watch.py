"""Looking at the battery: at most so often, through restarts and loose gauges, and what a day tells of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest

from cameratrap.app.close_day import ClosedDay, Closing, close_due_days
from cameratrap.app.fold import Rules, fold, summary_of
from cameratrap.app.power_watch import READINGS, PowerWatch, days_left
from cameratrap.domain.activities import Activity, Spent
from cameratrap.domain.batteries import Chemistry
from cameratrap.domain.battery import BatteryPolicy
from cameratrap.domain.saving import Saving
from cameratrap.domain.summaries import ClockQuality, Health
from cameratrap.errors import DeviceError
from cameratrap.ports import PowerReading
from cameratrap.resources import builtin_taxa
from cameratrap.store import energy
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.power_readings import newest
from cameratrap.store.sessions import note_power

ZONE = timezone(timedelta(hours=2))
NOON = datetime(2026, 6, 1, 12, tzinfo=ZONE)
TODAY = NOON.date()
POLICY = BatteryPolicy.of(Chemistry.LEAD_ACID)


@dataclass
class SetClock:
    """A clock that is moved by hand; the wall clock may jump by itself."""

    wall: datetime = NOON
    uptime_s: float = 100.0

    def now(self) -> datetime:
        return self.wall

    def monotonic_s(self) -> float:
        return self.uptime_s

    def quality(self) -> ClockQuality | None:
        return None

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.uptime_s += seconds


@dataclass
class Battery:
    """A gauge with readings to come; the last one stays. Opened and closed for each look."""

    volts: list[float | None] = field(default_factory=lambda: [12.6])
    degrees_c: float | None = 10.0
    load_w: float | None = None
    troubles: list[str] = field(default_factory=lambda: [""])
    fault: str = ""
    reads: int = 0
    is_open: bool = False

    def __call__(self) -> Battery:
        if self.fault:
            raise DeviceError("the INA219 does not answer", device="I2C bus 1 address 0x40", why=self.fault)
        self.is_open = True
        return self

    def read(self) -> PowerReading:
        assert self.is_open
        self.reads += 1
        volts = self.volts.pop(0) if len(self.volts) > 1 else self.volts[0]
        trouble = self.troubles.pop(0) if len(self.troubles) > 1 else self.troubles[0]
        return PowerReading(volts, self.degrees_c, None if trouble else self.load_w, trouble=trouble)

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path / "card", Deployment("d", "s", 120, NOON.replace(hour=0))) as card:
        yield card


def watch(card: Card, battery: Battery, clock: SetClock, boot_id: str = "b") -> PowerWatch:
    return PowerWatch(card.connection, battery, POLICY, clock, boot_id=boot_id, every_s=600)


def health(card: Card, day: date = TODAY) -> Health:
    """The battery's part of a day's summary."""
    return summary_of(card, fold(card, Rules()), day, 1, power=None, clock=None).health


def armed_all_day(card: Card, days: int = 1) -> None:
    start = NOON.replace(hour=0)
    stretch = arm(card.connection, start, 0.0, "b")
    still_armed(card.connection, stretch, start + timedelta(days=days), 86400.0 * days)


def test_the_gauge_is_read_at_most_so_often(card: Card) -> None:
    """Between two looks the newest reading stands; the gauge is given back after each."""
    battery, clock = Battery(), SetClock()
    looker = watch(card, battery, clock)
    first = looker.look()
    assert (first.saving, first.reading.battery_v, battery.reads) == (Saving.NOTHING, 12.6, READINGS)
    clock.passes(599)
    assert looker.look() == first
    assert battery.reads == READINGS
    clock.passes(1)
    looker.look()
    assert battery.reads == 2 * READINGS
    assert not battery.is_open


def test_one_reading_under_load_is_not_believed(card: Card) -> None:
    """The median of a look: while a picture is written the voltage falls, and nothing is given up for it."""
    state = watch(card, Battery([12.6, 11.2, 12.5]), SetClock()).look()
    assert (state.saving, state.reading.battery_v) == (Saving.NOTHING, 12.5)


def test_a_trap_that_was_off_goes_on_where_it_was(card: Card) -> None:
    """The level is the card's, so that a gated trap does not light its lamp at each wake for the rebound."""
    clock = SetClock()
    assert watch(card, Battery([12.1]), clock).look().saving is Saving.LAMP
    clock.passes(700)
    clock.uptime_s = 3.0
    assert watch(card, Battery([12.4]), clock, "another boot").look().saving is Saving.LAMP
    clock.passes(700)
    assert watch(card, Battery([12.6]), clock, "another boot").look().saving is Saving.NOTHING


def test_a_wake_soon_after_another_reads_nothing(card: Card) -> None:
    """Nor does it write: a trap that wakes a hundred times a day looks at its battery as often as one that is on."""
    battery, clock = Battery(), SetClock()
    watch(card, battery, clock).look()
    clock.passes(60)
    clock.uptime_s = 3.0
    watch(card, battery, clock, "another boot").look()
    assert battery.reads == READINGS


def test_a_clock_that_went_back_does_not_stop_the_looking(card: Card) -> None:
    """Neither while it runs, where the monotonic clock counts, nor over a restart, where nobody knows."""
    battery, clock = Battery(), SetClock()
    looker = watch(card, battery, clock)
    looker.look()
    clock.passes(601)
    clock.wall -= timedelta(days=400)
    looker.look()
    clock.wall -= timedelta(days=400)
    watch(card, battery, clock, "another boot").look()
    assert battery.reads == 3 * READINGS


def test_a_gauge_that_came_loose_keeps_the_level_and_says_so(card: Card) -> None:
    """The trap goes on; the day's health names the battery, and its voltage is the last one that was read."""
    battery, clock = Battery([11.9]), SetClock()
    looker = watch(card, battery, clock)
    looker.look()
    battery.fault = "Remote I/O error, 4 times"
    clock.passes(600)
    state = looker.look()
    assert state.saving is Saving.BURST
    assert "Remote I/O error" in state.trouble
    armed_all_day(card)
    assert health(card).battery_v == 11.9
    assert health(card).faults == ("battery",)
    battery.fault = ""
    battery.volts = [12.7]
    clock.passes(600)
    assert looker.look().trouble == ""


@pytest.mark.parametrize("volts", [None, 0.0, -0.1, 17.0, float("nan")])
def test_a_voltage_that_cannot_be_keeps_the_level(card: Card, volts: float | None) -> None:
    """A wire that broke reads nothing, or nothing that could be believed; nor can 17 V be of six cells of lead."""
    battery, clock = Battery([11.7]), SetClock()
    looker = watch(card, battery, clock)
    looker.look()
    battery.volts = [volts]
    clock.passes(600)
    state = looker.look()
    assert (state.saving, state.reading.battery_v) == (Saving.INFERENCE, None)
    assert state.trouble


def test_a_load_that_is_not_known_costs_no_volts_and_no_level(card: Card) -> None:
    """The sun fills a sagged battery with more than the shunt can tell: pictures are taken again, and it is said why.

    That is no fault of the battery's day, and the load of that look is not guessed from the others.
    """
    battery, clock = Battery([11.4], load_w=0.5), SetClock()
    looker = watch(card, battery, clock)
    assert looker.look().saving is Saving.PICTURES
    battery.volts, battery.troubles = [13.4], ["", "beyond the shunt", ""]
    clock.passes(600)
    state = looker.look()
    assert (state.saving, state.reading.battery_v, state.reading.load_w) == (Saving.NOTHING, 13.4, None)
    assert state.trouble == "beyond the shunt"
    armed_all_day(card)
    assert (health(card).battery_v, health(card).faults) == (13.4, ())
    assert energy.spent_by_day(card.connection) == {}


@pytest.mark.parametrize("chemistry", Chemistry)
def test_a_thermometer_that_the_work_warms_moves_no_step(card: Card, chemistry: Chemistry) -> None:
    """At constant volts, whatever they are, and -5, 8 or 18 degrees by chance: the level changes within a day only."""
    policy, chance = BatteryPolicy.of(chemistry), Random(1)
    for step_v in policy.at(5):
        battery, clock = Battery([step_v]), SetClock(NOON + timedelta(days=10))
        with transaction(card.connection):
            card.connection.execute("DELETE FROM power_readings")
        looker = PowerWatch(card.connection, battery, policy, clock, boot_id="b", every_s=600)
        levels = []
        for _ in range(36):
            battery.degrees_c = chance.choice((-5.0, 8.0, 18.0))
            levels.append(looker.look().saving)
            clock.passes(3600)
        assert len(set(levels[24:])) == 1


def test_after_the_coldest_day_the_steps_follow(card: Card) -> None:
    """A battery at 12.1 V that is warm a day after the frost is what it is in the warm: a quarter full."""
    battery, clock = Battery([12.1], -15.0), SetClock()
    looker = watch(card, battery, clock)
    assert looker.look().saving is Saving.NOTHING
    battery.degrees_c = 20.0
    clock.passes(86400)
    assert looker.look().saving is Saving.NOTHING
    clock.passes(600)
    assert looker.look().saving is Saving.LAMP


def test_the_last_gasp_is_owed_until_the_day_is_closed(card: Card) -> None:
    """Reached at the last level, over a restart and without a new reading; then not again while it lasts."""
    battery, clock = Battery([11.4]), SetClock()
    assert watch(card, battery, clock).look().last_gasp
    assert watch(card, battery, clock).look().last_gasp
    clock.passes(700)
    later = watch(card, battery, clock, "another boot")
    assert later.look().last_gasp
    armed_all_day(card)
    outcomes = close_due_days(card, Closing(Rules(), builtin_taxa()), clock.now(), everything=True)
    assert [type(each) for each in outcomes] == [ClosedDay]
    assert not later.look().last_gasp
    clock.passes(86400)
    assert not watch(card, battery, clock, "a third boot").look().last_gasp


def test_the_last_gasp_is_told_once_a_day(card: Card) -> None:
    """A small panel that lifts the battery a little at noon does not cost a message each time it sinks again."""
    battery, clock = Battery([11.4]), SetClock()
    looker = watch(card, battery, clock)
    looker.look()
    armed_all_day(card)
    close_due_days(card, Closing(Rules(), builtin_taxa()), clock.now(), everything=True)
    owed = []
    for volts in (12.7, 11.4):
        clock.passes(700)
        battery.volts = [volts]
        owed.append(looker.look().last_gasp)
    assert owed == [False, False]


def test_a_battery_that_recovered_owes_no_message(card: Card) -> None:
    """The sun came back before it was told: the day has its own time. When it sinks again it is owed again."""
    battery, clock = Battery([11.4]), SetClock()
    looker = watch(card, battery, clock)
    owed = []
    for volts in (11.4, 12.7, 11.4):
        battery.volts = [volts]
        owed.append(looker.look().last_gasp)
        clock.passes(700)
    assert owed == [True, False, True]


def test_a_day_tells_its_coldest_and_its_warmest(card: Card) -> None:
    """Over the whole day, not when it is closed; the battery's voltage is the day's last."""
    battery, clock = Battery(), SetClock(NOON.replace(hour=4))
    looker = watch(card, battery, clock)
    for volts, degrees_c in ((12.6, -3.4), (12.5, 21.6), (12.4, None), (12.3, 8.0)):
        battery.volts, battery.degrees_c = [volts], degrees_c
        looker.look()
        clock.passes(6 * 3600)
    armed_all_day(card)
    found = health(card)
    assert (found.battery_v, found.temperature_min_c, found.temperature_max_c) == (12.3, -3, 22)
    assert found.faults == ()


def test_a_day_without_a_look_tells_what_is_read_now(card: Card) -> None:
    """And of the day before nothing of today's; without any reading nothing is told, which is no fault."""
    watch(card, Battery([12.6]), SetClock(NOON + timedelta(days=1))).look()
    armed_all_day(card, 2)
    folded = fold(card, Rules())
    now = PowerReading(12.1, 7.0)
    told = summary_of(card, folded, TODAY, 1, power=now, clock=None).health
    assert (told.battery_v, told.temperature_min_c, told.temperature_max_c) == (12.1, 7, 7)
    assert (health(card).battery_v, health(card).faults) == (None, ())
    assert health(card, TODAY + timedelta(days=1)).battery_v == 12.6


def test_the_load_at_rest_is_measured_between_looks(card: Card) -> None:
    """A gauge with a shunt: 0.4 W and 0.6 W ten minutes apart are 300 J. Over a gap, or a restart, nobody knows."""
    battery, clock = Battery(load_w=0.4), SetClock()
    looker = watch(card, battery, clock)
    looker.look()
    clock.passes(600)
    battery.load_w = 0.6
    looker.look()
    clock.passes(3000)
    looker.look()
    clock.passes(600)
    watch(card, battery, clock, "another boot").look()
    assert energy.spent_by_day(card.connection) == {TODAY: {Activity.IDLE: Spent(measured_s=600, measured_j=300)}}


def test_the_energy_of_a_day_by_activity(card: Card) -> None:
    """What is added adds up; the satellite's part is what its sessions say, and is written nowhere twice."""
    with transaction(card.connection):
        energy.add(card.connection, TODAY, Activity.CAPTURE, 4, 6)
        energy.add(card.connection, TODAY, Activity.CAPTURE, 2, 3)
        energy.add(card.connection, TODAY, Activity.IDLE, 3600, 2160)
    note_power(card.connection, NOON, 62, "starting")
    assert energy.spent_by_day(card.connection)[TODAY] == {
        Activity.CAPTURE: Spent(6, 9),
        Activity.IDLE: Spent(3600, 2160),
        Activity.SATELLITE: Spent(0, 62),
    }


def test_energy_is_added_in_the_callers_transaction(card: Card) -> None:
    """What is rolled back is not counted: a burst is told with what it took, or not at all."""
    with contextlib.suppress(ZeroDivisionError), transaction(card.connection):
        energy.add(card.connection, TODAY, Activity.CAPTURE, 4, 6)
        raise ZeroDivisionError
    assert energy.spent_by_day(card.connection) == {}


def test_days_left_from_the_card(card: Card) -> None:
    """A yesterday of 2 Wh on a battery of 10 leaves four days; without its size nothing is said."""
    with transaction(card.connection):
        energy.add(card.connection, TODAY, Activity.IDLE, 86400, 7200)
    tomorrow = TODAY + timedelta(days=1)
    left = days_left(card.connection, 10, tomorrow, converter_loss=0)
    assert left is not None
    assert left.days == pytest.approx(4)
    assert days_left(card.connection, None, tomorrow) is None
    assert days_left(card.connection, 10, TODAY) is None


def test_a_reading_is_kept_as_it_was(card: Card) -> None:
    """With the boot and both clocks, so that a wrong clock can be corrected afterwards."""
    clock = SetClock()
    state = watch(card, Battery([11.7], 20.25, 0.5), clock, "boot 7").look()
    kept = newest(card.connection)
    assert kept is not None
    assert (kept.at, kept.boot_id, kept.monotonic_s, kept.saving) == (NOON, "boot 7", 100.0, Saving.INFERENCE)
    assert kept.reading == state.reading == replace(state.reading, battery_v=11.7, temperature_c=20.25, load_w=0.5)
