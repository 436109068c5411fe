"""The receiver's log: a number is taken for good before anything is sealed under it leaves."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cameratrap.domain.commands import CommandRangeError, Order, SendNow, SetInterval, SleepUntil
from cameratrap.store.connection import open_store
from cameratrap.store.sent_commands import (
    SentCommand,
    create_sent_commands,
    make_command,
    next_number,
    note_posted,
    sent_commands,
)
from cameratrap.wire.commands import seal_order
from cameratrap.wire.seal import SealKey, seal_number
from tests.power_cuts import Cutting, PowerCut

NOW = datetime(2026, 12, 1, tzinfo=UTC)
KEY = SealKey(bytes(range(32)))


def open_log(folder: Path) -> sqlite3.Connection:
    return open_store(folder / "inbox.db", (create_sent_commands,), create=True)


def seal(order: Order) -> bytes:
    return seal_order(order, KEY, secrets.token_bytes(3))


def make(connection: sqlite3.Connection, reported: int = 0, seal: Callable[[Order], bytes] = seal) -> SentCommand:
    return make_command(
        connection, "ridge", KEY.fingerprint, SetInterval(3), date(2026, 12, 9), NOW, reported=reported, seal=seal
    )


def test_what_was_made_is_in_the_log(tmp_path: Path) -> None:
    """As it was made, with what the gateway said; numbers ascend, and leap over what the trap has answered."""
    with closing(open_log(tmp_path)) as log:
        made = [make(log), make(log), make(log, reported=40)]
        note_posted(log, made[1].payload, posted_at=NOW, gateway_id="77", detail="")
        stored = sent_commands(log, "ridge")
        assert [each.number for each in stored] == [1, 2, 41]
        assert (stored[0], stored[2]) == (made[0], made[2])
        assert (stored[1].posted_at, stored[1].gateway_id) == (NOW, "77")
        assert sent_commands(log, "valley") == []
        assert next_number(log, "another key") == 1


def test_what_cannot_be_sealed_takes_no_number(tmp_path: Path) -> None:
    """The transaction ends with it."""
    with closing(open_log(tmp_path)) as log:
        with pytest.raises(CommandRangeError):
            make_command(
                *(log, "ridge", KEY.fingerprint, SleepUntil(date(1990, 1, 1)), None, NOW), reported=0, seal=seal
            )
        assert make(log).number == 1


def test_no_number_leaves_before_it_is_stored(tmp_path: Path) -> None:
    """Wherever the power goes: what the caller was handed is in the log."""
    for cut in range(1, 4):
        with closing(open_log(tmp_path / str(cut))) as real:
            try:
                made = [make(Cutting(real, [], cut))]  # type: ignore[arg-type]
            except PowerCut:
                made = []
        with closing(open_log(tmp_path / str(cut))) as log:
            assert sent_commands(log, "ridge") == made
    assert made


def test_a_restored_log_seals_under_another_nonce() -> None:
    """The same number given twice is two different nonces: the epoch is drawn anew for each command."""
    messages = [seal(Order(6, SendNow())) for _ in range(8)]
    assert len({seal_number(message).epoch for message in messages}) > 1
    assert {seal_number(message).counter for message in messages} == {6}
