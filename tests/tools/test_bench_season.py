"""`tools/bench season`: a trap, its modem and a receiver in simulation, with everything going wrong."""

from __future__ import annotations

import importlib
import random
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

import pytest

from cameratrap.sbd.status import Verdict, classify
from cameratrap.store.outbox import OutboxMessage, OutboxState

TOOLS = Path(__file__).parents[2] / "tools"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


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


def test_three_weeks_of_failures_lose_and_double_nothing(season: ModuleType, tmp_path: Path) -> None:
    """Every day and alert arrives as the card has it, every credit has its reason, within the energy of a day."""
    short = season.Season(days=20, animals=10, blanks=10, failing=0.4, cuts=1.0)
    result = season.simulate(short, tmp_path)
    assert result.sound, "\n".join(season.report(short, result))
    arrived = result.arrival
    assert len(arrived.own) + len(arrived.carried) + len(arrived.waiting) == 20
    assert result.power_cuts >= 10
    assert result.sky.failed >= 4
    assert result.credits.counted == sum(
        (result.credits.days, result.credits.sent_again, result.credits.alerts, result.credits.mailbox_checks)
    )


@pytest.mark.slow
@pytest.mark.parametrize("every_days", [1, 3])
def test_a_season_of_180_days(season: ModuleType, tmp_path: Path, every_days: int) -> None:
    """The same for a season as long as a deployment, with the failures of the field."""
    whole = season.Season(every_days=every_days)
    result = season.simulate(whole, tmp_path)
    assert result.sound, "\n".join(season.report(whole, result))
    assert len(result.arrival.own) + len(result.arrival.carried) == 180
    assert result.sky.failed >= 0.1 * result.sky.sessions


def test_the_same_seed_is_the_same_season(season: ModuleType, tmp_path: Path) -> None:
    """What went wrong once can be looked at again."""
    short = season.Season(days=3, animals=3, blanks=1, cuts=1.0)
    first, second = (season.simulate(short, tmp_path / name) for name in ("a", "b"))
    assert list(season.report(short, first)) == list(season.report(short, second))


def test_it_is_called_with_a_season_that_there_can_be(season: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A season without a day, or a share of failures beyond all, is wrong usage."""
    for arguments in (["--days", "0"], ["--failing", "1.5"], ["--animals", "-1"], ["--every-days", "0"]):
        with pytest.raises(SystemExit) as stopped:
            season.main(arguments)
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
