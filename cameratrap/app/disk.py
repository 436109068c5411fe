"""The card's room: how it stands, told early, and what goes when it is full.

Pictures go, blanks first; counts never do. What pictures leave free is for the index, the messages and their state.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cameratrap.app.treat import TreatmentFailed, treat_pictures
from cameratrap.store.card import RECORD, Card
from cameratrap.store.treatments import drop, droppable

_AT_ONCE = 20  # pictures: some forty MB, so that a card that is full is not emptied for one burst


class CardState(StrEnum):
    """How a card stands. All but ``ok`` are the fault "card" of the day."""

    OK = "ok"
    LOW = "low"
    FULL = "full"
    READ_ONLY = "read-only"
    GONE = "gone"

    @property
    def takes_pictures(self) -> bool:
        """Whether a picture may be stored."""
        return self in {CardState.OK, CardState.LOW}

    @property
    def takes_rows(self) -> bool:
        """Whether the index can be written."""
        return self.takes_pictures or self is CardState.FULL


@dataclass(frozen=True, slots=True)
class Room:
    """Free and total bytes, as anybody but root may use them, and whether the file system can be written."""

    free: int
    total: int
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class RoomRules:
    """How much pictures leave free, from where on it is told, and whether blanks go to make room."""

    min_free_bytes: int = 200_000_000
    warn_free_pct: float = 10
    drops_blanks: bool = True


Measure = Callable[[Path], Room]


def measure(folder: Path) -> Room:
    """What the file system says. Raises OSError."""
    found = os.statvfs(folder)
    return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, bool(found.f_flag & os.ST_RDONLY))


def card_state(folder: Path, rules: RoomRules, measured: Measure = measure) -> CardState:
    """How the card at ``folder`` stands now; nothing is written.

    One whose record is not there was pulled, or its file system unmounted: the folder that shows then is not the card.
    """
    try:
        with (folder / RECORD).open("rb") as record:
            record.read(1)
        room = measured(folder)
    except OSError:
        return CardState.GONE
    if room.is_read_only:
        return CardState.READ_ONLY
    if room.free < rules.min_free_bytes:
        return CardState.FULL
    return CardState.LOW if 100 * room.free < rules.warn_free_pct * room.total else CardState.OK


@dataclass(frozen=True, slots=True)
class RoomMade:
    """How the card stands after room was made, how many pictures went, and what could not be removed."""

    state: CardState
    dropped: int
    failed: tuple[TreatmentFailed, ...] = ()


def make_room(card: Card, rules: RoomRules, now: datetime, measured: Measure = measure) -> RoomMade:
    """Where the card is full, remove pictures of nothing, the oldest first, until it is not, or none are left.

    Never one that shows anything, that nobody has looked at, or of a time-lapse. Rows and counts stay. Raises
    StoreError where the index cannot be written.
    """
    dropped = 0
    while (state := card_state(card.folder, rules, measured)) is CardState.FULL and rules.drops_blanks:
        media = droppable(card.connection, _AT_ONCE)
        if not media:
            break
        drop(card.connection, media, now)
        failed = treat_pictures(card, now)
        if failed:
            return RoomMade(card_state(card.folder, rules, measured), dropped, tuple(failed))
        dropped += len(media)
    return RoomMade(state, dropped)
