"""The trap's loop on recorded pictures: right by hand count, and the same after any interruption."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from cameratrap.app import analyse
from cameratrap.app.alerts import AlertRaised, AlertRules
from cameratrap.app.close_day import ClosedDay, Closing, DayOutgrown
from cameratrap.app.fold import Rules, fold
from cameratrap.app.sweep import sweep
from cameratrap.app.watch import BurstReport, Outcome, Watch, WatchReport
from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.detections import DetectedFrame
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.tallies import Tally
from cameratrap.errors import DeviceError, ModelError
from cameratrap.ports import Detector, EndOfTriggers, Frame, Trigger
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.folder import FolderReplay, TimedPicture
from cameratrap.resources import builtin_taxa
from cameratrap.store.bursts import all_pictures, trigger_keys
from cameratrap.store.card import Deployment, make_card, open_card
from cameratrap.store.exif import read_tags
from cameratrap.store.media import pictures, sha256_of
from cameratrap.store.observations import picture_counts
from cameratrap.wire.codec import decode
from tests.fakes import NamedDetector, jpeg
from tests.power_cuts import PowerCut, cut_at

ZONE = timezone(timedelta(hours=1))
FOX, BADGER = "Vulpes vulpes", "Meles meles"


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-{day:02d}T{clock}").replace(tzinfo=ZONE)


# Two days in June, counted by hand below.
STORY: dict[str, tuple[datetime, dict[str, int]]] = {
    "01.jpg": (at(1, "05:00:00"), {FOX: 1}),
    "02.jpg": (at(1, "05:00:01"), {FOX: 2}),
    "03.jpg": (at(1, "05:00:02"), {FOX: 1}),
    "04.jpg": (at(1, "05:20:00"), {FOX: 3}),
    "05.jpg": (at(1, "12:00:00"), {}),
    "06.jpg": (at(1, "12:00:01"), {}),
    "07.jpg": (at(1, "23:50:00"), {BADGER: 1}),
    "08.jpg": (at(2, "00:05:00"), {BADGER: 2}),
    "09.jpg": (at(2, "05:00:00"), {FOX: 1, BADGER: 1}),
}
BY_HAND = {
    date(2026, 6, 1): (Tally(BADGER, 1, 2), Tally(FOX, 1, 3)),
    date(2026, 6, 2): (Tally(BADGER, 1, 1), Tally(FOX, 1, 1)),
}
DEPLOYMENT = Deployment("ridge_20260601", "ridge", 60, at(1, "05:00:00"))


@pytest.fixture
def story(tmp_path: Path) -> Path:
    folder = tmp_path / "story"
    folder.mkdir()
    for seed, name in enumerate(STORY):
        (folder / name).write_bytes(jpeg(seed))
    return folder


@dataclass
class Played:
    """One run: what it told, by kind."""

    report: WatchReport
    told: list[Outcome]

    @property
    def bursts(self) -> list[BurstReport]:
        return [each for each in self.told if isinstance(each, BurstReport)]

    @property
    def closed(self) -> list[ClosedDay]:
        return [each for each in self.told if isinstance(each, ClosedDay)]

    @property
    def failures(self) -> list[BurstReport]:
        return [each for each in self.bursts if each.error]


def play(
    story: Path,
    card_folder: Path,
    names: Iterable[str] | None = None,
    *,
    detector: Detector | None = None,
    alerts: AlertRules | None = None,
    **answers: object,
) -> Played:
    chosen = [(name, taken) for name, (taken, _) in STORY.items() if names is None or name in set(names)]
    shots = [TimedPicture(story / name, name, taken, sha256_of((story / name).read_bytes())) for name, taken in chosen]
    known = {name: counts for name, (_, counts) in STORY.items()}
    told: list[Outcome] = []
    with make_card(card_folder, DEPLOYMENT) as card:
        sweep(card)
        clock = ReplayClock(at(1, "00:00:00"))
        player = FolderReplay(shots, clock, trigger_keys(card.connection))
        model = detector or NamedDetector({**known, **answers})  # type: ignore[dict-item]
        trap = Watch(card, player, model, clock, boot_id="replay", serial="replay")
        report = trap.run(player, Closing(Rules(), builtin_taxa()), alerts=alerts, tell=told.append, ended=True)
    return Played(report, told)


def state(card_folder: Path) -> dict[str, object]:
    """Everything that a user can see of a card, without the names and numbers that depend on the way there."""
    with make_card(card_folder, DEPLOYMENT) as card:
        folded = fold(card, Rules())
        rows = card.connection.execute("SELECT source_name, source_sha256, captured_at FROM media ORDER BY captured_at")
        messages = card.connection.execute("SELECT day, payload FROM outbox ORDER BY day").fetchall()
        counts = picture_counts(card.connection, [each.id for each in all_pictures(card.connection)])
        return {
            "tallies": folded.tallies,
            "effort": folded.effort,
            "media": [tuple(row)[1:] for row in rows],
            "files": len(pictures(card_folder)),
            "days": [decode(bytes(row["payload"]), builtin_taxa()).tallies for row in messages],
            "detections": sum(n for each in counts.values() for n in each.values()),
        }


def by_name(tallies: tuple[Tally, ...]) -> tuple[Tally, ...]:
    """A message lists taxa by wire code, a fold by name."""
    return tuple(sorted(tallies, key=lambda tally: tally.taxon))


def test_a_card_is_right_by_hand_count(story: Path, tmp_path: Path) -> None:
    """MaxN, independence, midnight, blanks and armed hours as counted by hand from the story above."""
    report = play(story, tmp_path / "card")
    assert not report.failures
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        folded = fold(card, Rules())
    assert folded.tallies == BY_HAND
    first, second = (folded.effort[day] for day in BY_HAND)
    assert (first.hours_armed, first.triggers, first.blank, first.suppressed) == (19.0, 4, 1, 0)
    assert (second.hours_armed, second.triggers, second.blank) == (5.0, 2, 0)
    assert first.hours_armed_night is None, "no position, no sunset"


def test_each_closed_day_is_one_message_that_says_the_same(story: Path, tmp_path: Path) -> None:
    report = play(story, tmp_path / "card")
    assert [day.summary.day for day in report.closed] == list(BY_HAND)
    for closed in report.closed:
        (message,) = closed.messages
        assert len(message) <= 50
        assert by_name(decode(message, builtin_taxa()).tallies) == BY_HAND[closed.summary.day]
    later = decode(report.closed[1].messages[0], builtin_taxa())
    assert [(day.day, by_name(day.tallies)) for day in later.earlier] == [(date(2026, 6, 1), BY_HAND[date(2026, 6, 1)])]


def test_the_plain_tables_need_no_program(story: Path, tmp_path: Path) -> None:
    """media.csv names each picture, its time and what it shows; effort.csv each day's hours and triggers."""
    play(story, tmp_path / "card")
    with (tmp_path / "card" / "media.csv").open(encoding="utf-8") as file:
        media = list(csv.DictReader(file))
    assert [row["timestamp"] for row in media] == [taken.isoformat() for taken, _ in STORY.values()]
    assert [row["counts"] for row in media][:4] == [f"{FOX}=1", f"{FOX}=2", f"{FOX}=1", f"{FOX}=3"]
    assert (media[1]["path"], media[1]["position"], media[1]["of"]) == ("DCIM/100CTRAP/CTRP0002.JPG", "2", "3")
    for row in media:
        assert sha256_of((tmp_path / "card" / row["path"]).read_bytes()) == row["sha256"]
    with (tmp_path / "card" / "effort.csv").open(encoding="utf-8") as file:
        effort = list(csv.DictReader(file))
    assert [(row["day"], row["hours_armed"], row["triggers"], row["blank"]) for row in effort] == [
        ("2026-06-01", "19.00", "4", "1"),
        ("2026-06-02", "5.00", "2", "0"),
    ]


