"""The resident service in virtual time: triggers before looks, the battery, commands, a camera or a card that fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from cameratrap.app import plain_tables
from cameratrap.app.card_keeper import CardKeeper
from cameratrap.app.closing import Closing
from cameratrap.app.disk import Room, RoomRules
from cameratrap.app.energy_count import EnergyCount
from cameratrap.app.field import Field, Standing
from cameratrap.app.fold import Rules, fold
from cameratrap.app.late_detector import LateDetector
from cameratrap.app.ledger import Ledger
from cameratrap.app.look import LookSettings
from cameratrap.app.no_sensor import NoSensor
from cameratrap.app.plain_tables import TablesFailed
from cameratrap.app.power_watch import PowerState
from cameratrap.app.resident import keep_watch
from cameratrap.app.stopping import Stop, StopRequest
from cameratrap.app.vigil import CAMERA_FAILURES, STARTS_A_DAY, WITHOUT_SENSOR_S
from cameratrap.app.watch import Watch
from cameratrap.app.watch_report import BurstReport, Outcome, SavingChanged, WatchReport
from cameratrap.domain.activities import Activity
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.detections import DetectedFrame
from cameratrap.domain.effort import Span
from cameratrap.domain.saving import Saving
from cameratrap.errors import DeviceError, ModelError, StoreError
from cameratrap.ports import Detector, Frame, Trigger
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import open_store, transaction
from cameratrap.store.device_faults import spans
from cameratrap.store.effort import arm, armed_spans
from cameratrap.store.energy import spent_by_day
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.timings import timings
from tests.virtual_trap import START, SlowDetector, VirtualCamera, VirtualClock, VirtualTriggers

DEPLOYMENT = Deployment("ridge_20260601", "ridge", 0, START)
TWO = BurstProfile(2, 1.0)


@dataclass
class Supervised:
    """Whoever watches the process."""

    interval_s: float | None = 60.0
    told: list[str] = field(default_factory=list)

    def ready(self) -> None:
        self.told.append("ready")

    def alive(self) -> None:
        self.told.append("alive")

    def status(self, line: str) -> None:
        self.told.append(line)

    def stopping(self) -> None:
        self.told.append("stopping")


class Trap:
    """A trap of virtual parts on a card."""

    def __init__(self, folder: Path, at_s: list[float], *, fails: tuple[int, ...] = (), ends_s: float = 0.0) -> None:
        self.folder = folder
        self.log: list[str] = []
        self.told: list[Outcome] = []
        self.clock = VirtualClock()
        self.triggers = VirtualTriggers(self.clock, at_s, ends_s=ends_s)
        self.camera = VirtualCamera(self.clock, self.log, fails)
        self.detector = SlowDetector(self.clock, 2.0, self.log)
        self.ledger = Ledger(self.clock, "boot")

    def run(self, card: Card, field: Field | None = None, keeper: CardKeeper | None = None) -> WatchReport:
        watch = Watch(
            card, self.camera, self.detector, self.clock, boot_id="boot", serial="s", field=field or Field(profile=TWO),
            ledger=self.ledger, keeper=keeper,
        )  # fmt: skip
        return watch.run(self.triggers, Closing(Rules(), builtin_taxa()), tell=self.told.append)

    def bursts(self) -> list[BurstReport]:
        return [each for each in self.told if isinstance(each, BurstReport)]


@contextmanager
def card_at(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        yield card


def test_a_trigger_is_photographed_between_two_pictures_that_are_looked_at(tmp_path: Path) -> None:
    """While the first burst is looked at a second comes: it is taken before the look goes on, and looked at after."""
    trap = Trap(tmp_path, [1.0, 5.0])
    with card_at(tmp_path) as card:
        report = trap.run(card)
    assert trap.log == ["take t1", "look t1-1", "take t5", "look t1-2", "look t5-1", "look t5-2"]
    assert (report.triggers, report.pictures, report.failures) == (2, 4, 0)
    assert [burst.at for burst in trap.bursts()] == [START + timedelta(seconds=s) for s in (1, 5)]


def test_each_burst_tells_its_latency_and_its_dead_time(tmp_path: Path) -> None:
    """From the edge to the first exposure, and until the next trigger could be taken: waiting for a look counts, too.

    The second trigger comes while a picture is looked at, for two seconds from 3.3 s on: it waits until 5.3 s.
    """
    trap = Trap(tmp_path, [1.0, 5.0])
    with card_at(tmp_path) as card:
        trap.run(card)
        first, second = timings(card.connection).values()
    assert (first.first_frame_s, first.dead_s) == (pytest.approx(0.3), pytest.approx(2.3))
    assert (second.first_frame_s, second.dead_s) == (pytest.approx(0.6), pytest.approx(2.6))
    assert (first.requested, first.spacing_s, first.lamp, first.brightness) == (2, 1.0, True, 80.0)


class Looking(VirtualTriggers):
    """A sensor that judges frames."""

    cpu_s_per_frame = 0.00065


def test_whoever_asks_is_told_what_motion_costs(tmp_path: Path) -> None:
    """The status line has the processor's time for a frame, where frames are judged; with a PIR there is none."""
    lines = []
    for sensor in (VirtualTriggers, Looking):
        supervisor = Supervised()
        with card_at(tmp_path / sensor.__name__) as card:
            trap = Trap(tmp_path, [1.0])
            trap.triggers = sensor(trap.clock, [1.0])
            trap.run(card, Field(profile=TWO, supervisor=supervisor))
        lines.append([line for line in supervisor.told if "triggers" in line][-1])
    assert lines == ["armed, 1 triggers", "armed, 1 triggers, motion: 0.7 ms of the processor a frame"]


