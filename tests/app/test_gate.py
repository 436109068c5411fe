"""What outlives a power-off: a lamp that is dead, a camera that does not answer, a bucket that the wind has emptied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.fold import Rules, fold
from cameratrap.app.gate import carries_over, judged, taken_before
from cameratrap.app.ledger import Ledger
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.lamp_health import LampHealth
from cameratrap.domain.summaries import ClockQuality
from cameratrap.domain.throttle import Limits, Suppression, Throttle
from cameratrap.ports import Trigger
from cameratrap.store import timings
from cameratrap.store.bursts import begin_burst, end_capture
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.device_faults import spans
from cameratrap.store.timings import Timing
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
    ledger = Ledger(clock, boot, armed_since=before)
    carries_over(clock, boot, was_armed=before is not None)(card.connection)
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