def test_a_second_run_changes_nothing(story: Path, tmp_path: Path) -> None:
    """The same folder again: no new picture, no new count, no new message, and the model is not asked again."""
    play(story, tmp_path / "card")
    before = state(tmp_path / "card")
    report = play(story, tmp_path / "card")
    assert state(tmp_path / "card") == before
    assert (report.report.pictures, report.report.days_closed, report.report.failures) == (0, 0, 0)


@pytest.mark.parametrize("first", [["02.jpg", "04.jpg"], ["01.jpg", "03.jpg"], ["03.jpg"], ["01.jpg", "08.jpg"]])
def test_a_folder_that_has_grown_ends_as_if_all_had_been_there(story: Path, tmp_path: Path, first: list[str]) -> None:
    """Pictures before, between and after those of a burst that was played: the same counts, triggers and messages.

    The messages too, since nobody had tried to send the first ones yet.
    """
    play(story, tmp_path / "grown", first)
    play(story, tmp_path / "grown")
    play(story, tmp_path / "whole")
    grown, whole = state(tmp_path / "grown"), state(tmp_path / "whole")
    assert {k: v for k, v in grown.items() if k != "effort"} == {k: v for k, v in whole.items() if k != "effort"}
    for day in BY_HAND:
        one, other = grown["effort"][day], whole["effort"][day]  # type: ignore[index]
        assert (one.hours_armed, one.triggers, one.blank) == (other.hours_armed, other.triggers, other.blank)


