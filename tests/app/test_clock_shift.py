"""A wrong clock: no record lost, none in the wrong day once it is corrected, and every original kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameratrap.app.alerts import AlertRaised, AlertRules, raise_alerts
from cameratrap.app.clock_eras import card_eras, newest_point
from cameratrap.app.clock_shift import Selection, by_hand, by_network, correct, correct_by_network, true_now
from cameratrap.app.close_day import ClockCorrected, ClosedDay, Closing, DayTold, close_due_days
from cameratrap.app.fold import Rules, fold
from cameratrap.app.plain_tables import write_plain_tables
from cameratrap.domain.alerts import AlertLimits
from cameratrap.domain.capture import Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import StoreError, UsageError
from cameratrap.ports import Trigger
from cameratrap.resources import builtin_taxa
from cameratrap.sbd.network_time import BUILT
from cameratrap.store.analyses import Analysis, ModelIdentity, Observation, PictureAnswer, store_analysis
from cameratrap.store.bursts import add_picture, begin_burst, pictures_of
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.clock_readings import ClockReading, add_reading
from cameratrap.store.clock_shifts import shifts, undo
from cameratrap.store.device_faults import note_incident, spans, still_down
from cameratrap.store.effort import arm, armed_spans, starts_by_day, still_armed, suppress
from cameratrap.store.media import SavedPicture
from cameratrap.store.timed_rows import timed_rows

TRUE = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)
CLOSING = Closing(Rules(), builtin_taxa())
MODEL = ModelIdentity("m", "1", "0" * 64, 0.5)
LATER = TRUE + timedelta(days=700)  # when the card is looked at, at home


@dataclass
class Trap:
    """A trap whose wall clock is ``wrong_by`` ahead, and may be set; its monotonic clock never is."""

    card: Card
    boot: str = "boot-1"
    wrong_by: timedelta = timedelta(0)
    booted: datetime = TRUE
    true: datetime = TRUE
    on_rtc: bool = False
    stretch: int = 0
    bursts: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.true + self.wrong_by

    @property
    def monotonic_s(self) -> float:
        return (self.true - self.booted).total_seconds()

    @property
    def quality(self) -> ClockQuality | None:
        if self.now < BUILT:
            return ClockQuality.UNSET
        return None if self.on_rtc else ClockQuality.DRIFTING

    def begin(self) -> None:
        c = self.card.connection
        self.stretch = arm(c, self.now, self.monotonic_s, self.boot, clock=self.quality)

    def reboot(self, name: str, *, wrong_by: timedelta, after: timedelta = timedelta(minutes=1)) -> None:
        self.boot, self.wrong_by = name, wrong_by
        self.true += after
        self.booted = self.true
        self.begin()

    def live(self, hours: float, *, seeing: bool = True) -> None:
        """Armed for so long; a fox at its end, and one trigger that is not photographed."""
        self.true += timedelta(hours=hours)
        c = self.card.connection
        self.stretch = still_armed(c, self.stretch, self.now, self.monotonic_s, clock=self.quality)
        if not seeing:
            return
        name = f"b{len(self.bursts)}"
        trigger = Trigger(name, self.now, TriggerCause.PIR, self.monotonic_s)
        begin_burst(c, name, trigger, boot_id=self.boot, clock=self.quality)
        picture = SavedPicture(f"DCIM/100CTRAP/CTRP{len(self.bursts) + 1:04d}.JPG", name, 9)
        add_picture(c, name, picture, position=1, of=1, captured_at=self.now, source_sha256=name, source_name="")
        seen = Observation("Vulpes vulpes", 1, 1, 1, 0.9, self.now, self.now)
        answers = tuple(PictureAnswer(each, 48, 36, ()) for each in pictures_of(c, name))
        store_analysis(c, name, Analysis(answers, (seen,)), MODEL, made_at=self.now, error=None, fault=None)
        suppress(c, self.now, self.boot, "cooldown", clock=self.quality)
        self.bursts.append((name, self.true))

    def ask_network(self, *, sets: bool = False) -> None:
        add_reading(
            self.card.connection,
            ClockReading(
                self.now,
                self.wrong_by.total_seconds(),
                ClockQuality.UNSET,
                "iridium",
                corrected=sets,
                boot_id=self.boot,
                monotonic_s=self.monotonic_s,
            ),
        )
        if sets:
            self.wrong_by = timedelta(0)

    def close(self) -> list[object]:
        return list(close_due_days(self.card, CLOSING, self.now))

    def told_days(self) -> set[date]:
        rows = self.card.connection.execute("SELECT DISTINCT day FROM outbox WHERE kind = 'summary'")
        return {date.fromisoformat(row["day"]) for row in rows}

    def recorded(self) -> list[tuple[str, datetime]]:
        rows = self.card.connection.execute("SELECT id, started_at FROM bursts ORDER BY rowid")
        return [(row["id"], datetime.fromisoformat(row["started_at"])) for row in rows]


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    with make_card(tmp_path / "card", Deployment("d", "s", 0, TRUE)) as card:
        yield Trap(card)


def snapshot(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Every row of every table that a correction may touch."""
    kinds = ("bursts", "media", "observations", "armed", "suppressed", "device_faults", "alerts")
    return [tuple(row) for kind in kinds for row in connection.execute(f"SELECT * FROM {kind}")]  # noqa: S608


