"""Messages that wait in the outbox under another seal than the trap has now, so that a receiver would not believe them.

They were made before the trap had a key, or with one that was replaced since, perhaps because it was revoked.
"""

from __future__ import annotations

import sqlite3

from cameratrap.errors import SealError
from cameratrap.store.outbox import SUMMARY, Outbox, OutboxMessage, OutboxState
from cameratrap.wire.envelope import Opener


def sealed_otherwise(connection: sqlite3.Connection, opener: Opener | None, kind: str) -> list[OutboxMessage]:
    """The messages of a kind that wait and that ``opener`` does not open; none for a trap without a key."""
    if opener is None:
        return []
    queued = Outbox(connection).messages(OutboxState.QUEUED)
    return [message for message in queued if message.kind == kind and not _opens(opener, message.payload)]


def summaries_sealed_otherwise(connection: sqlite3.Connection, opener: Opener | None) -> set[int]:
    """The numbers of the summaries of which a message is among them."""
    return {message.sequence for message in sealed_otherwise(connection, opener, SUMMARY)}


def _opens(opener: Opener, payload: bytes) -> bool:
    try:
        opener.open(payload)
    except SealError:
        return False
    return True
