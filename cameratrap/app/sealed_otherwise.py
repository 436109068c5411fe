"""Messages that wait in the outbox under another seal than the trap has now, so that a receiver would not believe them.

They were made before the trap had a key, or with one that was replaced since, perhaps because it was revoked.
"""

from __future__ import annotations

import sqlite3

from cameratrap.errors import SealError
from cameratrap.store.outbox import ALERT, Outbox, OutboxMessage, OutboxState
from cameratrap.store.summaries import waiting
from cameratrap.wire.envelope import Opener


def sealed_otherwise(connection: sqlite3.Connection, opener: Opener | None) -> set[int]:
    """The summaries, by number, with a waiting message that ``opener`` does not open; none for a trap without a key."""
    if opener is None:
        return set()
    return {sequence for sequence, payload in waiting(connection) if not _opens(opener, payload)}


def alerts_sealed_otherwise(connection: sqlite3.Connection, opener: Opener | None) -> list[OutboxMessage]:
    """The alerts that wait and that ``opener`` does not open; none for a trap without a key."""
    if opener is None:
        return []
    queued = [message for message in Outbox(connection).messages(OutboxState.QUEUED) if message.kind == ALERT]
    return [message for message in queued if not _opens(opener, message.payload)]


def _opens(opener: Opener, payload: bytes) -> bool:
    try:
        opener.open(payload)
    except SealError:
        return False
    return True