def test_what_a_clock_at_1970_told_waits_and_is_counted_once_it_is_corrected(trap: Trap) -> None:
    """No day of 1970 is closed or told, nothing is lost, and the true day has all of it."""
    trap.wrong_by = datetime(1970, 1, 1, tzinfo=UTC) - TRUE
    trap.begin()
    for _ in range(4):
        trap.live(5)
        assert trap.close() == []
    trap.live(9)
    assert trap.close() == []
    folded = fold(trap.card, Rules())
    assert (folded.days, len(folded.waiting)) == ((), 2)
    trap.ask_network(sets=True)
    outcomes = trap.close()
    assert ClockCorrected(5, TRUE - datetime(1970, 1, 1, tzinfo=UTC)) in outcomes
    assert [each.summary.day for each in outcomes if isinstance(each, ClosedDay)] == [TRUE.date()]
    assert trap.told_days() == {TRUE.date()}
    assert trap.recorded() == trap.bursts
    folded = fold(trap.card, Rules())
    assert [folded.effort[day].triggers for day in folded.days] == [2, 3]
    assert [folded.effort[day].hours_armed for day in folded.days] == [12.0, 17.0]
    assert [folded.effort[day].suppressed for day in folded.days] == [2, 3]
    assert folded.waiting == frozenset()


def test_a_boot_that_never_learns_the_time_waits_for_ever_and_hinders_no_other(trap: Trap) -> None:
    """The next boot's days are closed and say that the clock is at fault; what the first one saw stays on the card."""
    trap.wrong_by = datetime(1970, 1, 1, tzinfo=UTC) - TRUE
    trap.begin()
    trap.live(2)
    trap.reboot("boot-2", wrong_by=timedelta(0))
    trap.live(1)
    trap.live(24)
    (closed,) = (each for each in trap.close() if isinstance(each, ClosedDay))
    assert (closed.summary.day, closed.summary.health.faults) == (TRUE.date(), ("clock",))
    folded = fold(trap.card, Rules())
    assert sum(len(tallies) for tallies in folded.tallies.values()) == 2
    assert len(trap.recorded()) == 3


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=30)])
def test_a_clock_that_jumps_while_running_is_one_era_more(trap: Trap, jump: timedelta) -> None:
    """What it told before and after are told apart, and only the wrong ones are moved, by what they were wrong by."""
    trap.begin()
    trap.live(3)
    trap.ask_network()
    trap.wrong_by = jump
    trap.live(3)
    trap.live(3)
    eras = card_eras(trap.card.connection, list(timed_rows(trap.card.connection)))
    assert [(each.era.number, each.error, each.is_wrong) for each in eras] == [
        (1, timedelta(0), False),
        (2, jump, True),
    ]
    assert true_now(trap.card.connection, trap.now) == trap.true
    trap.live(30)
    outcomes = trap.close()
    assert ClockCorrected(3, -jump) in outcomes
    assert trap.recorded() == trap.bursts
    folded = fold(trap.card, Rules())
    days = [TRUE.date() + timedelta(days=n) for n in range(3)]
    assert list(folded.days) == days
    assert [each.summary.day for each in outcomes if isinstance(each, ClosedDay)] == days[:2]


