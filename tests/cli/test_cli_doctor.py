"""`doctor`: the table, its exit status, and a modem behind a real pseudo-terminal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cameratrap.cli import run
from cameratrap.cli.doctor import COLUMNS
from cameratrap.replay.emulated_lines import PseudoTerminal
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage
from cameratrap.sbd.network_time import ERAS, FRAME
from cameratrap.store.card import Deployment, make_card
from cameratrap.store.clock_readings import newest_reading
from cameratrap.store.commands import undecided
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.reading import open_for_reading
from cameratrap.store.sessions import POWERED, TEST, last_contact, sessions
from cameratrap.wire.seal import is_sealed

FIELD = ["camera", "lamp", "PIR", "latency", "battery", "power", "RTC", "service", "speed", "position", "picture key"]
CHECKS = ["configuration", "disk", "card", "inbox", "taxa", "model", *FIELD, "key", "outbox"]
CHECKS += ["commands", "modem", "clock", "message"]


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    make_card(folder, Deployment("d1", "ridge-1", 60, datetime(2026, 6, 1, tzinfo=UTC))).close()
    return folder


def _found(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    return {row["check"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}


def test_every_check_in_its_order(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A card that is well: exit 0; what is not configured here is said, not passed over."""
    assert run(["--data", str(card), "doctor", "--no-modem", "--json"]) == 0
    found = _found(capsys)
    assert list(found) == CHECKS
    assert all(list(row) == list(COLUMNS) for row in found.values())
    assert {found[name]["state"] for name in (*FIELD, "modem", "inbox")} == {"skip"}
    assert found["camera"]["what"] == "no trap is configured here"
    assert found["message"]["what"].endswith("it was not sent")


def test_a_modem_that_is_missing_is_status_4(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rest is still looked at."""
    assert run(["--data", str(card), "doctor", "--port", "/dev/no-modem", "--json"]) == 4
    found = _found(capsys)
    assert found["modem"]["state"] == "fail"
    assert "/dev/no-modem" in found["modem"]["what"]
    assert found["modem"]["hint"]
    assert found["message"]["state"] == "ok"


def test_a_bad_configuration_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1; what cannot be looked at without it is not guessed."""
    path = tmp_path / "c.toml"
    path.write_text('[modem]\nbaud = "fast"\n')
    assert run(["--config", str(path), "doctor", "--json"]) == 1
    found = _found(capsys)
    assert (found["configuration"]["state"], found["disk"]["state"]) == ("fail", "skip")
    assert "modem.baud" in found["configuration"]["what"]


def test_a_file_that_is_named_and_missing_hides_nothing_else(
    card: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The configuration can be read, so that the card is still looked at."""
    path = tmp_path / "c.toml"
    path.write_text('[detector]\nmodel = "nowhere"\n[ground]\nrockblock_public_keys = ["no.pem"]\n')
    assert run(["--config", str(path), "--data", str(card), "doctor", "--no-modem", "--json"]) == 1
    found = _found(capsys)
    states = [found[name]["state"] for name in ("configuration", "model", "card", "message")]
    assert states == ["fail", "fail", "ok", "ok"]
    assert "no.pem" in found["configuration"]["what"]
    assert found["model"]["hint"]


def test_send_asks_for_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A modem, and a card for what may come back: else wrong usage, before anything is touched."""
    assert run(["doctor", "--send", "--no-modem"]) == 2
    assert "exclude each other" in capsys.readouterr().err
    assert run(["--data", str(tmp_path), "doctor", "--send"]) == 2
    assert "is no card" in capsys.readouterr().err


def test_a_table_and_a_csv(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data", str(card), "doctor", "--no-modem", "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == ",".join(COLUMNS)
    assert run(["--data", str(card), "doctor", "--no-modem"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0].split() == list(COLUMNS)
    assert "ok" in captured.err


def test_the_whole_way_with_a_modem(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over a pseudo-terminal: modem named, clock compared, a sealed test message delivered, a command kept."""
    delivered: list[MoMessage] = []
    frames = (datetime.now(UTC) - ERAS[-1]) // FRAME
    modem = ModemEmulator(delivered.append, imei="300234010123450", frames=frames, mt_queue=[b"for the trap"])
    assert run(["--data", str(card), "key", "new"]) == 0
    with PseudoTerminal(modem) as terminal:
        capsys.readouterr()
        status = run(["--data", str(card), "doctor", "--port", terminal.port, "--send", "--json"])
    found = _found(capsys)
    assert {name: row["state"] for name, row in found.items() if row["state"] in ("warn", "fail")} == {}
    assert status == 0
    assert found["modem"]["what"] == "modem 300234010123450 answers; signal 4 of 5"
    assert "the clock is right" in found["clock"]["what"]
    told = found["message"]["what"]
    assert "sealed; a message to the trap came with it" in told
    assert "sent for 1 credit" in told
    (message,) = delivered
    assert is_sealed(message.payload)
    with open_for_reading(card / "cameratrap.db", CARD_MIGRATIONS) as connection:
        assert [kept.payload for kept in undecided(connection)] == [b"for the trap"]
        power, session = sessions(connection)
        assert (power.kind, power.joules > 0) == (POWERED, True)
        assert (session.kind, session.credits, session.state.value) == (TEST, 1, "sent")
        assert last_contact(connection) == session.began_at
        compared = newest_reading(connection)
    assert compared is not None
    assert compared.boot_id
    assert abs(compared.offset_s) < 60
