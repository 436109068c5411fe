"""The other end of a season in simulation: a gateway that keeps a ledger, and a real receiver."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from cameratrap.app.fold import CardFold
from cameratrap.app.receive import InboxEntry, MessageStatus, Reading, read_inbox
from cameratrap.app.received_days import ReceivedDay, received_days
from cameratrap.domain.alerts import Alert
from cameratrap.domain.credits import credits_for
from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.ground.intake import Intake
from cameratrap.ground.ways_in import Form, Part
from cameratrap.replay.gateway import Delivery, Fate, Gateway, webhook_body
from cameratrap.replay.modem_emulator import MoMessage
from cameratrap.store.keys import KeyFile
from cameratrap.store.outbox import SUMMARY, OutboxMessage, OutboxState
from cameratrap.store.sessions import MAILBOX, Session, SessionState

# Web requests: most arrive once, some twice, some late. None is lost: that is the certainty table's part.
FATES = (Fate.DELIVER,) * 8 + (Fate.DUPLICATE, Fate.HOLD)


@dataclass(frozen=True, slots=True)
class Credits:
    """What the gateway counted, and what for. ``unexplained`` is what nobody asked for."""

    counted: int = 0
    days: int = 0
    sent_again: int = 0
    alerts: int = 0
    mailbox_checks: int = 0
    unexplained: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of the card's days.

    ``own`` came in their own message, ``carried`` only in a later one's spare bytes; ``waiting`` are in the outbox,
    ``missing`` are nowhere; of ``wrong`` ones the receiver tells other tallies; ``strange`` ones the card has not.
    """

    own: tuple[date, ...] = ()
    carried: tuple[date, ...] = ()
    waiting: tuple[date, ...] = ()
    missing: tuple[date, ...] = ()
    wrong: tuple[date, ...] = ()
    strange: tuple[date, ...] = ()


@dataclass(slots=True)
class GatewayLedger:
    """Every message the gateway took in, as it is billed: by payload, how often."""

    payloads: Counter[bytes] = field(default_factory=Counter)

    @property
    def credits(self) -> int:
        """What they cost together."""
        return sum(credits_for(len(payload)) * times for payload, times in self.payloads.items())


class Ground:
    """The gateway and the receiver behind it. Hand ``accept`` to the modem."""

    def __init__(self, intake: Intake, taxa: TaxaTable, keys: Sequence[KeyFile], chance: random.Random) -> None:
        self.ledger = GatewayLedger()
        self.duplicates = 0
        self.alerts: list[Alert] = []
        self._intake = intake
        self._taxa = taxa
        self._keys = keys
        self._gateway: Gateway | None = None
        self._chance = chance
        self._deliveries = 0

    def connect(self, gateway: Gateway) -> None:
        """Stand behind this gateway."""
        self._gateway = gateway

    def fates(self) -> Iterator[Fate]:
        """What becomes of each web request."""
        while True:
            yield self._chance.choice(FATES)

    def accept(self, message: MoMessage) -> None:
        """Bill a message and pass it on."""
        assert self._gateway is not None
        self.ledger.payloads[message.payload] += 1
        self._gateway.accept(message)

    def take(self, delivery: Delivery) -> None:
        """A web request arrives."""
        self._deliveries += 1
        part = Part(f"delivery {self._deliveries}", webhook_body(delivery), Form.JSON)
        outcome = self._intake.take(part, received_at=delivery.transmit_time)
        assert outcome.is_in, outcome.reason

    def received(self) -> list[ReceivedDay]:
        """The researcher's table, from everything that came in."""
        assert self._gateway is not None
        self._gateway.release()
        entries = read_inbox(self._intake.inbox, self._taxa, self._intake.stations, self._keys)
        self.duplicates = sum(entry.reading.status is MessageStatus.DUPLICATE for entry in entries)
        self.alerts = [each.alert for each in _decoded(entries) if each.alert is not None]
        return received_days(entries)


def arrival(card: CardFold, received: Iterable[ReceivedDay], messages: Iterable[OutboxMessage]) -> Arrival:
    """Hold the receiver's table against the card."""
    told = {day.day: day for day in received}
    expected = [day for day in card.days if card.was_operating(day)]
    queued = {message.day for message in messages if message.state is OutboxState.QUEUED}
    absent = [day for day in expected if day not in told]
    here = [day for day in expected if day in told]
    return Arrival(
        own=tuple(day for day in here if told[day].health is not None),
        carried=tuple(day for day in here if told[day].health is None),
        waiting=tuple(day for day in absent if day in queued),
        missing=tuple(day for day in absent if day not in queued),
        wrong=tuple(day for day in here if _by_name(told[day].tallies) != _by_name(card.tallies[day])),
        strange=tuple(sorted(told.keys() - set(expected))),
    )


def _by_name(tallies: Iterable[Tally]) -> list[Tally]:
    return sorted(tallies, key=lambda tally: tally.taxon)


def _decoded(entries: Iterable[InboxEntry]) -> Iterator[Reading]:
    return (entry.reading for entry in entries if entry.reading.status is MessageStatus.DECODED)


def explain(ledger: GatewayLedger, messages: Iterable[OutboxMessage], sessions: Iterable[Session]) -> Credits:
    """Every credit the gateway counted, by what the trap wrote down of it.

    A message may have arrived once if the trap knows that it was sent, and once for each attempt whose end it does
    not know; so may a look into the mailbox. What is beyond that is unexplained.
    """
    looks = sum(each.kind == MAILBOX and (each.state is SessionState.SENT or each.uncertain) for each in sessions)
    spent: Counter[str] = Counter()
    left = Counter(ledger.payloads)
    for message in messages:
        times = left.pop(message.payload, 0)
        allowed = (message.state is OutboxState.SENT) + message.uncertain_attempts
        first, again = min(times, 1, allowed), min(times, allowed) - min(times, 1, allowed)
        spent["days" if message.kind == SUMMARY else "alerts"] += first * message.credits
        spent["sent_again"] += again * message.credits
        spent["unexplained"] += max(0, times - allowed) * message.credits
    empty = left.pop(b"", 0)
    spent["mailbox_checks"] = min(empty, looks)
    spent["unexplained"] += max(0, empty - looks)
    spent["unexplained"] += sum(credits_for(len(payload)) * times for payload, times in left.items())
    return Credits(counted=ledger.credits, **spent)