def test_a_day_closed_by_a_wrong_clock_is_told_anew_empty(trap: Trap) -> None:
    """The receiver was told of a day to come: it is told at once that nothing was there, and of the true day."""
    trap.wrong_by = timedelta(days=30)
    trap.begin()
    trap.live(3)
    trap.live(24)
    wrong = TRUE.date() + timedelta(days=30)
    assert [each.summary.day for each in trap.close() if isinstance(each, ClosedDay)] == [wrong]
    trap.card.connection.execute("UPDATE outbox SET state = 'sent', attempts = 1")
    trap.ask_network(sets=True)
    trap.live(1)
    outcomes = trap.close()
    assert [each.summary.day for each in outcomes if isinstance(each, ClosedDay)] == [TRUE.date()]
    assert [each.day for each in outcomes if isinstance(each, DayTold)] == [wrong]
    assert trap.close() == []
    rows = trap.card.connection.execute("SELECT says FROM tellings WHERE day = ?", (wrong.isoformat(),))
    assert '"Vulpes vulpes"' in (says := [row["says"] for row in rows])[0]
    assert says[-1] == "[0.0, []]"


def test_a_real_time_clock_takes_its_error_from_boot_to_boot(trap: Trap) -> None:
    """A trap that is switched on by each animal asks the network in one boot of many: all of them are corrected."""
    trap.on_rtc = True
    trap.wrong_by = timedelta(days=30)
    trap.begin()
    for number in range(2, 6):
        trap.live(0.1)
        trap.reboot(f"boot-{number}", wrong_by=trap.wrong_by, after=timedelta(hours=2))
    trap.ask_network()
    trap.live(0.1)
    correct_by_network(trap.card.connection, trap.now)
    assert trap.recorded() == trap.bursts


def test_a_clock_without_one_says_nothing_of_other_boots(trap: Trap) -> None:
    """Nor does one that went back between two boots."""
    trap.wrong_by = timedelta(days=30)
    trap.begin()
    trap.live(1)
    before = trap.recorded()
    trap.reboot("boot-2", wrong_by=timedelta(days=30))
    trap.live(1)
    trap.ask_network()
    correct_by_network(trap.card.connection, trap.now)
    assert trap.recorded() == [before[0], trap.bursts[1]]


def test_drift_is_judged_and_never_shifted(trap: Trap) -> None:
    """A few minutes are no other day, and how they grew is not known."""
    trap.wrong_by = timedelta(minutes=9)
    trap.begin()
    trap.live(1)
    trap.ask_network()
    before = snapshot(trap.card.connection)
    assert correct_by_network(trap.card.connection, trap.now) == []
    assert snapshot(trap.card.connection) == before


@settings(max_examples=8, deadline=None)
@given(
    days=st.integers(-500, 500),
    seconds=st.integers(-90000, 90000),
    hours=st.lists(st.floats(0.5, 30), max_size=4),
    bounds=st.tuples(*[st.none() | st.floats(-1, 100).map(lambda hours: TRUE + timedelta(hours=hours))] * 2),
)
def test_undoing_gives_back_every_byte(
    tmp_path_factory: pytest.TempPathFactory,
    days: int,
    seconds: int,
    hours: list[float],
    bounds: tuple[datetime | None, datetime | None],
) -> None:
    """Whatever was moved by whatever offset, and wherever it cut: the rows are as they were written."""
    selection = Selection("", *bounds)
    with make_card(tmp_path_factory.mktemp("card"), Deployment("d", "s", 0, TRUE)) as card:
        trap = Trap(card)
        trap.begin()
        for each in hours:
            trap.live(each)
        note_incident(card.connection, Incident("lamp", "dead", trap.monotonic_s, recovered=False), trap.now, trap.boot)
        before = snapshot(card.connection)
        offset = timedelta(days=days, seconds=seconds)
        for number in correct(card.connection, [by_hand(card.connection, selection, offset, LATER)], TRUE):
            moved = [(name, at + offset if selection.has(at) else at) for name, at in trap.bursts]
            assert trap.recorded() == moved
            undo(card.connection, number, TRUE)
        assert snapshot(card.connection) == before


