"""`cameratrap transmit` over a RockBLOCK 9704, as its users meet it: a configuration, a port, and an exit status."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from contextlib import AbstractContextManager, closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import Outbox, OutboxState, enqueue
from tests.modem_process import modem_process

PAYLOAD = bytes(range(1, 49))

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("rockblock9704") is None,
    reason="needs the maker's library: pip install 'cameratrap[rockblock9704]'",
)


@pytest.fixture(autouse=True)
def plenty_of_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a day allows grows with the hour, and these tests run at any."""
    monkeypatch.setenv("CAMERATRAP_MODEM_ENERGY_J_PER_DAY", "100000")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with one message due, of a trap whose modem is a 9704."""
    folder = tmp_path / "card"
    with closing(open_store(folder / "cameratrap.db", CARD_MIGRATIONS, create=True)) as connection:
        enqueue(connection, day=date(2026, 11, 1), sequence=1, part=1, payload=PAYLOAD, now=datetime.now(UTC))
    (tmp_path / "trap.toml").write_text('[modem]\ntype = "9704"\n')
    return folder


def transmit(card: Path, port: Path | str) -> int:
    options = ["--config", str(card.parent / "trap.toml"), "--data", str(card)]
    return run([*options, "transmit", "--no-wait", "--port", str(port)])


def state(card: Path) -> OutboxState:
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        return Outbox(connection).messages()[0].state


def emulator(folder: Path, *options: str) -> AbstractContextManager[Path]:
    """A modem and gateway in a process of their own; gives the serial port."""
    return modem_process(folder, "--model", "9704", *options)


@needs_library
def test_a_failed_and_a_successful_attempt(tmp_path: Path, card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is in the modem's own word and exit 1; then the message is at the gateway byte for byte, exit 0."""
    with emulator(tmp_path, "--status", "message_discarded_on_overflow") as port:
        assert transmit(card, port) == 1
        assert "message_discarded_on_overflow" in capsys.readouterr().err
        options = ["--config", str(tmp_path / "trap.toml"), "--data", str(card)]
        assert run([*options, "transmit", "--now", "--port", str(port)]) == 0
    assert state(card) is OutboxState.SENT
    (body,) = (tmp_path / "gateway").glob("*.json")
    assert json.loads(body.read_bytes())["data"] == PAYLOAD.hex()


def test_no_modem_at_the_port(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4, the port by its name, and what to look at; the message stays."""
    assert transmit(card, "/dev/no-such-modem") == 4
    said = capsys.readouterr().err
    assert "/dev/no-such-modem" in said
    assert "hint:" in said
    assert state(card) is OutboxState.QUEUED


def test_a_type_nobody_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the two that there are."""
    (tmp_path / "trap.toml").write_text('[modem]\ntype = "9999"\n')
    assert run(["--config", str(tmp_path / "trap.toml"), "config", "check"]) == 2
    assert '"9602" or "9704"' in capsys.readouterr().err


@pytest.mark.parametrize("modem", ["9602", "9704"])
def test_only_the_chosen_driver_is_imported(modem: str) -> None:
    """A trap with one modem does not load the other's driver, and never the maker's library into its own process."""
    other = {"9602": "rockblock_9704", "9704": "rockblock_9602"}[modem]
    program = f"""
import sys
from cameratrap.config.modem import Modem
from cameratrap.config.tree import Config
from cameratrap.errors import DeviceError
from cameratrap.wiring import open_link
try:
    open_link(Config(modem=Modem(type={modem!r})), "/dev/no-such-modem")
except DeviceError:
    print(*sys.modules)
"""
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.split()
    assert f"cameratrap.drivers.rockblock_{modem}" in loaded
    assert f"cameratrap.drivers.{other}" not in loaded
    assert "rockblock9704" not in loaded
    assert "numpy" not in loaded
