"""A command from the ground to the trap and its answer back, over an emulated modem; and a trap that sleeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.close_day import Closing, close_due_days
from cameratrap.app.fold import Rules, fold
from cameratrap.app.obey import ObeySettings, obey
from cameratrap.app.transmit import Hooks, transmit
from cameratrap.app.transmit_plan import Limits
from cameratrap.app.watch import BurstReport, Outcome, Watch
from cameratrap.cli import run
from cameratrap.config import Config
from cameratrap.config.overrides import effective
from cameratrap.domain.commands import Order, SleepUntil
from cameratrap.replay.clock import ReplayClock
from cameratrap.replay.folder import FolderReplay
from cameratrap.replay.folder_pictures import read_pictures
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.keys import KeyFile, key_of_trap, new_key, write_key
from cameratrap.store.outbox import Outbox
from cameratrap.store.receiver_keys import keep_receiver_key
from cameratrap.wire.commands import seal_order
from cameratrap.wiring import closing_rules
from tests.fakes import NamedDetector, write_pictures
from tests.satellite_sites import IMEI, SITES

FIRST_DAY = datetime(2026, 11, 10, tzinfo=UTC)
LIMITS = Limits(attempts=1, deadline_s=60.0)


@pytest.fixture
def key(tmp_path: Path) -> KeyFile:
    """One key, at the trap and at the receiver."""
    secret = new_key()
    keep_receiver_key(tmp_path / "receiver", secret, "ridge", FIRST_DAY)
    return write_key(tmp_path / "card" / "station.key", secret, FIRST_DAY)


@pytest.fixture
def card(tmp_path: Path, key: KeyFile) -> Iterator[Card]:
    """A card that was armed for four days."""
    with make_card(tmp_path / "card", Deployment("ridge_2026", "ridge", 0, FIRST_DAY)) as opened:
        stretch = arm(opened.connection, FIRST_DAY, 0.0, "boot")
        four_days = timedelta(days=4)
        still_armed(opened.connection, stretch, FIRST_DAY + four_days, four_days.total_seconds())
        yield opened


def test_a_command_comes_back_as_an_answer(
    tmp_path: Path, card: Card, key: KeyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ground, network, trap, the next summary, inbox: the log says which summary acknowledged it, and it holds."""
    receiver = ["--data", str(tmp_path / "receiver")]
    assert run([*receiver, "command", "ridge", "interval", "3", "--expires", "never", "--hex"]) == 0
    payload = bytes.fromhex(capsys.readouterr().out)
    clock = ReplayClock(FIRST_DAY)
    trap = ObeySettings(key.key)

    def receive(raw: bytes) -> None:
        obey(card.connection, raw, clock.now(), trap)

    with ExitStack() as stack:
        site = SITES["9602 in memory"](stack, (), (payload, b"forged"))
        stack.callback(site.link.close)
        for day in (1, 2, 3, 4):
            clock.set(FIRST_DAY + timedelta(days=day, hours=1))
            rules = closing_rules(effective(Config(), card.connection), builtin_taxa(), card)
            close_due_days(card, rules, clock.now())
            transmit(Outbox(card.connection), site.link, clock, LIMITS, Hooks(receive=receive))
    assert effective(Config(), card.connection).summary.every_days == 3
    assert len(site.delivered) == 2  # the first day's, and three days later the next
    for number, sent in enumerate(site.delivered):
        (tmp_path / f"{IMEI}_{number:06d}.sbd").write_bytes(sent)
    files = sorted(str(path) for path in tmp_path.glob("*.sbd"))
    assert run([*receiver, "receive", "import", "--station", "ridge", *files]) == 0
    capsys.readouterr()
    assert run([*receiver, "command", "ridge", "list", "--json"]) == 0
    shown = capsys.readouterr()
    (line,) = [json.loads(line) for line in shown.out.splitlines()]
    assert line["command"] == "interval 3"
    assert line["state"].startswith("acknowledged by summary ")
    assert "messages that proved nothing" in shown.err


def test_a_sleeping_trap_takes_no_pictures_and_counts_no_hours(tmp_path: Path) -> None:
    """Until the day it was told; then it goes on, and its effort has only the hours it was awake.

    What triggered meanwhile is counted.
    """
    folder = tmp_path / "pictures"
    days = [FIRST_DAY + timedelta(days=day, hours=12) for day in range(4)]
    write_pictures(folder, {f"{n}.jpg": (n, taken.replace(tzinfo=None)) for n, taken in enumerate(days)})
    found = read_pictures(folder, sorted(folder.glob("*.jpg")), UTC)
    timed = [each.timed for each in found.pictures if each.timed is not None]
    clock = ReplayClock(days[0])
    player = FolderReplay(timed, clock)
    told: list[Outcome] = []
    with make_card(tmp_path / "card", Deployment("d", "s", 0, days[0])) as card:
        secret = new_key()
        order = Order(1, SleepUntil((FIRST_DAY + timedelta(days=2)).date()))
        obey(card.connection, seal_order(order, secret, b"abc"), days[0], ObeySettings(secret))
        trap = Watch(card, player, NamedDetector({}), clock, boot_id="replay", serial="replay")
        trap.run(player, Closing(Rules(), builtin_taxa()), tell=told.append, ended=True)
        effort = fold(card, Rules()).effort
    assert [burst.at.day for burst in told if isinstance(burst, BurstReport)] == [12, 13]
    hours = {day.day: (round(each.hours_armed or 0), each.suppressed) for day, each in effort.items()}
    assert hours == {10: (0, 1), 11: (0, 1), 12: (12, 0), 13: (12, 0)}


def test_the_keys_of_both_sides_are_one(tmp_path: Path, key: KeyFile) -> None:
    """What the trap finds beside its card is what the receiver seals with."""
    found = key_of_trap("", tmp_path / "card")
    assert found is not None
    assert found.key == key.key
