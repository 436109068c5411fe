"""What outlives a power-off: a lamp that is dead, a camera that does not answer, a bucket that the wind has emptied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.command_effects import SLEEP_UNTIL, sleeps
from cameratrap.app.fold import Rules, fold
from cameratrap.app.gate import (
    carries_over,
    judged,
    power_off_before,
    rests_ahead,
    taken_before,
    yesterday_is_closed,
)
from cameratrap.app.ledger import Ledger, PowerOff
from cameratrap.app.sun import Schedule
from cameratrap.app.wake_plan import NextWake
from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.effort import Span
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.lamp_health import LampHealth
from cameratrap.domain.saving import Saving
from cameratrap.domain.schedule import parse_window
from cameratrap.domain.summaries import ClockQuality
from cameratrap.domain.throttle import Limits, Suppression, Throttle
from cameratrap.ports import PowerReading, Trigger
from cameratrap.store import timings
from cameratrap.store.bursts import begin_burst, end_capture
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.commands import override
from cameratrap.store.connection import transaction
from cameratrap.store.device_faults import begin_anew, note_incident, spans
from cameratrap.store.effort import armed_spans
from cameratrap.store.power_readings import KeptReading, keep, newest
from cameratrap.store.timings import Timing
from cameratrap.store.wakes import WakeCause, Woken, add_wake
from tests.virtual_trap import VirtualClock

DAY = datetime(2027, 3, 20, tzinfo=UTC)
EQUATOR = Rules(position=(0.0, 0.0))  # its nights are twelve hours
HEALTH = LampHealth(dead_below=8, dead_bursts=3)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path, Deployment("d", "s", 0, DAY)) as card:
        yield card


def visit(
    card: Card, hours: float, *, since: float | None, light: float | None = None, fault: str | None = None
) -> None:
    """One power-on of twenty seconds, armed ``since`` that hour; its burst was lit where it has a ``light``."""
    boot, clock = f"boot{hours}", VirtualClock(DAY + timedelta(hours=hours))
    before = None if since is None else DAY + timedelta(hours=since)
    power_off = None if before is None else PowerOff((Span(before, clock.now()),), is_armed_still=True)
    ledger = Ledger(clock, boot, power_off=power_off)
    ledger.begin(card.connection, carries_over(clock, boot, was_armed=before is not None))
    ledger.arm(card.connection, armed=True)
    begin_burst(card.connection, boot, Trigger(boot, clock.now(), TriggerCause.PIR), boot_id=boot, clock=None)
    with transaction(card.connection):
        end_capture(card.connection, boot, error=fault and "none", fault=fault, is_looked_at=False)
        timings.add(card.connection, boot, Timing(0.3, 0.0, 1, 1.0, light is not None, light))
    clock.pass_s(20.0)
    ledger.incidents(judged(card.connection, HEALTH, boot, clock.monotonic_s()))
    ledger.flush(card.connection)


def night_hours(card: Card, day: int) -> float | None:
    return fold(card, EQUATOR).effort[(DAY + timedelta(days=day)).date()].hours_armed_night


def test_a_dead_lamp_is_dead_over_the_power_offs_until_a_bright_picture(card: Card) -> None:
    """Three dark bursts before the first midnight: the whole next day has no night, whatever it photographs by day."""
    for number in range(3):
        visit(card, 20 + number, since=19 + number if number else None, light=1.0)
    for hours in (26, 36, 46):
        visit(card, hours, since=hours - 10 if hours > 26 else 22.1, light=None if hours == 36 else 2.0)
    visit(card, 60, since=46.1)
    effort = fold(card, EQUATOR).effort[(DAY + timedelta(days=1)).date()]
    assert effort.hours_armed == pytest.approx(24, abs=0.2)
    assert effort.hours_armed_night == pytest.approx(0, abs=0.01)
    assert "lamp" in fold(card, EQUATOR).faults[(DAY + timedelta(days=1)).date()]
    visit(card, 68, since=60.1, light=90.0)
    visit(card, 96, since=68.1)
    assert night_hours(card, 2) == pytest.approx(4.0, abs=0.2), "from the bright picture at eight in the evening on"
    assert night_hours(card, 3) == pytest.approx(11.9, abs=0.2)


def test_a_lamp_that_was_not_lit_is_not_shown_to_work_by_bursts_of_before(card: Card) -> None:
    """Its pin could not be had at this visit: the bright pictures of the visits before it say nothing of that."""
    visit(card, 19, since=None, light=90.0)
    note_incident(
        card.connection, Incident("lamp", "its pin", 0.0, recovered=False), DAY + timedelta(hours=20), "boot20"
    )
    visit(card, 20, since=19.1)
    visit(card, 24, since=20.1)
    assert night_hours(card, 0) == pytest.approx(0.9, abs=0.05)


def test_a_camera_that_gave_nothing_is_broken_until_it_does(card: Card) -> None:
    """From one in the night to five nobody can tell that it worked; from then on it did."""
    visit(card, 0, since=None)
    visit(card, 1, since=0.1, fault="camera")
    visit(card, 5, since=1.1)
    visit(card, 24, since=5.1)
    (down,) = [span for span in spans(card.connection)["camera"] if span.length > timedelta(minutes=5)]
    assert down.length == pytest.approx(timedelta(hours=4), abs=timedelta(minutes=2))
    assert fold(card, EQUATOR).effort[DAY.date()].hours_armed == pytest.approx(20, abs=0.2)


def test_what_was_between_is_not_said_of_a_time_that_nobody_can_tell(card: Card) -> None:
    """Without a clock, or after days without power, the lamp is dead before and after, and nothing is known between."""
    for number in range(3):
        visit(card, 1 + number, since=None, light=1.0)
    visit(card, 200, since=None, light=1.0)
    assert max(span.length for span in spans(card.connection)["lamp"]) < timedelta(minutes=1)
    assert spans(card.connection)["lamp"][-1].start == DAY + timedelta(hours=200)


def test_one_dark_burst_proves_nothing(card: Card) -> None:
    visit(card, 1, since=None, light=1.0)
    visit(card, 2, since=1.1, light=90.0)
    assert spans(card.connection) == {}


def storm(card: Card, clock: VirtualClock, bursts: int) -> None:
    for number in range(bursts):
        at = clock.now() - timedelta(seconds=20 * (bursts - number))
        begin_burst(card.connection, f"b{number}", Trigger(f"k{number}", at, TriggerCause.PIR), boot_id="b", clock=None)


@pytest.mark.parametrize(("bursts", "expected"), [(9, None), (60, Suppression.FLOOD)])
def test_a_storm_empties_one_bucket_over_all_power_ons(card: Card, bursts: int, expected: Suppression | None) -> None:
    """One power-on every twenty seconds: ten at once and sixty an hour are the limit, as for a trap that is on."""
    clock = VirtualClock(DAY + timedelta(hours=12))
    storm(card, clock, bursts)
    throttle = Throttle(Limits(at_once=10, per_hour=60))
    before = taken_before(card.connection, clock, -2.0)
    assert len(before) == bursts
    assert before == sorted(before)
    throttle.recall(before)
    assert throttle.admit(Trigger("now", clock.now(), TriggerCause.PIR, -2.0)) is expected


class Unset(VirtualClock):
    def quality(self) -> ClockQuality | None:
        return ClockQuality.UNSET


def test_a_clock_that_is_not_set_limits_nothing(card: Card) -> None:
    """It begins at the same time at each power-on: by it a trap would never take a picture again."""
    clock = Unset(DAY + timedelta(hours=12))
    storm(card, clock, 60)
    assert taken_before(card.connection, clock, -2.0) == []


def test_an_older_storm_is_over(card: Card) -> None:
    clock = VirtualClock(DAY + timedelta(hours=12))
    storm(card, clock, 60)
    clock.pass_s(3600.0)
    throttle = Throttle(Limits(at_once=10, per_hour=60))
    throttle.recall(taken_before(card.connection, clock, 3599.0))
    assert throttle.admit(Trigger("now", clock.now(), TriggerCause.PIR, 3600.0)) is None


class Gate:
    """A gated trap on one card: each visit is of a boot of its own, and leaves its plan for the next."""

    def __init__(self, card: Card, windows: tuple[str, ...] = (), *, has_gauge: bool = False) -> None:
        self.card, self.has_gauge = card, has_gauge
        self.schedule = Schedule([parse_window(window) for window in windows], UTC)
        self.plan: NextWake | None = None

    def visit(self, hours: float, *, alarm: float | None = None) -> None:
        """Twenty seconds at that hour; its alarm is set to another."""
        card, boot, clock = self.card, f"boot{hours}", VirtualClock(DAY + timedelta(hours=hours))
        ledger = Ledger(clock, boot, power_off=power_off_before(card, clock, self.plan, rearm_s=0.0))
        ledger.begin(card.connection, begin_anew)
        seen = newest(card.connection) if self.has_gauge else None
        spared = seen is not None and seen.saving >= Saving.PICTURES
        armed = self.schedule.is_on(clock.now()) and not spared and not sleeps(card.connection, clock.now())
        ledger.arm(card.connection, armed=armed)
        clock.pass_s(20.0)
        ledger.flush(card.connection)
        rings = None if alarm is None else DAY + timedelta(hours=alarm)
        rests = rests_ahead(card, clock, self.schedule, has_gauge=self.has_gauge)
        self.plan = NextWake(rings, is_timelapse=False, profile=BurstProfile(), rests=rests)
        add_wake(card.connection, Woken(boot, WakeCause.PIR, clock.now(), clock.now(), rings))

    def hours_armed(self) -> list[float]:
        """Of each day."""
        return [round(effort.hours_armed or 0, 1) for effort in fold(self.card, EQUATOR).effort.values()]

    def restarts(self) -> int:
        return sum(fold(self.card, EQUATOR).restarts.values())


def test_without_windows_the_whole_time_without_power_is_effort(card: Card) -> None:
    gate = Gate(card)
    for hours in (9, 13, 19, 24.5, 30):
        gate.visit(hours)
    assert (gate.hours_armed(), gate.restarts()) == ([15.0, 6.0], 0)


def test_only_the_windows_of_the_schedule_are_effort(card: Card) -> None:
    """Eight to four at night. Visits by day, and none in the window, count its eight hours and nothing else."""
    gate = Gate(card, ("20:00-04:00",))
    for hours in (9.0, 13.0, 19.0):
        gate.visit(hours)
    assert armed_spans(card.connection) == []
    for hours in (33, 48.5, 54):
        gate.visit(hours)
    assert (gate.hours_armed(), gate.restarts()) == ([4.0, 8.0, 4.0], 0)


def test_a_window_that_is_over_is_told_with_its_day(card: Card) -> None:
    """The visit that closes the day is not armed itself; what its gate was is on the card when it begins."""
    gate = Gate(card, ("20:00-23:00",))
    gate.visit(19)
    clock = VirtualClock(DAY + timedelta(hours=24.5))
    ledger = Ledger(clock, "next", power_off=power_off_before(card, clock, gate.plan, rearm_s=0.0))
    ledger.begin(card.connection, begin_anew)
    assert gate.hours_armed() == [3.0]


def sleep_until(card: Card, day: int, *, at: float) -> None:
    with transaction(card.connection):
        until = (DAY + timedelta(days=day)).date()
        override(card.connection, SLEEP_UNTIL, until, 7, DAY + timedelta(hours=at))


def test_a_sleep_is_no_effort(card: Card) -> None:
    """Told at nine to sleep until the third day begins; it wakes half an hour into that."""
    gate = Gate(card)
    gate.visit(8)
    sleep_until(card, 2, at=8.5)
    for hours in (9, 23, 32, 48.5):
        gate.visit(hours)
    # The sleep is known to the visit at nine, and so from then on; the hour before it was armed.
    assert (gate.hours_armed(), gate.restarts()) == ([1.0, 0.0, 0.5], 0)


def weigh(card: Card, saving: Saving, hours: float) -> None:
    at = DAY + timedelta(hours=hours)
    with transaction(card.connection):
        keep(card.connection, KeptReading(at, "b", 0.0, PowerReading(3.1, None), saving))


def test_what_the_battery_forbids_is_no_effort(card: Card) -> None:
    """Nothing from ten, when it is found to be empty, to four in the afternoon, when it is found to be full again."""
    gate = Gate(card, has_gauge=True)
    gate.visit(8)
    weigh(card, Saving.PICTURES, 9.9)
    gate.visit(10)
    weigh(card, Saving.NOTHING, 15.9)
    gate.visit(16)
    gate.visit(20)
    assert (gate.hours_armed(), gate.restarts()) == ([6.0], 0)


def test_what_a_plan_does_not_tell_is_no_effort(card: Card) -> None:
    """A plan that was lost with the file system: when the gate was to rest, nobody knows."""
    gate = Gate(card)
    gate.visit(8)
    gate.plan = None
    gate.visit(12)
    assert gate.hours_armed() == [0.0]


def test_nothing_is_expected_of_a_camera_while_it_rests(card: Card) -> None:
    gate = Gate(card, ("20:00-04:00",))
    gate.visit(12)
    assert gate.plan is not None
    resting = [hours for hours in range(13, 40) if gate.plan.is_rest(DAY + timedelta(hours=hours))]
    assert resting == [*range(13, 20), *range(28, 40)]


def test_a_trap_that_sleeps_does_not_wait_for_its_day_to_close(card: Card) -> None:
    """A day on which it was not armed is never closed; waiting for that was a start each half hour of the night."""
    gate = Gate(card)
    gate.visit(8)
    sleep_until(card, 5, at=8.5)
    for hours in (8.6, 24.5, 48.5):
        gate.visit(hours)
    assert not yesterday_is_closed(card, DAY + timedelta(hours=24.5)), "it was armed for half an hour"
    assert yesterday_is_closed(card, DAY + timedelta(hours=48.5))