def test_its_energy_is_counted_by_what_it_does(tmp_path: Path) -> None:
    """Of a minute with one burst: 2.3 s of taking two pictures with the lamp, 4 s of looking at them, the rest idle."""
    trap = Trap(tmp_path, [10.0], ends_s=60.0)
    watts = {Activity.IDLE: 1.0, Activity.CAPTURE: 2.0, Activity.INFERENCE: 3.0, Activity.LAMP: 10.0}
    trap.ledger = Ledger(trap.clock, "boot", energy=EnergyCount(trap.clock, watts))
    with card_at(tmp_path) as card:
        trap.run(card)
        (spent,) = spent_by_day(card.connection).values()
    assert {activity: (each.seconds, each.joules) for activity, each in spent.items()} == {
        Activity.IDLE: (pytest.approx(53.7), pytest.approx(53.7)),
        Activity.CAPTURE: (pytest.approx(2.3), pytest.approx(4.6)),
        Activity.INFERENCE: (pytest.approx(4.0), pytest.approx(12.0)),
        Activity.LAMP: (pytest.approx(2.3), pytest.approx(23.0)),
    }


def test_the_energy_of_days_that_are_not_armed_is_written_as_they_pass(tmp_path: Path) -> None:
    """A battery at its last level for three days: each has its 86,400 s, and a power cut loses ten minutes at most."""
    trap = Trap(tmp_path, [], ends_s=1e9)
    trap.ledger = Ledger(trap.clock, "boot", energy=EnergyCount(trap.clock, {Activity.IDLE: 1.0}))
    cut_s = 3 * 86400.0 + 1234

    def cut(now_s: float) -> None:
        if now_s > cut_s:
            raise KeyError

    trap.triggers.meanwhile = cut
    with card_at(tmp_path) as card:
        with pytest.raises(KeyError):
            trap.run(card, Field(profile=TWO, open_battery=lambda _: Sinking(trap, [Saving.NOTHING, Saving.PICTURES])))
        seconds = [spent[Activity.IDLE].seconds for spent in spent_by_day(card.connection).values()]
    assert seconds[1:3] == pytest.approx([86400.0, 86400.0])
    assert cut_s - sum(seconds) < 601


def test_a_stop_while_it_is_not_armed_writes_what_has_gathered(tmp_path: Path) -> None:
    """A service is stopped in the hours off its schedule: energy and counts are on the card to the second."""
    trap = Trap(tmp_path, [], ends_s=1e9)
    trap.ledger = Ledger(trap.clock, "boot", energy=EnergyCount(trap.clock, {Activity.IDLE: 1.0}))

    def stop(now_s: float) -> None:
        if now_s > 1500:
            raise StopRequest

    trap.triggers.meanwhile = stop
    with card_at(tmp_path) as card:
        with pytest.raises(StopRequest):
            trap.run(card, Field(hours=Hours()))  # type: ignore[arg-type]
        (spent,) = spent_by_day(card.connection).values()
    assert spent[Activity.IDLE].seconds == trap.clock.now_s