def test_corrections_are_undone_newest_first_and_once(trap: Trap) -> None:
    """A time that was moved twice has one original; taking back the first alone would give neither time."""
    trap.begin()
    trap.live(1)
    first, second = (
        correct(trap.card.connection, [by_hand(trap.card.connection, Selection(), timedelta(hours=n), LATER)], TRUE)[0]
        for n in (1, 2)
    )
    with pytest.raises(StoreError, match=f"correction {second} moved"):
        undo(trap.card.connection, first, TRUE)
    undo(trap.card.connection, second, TRUE)
    undo(trap.card.connection, first, TRUE)
    assert trap.recorded() == trap.bursts
    with pytest.raises(StoreError, match="undone already"):
        undo(trap.card.connection, first, TRUE)
    with pytest.raises(StoreError, match="there is no correction 9"):
        undo(trap.card.connection, 9, TRUE)
    assert [each.undone_at is None for each in shifts(trap.card.connection)] == [False, False]


def test_a_selection_takes_a_burst_with_all_that_belongs_to_it(trap: Trap) -> None:
    """By time or by boot; pictures and counts follow their burst."""
    trap.begin()
    trap.live(1)
    trap.reboot("other", wrong_by=timedelta(0))
    trap.live(1)
    connection = trap.card.connection
    by_time = by_hand(connection, Selection(since=trap.now - timedelta(minutes=30)), timedelta(hours=1), LATER)
    assert {row.key for row in by_time.rows if row.kind == "bursts"} == {"b1"}
    assert (by_time.count("media"), by_time.count("observations")) == (1, 1)
    by_boot = by_hand(connection, Selection(boot="boot-1"), timedelta(hours=1), LATER)
    assert {row.key for row in by_boot.rows if row.kind == "bursts"} == {"b0"}
    assert by_hand(connection, Selection(boot="nobody"), timedelta(hours=1), LATER).rows == ()
    assert by_network(connection) == []


@pytest.mark.parametrize("at_h", [[0.0, 24.0], [30.0, 60.0], [30.0, None], [None, 60.0]])
def test_hours_armed_are_cut_where_the_selection_is(trap: Trap, at_h: list[float | None]) -> None:
    """One stretch of four days, of which a part moves by a month: each burst stays within hours armed."""
    trap.begin()
    note_incident(trap.card.connection, Incident("lamp", "dead", 0.0, recovered=False), trap.now, trap.boot)
    for _ in range(9):
        trap.live(10)
        still_down(trap.card.connection, trap.now, trap.monotonic_s, trap.boot)
    since, until = (None if each is None else TRUE + timedelta(hours=each) for each in at_h)
    correction = by_hand(trap.card.connection, Selection("", since, until), timedelta(days=30), LATER)
    assert correction.cuts == 2  # the armed stretch and the lamp's fault
    correct(trap.card.connection, [correction], TRUE)
    armed = armed_spans(trap.card.connection)
    assert sum((span.end - span.start for span in armed), timedelta(0)) == timedelta(hours=90)
    assert all(any(span.start <= at <= span.end for span in armed) for _, at in trap.recorded())
    assert spans(trap.card.connection)["lamp"] == armed
    assert starts_by_day(trap.card.connection, UTC).total() == 1
    assert newest_point(trap.card.connection) is not None


def test_what_a_cut_left_can_be_corrected_by_itself_and_undone_in_order(trap: Trap) -> None:
    """The part that stayed is moved by a second correction: the first one cannot be undone before it."""
    trap.begin()
    trap.live(40)
    c = trap.card.connection
    before = snapshot(c)
    bound = TRUE + timedelta(hours=20)
    (first,) = correct(c, [by_hand(c, Selection(until=bound), timedelta(days=-30), LATER)], TRUE)
    (second,) = correct(c, [by_hand(c, Selection(since=bound), timedelta(days=30), LATER)], TRUE)
    with pytest.raises(StoreError, match=f"correction {second} moved"):
        undo(c, first, TRUE)
    undo(c, second, TRUE)
    undo(c, first, TRUE)
    assert snapshot(c) == before


