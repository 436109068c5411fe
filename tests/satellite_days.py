"""A card whose days are closed, and what a receiver knows of them: for tests that compare the two."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

from cameratrap.app.close_day import Closing, close_due_days
from cameratrap.app.fold import Rules
from cameratrap.app.receive import read_inbox, receive
from cameratrap.app.received_days import ReceivedDay, received_days
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.domain.summaries import ClockQuality
from cameratrap.ports import Trigger
from cameratrap.resources import builtin_taxa
from cameratrap.store.analyses import Analysis, ModelIdentity, Observation, PictureAnswer, store_analysis
from cameratrap.store.bursts import add_picture, begin_burst, pictures_of
from cameratrap.store.card import Card
from cameratrap.store.effort import arm, still_armed
from cameratrap.store.inbox import Inbox, create_inbox
from cameratrap.store.media import SavedPicture

ZONE = timezone(timedelta(hours=2))
TAXA = builtin_taxa()
IMEI = "300234010000001"
STATION = "ridge"


def at(day: int, clock: str) -> datetime:
    """A moment of June 2026 at the station."""
    return datetime.fromisoformat(f"2026-06-{day:02d}T{clock}:00").replace(tzinfo=ZONE)


def photograph(card: Card, when: datetime, clock: ClockQuality | None = None) -> str:
    """One burst of one picture, that nobody has looked at; returns its name."""
    name = when.isoformat()
    begin_burst(card.connection, name, Trigger(name, when, TriggerCause.PIR), boot_id="b", clock=clock)
    saved = SavedPicture(f"DCIM/{name}.JPG", f"{card.deployment.deployment} {name}", 1)
    add_picture(card.connection, name, saved, position=1, of=1, captured_at=when, source_sha256=name, source_name="")
    return name


def look(card: Card, burst: str, seen: Mapping[str, int], *, model: str = "1", later: timedelta = timedelta()) -> None:
    """A model's word on a burst, said a minute after it was taken, or ``later``."""
    pictures = pictures_of(card.connection, burst)
    when = pictures[0].captured_at
    told = tuple(Observation(taxon, count, count, count, 0.9, when, when) for taxon, count in seen.items())
    analysis = Analysis(tuple(PictureAnswer(picture, 1, 1, ()) for picture in pictures), told)
    made_at = when + timedelta(minutes=1) + later
    store_analysis(card.connection, burst, analysis, ModelIdentity("m", model, "ab" * 32, 0.5), made_at=made_at)


def see(card: Card, when: datetime, taxon: str | None = "Vulpes vulpes", count: int = 1) -> str:
    """A burst and what the trap's model says of it."""
    name = photograph(card, when)
    look(card, name, {taxon: count} if taxon else {})
    return name


def stand(card: Card, start: datetime, end: datetime) -> None:
    """The trap is armed from then to then."""
    stretch = arm(card.connection, start, start.timestamp(), "b")
    still_armed(card.connection, stretch, end, end.timestamp())


def close_days(card: Card, now: datetime, **options: object) -> None:
    """Close what is over and let the modem send it."""
    close_due_days(card, Closing(Rules(), TAXA, **options), now)  # type: ignore[arg-type]
    card.connection.execute("UPDATE outbox SET state = 'sent', attempts = 1 WHERE state = 'queued'")


def payloads(card: Card) -> list[bytes]:
    """What was sent, in order."""
    rows = card.connection.execute("SELECT payload FROM outbox ORDER BY sequence, part").fetchall()
    return [bytes(row["payload"]) for row in rows]


def arrived(messages: Sequence[bytes]) -> list[ReceivedDay]:
    """The receiver's table of what has arrived."""
    sent = datetime(2026, 7, 1, tzinfo=UTC)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        create_inbox(connection)
        inbox = Inbox(connection)
        for number, payload in enumerate(messages, 1):
            message = ReceivedMessage(payload, MessageSource.DIRECTIP, IMEI, number, sent + timedelta(minutes=number))
            receive(message, inbox, TAXA, {IMEI: STATION}, received_at=sent)
        return received_days(read_inbox(inbox, TAXA, {IMEI: STATION}))