def test_a_full_card_counts_on(tmp_path: Path) -> None:
    """Nothing there to make room with: each burst is looked at and counted, and its pictures go; no animal is lost."""
    trap = Trap(tmp_path, [10.0, 20.0, 30.0])
    with card_at(tmp_path) as card:
        keeper = CardKeeper(card, trap.clock, RoomRules(1000, drops_blanks=False), measured=lambda _: Room(500, 9000))
        trap.run(card, keeper=keeper)
        folded = fold(card, Rules())
        outcomes = {row[0] for row in card.connection.execute("SELECT outcome FROM treatments")}
    effort = folded.effort[START.date()]
    assert (effort.triggers, effort.blank) == (3, 3)
    assert folded.faults[START.date()] == ("card",)
    assert outcomes == {"dropped"}
    assert list((tmp_path / "card" / "DCIM" / "100CTRAP").iterdir()) == []


def test_a_process_that_waits_wakes_seldom(tmp_path: Path) -> None:
    """An hour without a trigger: once in ten minutes, and twice in each interval of the watchdog, which it feeds."""
    trap = Trap(tmp_path, [], ends_s=3600.0)
    with card_at(tmp_path) as card:
        trap.run(card)
        assert len(trap.triggers.waits) <= 8
        assert fold(card, Rules()).effort[START.date()].hours_armed == pytest.approx(1.0)
    guarded = Trap(tmp_path, [], ends_s=3600.0)
    supervisor = Supervised(interval_s=60.0)
    with card_at(tmp_path) as card:
        guarded.run(card, Field(supervisor=supervisor))
    assert len(guarded.triggers.waits) <= 3600 / 30 + 2
    assert supervisor.told.count("alive") == pytest.approx(120, abs=3)
    assert supervisor.told[0] == "ready"


def test_effort_is_written_every_ten_minutes(tmp_path: Path) -> None:
    """A power cut after fifty-nine minutes of silence loses nine."""
    trap = Trap(tmp_path, [], ends_s=1e9)

    def cut(now_s: float) -> None:
        if now_s > 59 * 60:
            raise KeyError

    trap.triggers.meanwhile = cut
    with card_at(tmp_path) as card:
        with pytest.raises(KeyError):
            trap.run(card)
        (span,) = armed_spans(card.connection)
    assert span == Span(START, START + timedelta(minutes=50))


class Hours:
    """Armed for the first ten minutes of each hour."""

    def is_on(self, now: object) -> bool:
        return now.minute < 10  # type: ignore[attr-defined,no-any-return]

    def next_change(self, now: object) -> object:
        hour = now.replace(minute=0, second=0, microsecond=0)  # type: ignore[attr-defined]
        return hour + (timedelta(minutes=10) if self.is_on(now) else timedelta(hours=1))


def test_hours_off_the_schedule_are_no_effort_and_no_restart(tmp_path: Path) -> None:
    """Three hours with a window of ten minutes each: half an hour armed, to the second, in one start."""
    trap = Trap(tmp_path, [], ends_s=3 * 3600.0 - 1)
    with card_at(tmp_path) as card:
        trap.run(card, Field(hours=Hours()))  # type: ignore[arg-type]
        folded = fold(card, Rules())
    assert folded.effort[START.date()].hours_armed == pytest.approx(0.5, abs=1e-6)
    assert folded.restarts[START.date()] == 0


