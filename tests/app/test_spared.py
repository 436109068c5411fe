"""What the battery spares the trap is told of the day: a lamp without which its nights are none, and that it is on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.armed import LAMP_SPARED
from cameratrap.app.close_day import ClosedDay, Closing, close_due_days
from cameratrap.app.field import Field
from cameratrap.app.fold import CardFold, Rules, fold
from cameratrap.app.gate import carries_over
from cameratrap.app.ledger import Ledger
from cameratrap.app.look import LookSettings
from cameratrap.app.plain_tables import write_plain_tables
from cameratrap.app.power_watch import PowerState
from cameratrap.app.vigil import Vigil
from cameratrap.app.watch import Watch
from cameratrap.domain.saving import Saving
from cameratrap.ports import PowerReading
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.device_faults import spans
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.power_readings import KeptReading, keep
from tests.virtual_trap import SlowDetector, VirtualCamera, VirtualClock, VirtualTriggers

DUSK = datetime(2026, 6, 1, 19, tzinfo=UTC)
RULES = Rules(position=(0.0, 0.0))  # night from six to six, nearly
CLOSING = Closing(RULES, builtin_taxa())


class Levels:
    """The battery's level by the hour."""

    def __init__(self, clock: VirtualClock, *levels: Saving) -> None:
        self.clock, self.levels = clock, levels

    def look(self) -> PowerState:
        return PowerState(self.levels[min(int(self.clock.now_s // 3600), len(self.levels) - 1)])


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path, Deployment("d", "s", 0, DUSK)) as card:
        yield card


def watched(card: Card, *levels: Saving, has_lamp: bool) -> CardFold:
    """Four hours of the night at these levels."""
    clock = VirtualClock(DUSK)
    field = Field(has_lamp=has_lamp, open_battery=lambda _: Levels(clock, *levels))
    watch = Watch(
        card, VirtualCamera(clock), SlowDetector(clock, 1.0, []), clock,
        boot_id="boot", serial="s", field=field, settings=LookSettings(),
    )  # fmt: skip
    watch.run(VirtualTriggers(clock, [], ends_s=4 * 3600.0), CLOSING)
    return fold(card, RULES)


SINKING = (Saving.NOTHING, Saving.LAMP, Saving.BURST, Saving.NOTHING)


def test_nights_without_the_lamp_for_the_batterys_sake_are_no_effort(card: Card) -> None:
    """Two of four hours of a night it was spared: two are left, it is named in the table, and the battery is told."""
    folded = watched(card, *SINKING, has_lamp=True)
    effort = folded.effort[DUSK.date()]
    assert effort.hours_armed == pytest.approx(4.0, abs=0.01)
    assert effort.hours_armed_night == pytest.approx(2.0, abs=0.01)
    assert folded.faults[DUSK.date()] == ("battery",), "the lamp is whole"
    write_plain_tables(card, folded)
    with (card.folder / "effort.csv").open(encoding="utf-8") as file:
        assert [row["lamp_down_h"] for row in csv.DictReader(file)] == ["2.00"]


def test_a_trap_without_a_lamp_spares_none(card: Card) -> None:
    """What it sees at night it sees at every level."""
    folded = watched(card, *SINKING, has_lamp=False)
    assert folded.effort[DUSK.date()].hours_armed_night == pytest.approx(4.0, abs=0.01)
    assert folded.faults[DUSK.date()] == ()


def test_a_lamp_that_is_spared_is_so_over_the_power_offs_of_a_gate(card: Card) -> None:
    """From the visit that found the battery low to the one that found it well again."""
    levels = (Saving.NOTHING, Saving.LAMP, Saving.LAMP, Saving.NOTHING, Saving.NOTHING)
    for number, level in enumerate(levels):
        clock = VirtualClock(DUSK + timedelta(hours=number))
        begin = carries_over(clock, f"boot{number}", was_armed=number > 0)
        ledger = Ledger(clock, f"boot{number}")
        battery = Levels(clock, level)
        field = Field(begin=begin, has_lamp=True, open_battery=lambda _, battery=battery: battery)  # type: ignore[misc]
        vigil = Vigil(card, VirtualCamera(clock), clock, field, ledger)
        vigil.begin()
        vigil.power()
        ledger.flush(card.connection)
    assert sum((span.length for span in spans(card.connection)[LAMP_SPARED]), timedelta(0)) == timedelta(hours=2)


def low(card: Card, at: datetime, saving: Saving = Saving.PICTURES) -> None:
    with transaction(card.connection):
        keep(card.connection, KeptReading(at, "b", 0.0, PowerReading(3.1, None), saving))


def test_a_day_on_which_it_only_waited_for_triggers_is_told(card: Card) -> None:
    """The battery allowed no pictures and nothing came: the day says that the trap is on; one without power nothing."""
    noon = datetime(2026, 6, 2, 12, tzinfo=UTC)
    stretch = arm(card.connection, DUSK, 0.0, "b")
    still_armed(card.connection, stretch, DUSK + timedelta(hours=1), 3600.0)
    low(card, noon)
    low(card, noon + timedelta(days=2), Saving.LAMP)
    low(card, noon + timedelta(days=3))
    outcomes = close_due_days(card, CLOSING, noon + timedelta(days=5))
    told = [each.summary.day.day for each in outcomes if isinstance(each, ClosedDay)]
    assert told == [1, 2, 5]
    assert fold(card, RULES).effort[noon.date()].hours_armed == 0.0


def test_a_reading_of_a_clock_that_was_never_set_is_no_day(card: Card) -> None:
    """One of 1970 must not make fifty years of days."""
    arm(card.connection, DUSK, 0.0, "b")
    low(card, datetime(1970, 1, 1, tzinfo=UTC))
    assert not fold(card, RULES).only_counting
