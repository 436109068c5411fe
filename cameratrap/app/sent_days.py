"""What a card itself knows of its messages: when each was composed, of which days it tells, what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cameratrap.store.card import RECORD, Card, open_card
from cameratrap.store.summaries import TellingState, sequences, tellings
from cameratrap.store.word_history import Moved


class MessageFate(StrEnum):
    """What became of the message that tells a day: the first is what the receiver says, the others what the card does.

    ``NONE`` is a day that was closed without a message or not closed at all; ``UNKNOWN``, the card is not here.
    """

    RECEIVED = "received"
    SENT = "sent"
    QUEUED = "queued"
    GONE = "gone"
    NONE = "none"
    UNKNOWN = "unknown"


_FATES = {
    TellingState.SENT: MessageFate.SENT,
    TellingState.QUEUED: MessageFate.QUEUED,
    TellingState.GONE: MessageFate.GONE,
}
_BEST = (MessageFate.SENT, MessageFate.QUEUED, MessageFate.GONE)


@dataclass(frozen=True, slots=True)
class SentDays:
    """``composed_at``: when the message of a number was composed that tells a day. ``fates``: of each day that was told
    or closed. ``moved``: corrections on the card of a sequence's clock, by the sequence's name.
    """

    composed_at: Mapping[tuple[int, date], datetime] = field(default_factory=dict)
    fates: Mapping[date, MessageFate] = field(default_factory=dict)
    moved: Mapping[str, tuple[Moved, ...]] = field(default_factory=dict)
    is_known: bool = True

    def fate(self, day: date) -> MessageFate:
        """What became of the messages that tell a day."""
        return self.fates.get(day, MessageFate.NONE) if self.is_known else MessageFate.UNKNOWN


def sent_days(folder: Path) -> SentDays:
    """What the card in a folder says; where no card is there, that nothing is known. Raises StoreError."""
    if not (folder / RECORD).is_file():
        return SentDays(is_known=False)
    with open_card(folder) as card:
        return SentDays(_composed_at(card), _fates(card), _moved(card.connection))


def _composed_at(card: Card) -> dict[tuple[int, date], datetime]:
    """The parts of a message are composed at once, also where they are composed anew."""
    rows = card.connection.execute(
        "SELECT t.sequence, t.day, MIN(o.created_at) AS at FROM tellings t"
        " JOIN outbox o ON o.kind = 'summary' AND o.sequence = t.sequence GROUP BY t.sequence, t.day"
    )
    return {(row["sequence"], date.fromisoformat(row["day"])): datetime.fromisoformat(row["at"]) for row in rows}


def _fates(card: Card) -> dict[date, MessageFate]:
    found: dict[date, MessageFate] = dict.fromkeys(sequences(card.connection), MessageFate.NONE)
    for telling in tellings(card.connection):
        told = (found.get(telling.day, MessageFate.NONE), _FATES[telling.state])
        found[telling.day] = next(fate for fate in _BEST if fate in told)
    return found


def _moved(connection: sqlite3.Connection) -> dict[str, tuple[Moved, ...]]:
    found: dict[str, tuple[Moved, ...]] = {}
    for row in connection.execute(
        """SELECT b.id, s.made_at, s.undone_at, s.offset_s, c.was AS clock FROM clock_originals o
        JOIN clock_shifts s ON s.id = o.shift JOIN bursts b ON b.id = o.key
        LEFT JOIN clock_originals c ON c.shift = o.shift AND c.kind = 'bursts' AND c.key = o.key AND c.field = 'clock'
        WHERE o.kind = 'bursts' AND o.field = 'started_at' ORDER BY s.id"""
    ):
        undone_at = None if row["undone_at"] is None else datetime.fromisoformat(row["undone_at"])
        offset = timedelta(seconds=row["offset_s"])
        moved = Moved(datetime.fromisoformat(row["made_at"]), undone_at, offset, row["clock"])
        found[row["id"]] = (*found.get(row["id"], ()), moved)
    return found


def best_fate(fates: Collection[MessageFate]) -> MessageFate:
    """Of several cards that stood at a station on one day: one that sent it is enough."""
    order = (*_BEST, MessageFate.UNKNOWN, MessageFate.NONE)
    return next((fate for fate in order if fate in fates), MessageFate.UNKNOWN)
