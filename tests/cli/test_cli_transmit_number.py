"""`cameratrap transmit` with a modem whose message number does not count: doubted once, not once a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.replay.emulated_lines import PseudoTerminal
from cameratrap.replay.modem_emulator import ModemEmulator, MoMessage
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.outbox import Outbox, OutboxState, enqueue

PAYLOADS = (b"\x01monday", b"\x01tuesday", b"\x01wednesday")


class StuckModem(ModemEmulator):
    """Each session succeeds and leaves the message number as it is."""

    def _transfer(self, command: bytes) -> bytes:
        number = self.momsn
        answer = super()._transfer(command)
        self.momsn = number
        return answer


@pytest.fixture(autouse=True)
def plenty_of_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a day allows grows with the hour, and these tests run at any."""
    monkeypatch.setenv("CAMERATRAP_MODEM_ENERGY_J_PER_DAY", "100000")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card without a message."""
    with closing(open_store(tmp_path / "card" / "cameratrap.db", CARD_MIGRATIONS, create=True)):
        return tmp_path / "card"


@pytest.fixture
def delivered() -> list[MoMessage]:
    """What reached the gateway."""
    return []


@pytest.fixture
def port(delivered: list[MoMessage]) -> Iterator[str]:
    """A stuck modem's serial port."""
    with PseudoTerminal(StuckModem(delivered.append, momsn=7)) as terminal:
        yield terminal.port


def test_a_number_that_never_moves_costs_one_message_twice(card: Path, port: str, delivered: list[MoMessage]) -> None:
    """The doubt outlives the process: every later message is sent once, by the first run that takes it up."""
    statuses: list[int] = []
    for number, payload in enumerate(PAYLOADS, start=1):
        with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
            day = date(2026, 11, number)
            enqueue(connection, day=day, sequence=number, part=1, payload=payload, now=datetime.now(UTC))
        while not _all_sent(card) and len(statuses) < 9:
            statuses.append(run(["--data", str(card), "transmit", "--port", port, "--no-wait", "--now"]))
    assert statuses == [1, 0, 0, 0]
    assert [message.payload for message in delivered] == [PAYLOADS[0], *PAYLOADS]


def _all_sent(card: Path) -> bool:
    with closing(open_store(card / "cameratrap.db", CARD_MIGRATIONS, create=False)) as connection:
        return not Outbox(connection).messages(OutboxState.QUEUED)