class Sinking:
    """A battery whose level is told by the hour."""

    def __init__(self, trap: Trap, levels: list[Saving]) -> None:
        self.trap, self.levels, self.last = trap, levels, Saving.NOTHING

    def look(self) -> PowerState:
        level = self.levels[min(int(self.trap.clock.now_s // 3600), len(self.levels) - 1)]
        last, self.last = self.last, level
        return PowerState(level, last_gasp=level is Saving.PICTURES and last is not level)


class Unread:
    """A gauge that is missing on its bus."""

    def look(self) -> PowerState:
        return PowerState(trouble="I2C bus 1 address 0x40 does not answer")


def test_a_gauge_that_tells_nothing_is_told(tmp_path: Path) -> None:
    """Whoever looks at the service reads why there are no volts."""
    supervisor = Supervised()
    with card_at(tmp_path) as card:
        Trap(tmp_path, [1.0]).run(card, Field(supervisor=supervisor, open_battery=lambda _: Unread()))
    assert "armed, 1 triggers, battery: I2C bus 1 address 0x40 does not answer" in supervisor.told


def test_what_the_battery_does_not_allow_is_given_up_in_order_and_taken_up_again(tmp_path: Path) -> None:
    """Lamp, burst, looks, pictures, one an hour; recovered, the bursts that waited are looked at."""
    levels = [Saving.NOTHING, Saving.LAMP, Saving.BURST, Saving.INFERENCE, Saving.PICTURES, Saving.NOTHING]
    trap = Trap(tmp_path, [hour * 3600.0 + 1800 for hour in range(6)])
    with card_at(tmp_path) as card:
        trap.run(card, Field(profile=TWO, open_battery=lambda _: Sinking(trap, levels)))
        effort = fold(card, Rules()).effort[START.date()]
        waiting = card.connection.execute("SELECT COUNT(*) FROM bursts WHERE status <> 'analysed'").fetchone()[0]
        closed = card.connection.execute("SELECT day FROM summaries").fetchall()
    assert [(each.count, each.lamp) for each in trap.camera.profiles] == [
        (2, True), (2, False), (1, False), (1, False), (2, True),
    ]  # fmt: skip
    assert [each.saving for each in trap.told if isinstance(each, SavingChanged)] == levels[1:]
    assert (effort.triggers, effort.suppressed, waiting) == (5, 1, 0)
    assert effort.hours_armed == pytest.approx(4.5, abs=0.01), "while it only counts it is not armed"
    assert trap.detector.looked_s["t9000-1"] < 3 * 3600
    assert trap.detector.looked_s["t12600-1"] >= 5 * 3600, "stored in the fourth hour, looked at in the sixth"
    assert [row["day"] for row in closed] == [START.date().isoformat()], "at the last gasp the day is told at once"


def test_a_command_takes_effect_while_it_runs(tmp_path: Path) -> None:
    """Another process writes to the card: what stands is asked for once, and the next burst is taken that way."""
    trap = Trap(tmp_path, [1.0, 4000.0, 8000.0])
    asked: list[float] = []

    def reread(_: object) -> Standing | None:
        asked.append(trap.clock.now_s)
        if trap.clock.now_s < 3000:
            return None
        return Standing(BurstProfile(5, 0.5), trap.detector, LookSettings(), Closing(Rules(), builtin_taxa()))

    def obey(now_s: float) -> None:
        if 3000 <= now_s < 3600:
            with_other = open_store(tmp_path / "card" / "cameratrap.db", CARD_MIGRATIONS, create=False)
            with transaction(with_other):
                with_other.execute("INSERT OR REPLACE INTO overrides VALUES ('burst.count', '5', 1, '2026-06-01')")
            with_other.close()

    trap.triggers.meanwhile = obey
    with card_at(tmp_path) as card:
        trap.run(card, Field(profile=TWO, reread=reread))
    assert [each.count for each in trap.camera.profiles] == [2, 5, 5]
    assert len(asked) <= 3, "not at each turn of the loop"


def test_a_camera_that_stays_away_is_left_to_a_restart(tmp_path: Path) -> None:
    """Some failed bursts in a row, each stored with its reason, and the process ends: systemd starts it anew."""
    trap = Trap(tmp_path, [float(n * 100) for n in range(1, 10)], fails=tuple(range(2, 20)))
    with card_at(tmp_path) as card:
        with pytest.raises(DeviceError, match=f"failed {CAMERA_FAILURES} times in a row"):
            trap.run(card)
        folded = fold(card, Rules())
    assert folded.effort[START.date()].triggers == 1 + CAMERA_FAILURES
    assert folded.faults[START.date()] == ("camera",)


def test_where_restarts_do_not_help_it_goes_on_counting(tmp_path: Path) -> None:
    """Started often enough today: every trigger is a burst without a picture, and the process stays."""
    trap = Trap(tmp_path, [float(n * 100) for n in range(1, 10)], fails=tuple(range(1, 20)))
    with card_at(tmp_path) as card:
        for number in range(STARTS_A_DAY):
            arm(card.connection, START - timedelta(minutes=number + 1), 0.0, f"boot-{number}")
        report = trap.run(card)
    assert (report.triggers, report.failures) == (9, 9)


@pytest.mark.parametrize("starts", [0, STARTS_A_DAY])
def test_without_its_sensor_a_trap_tells_its_days_and_is_left_to_a_restart(tmp_path: Path, starts: int) -> None:
    """It is not armed, and says so; its hours are no effort. After a while it ends, but not a ninth time a day."""
    trap, watcher = Trap(tmp_path, [], ends_s=2 * WITHOUT_SENSOR_S), Supervised()
    error = DeviceError("the PIR's pin 4 cannot be used", device="PIR")
    trap.ledger.incidents(NoSensor(error, trap.clock).incidents())
    with card_at(tmp_path) as card:
        for number in range(starts):
            arm(card.connection, START - timedelta(minutes=number + 1), 0.0, f"boot-{number}")
        with nullcontext() if starts else pytest.raises(DeviceError, match="pin 4"):
            trap.run(card, Field(profile=TWO, supervisor=watcher, missing=error))
        folded = fold(card, Rules())
    assert trap.clock.now_s == pytest.approx(WITHOUT_SENSOR_S if not starts else 2 * WITHOUT_SENSOR_S, abs=31)
    assert folded.faults[START.date()] == ("pir",)
    assert folded.effort[START.date()].hours_armed == 0
    assert "not armed, 0 triggers" in watcher.told


def test_it_stops_where_nothing_is_lost(tmp_path: Path) -> None:
    """Asked while a burst is taken: that one is stored. Asked while one is looked at: the look is given back."""
    stop = Stop()
    trap = Trap(tmp_path, [1.0, 5.0, 100.0])

    class Asked(SlowDetector):
        def detect(self, frame: object) -> object:  # type: ignore[override]
            stop.ask(0)
            return super().detect(frame)  # type: ignore[arg-type]

    trap.detector = Asked(trap.clock, 2.0, trap.log)
    with card_at(tmp_path) as card:
        with pytest.raises(StopRequest) as request:
            trap.run(card, Field(profile=TWO, stop=stop))
        rows = card.connection.execute("SELECT status, attempts FROM bursts ORDER BY started_at").fetchall()
    assert request.value.code == 0
    assert [tuple(row) for row in rows] == [("captured", 0)]
    assert trap.log == ["take t1", "look t1-1"]
    assert (tmp_path / "card" / "media.csv").is_file()


def table_of(card: Path, name: str) -> list[str]:
    return (card / name).read_text(encoding="utf-8").splitlines()[1:]


def test_the_tables_of_a_card_are_never_older_than_a_day(tmp_path: Path) -> None:
    """Pulled in the third day's evening after a power cut: pictures and effort of both days before, whole."""
    hour = 3600.0
    trap = Trap(tmp_path, [1 * hour, 25 * hour, 26 * hour, 50 * hour], ends_s=1e9)
    written: list[bytes] = []

    def pull(now_s: float) -> None:
        media = tmp_path / "card" / "media.csv"
        if media.is_file() and media.read_bytes() not in written:
            written.append(media.read_bytes())
        if now_s > 60 * hour:
            raise KeyError

    trap.triggers.meanwhile = pull
    with card_at(tmp_path) as card, pytest.raises(KeyError):
        trap.run(card)
    assert len(table_of(tmp_path / "card", "media.csv")) == 6, "what was taken before midnight, two pictures a burst"
    days = {row.split(",")[0]: row.split(",")[1] for row in table_of(tmp_path / "card", "effort.csv")}
    assert (days["2026-06-01"], days["2026-06-02"]) == ("19.00", "24.00")
    assert len(written) == 3, "at the start and at each midnight, not with each burst"


def test_a_power_on_writes_the_tables_once_a_day(tmp_path: Path) -> None:
    """At the end of a season they are megabytes, and it is switched on ninety times a day."""
    with card_at(tmp_path) as card:
        for number in range(3):
            trap = Trap(tmp_path, [0.0])
            trap.clock.start = datetime.now(UTC) + timedelta(seconds=number)  # the file's own time tells the day
            trap.run(card)
    assert len(table_of(tmp_path / "card", "media.csv")) == 2


def test_tables_that_cannot_be_written_cost_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full card: it is told, half a table does not keep its room, and the trap goes on."""

    def full(path: Path, pieces: Iterable[bytes]) -> None:
        path.with_name(path.name + ".part").write_bytes(next(iter(pieces))[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    trap = Trap(tmp_path, [3600.0])
    monkeypatch.setattr(plain_tables, "write_part_of", full)
    with card_at(tmp_path) as card:
        report = trap.run(card)
    assert [str(each.error) for each in trap.told if isinstance(each, TablesFailed)] == [
        f"the plain tables of {tmp_path / 'card'} cannot be written: No space left on device"
    ]
    assert (report.triggers, report.pictures, report.failures) == (1, 2, 1)
    assert not list((tmp_path / "card").glob("*.part"))


def test_without_its_model_a_trap_still_photographs_and_closes_its_days(tmp_path: Path) -> None:
    """The pictures are safe and wait, the day before has its message, and the error is told."""

    def missing() -> Detector:
        raise ModelError("there is no such model")

    trap = Trap(tmp_path, [1.0])
    with card_at(tmp_path) as card:
        trap.run(card)
        later = VirtualClock(START + timedelta(days=1))
        trap.clock, trap.triggers = later, VirtualTriggers(later, [0.0])
        trap.camera, trap.ledger = VirtualCamera(later), Ledger(later, "boot-2")
        trap.detector = LateDetector(missing)  # type: ignore[assignment]
        with pytest.raises(ModelError):
            trap.run(card)
        waiting = card.connection.execute("SELECT status, attempts FROM bursts ORDER BY started_at").fetchall()
        days = card.connection.execute("SELECT day FROM summaries").fetchall()
    assert [tuple(row) for row in waiting] == [("analysed", 1), ("captured", 0)]
    assert [row["day"] for row in days] == [START.date().isoformat()]


def test_a_stop_ends_a_wait_at_once() -> None:
    """Within a wait it interrupts, outside it is noted for later; the second time is at once everywhere."""
    stop = Stop()
    stop.ask(130)
    with pytest.raises(StopRequest) as first, stop.waiting():
        pytest.fail("it does not begin to wait")
    assert first.value.code == 130
    with pytest.raises(StopRequest):
        stop.ask(0)
    other = Stop()
    with pytest.raises(StopRequest), other.waiting():
        other.ask(0)


def test_without_its_card_a_trap_counts_triggers_and_goes_on(tmp_path: Path) -> None:
    """Gone from the second trigger to the fifth: three are counted, the fault is told, the sixth is taken."""
    trap = Trap(tmp_path, [10.0, 100.0, 150.0, 200.0, 250.0, 1000.0])
    told: list[StoreError] = []
    supervisor = Supervised()
    field = Field(profile=TWO, supervisor=supervisor)

    def session() -> WatchReport:
        if 90 < trap.clock.now_s < 300:
            raise StoreError("the card is read-only")
        with card_at(tmp_path) as card:
            if trap.clock.now_s < 90:
                trap.triggers.meanwhile = lambda now_s: _fail(card) if now_s == 100 else None
            return trap.run(card, field)

    def _fail(card: Card) -> None:
        card.connection.execute("PRAGMA query_only = 1")

    keep_watch(session, trap.triggers, trap.ledger, trap.clock, field, told.append)
    with card_at(tmp_path) as card:
        folded = fold(card, Rules())
        down = spans(card.connection)["card"]
    effort = folded.effort[START.date()]
    assert len(told) == 1
    assert (effort.suppressed, folded.restarts[START.date()]) == (3, 0)
    assert folded.faults[START.date()] == ("card",)
    assert down[0].length == pytest.approx(timedelta(seconds=210), abs=timedelta(seconds=60))
    assert any("no card" in line for line in supervisor.told)
    assert [entry for entry in trap.log if entry.startswith("take")] == ["take t10", "take t100", "take t1000"]


def test_a_card_that_was_detached_takes_no_burst(tmp_path: Path) -> None:
    """Its index is open still and could be written, and what shows in its place is another folder: nothing goes there.

    The trigger that finds it so is counted like those that follow.
    """
    trap = Trap(tmp_path, [10.0, 100.0, 150.0, 1000.0])
    folder, away = tmp_path / "card", tmp_path / "away"
    told: list[StoreError] = []

    def move(now_s: float) -> None:
        if now_s == 100:
            folder.rename(away)
            folder.mkdir()
        elif now_s == 150:
            assert not list(folder.iterdir())
            folder.rmdir()
            away.rename(folder)

    def session() -> WatchReport:
        if folder.is_dir() and not (folder / "deployment.toml").is_file():
            raise StoreError("what is there is not the card")
        with card_at(tmp_path) as card:
            return trap.run(card)

    trap.triggers.meanwhile = move
    keep_watch(session, trap.triggers, trap.ledger, trap.clock, Field(profile=TWO), told.append)
    with card_at(tmp_path) as card:
        effort = fold(card, Rules()).effort[START.date()]
        stored = [row["path"] for row in card.connection.execute("SELECT path FROM media")]
    assert ["not at" in str(each) for each in told] == [True]
    assert (effort.triggers, effort.suppressed) == (2, 2)
    assert all((folder / path).is_file() for path in stored)
    assert len(stored) == 4


def test_a_long_burst_is_alive_at_each_picture(tmp_path: Path) -> None:
    """Five pictures a minute apart take longer than the watchdog waits: each of them is progress."""
    trap = Trap(tmp_path, [10.0])
    told_s: list[float] = []

    class Listening(Supervised):
        def alive(self) -> None:
            told_s.append(trap.clock.now_s)

    with card_at(tmp_path) as card:
        trap.run(card, Field(supervisor=Listening(), profile=BurstProfile(5, 60.0)))
    assert max(after - before for before, after in pairwise(told_s)) <= 61


class Killer(SlowDetector):
    """The power goes with each look."""

    def detect(self, frame: Frame) -> DetectedFrame:
        raise KeyError


def test_a_burst_that_was_given_up_has_one_more_chance_a_day_later(tmp_path: Path) -> None:
    """Three looks were cut off by a battery that sagged: on the next day one more is taken, and no other if it dies."""

    def start(detector: type[SlowDetector], later: timedelta) -> tuple[str, int]:
        trap = Trap(tmp_path, [])
        trap.clock.start = START + later
        trap.detector = detector(trap.clock, 2.0, trap.log)
        with card_at(tmp_path) as card:
            with suppress(KeyError):
                trap.run(card)
            row = card.connection.execute("SELECT status, attempts FROM bursts").fetchone()
        return row["status"], row["attempts"]

    first = Trap(tmp_path, [1.0])
    first.detector = Killer(first.clock, 2.0, first.log)
    with card_at(tmp_path) as card, pytest.raises(KeyError):
        first.run(card)
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert [start(Killer, n * hour) for n in (1, 2)] == [("captured", 2), ("captured", 3)]
    assert [start(SlowDetector, n * hour) for n in (3, 4)] == [("failed", 4), ("failed", 4)]
    before = copytree(tmp_path / "card", tmp_path / "before")
    assert start(SlowDetector, day) == ("analysed", 5)
    rmtree(tmp_path / "card")
    before.rename(tmp_path / "card")
    assert [start(Killer, n * day) for n in (1, 2)] == [("failed", 5), ("failed", 5)]


def test_what_waits_at_a_stop_is_counted(tmp_path: Path) -> None:
    """Asked to stop while a burst is taken and three more triggers wait: they are in the day's numbers."""
    stop = Stop()
    trap = Trap(tmp_path, [1.0, 2.0, 2.1, 2.2])

    class Asked(VirtualCamera):
        def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
            yield from super().capture_burst(trigger, profile)
            stop.ask(0)

    trap.camera = Asked(trap.clock, trap.log)
    with card_at(tmp_path) as card:
        with pytest.raises(StopRequest):
            trap.run(card, Field(profile=TWO, stop=stop))
        effort = fold(card, Rules()).effort[START.date()]
    assert (effort.triggers, effort.suppressed) == (1, 3)


def test_a_card_that_never_was_is_an_error(tmp_path: Path) -> None:
    """At the start there is nobody to count for: the person at the trap is told."""
    trap = Trap(tmp_path, [1.0])

    def session() -> WatchReport:
        raise StoreError("no card")

    with pytest.raises(StoreError, match="no card"):
        keep_watch(session, trap.triggers, trap.ledger, trap.clock, Field(), lambda _: None)
