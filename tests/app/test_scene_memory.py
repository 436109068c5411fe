"""What the camera knows of its background is on the card: a trap that was restarted judges as one that never was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from cameratrap.app.close_day import Closing
from cameratrap.app.fold import Rules, fold
from cameratrap.app.look import LookSettings
from cameratrap.app.sweep import sweep
from cameratrap.app.watch import Watch
from cameratrap.domain.detections import BBox, DetectedFrame, Detection, View
from cameratrap.domain.judged import Fate
from cameratrap.domain.policy import PeoplePolicy, Treatment
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.folder import FolderReplay, TimedPicture
from cameratrap.resources import builtin_taxa
from cameratrap.store.analyses import stored_boxes
from cameratrap.store.bursts import all_pictures, trigger_keys
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.media import sha256_of
from cameratrap.store.views import KEPT_VIEWS
from cameratrap.vision.scene import SceneSettings
from tests.fakes import FrameDetector, jpeg
from tests.power_cuts import PowerCut, cut_at

ZONE = timezone(timedelta(hours=1))
START = datetime(2026, 6, 1, tzinfo=ZONE)
WIDTH, HEIGHT = 160, 120
LOG, FOX = BBox(0.1, 0.5, 0.25, 0.25), BBox(0.6, 0.3, 0.25, 0.3)
DEPLOYMENT = Deployment("ridge_20260601", "ridge", 60, START)


def view(seed: int, *, fox: bool = False, colour: float = 0.3) -> View:
    """The same place each time, with a little noise, and an animal in it or none."""
    place = np.random.default_rng(0).integers(60, 160, (HEIGHT // 4, WIDTH // 4)).repeat(4, 0).repeat(4, 1)
    now = place + np.random.default_rng(seed + 1).normal(0, 2, place.shape)
    if fox:
        rows = slice(int(FOX.y * HEIGHT), int((FOX.y + FOX.height) * HEIGHT))
        columns = slice(int(FOX.x * WIDTH), int((FOX.x + FOX.width) * WIDTH))
        pattern = np.random.default_rng(99).integers(0, 255, (9, 10)).repeat(4, 0).repeat(4, 1)
        now[rows, columns] = pattern[: now[rows, columns].shape[0], : now[rows, columns].shape[1]]
    return View(WIDTH, HEIGHT, now.clip(0, 255).astype(np.uint8).tobytes(), colour)


def shows(seed: int, *, fox: bool = False, person: bool = False) -> DetectedFrame:
    """A log that the model takes for an animal each time; a fox that it is not sure of; perhaps a person."""
    log = Detection("animal", "animal", 0.6, LOG)
    people = (Detection("Homo sapiens", "person", 0.9, FOX),) if person else ()
    doubtful = (Detection("animal", "animal", 0.2, FOX),) if fox else ()
    return DetectedFrame(WIDTH, HEIGHT, (*people, log), doubtful, view(seed, fox=fox or person))


def hourly(count: int, *, fox: tuple[int, ...] = (), person: tuple[int, ...] = ()) -> Mapping[str, DetectedFrame]:
    return {f"{n:02d}.jpg": shows(n, fox=n in fox, person=n in person) for n in range(count)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures that differ by their content only: one an hour, and one that was taken a second after the eighth."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed, name in enumerate([*(f"{n:02d}.jpg" for n in range(40)), "07b.jpg"]):
        (folder / name).write_bytes(jpeg(seed, width=16, height=12))
    return folder


def taken(name: str) -> datetime:
    return START + timedelta(hours=int(name[:2]), seconds="b" in name)


def play(
    folder: Path,
    card_folder: Path,
    frames: Mapping[str, DetectedFrame],
    names: tuple[str, ...] = (),
    **settings: object,
) -> None:
    shots = [
        TimedPicture(folder / name, name, taken(name), sha256_of((folder / name).read_bytes()))
        for name in names or frames
    ]
    with make_card(card_folder, DEPLOYMENT) as card:
        sweep(card)
        clock = ReplayClock(START)
        player = FolderReplay(shots, clock, trigger_keys(card.connection))
        trap = Watch(
            card,
            player,
            FrameDetector(frames),
            clock,
            boot_id="replay",
            serial="replay",
            settings=LookSettings(**settings),  # type: ignore[arg-type]
        )
        trap.run(player, Closing(Rules(), builtin_taxa()), ended=True)


def fates(card_folder: Path) -> dict[str, list[Fate]]:
    """What became of each box, by the picture's name."""
    with make_card(card_folder, DEPLOYMENT) as card:
        return dict(_fates(card))


def _fates(card: Card) -> Iterator[tuple[str, list[Fate]]]:
    for picture in all_pictures(card.connection):
        yield picture.source_name, [box.fate for box in stored_boxes(card.connection, picture.burst)[picture.id]]


def test_a_log_is_suppressed_once_it_is_known_and_a_faint_fox_believed(folder: Path, tmp_path: Path) -> None:
    """And counted as such: no animal in the tally for the log, and its detections in a column of their own."""
    play(folder, tmp_path / "card", hourly(10, fox=(8,)))
    became = fates(tmp_path / "card")
    assert became["00.jpg"] == [Fate.STANDS]
    assert became["08.jpg"] == [Fate.BELIEVED, Fate.FIXTURE]
    assert became["09.jpg"] == [Fate.FIXTURE]
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        folded = fold(card, Rules(interval=timedelta(minutes=1)))
    (day,) = folded.days
    stood = sum(fates.count(Fate.STANDS) for fates in became.values())
    assert folded.tallies[day][0].individuals == stood + 1
    assert folded.suppressed_detections[day] == 10 - stood
    assert folded.effort[day].suppressed == 0, "a suppressed detection is no suppressed trigger"
    assert folded.effort[day].blank == 9 - stood
    effort = (tmp_path / "card/effort.csv").read_text(encoding="utf-8").splitlines()
    row = dict(zip(effort[0].split(","), effort[1].split(","), strict=True))
    assert row["suppressed_detections"] == str(10 - stood)
    assert "fixture=1" in (tmp_path / "card/media.csv").read_text(encoding="utf-8")


