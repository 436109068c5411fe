"""What one trigger costs the card: n pictures are n + 3 synchronisations at most, and a storm of triggers is one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.closing import Closing
from cameratrap.app.field import Field
from cameratrap.app.fold import Rules, fold
from cameratrap.app.look import LookSettings
from cameratrap.app.watch import Watch
from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.policy import PeoplePolicy, Treatment
from cameratrap.domain.throttle import Limits, Throttle
from cameratrap.ports import EndOfTriggers, Frame, Trigger
from cameratrap.replay.clock import ReplayClock
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.effort import armed_spans
from tests.fakes import NamedDetector, jpeg
from tests.virtual_trap import VirtualCamera, VirtualClock, VirtualTriggers

START = datetime(2026, 6, 1, 5, tzinfo=UTC)
DEPLOYMENT = Deployment("ridge_20260601", "ridge", 0, START)


class Triggers:
    """So many triggers, a second apart."""

    def __init__(self, clock: ReplayClock, count: int) -> None:
        self.clock, self.count, self.given = clock, count, 0

    def wait(self, timeout_s: float | None) -> Trigger | None:
        if timeout_s == 0:
            return None
        if self.given == self.count:
            raise EndOfTriggers
        self.given += 1
        self.clock.set(START + timedelta(seconds=self.given))
        return Trigger(str(self.given), self.clock.now(), TriggerCause.PIR, self.clock.monotonic_s())

    def suppressed(self) -> dict[str, int]:
        return {}

    def incidents(self) -> Sequence[Incident]:
        return ()

    def close(self) -> None:
        pass


class Camera:
    """As many pictures as the profile says, each another."""

    def __init__(self, clock: ReplayClock) -> None:
        self.clock, self.taken = clock, 0

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        for position in range(1, profile.count + 1):
            self.taken += 1
            yield Frame(jpeg(self.taken), trigger.at, position=position, of=profile.count, monotonic_s=1.5, lamp=False)

    def incidents(self) -> Sequence[Incident]:
        return ()

    def close(self) -> None:
        pass


class Syncs:
    """Counts what is made durable: files and folders by fsync, the index by commits that changed something."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, card: Card) -> None:
        self.log: list[str] = []
        real = os.fsync

        def fsync(descriptor: int) -> None:
            self.log.append("folder" if Path(f"/proc/self/fd/{descriptor}").resolve().is_dir() else "file")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        card.connection.set_trace_callback(lambda sql: self.log.append("commit") if sql == "COMMIT" else None)


@pytest.mark.parametrize("pictures", [1, 3, 10])
def test_a_burst_of_n_pictures_is_n_plus_3_synchronisations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: int
) -> None:
    """Each picture, their folder once, one transaction for the burst and one for what was seen; in that order."""
    clock = ReplayClock(START)
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        field = Field(profile=BurstProfile(pictures, 0.5))
        (tmp_path / "card" / "DCIM" / "100CTRAP").mkdir(parents=True)
        watch = Watch(card, Camera(clock), NamedDetector({}), clock, boot_id="b", serial="s", field=field)
        syncs: list[list[str]] = []
        counted = Syncs(monkeypatch, card)

        class Counted(Triggers):
            def wait(self, timeout_s: float | None) -> Trigger | None:
                if timeout_s != 0:
                    syncs.append(list(counted.log))
                    counted.log.clear()
                return super().wait(timeout_s)

        watch.run(Counted(clock, 3), Closing(Rules(), builtin_taxa()))
    assert syncs[1:] == [["file"] * pictures + ["folder", "commit", "commit"]] * 3
    assert pictures + 3 == len(syncs[1])


def test_a_storm_of_wind_costs_next_to_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """5,000 triggers in 5,000 seconds: every one is counted, and the card is written every ten minutes."""
    clock = ReplayClock(START)
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        field = Field(profile=BurstProfile(1), admission=Throttle(Limits(2.0, at_once=1, per_hour=0.001)))
        watch = Watch(card, Camera(clock), NamedDetector({}), clock, boot_id="b", serial="s", field=field)
        counted = Syncs(monkeypatch, card)
        watch.run(Triggers(clock, 5000), Closing(Rules(), builtin_taxa()))
        effort = fold(card, Rules()).effort[START.date()]
        assert (effort.triggers, effort.suppressed) == (1, 4999)
    assert counted.log.count("commit") < 20


def test_a_transaction_within_another_is_a_part_of_it(tmp_path: Path) -> None:
    """What the outer one loses, the inner one has not stored."""
    sql = "INSERT INTO suppressed (hour, boot_id, reason, triggers) VALUES ('h', 'b', 'r', 1)"

    def fail_afterwards(card: Card) -> None:
        with transaction(card.connection):
            with transaction(card.connection):
                card.connection.execute(sql)
            raise KeyError

    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        with pytest.raises(KeyError):
            fail_afterwards(card)
        assert card.connection.execute("SELECT COUNT(*) FROM suppressed").fetchone()[0] == 0


def test_a_power_on_with_a_burst_of_n_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins with its trigger: that it is armed is written with the burst, the tables with one sync for both names.

    In order: three pictures and their folder, the burst, what was seen; then the tables, once a day, and the end.
    """
    clock = VirtualClock()
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        (tmp_path / "card" / "DCIM" / "100CTRAP").mkdir(parents=True)
        field = Field(profile=BurstProfile(3, 0.5))
        watch = Watch(card, VirtualCamera(clock), NamedDetector({}), clock, boot_id="b", serial="s", field=field)
        counted = Syncs(monkeypatch, card)
        watch.run(VirtualTriggers(clock, [0.0]), Closing(Rules(), builtin_taxa()))
        (span,) = armed_spans(card.connection)
    nothing = ["commit"]  # no device was found broken before; SQLite synchronises nothing for it
    burst, tables, end = ["file"] * 3 + ["folder", "commit", "commit"], ["file", "file", "folder"], ["commit"]
    assert counted.log == [*nothing, *burst, *tables, *end]
    assert (span.start, span.end) == (START, clock.now())


def test_what_was_done_with_a_burst_of_people_is_noted_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three pictures that may not stay: each is removed durably, and one transaction says so."""
    clock = VirtualClock()
    settings = LookSettings(policy=PeoplePolicy(person=Treatment.COUNT))
    people = NamedDetector({f"t0-{n}": {"Homo sapiens": 1} for n in (1, 2, 3)})
    with make_card(tmp_path / "card", DEPLOYMENT) as card:
        (tmp_path / "card" / "DCIM" / "100CTRAP").mkdir(parents=True)
        watch = Watch(
            card, VirtualCamera(clock), people, clock, boot_id="b", serial="s", settings=settings,
            field=Field(profile=BurstProfile(3, 0.5)),
        )  # fmt: skip
        counted = Syncs(monkeypatch, card)
        watch.run(VirtualTriggers(clock, [0.0]), Closing(Rules(), builtin_taxa()))
        outcomes = [row[0] for row in card.connection.execute("SELECT outcome FROM treatments")]
    assert outcomes == ["removed"] * 3
    assert counted.log[7:11] == ["folder"] * 3 + ["commit"]