@pytest.mark.parametrize("days", [-30000, -10500, 20000, 1100, 10**8])
def test_a_time_that_no_trap_can_tell_is_refused(trap: Trap, days: int) -> None:
    """A sign or a figure that was mistyped: before there were such traps, or years to come."""
    trap.begin()
    trap.live(1)
    with pytest.raises(UsageError, match=f"moved by {days} days"):
        by_hand(trap.card.connection, Selection(), timedelta(days=days), LATER)


def test_the_trap_never_moves_anything_before_its_program_was_built(trap: Trap) -> None:
    """A comparison whose monotonic time is of another clock proves a time that cannot be."""
    trap.begin()
    trap.live(1)
    at = ClockReading(trap.now, 0.0, ClockQuality.OK, "iridium", boot_id=trap.boot, monotonic_s=1.79e9)
    add_reading(trap.card.connection, at)
    before = snapshot(trap.card.connection)
    assert correct_by_network(trap.card.connection, trap.now) == []
    assert snapshot(trap.card.connection) == before


def test_what_was_taken_back_is_not_corrected_by_the_trap_again(trap: Trap) -> None:
    """Whatever it compares afterwards; only who asks for it has it made again."""
    trap.wrong_by = timedelta(days=30)
    trap.begin()
    trap.live(1)
    trap.ask_network()
    correct_by_network(trap.card.connection, trap.now)
    undo(trap.card.connection, 1, trap.now)
    wrong = trap.recorded()
    trap.ask_network()
    assert correct_by_network(trap.card.connection, trap.now) == []
    assert trap.recorded() == wrong
    correct(trap.card.connection, by_network(trap.card.connection), trap.now)
    assert trap.recorded() == trap.bursts


def test_the_plain_table_has_the_original_beside_the_corrected_time(trap: Trap) -> None:
    """The pictures' own tags are never rewritten: whoever compares finds the time that they tell."""
    trap.begin()
    trap.live(1)
    before = trap.now.isoformat()
    correct(trap.card.connection, [by_hand(trap.card.connection, Selection(), timedelta(days=2), LATER)], TRUE)
    write_plain_tables(trap.card, fold(trap.card, Rules()))
    header, row = (trap.card.folder / "media.csv").read_text(encoding="utf-8").splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    assert cells["timestamp"] == (trap.now + timedelta(days=2)).isoformat()
    assert cells["original_timestamp"] == before


def test_an_animal_at_an_unknown_time_is_told_of_once_the_time_is_known(trap: Trap) -> None:
    """No alert of 1970: it waits, and then names the true time."""
    rules = AlertRules(builtin_taxa(), ("Vulpes vulpes",), AlertLimits(timedelta(hours=1), 3, 30), 0.5)
    trap.wrong_by = datetime(1970, 1, 1, tzinfo=UTC) - TRUE
    trap.begin()
    trap.live(1)
    assert raise_alerts(trap.card, rules, trap.now) == []
    trap.ask_network(sets=True)
    correct_by_network(trap.card.connection, trap.now)
    (raised,) = raise_alerts(trap.card, rules, trap.now)
    assert isinstance(raised, AlertRaised)
    assert raised.alert.at == trap.true.replace(tzinfo=None)


def test_a_clock_that_was_set_by_hand_is_believed_before_the_trap_has_written_again(trap: Trap) -> None:
    """From 1970 to now, and back from a month ahead: what was known of the old setting is no news of the new one."""
    for wrong_by in (datetime(1970, 1, 1, tzinfo=UTC) - TRUE, timedelta(days=30)):
        trap.reboot(f"boot {wrong_by}", wrong_by=wrong_by)
        trap.live(1)
        trap.ask_network()
        assert true_now(trap.card.connection, trap.now) == trap.true
        assert true_now(trap.card.connection, trap.true) == trap.true