def test_a_message_that_may_be_out_is_never_changed(story: Path, tmp_path: Path) -> None:
    """Once an attempt has begun, the day's correction travels in later messages instead."""
    card_folder = tmp_path / "card"
    play(story, card_folder, ["01.jpg", "09.jpg"])
    with make_card(card_folder, DEPLOYMENT) as card:
        card.connection.execute("UPDATE outbox SET attempts = 1")
        before = [tuple(row) for row in card.connection.execute("SELECT sequence, payload FROM outbox")]
    play(story, card_folder)
    with make_card(card_folder, DEPLOYMENT) as card:
        assert [tuple(row) for row in card.connection.execute("SELECT sequence, payload FROM outbox")] == before


def test_a_card_can_be_played_onto_itself_and_onto_another(story: Path, tmp_path: Path) -> None:
    """Pictures of our own say what they were and which burst they are of: copied about, they are still the same."""
    play(story, tmp_path / "card")
    before = state(tmp_path / "card")
    for target in ("card", "other"):
        source = tmp_path / "card"
        shots = []
        for path in pictures(source):
            tags = read_tags((source / path).read_bytes())
            shots.append(
                TimedPicture(
                    source / path, tags.source_name, tags.captured_at, tags.source_sha256, tags.serial,
                    tags.trigger_key, tags.cause,
                )
            )  # fmt: skip
        with make_card(tmp_path / target, DEPLOYMENT) as card:
            player = FolderReplay(shots, clock := ReplayClock(at(1, "00:00:00")), trigger_keys(card.connection))
            model = NamedDetector({name: counts for name, (_, counts) in STORY.items()})
            trap = Watch(card, player, model, clock, boot_id="replay", serial="replay")
            trap.run(player, Closing(Rules(), builtin_taxa()), ended=True)
        assert state(tmp_path / target) == before


def test_a_picture_that_cannot_be_read_costs_only_itself(story: Path, tmp_path: Path) -> None:
    """Its burst is counted from the others, and named as failed; the health report says the detector had a fault."""
    report = play(story, tmp_path / "card", **{"02.jpg": None})
    (failure,) = report.failures
    assert "CTRP0002.JPG" in str(failure.error)
    assert failure.counts == {FOX: 1}
    assert len(pictures(tmp_path / "card")) == len(STORY)
    assert report.closed[0].summary.health.faults == ("detector",)


