"""Days that a trap closes with a key: each message sealed under a number of its own, or not made at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.close_day import close_due_days, seal_anew
from cameratrap.app.closing import ClosedDay, Closing, ClosingFailed, DayTold, Outcome
from cameratrap.config.tree import Config
from cameratrap.domain.summaries import DailySummary
from cameratrap.errors import SealError, StoreError
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.keys import KEY_FILE, new_key, read_key, write_key
from cameratrap.store.outbox import Outbox, OutboxState
from cameratrap.store.seal_counter import counter_path
from cameratrap.wire.codec import decode
from cameratrap.wire.seal import CcmOpener, is_sealed, seal_number
from cameratrap.wiring import closing_rules

START = datetime(2026, 6, 1, tzinfo=UTC)
TAXA = builtin_taxa()


def _at(days: float) -> datetime:
    return START + timedelta(days=days)


@contextmanager
def _open(folder: Path) -> Iterator[tuple[Card, Closing]]:
    """One life of the trap's process."""
    with make_card(folder, Deployment("d", "s", 0, START)) as card:
        yield card, closing_rules(Config(), TAXA, card)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A card with a key, armed for three days from its first."""
    folder = tmp_path / "card"
    write_key(folder / KEY_FILE, new_key(), START)
    with _open(folder) as (card, _):
        still_armed(card.connection, arm(card.connection, START, 0.0, "b"), _at(3.5), 3.5 * 86400)
    return folder


def _payloads(card: Card) -> list[bytes]:
    return [message.payload for message in Outbox(card.connection).messages()]


def test_every_message_is_sealed_under_its_own_number(folder: Path) -> None:
    """In one credit each, through restarts; only the key opens them."""
    for now in (1.1, 2.1, 3.1):
        with _open(folder) as (card, closing):
            close_due_days(card, closing, _at(now))
            payloads = _payloads(card)
    assert sorted(seal_number(payload).counter for payload in payloads) == [0, 1, 2]
    assert len({seal_number(payload).epoch for payload in payloads}) == 1
    assert all(len(payload) <= 50 for payload in payloads)
    opener = CcmOpener([read_key(folder / KEY_FILE).key])
    told = [decode(payload, TAXA, opener=opener) for payload in payloads]
    assert [each.day.day for each in told if isinstance(each, DailySummary)] == [3, 2, 1]
    with pytest.raises(SealError):
        decode(payloads[0], TAXA)


def test_a_message_composed_anew_has_a_new_number(folder: Path) -> None:
    """The card says otherwise before anyone sent it; other bytes under the old number would be a second message."""
    with _open(folder) as (card, closing):
        close_due_days(card, closing, _at(1.1))
        (before,) = _payloads(card)
        card.connection.execute("UPDATE armed SET start = ?", (_at(0.25).isoformat(),))
        close_due_days(card, closing, _at(2.1))
        after = next(each.payload for each in Outbox(card.connection).messages() if each.sequence == 1)
    assert after != before
    assert seal_number(after).counter > seal_number(before).counter


def test_a_day_that_cannot_be_sealed_is_not_told_unsealed(folder: Path) -> None:
    """The counter cannot be stored: the day stays open, says why, and is told as soon as it can be."""
    (folder / f"{KEY_FILE}.counter.lock").mkdir()
    with _open(folder) as (card, closing):
        (failed,) = close_due_days(card, closing, _at(1.1))
        assert isinstance(failed, ClosingFailed)
        assert isinstance(failed.error, StoreError)
        assert "counter beside the key" in str(failed.error)
        assert _payloads(card) == []
        (folder / f"{KEY_FILE}.counter.lock").rmdir()
        (closed,) = close_due_days(card, closing, _at(1.2))
        assert isinstance(closed, ClosedDay)
        assert [is_sealed(message) for message in closed.messages] == [True]


def test_a_swapped_card_goes_on_in_a_new_epoch(folder: Path) -> None:
    """The file beside the key is gone: closing goes on, and no number is used again."""
    with _open(folder) as (card, closing):
        close_due_days(card, closing, _at(1.1))
        counter_path(folder / KEY_FILE).unlink()
        close_due_days(card, closing, _at(2.1))
        first, second = sorted(map(seal_number, _payloads(card)), key=lambda number: number.key_id)
    assert (first.key_id, second.key_id, second.counter) == (1, 2, 0)
    assert first.epoch != second.epoch


def _change_key(folder: Path) -> None:
    (folder / KEY_FILE).unlink(missing_ok=True)
    write_key(folder / KEY_FILE, new_key(), START)


def _told(closing: Closing, payloads: list[bytes]) -> list[tuple[int, int]]:
    """Number and day of each; raises SealError for one that the trap's own key does not open."""
    told = [decode(payload, TAXA, opener=closing.opener) for payload in payloads]
    return [(each.sequence, each.day.day) for each in told if isinstance(each, DailySummary)]


