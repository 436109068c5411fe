"""`tools/bench season`: a trap, its modem and a receiver in simulation, with everything going wrong."""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cameratrap.sbd.status import Verdict, classify
from cameratrap.store.observations import words_on_bursts
from cameratrap.store.outbox import OutboxMessage, OutboxState

TOOLS = Path(__file__).parents[2] / "tools"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """In memory, where there is such a place: what is synchronised is synchronised there for nothing."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def season(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("bench_season")


def message(payload: bytes, state: OutboxState, *, uncertain: int = 0, kind: str = "summary") -> OutboxMessage:
    """A message of the outbox, as far as its credits go."""
    return OutboxMessage(
        1, date(2026, 6, 1), 1, 1, payload, NOW, state, attempts=9, uncertain_attempts=uncertain, kind=kind
    )


def explained(payloads: dict[bytes, int], *messages: OutboxMessage) -> object:
    """What the credits of a gateway that took in these payloads are explained by."""
    ground = importlib.import_module("bench_season_ground")
    return ground.explain(ground.GatewayLedger(Counter(payloads)), messages, [])


def lived(season: ModuleType, folder: Path, **how: float) -> Any:
    """What comes of a season of this kind, which must be sound."""
    options = importlib.import_module("bench_season_script").Season(**how)
    result = season.simulate(options, folder)
    assert result.sound, "\n".join(season.report(options, result))
    return result


def test_a_week_of_everything_agrees_to_the_last_event(season: ModuleType, tmp_path: Path) -> None:
    """A storm, a cold spell, a camera that fails, a bad modem and cuts: card, tables and messages tell what happened.

    What the cuts cost is bounded: the minutes since the last write, a trigger that nobody had answered yet.
    """
    how = {"days": 7, "animals": 12, "blanks": 15, "failing": 0.4, "cuts": 1.0, "storm": 700, "cold_days": 4}
    result = lived(season, tmp_path, **how)
    agreed, arrived = result.agreement, result.arrival
    assert len(arrived.own) + len(arrived.carried) + len(arrived.waiting) == 7
    assert {"battery", "flood", "cooldown"} <= agreed.suppressed.keys()
    assert all(result.levels[level] for level in range(5)), "each level of saving is reached, and recovered from"
    assert result.power_cuts >= 4
    assert result.restarts >= result.power_cuts
    assert agreed.lost_triggers <= result.power_cuts
    assert 0 <= agreed.lost_hours <= 0.2 * result.power_cuts
    assert result.credits.counted == sum(
        (result.credits.days, result.credits.sent_again, result.credits.alerts, result.credits.mailbox_checks)
    )


def test_what_the_trap_does_not_tell_is_found(season: ModuleType, tmp_path: Path, monkeypatch: Any) -> None:
    """The reckoning is not the trap's own: a trap that takes no burst for blank disagrees with it."""
    monkeypatch.setattr(
        "cameratrap.store.effort.words_on_bursts",
        lambda index: [{**row, "is_blank": 0} for row in words_on_bursts(index)],
    )
    options = importlib.import_module("bench_season_script").Season(days=1, animals=2, blanks=2, cuts=0)
    result = season.simulate(options, tmp_path)
    assert not result.sound
    assert "the card has 0 blanks, there were 2" in " ".join(result.agreement.wrong)


@pytest.mark.slow
@pytest.mark.parametrize("every_days", [1, 3])
def test_two_months_agree_to_the_last_event(season: ModuleType, tmp_path: Path, every_days: int) -> None:
    """The same with the failures of the field, whether each day has a message or three share one."""
    result = lived(season, tmp_path, days=60, every_days=every_days)
    assert len(result.arrival.own) + len(result.arrival.carried) == 60
    assert result.sky.failed >= 0.1 * result.sky.sessions
    assert result.sizes.log < 10e6


GROWTH = """
import sys, tracemalloc
from pathlib import Path
tracemalloc.start()
import bench_season, bench_season_script
result = bench_season.simulate(bench_season_script.Season(days=30, storm=500), Path(sys.argv[1]))
assert result.sound
print(result.sizes.growth)
"""


@pytest.mark.slow
def test_nothing_grows_but_the_card(tmp_path: Path) -> None:
    """What the trap's objects take after ten days they take at the end; in a process that holds nothing else."""
    paths = os.pathsep.join([str(TOOLS), str(TOOLS.parent)])
    answer = subprocess.run(
        [sys.executable, "-c", GROWTH, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert abs(int(answer.stdout.split()[-1])) < 0.5e6


def test_the_same_seed_is_the_same_season(season: ModuleType, tmp_path: Path) -> None:
    """What went wrong once can be looked at again; only how much memory it takes may differ."""
    options = importlib.import_module("bench_season_script").Season(days=2, animals=3, blanks=1, cuts=1.0)
    first, second = (
        [line for line in season.report(options, season.simulate(options, tmp_path / name)) if " MB" not in line]
        for name in ("a", "b")
    )
    assert first == second


def test_it_is_called_with_a_season_that_there_can_be(season: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A season without a day, or a share of failures beyond all, is wrong usage."""
    for wrong in ("--days 0", "--failing 1.5", "--animals -1", "--every-days 0", "--storm -1"):
        with pytest.raises(SystemExit) as stopped:
            season.main(wrong.split())
        assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_the_deck_holds_every_documented_failure(season: ModuleType) -> None:
    """Each described status that is not a success is a card, and of each reserved range one; none is a success."""
    cards = importlib.import_module("bench_season_mishaps").mishaps(random.Random(1))
    codes = {card.status for card in cards if card.name.startswith("MO status")}
    assert codes >= {9, *range(10, 20), *range(32, 39), 64, 65}
    assert all(codes & set(reserved) for reserved in (range(5, 9), range(20, 32), range(39, 64)))
    assert all(classify(code).verdict is not Verdict.SENT for code in codes)
    names = {card.name for card in cards}
    assert {"no answer to the session", "the modem is silent", "the port is gone"} <= names


def test_credits_that_nobody_asked_for_are_unexplained(season: ModuleType) -> None:
    """A message sent once costs once; again only as often as the trap did not know; a look only where there was one."""
    one = message(b"x" * 20, OutboxState.SENT)
    assert explained({one.payload: 1}, one).unexplained == 0
    twice = explained({one.payload: 2}, one)
    assert (twice.counted, twice.days, twice.unexplained) == (2, 1, 1)
    unsure = message(b"x" * 51, OutboxState.QUEUED, uncertain=2)
    doubled = explained({unsure.payload: 2}, unsure)
    assert (doubled.counted, doubled.days, doubled.sent_again, doubled.unexplained) == (4, 2, 2, 0)
    assert explained({b"": 1}).unexplained == 1
    assert explained({b"stranger": 3}).unexplained == 3
    assert explained({b"a": 1}, message(b"a", OutboxState.SENT, kind="alert")).alerts == 1