def test_a_picture_that_rots_on_the_card_is_noticed(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bit that flips between writing and looking is found by the hash, not counted from."""
    real = analyse.picture_bytes

    def rotten(folder: Path, picture: object) -> bytes:
        data = bytearray(real(folder, picture))  # type: ignore[arg-type]
        data[-20] ^= 1
        return bytes(data)

    monkeypatch.setattr(analyse, "picture_bytes", rotten)
    report = play(story, tmp_path / "card")
    assert len(report.failures) == len(report.bursts)
    assert "not what was written" in str(report.failures[0].error)


def test_a_power_cut_at_any_step_loses_and_doubles_nothing(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut before the first, second, third ... durable step until a run passes uncut; each time run again and compare.

    The card that was interrupted ends with the same pictures, counts, effort and messages as the one that was not.
    """
    play(story, tmp_path / "whole")
    assert cut_everywhere(story, tmp_path, monkeypatch, []) > 100


@pytest.mark.slow
def test_a_power_cut_on_a_card_that_grows_loses_nothing(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same on a card that has part of a burst, looked at and told: what is added is looked at in the end."""
    play(story, tmp_path / "whole")
    assert cut_everywhere(story, tmp_path, monkeypatch, ["01.jpg", "03.jpg"]) > 80


def cut_everywhere(story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: list[str]) -> int:
    """Returns at how many steps the power was cut."""
    whole = state(tmp_path / "whole")
    for cuts in range(10_000):
        card = tmp_path / f"cut-{cuts}"
        if before:
            play(story, card, before)
        with monkeypatch.context() as patch:
            cut_at(cuts + 1, patch)
            try:
                play(story, card)
            except PowerCut:
                pass
            else:
                return cuts
        play(story, card)
        now = state(card)
        keys = [key for key in now if key != "effort" or not before]  # a card played twice was armed twice
        assert {key: now[key] for key in keys} == {key: whole[key] for key in keys}, f"cut before step {cuts}"
    raise AssertionError("never ends")


class Broken(NamedDetector):
    """A detector whose runtime fails on one picture."""

    def detect(self, frame: Frame) -> DetectedFrame:
        if frame.name == "04.jpg":
            raise ModelError("the model failed", why="tensor out of range")
        return super().detect(frame)


def test_a_model_that_fails_costs_one_burst_and_says_so_every_time(story: Path, tmp_path: Path) -> None:
    """The run goes on; a replay asks again and names it again; another model is asked at the start, and settles it."""
    answers = {name: counts for name, (_, counts) in STORY.items()}
    for _ in range(2):
        played = play(story, tmp_path / "card", detector=Broken(answers))
        assert [str(b.error)[:27] for b in played.failures] == ["DCIM/100CTRAP/CTRP0004.JPG:"]
    better = NamedDetector(answers)
    better.version = "2"
    assert play(story, tmp_path / "card", detector=better).failures == []
    assert better.asked == ["04.jpg"]
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        assert fold(card, Rules()).tallies == BY_HAND


class Stopped(NamedDetector):
    """Somebody presses Ctrl-C each time the first picture is looked at."""

    def detect(self, frame: Frame) -> DetectedFrame:
        raise KeyboardInterrupt


def test_a_person_who_stops_the_program_costs_no_burst(story: Path, tmp_path: Path) -> None:
    """However often it is interrupted while the same burst is looked at, that burst is counted in the end."""
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            play(story, tmp_path / "card", detector=Stopped({}))
    assert play(story, tmp_path / "card").failures == []
    assert state(tmp_path / "card")["tallies"] == BY_HAND


def test_a_card_that_comes_back_is_looked_at_again(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A burst whose pictures could not be read for a while is a failure of the card, and is counted once they can."""

    def gone(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(analyse, "picture_bytes", gone)
        first = play(story, tmp_path / "card")
    assert len(first.failures) == len(first.bursts)
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        assert {fault for faults in fold(card, Rules()).faults.values() for fault in faults} == {"card"}
    again = play(story, tmp_path / "card")
    assert again.failures == []
    assert again.report.triggers == 6, "what waited is not triggered twice"
    assert state(tmp_path / "card")["tallies"] == BY_HAND


class Killer(NamedDetector):
    """A model file that takes the whole process with it, as a damaged one can."""

    def detect(self, frame: Frame) -> DetectedFrame:
        if frame.name == "04.jpg":
            raise PowerCut
        return super().detect(frame)


def test_a_picture_that_kills_the_process_does_not_do_so_for_ever(story: Path, tmp_path: Path) -> None:
    """Three starts die on it; the fourth names it, and takes up the next trigger."""
    answers = {name: counts for name, (_, counts) in STORY.items()}
    for _ in range(3):
        with pytest.raises(PowerCut):
            play(story, tmp_path / "card", ["04.jpg"], detector=Killer(answers))
    last = play(story, tmp_path / "card", ["09.jpg"], detector=Killer(answers))
    assert [b.error for b in last.bursts] == ["looking at it failed 3 times", None]


def test_a_replayed_trap_has_not_restarted(story: Path, tmp_path: Path) -> None:
    """Played in two goes, the later pictures first, it is one deployment without a restart."""
    play(story, tmp_path / "card", ["07.jpg", "08.jpg"])
    play(story, tmp_path / "card")
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        assert set(fold(card, Rules()).restarts.values()) == {0}


def test_a_queued_message_follows_the_earlier_days_it_carries(story: Path, tmp_path: Path) -> None:
    """Day one is out, day two waits and carries it; day one grows: day two's message tells it as it is now."""
    card_folder = tmp_path / "card"
    play(story, card_folder, ["01.jpg"])
    with make_card(card_folder, DEPLOYMENT) as card:
        card.connection.execute("UPDATE outbox SET state = 'sent', attempts = 1")
    outgrown = play(story, card_folder, ["01.jpg", "04.jpg"])
    assert [each.day for each in outgrown.told if isinstance(each, DayOutgrown)] == [date(2026, 6, 1)]
    play(story, card_folder, ["01.jpg", "09.jpg"])
    last = play(story, card_folder)
    assert not [each for each in last.told if isinstance(each, DayOutgrown)]
    with make_card(card_folder, DEPLOYMENT) as card:
        newest = card.connection.execute("SELECT payload FROM outbox ORDER BY sequence DESC").fetchone()
    (before,) = decode(bytes(newest["payload"]), builtin_taxa()).earlier
    assert by_name(before.tallies) == BY_HAND[date(2026, 6, 1)]


class Stuck:
    """A live camera that gives the same picture for ever, then dies."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        if trigger.key == "3":
            raise DeviceError("the camera does not answer", device="camera")
        yield Frame(self.data, trigger.at)

    def incidents(self) -> tuple[Incident, ...]:
        return ()

    def close(self) -> None:
        pass


class Edges:
    """Triggers one hour apart, on a clock that the test holds."""

    def __init__(self, clock: ReplayClock, count: int) -> None:
        self.clock, self.left = clock, list(range(1, count + 1))

    def wait(self, timeout_s: float | None) -> Trigger:
        if not self.left:
            raise EndOfTriggers
        number = self.left.pop(0)
        self.clock.set(at(1, f"{number:02d}:00:00"))
        return Trigger(str(number), self.clock.now(), TriggerCause.PIR)

    def close(self) -> None:
        pass


def test_a_camera_that_fails_is_no_blank(tmp_path: Path) -> None:
    """Two equal pictures are two; a burst without any is a fault of the camera, and not a day without animals."""
    told: list[object] = []
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        clock = ReplayClock(at(1, "00:00:00"))
        trap = Watch(card, Stuck(jpeg(1)), NamedDetector({}), clock, boot_id="b", serial="s")
        trap.run(Edges(clock, 3), Closing(Rules(), builtin_taxa()), tell=told.append, ended=True)
        folded = fold(card, Rules())
        assert len(pictures(tmp_path / "card")) == 2
    day = date(2026, 6, 1)
    assert (folded.effort[day].triggers, folded.effort[day].blank, folded.faults[day]) == (3, 2, ("camera",))


def test_effort_survives_every_trigger(tmp_path: Path) -> None:
    """The stretch is written at each trigger: a power cut loses at most the time since the last one."""

    class Dies(Edges):
        def wait(self, timeout_s: float | None) -> Trigger:
            if len(self.left) == 1:
                raise PowerCut
            return super().wait(timeout_s)

    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        clock = ReplayClock(at(1, "00:00:00"))
        trap = Watch(card, Stuck(jpeg(1)), NamedDetector({}), clock, boot_id="b", serial="s")
        with pytest.raises(PowerCut):
            trap.run(Dies(clock, 3), Closing(Rules(), builtin_taxa()))
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        assert fold(card, Rules()).effort[date(2026, 6, 1)].hours_armed == 2.0


BADGERS = AlertRules(builtin_taxa(), (BADGER,))


def test_a_watched_taxon_is_told_of_when_it_is_seen(story: Path, tmp_path: Path) -> None:
    """A badger before and after midnight is one incident, and in the morning another; a second replay adds none."""
    told = play(story, tmp_path / "card", alerts=BADGERS).told
    kinds = [type(each) for each in told]
    raised = [each.alert.at.isoformat() for each in told if isinstance(each, AlertRaised)]
    assert raised == ["2026-06-01T23:50:00", "2026-06-02T05:00:00"]
    assert kinds.index(AlertRaised) < kinds.index(ClosedDay)
    assert not [each for each in play(story, tmp_path / "card", alerts=BADGERS).told if isinstance(each, AlertRaised)]


@pytest.mark.parametrize("step", [30, 75, 90, 100, 110, 120])
def test_a_power_cut_neither_loses_nor_doubles_an_alert(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Whatever was written last, the next run leaves each incident with one alert in the outbox."""
    with monkeypatch.context() as patch:
        cut_at(step, patch)
        with contextlib.suppress(PowerCut):
            play(story, tmp_path / "card", alerts=BADGERS)
    play(story, tmp_path / "card", alerts=BADGERS)
    with open_card(tmp_path / "card") as card:
        rows = card.connection.execute("SELECT sequence FROM outbox WHERE kind = 'alert' ORDER BY sequence")
        assert [row["sequence"] for row in rows] == [1, 2]