@pytest.mark.parametrize("change", [seal_anew, close_due_days])
@pytest.mark.parametrize("key_before", [True, False])
def test_another_key_seals_anew_what_nobody_has_tried_to_send(
    folder: Path, change: Callable[[Card, Closing, datetime], list[Outcome]], key_before: bool
) -> None:
    """Also where no day is to be closed: under its number, and nothing waits in the clear or under the old key."""
    if not key_before:
        (folder / KEY_FILE).unlink()
    with _open(folder) as (card, closing):
        close_due_days(card, closing, _at(2.1))
    _change_key(folder)
    with _open(folder) as (card, closing):
        assert change(card, closing, _at(2.2)) == []
        payloads = _payloads(card)
        assert _told(closing, payloads) == [(2, 2), (1, 1)]
        assert all(is_sealed(payload) for payload in payloads)
        assert change(card, closing, _at(2.3)) == []
        assert _payloads(card) == payloads


@pytest.mark.parametrize("key_before", [True, False])
def test_a_day_that_was_tried_under_another_key_is_told_under_another_number(folder: Path, key_before: bool) -> None:
    """It may be out, so that it stays as it is; but it is not sent any more, since nobody would believe it."""
    if not key_before:
        (folder / KEY_FILE).unlink()
    with _open(folder) as (card, closing):
        close_due_days(card, closing, _at(1.1))
        card.connection.execute("UPDATE outbox SET attempts = 1")
        before = _payloads(card)
    _change_key(folder)
    with _open(folder) as (card, closing):
        (told,) = close_due_days(card, closing, _at(1.2))
        assert isinstance(told, DayTold)
        outbox = Outbox(card.connection)
        assert [each.payload for each in outbox.messages(OutboxState.SUPERSEDED)] == before
        waiting = [each.payload for each in outbox.messages(OutboxState.QUEUED)]
        assert _told(closing, waiting) == [(2, 1)]
        assert close_due_days(card, closing, _at(1.3)) == []


def test_what_was_sent_under_another_key_stays(folder: Path) -> None:
    """The receiver has the old key too: nothing is told twice, and the days after it have the new key."""
    with _open(folder) as (card, closing):
        close_due_days(card, closing, _at(1.1))
        card.connection.execute("UPDATE outbox SET attempts = 1, state = 'sent'")
    _change_key(folder)
    with _open(folder) as (card, closing):
        outcomes = close_due_days(card, closing, _at(3.5), everything=True)
        assert [type(each) for each in outcomes] == [ClosedDay] * 3
        waiting = [each.payload for each in Outbox(card.connection).messages(OutboxState.QUEUED)]
        assert _told(closing, waiting) == [(4, 4), (3, 3), (2, 2)]


def test_without_a_key_days_are_told_unsealed(tmp_path: Path) -> None:
    """It is an option."""
    with _open(tmp_path / "card") as (card, closing):
        still_armed(card.connection, arm(card.connection, START, 0.0, "b"), _at(1.5), 1.5 * 86400)
        close_due_days(card, closing, _at(1.1))
        assert (closing.sealer, [is_sealed(payload) for payload in _payloads(card)]) == (None, [False])
