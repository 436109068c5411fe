"""The trap's loop on recorded pictures: right by hand count, and the same after any interruption."""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from cameratrap.app import watch as watch_module
from cameratrap.app.close_day import Closing
from cameratrap.app.fold import Rules, fold
from cameratrap.app.sweep import sweep
from cameratrap.app.watch import Watch, WatchReport
from cameratrap.domain.tallies import Tally
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.folder import FolderReplay, TimedPicture
from cameratrap.resources import builtin_taxa
from cameratrap.store import card as card_module
from cameratrap.store import durable
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.connection import open_store
from cameratrap.store.media import pictures, sha256_of
from cameratrap.wire.codec import decode
from tests.fakes import NamedDetector, jpeg

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


def play(story: Path, card_folder: Path, names: Iterator[str] | None = None, **detector: object) -> WatchReport:
    chosen = [(name, taken) for name, (taken, _) in STORY.items() if names is None or name in set(names)]
    shots = [TimedPicture(story / name, name, taken, sha256_of((story / name).read_bytes())) for name, taken in chosen]
    player = FolderReplay(shots, clock := ReplayClock(at(1, "00:00:00")))
    answers = {name: counts for name, (_, counts) in STORY.items()}
    with make_card(card_folder, DEPLOYMENT) as card:
        sweep(card)
        trap = Watch(card, player, NamedDetector({**answers, **detector}), clock, boot_id="replay", serial="replay")  # type: ignore[dict-item]
        return trap.run(player, Closing(Rules(), builtin_taxa()), ended=True)


def state(card_folder: Path) -> dict[str, object]:
    """Everything that a user can see of a card, without the names and numbers that depend on the way there."""
    with make_card(card_folder, DEPLOYMENT) as card:
        folded = fold(card, Rules())
        rows = card.connection.execute("SELECT source_name, source_sha256, captured_at FROM media ORDER BY captured_at")
        messages = card.connection.execute("SELECT day, payload FROM outbox ORDER BY day").fetchall()
        return {
            "tallies": folded.tallies,
            "effort": folded.effort,
            "media": [tuple(row)[1:] for row in rows],
            "files": len(pictures(card_folder)),
            "days": [decode(bytes(row["payload"]), builtin_taxa()).tallies for row in messages],
            "detections": card.connection.execute("SELECT COUNT(*) FROM detections").fetchone()[0],
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
    assert (sum(b.new_pictures for b in report.bursts), report.closed) == (0, [])


def test_a_folder_that_has_grown_adds_what_is_new(story: Path, tmp_path: Path) -> None:
    """Half of a burst first and all of it later ends as if all had been there at once, but for days already sent."""
    play(story, tmp_path / "grown", iter(["02.jpg", "04.jpg"]))
    play(story, tmp_path / "grown")
    play(story, tmp_path / "whole")
    grown, whole = state(tmp_path / "grown"), state(tmp_path / "whole")
    assert {key: grown[key] for key in ("tallies", "files", "media", "detections")} == {
        key: whole[key] for key in ("tallies", "files", "media", "detections")
    }


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
    real = watch_module.picture_bytes

    def rotten(folder: Path, picture: object) -> bytes:
        data = bytearray(real(folder, picture))  # type: ignore[arg-type]
        data[-20] ^= 1
        return bytes(data)

    monkeypatch.setattr(watch_module, "picture_bytes", rotten)
    report = play(story, tmp_path / "card")
    assert len(report.failures) == len(report.bursts)
    assert "not what was written" in str(report.failures[0].error)


class PowerCut(BaseException):
    """The battery is gone: nothing may catch this."""


def cut_at(n: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fail the n-th call that makes something durable, and every later one: the machine is off."""
    passed: list[str] = []

    def cutting(name: str, real: object) -> object:
        def call(*args: object, **kwargs: object) -> object:
            passed.append(name)
            if len(passed) >= n:
                raise PowerCut
            return real(*args, **kwargs)  # type: ignore[operator]

        return call

    for name in ("open", "write", "fsync", "replace"):
        monkeypatch.setattr(durable.os, name, cutting(name, getattr(os, name)))
    monkeypatch.setattr(card_module, "open_store", lambda *a, **k: Cutting(open_store(*a, **k), passed, n))
    return passed


class Cutting:
    """A connection that is cut off like everything else: what was not committed is gone."""

    def __init__(self, real: sqlite3.Connection, passed: list[str], n: int) -> None:
        self._real, self._passed, self._n = real, passed, n

    def execute(self, statement: str, *args: object) -> sqlite3.Cursor:
        if statement in ("BEGIN IMMEDIATE", "COMMIT"):
            self._passed.append(statement)
            if len(self._passed) >= self._n:
                if self._real.in_transaction:
                    self._real.rollback()
                raise PowerCut
        if len(self._passed) >= self._n:
            raise PowerCut
        return self._real.execute(statement, *args)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def test_a_power_cut_at_any_step_loses_and_doubles_nothing(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut before the first, second, third ... durable step until a run passes uncut; each time run again and compare.

    The card that was interrupted ends with the same pictures, counts, effort and messages as the one that was not.
    """
    play(story, tmp_path / "whole")
    whole = state(tmp_path / "whole")
    cuts = 0
    while True:
        card = tmp_path / f"cut-{cuts}"
        with monkeypatch.context() as patch:
            cut_at(cuts + 1, patch)
            try:
                play(story, card)
                break
            except PowerCut:
                cuts += 1
        play(story, card)
        assert state(card) == whole, f"cut before step {cuts}"
    assert cuts > 100