def test_the_background_can_be_left_out(folder: Path, tmp_path: Path) -> None:
    play(folder, tmp_path / "card", hourly(8), background=False)
    assert {fate for each in fates(tmp_path / "card").values() for fate in each} == {Fate.STANDS}


def test_a_trap_restarted_at_every_picture_judges_the_same(folder: Path, tmp_path: Path) -> None:
    frames = hourly(10, fox=(8,))
    play(folder, tmp_path / "whole", frames)
    for n in range(1, 11):
        play(folder, tmp_path / "restarted", frames, tuple(frames)[:n])
    assert fates(tmp_path / "restarted") == fates(tmp_path / "whole")


def test_a_long_memory_forgets_the_same_with_and_without_a_restart(folder: Path, tmp_path: Path) -> None:
    """More bursts than are kept: the card holds as many as the scene may know, and one to spare."""
    assert SceneSettings().remembered_bursts < KEPT_VIEWS
    frames = hourly(KEPT_VIEWS + 5, fox=(KEPT_VIEWS + 3,))
    play(folder, tmp_path / "whole", frames)
    play(folder, tmp_path / "restarted", frames, tuple(frames)[: KEPT_VIEWS + 2])
    play(folder, tmp_path / "restarted", frames)
    assert fates(tmp_path / "restarted") == fates(tmp_path / "whole")
    with make_card(tmp_path / "whole", DEPLOYMENT) as card:
        assert card.connection.execute("SELECT COUNT(*) FROM views").fetchone()[0] == KEPT_VIEWS


def test_a_burst_that_is_looked_at_again_is_judged_by_what_was_before_it(folder: Path, tmp_path: Path) -> None:
    """Neither by itself, nor by the bursts that came after it and are known by then."""
    frames = {**hourly(12, fox=(7,)), "07b.jpg": shows(50, fox=True)}
    play(folder, tmp_path / "whole", frames)
    play(folder, tmp_path / "grown", frames, tuple(name for name in frames if name != "07b.jpg"))
    play(folder, tmp_path / "grown", frames)
    grown = fates(tmp_path / "grown")
    assert grown == fates(tmp_path / "whole")
    assert grown["07.jpg"] == grown["07b.jpg"] == [Fate.BELIEVED, Fate.FIXTURE]


@pytest.mark.slow
def test_a_power_cut_changes_no_judgement(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut before each durable step of the last bursts of a known place, then started again: the same of every box."""
    frames = hourly(9, fox=(7,))
    before = tuple(frames)[:6]
    play(folder, tmp_path / "whole", frames, before)
    play(folder, tmp_path / "whole", frames)
    for cuts in range(10_000):
        play(folder, tmp_path / f"cut-{cuts}", frames, before)
        with monkeypatch.context() as patch:
            cut_at(cuts + 1, patch)
            try:
                play(folder, tmp_path / f"cut-{cuts}", frames)
            except PowerCut:
                pass
            else:
                break
        play(folder, tmp_path / f"cut-{cuts}", frames)
        assert fates(tmp_path / f"cut-{cuts}") == fates(tmp_path / "whole"), f"cut before step {cuts}"
    assert cuts > 40


def test_nobody_stays_in_the_memory_who_is_not_kept_on_the_card(folder: Path, tmp_path: Path) -> None:
    """Under `keep` a view may show people, as its picture does; under any other policy none is kept that does."""
    frames = hourly(3, person=(1,))
    for policy, kept in ((Treatment.KEEP, 3), (Treatment.BLUR, 2), (Treatment.COUNT, 2), (Treatment.DISCARD, 2)):
        play(folder, tmp_path / policy, frames, policy=PeoplePolicy(person=policy))
        with make_card(tmp_path / policy, DEPLOYMENT) as card:
            assert card.connection.execute("SELECT COUNT(*) FROM views").fetchone()[0] == kept


def test_people_and_vehicles_are_never_suppressed(folder: Path, tmp_path: Path) -> None:
    """A parked car is there each time, and is told each time: whether that matters is the policy's business."""
    car = Detection("vehicle", "car", 0.6, LOG)
    frames = {f"{n:02d}.jpg": DetectedFrame(WIDTH, HEIGHT, (car,), (), view(n)) for n in range(8)}
    play(folder, tmp_path / "card", frames)
    assert {fate for each in fates(tmp_path / "card").values() for fate in each} == {Fate.STANDS}


def test_a_view_that_is_damaged_is_no_evidence(folder: Path, tmp_path: Path) -> None:
    """Nor a reason to stop: the scene knows one burst less."""
    frames = hourly(8)
    play(folder, tmp_path / "card", frames, tuple(frames)[:7])
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        card.connection.execute("UPDATE views SET grey = x'00'")
    play(folder, tmp_path / "card", frames)
    assert fates(tmp_path / "card")["07.jpg"] == [Fate.STANDS]
