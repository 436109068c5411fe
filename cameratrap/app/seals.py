"""What the seal of each message proves, judged in the order of arrival.

A message is believed if a key of its station opens it, under a number that no other message had before. Otherwise it
is quarantined, and stays for a person to accept:

* another message came before under the same number: one of the two was forged, or the trap's card was rolled back;
* its key was revoked, and the message comes after what the revocation still believes;
* it is not sealed, and its station has a key: whoever knows the modem's number could have written it.

How late a message is plays no part. A trap sends the newest first, so that after a season without a satellite its
oldest comes last, hundreds of numbers behind. Every number that came is known, not only the last few: a message that is
played again has a number that was used, and one that was held back says what the trap said.

The order of arrival decides what nothing else can, which of two messages with one number was first; and what a
revocation still believes. Everything else is the same in any order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cameratrap.store.inbox import Inbox, StoredMessage
from cameratrap.store.keys import KeyFile
from cameratrap.store.trust import Revocation, accepted, revocations
from cameratrap.wire.envelope import Opener
from cameratrap.wire.layout import VERSION
from cameratrap.wire.seal import OVERHEAD, CcmOpener, SealNumber, is_sealed, seal_number


@dataclass(frozen=True, slots=True)
class SealProof:
    """That a message was sealed with a key, under a number; ``is_new_epoch``: the key's first of another epoch."""

    fingerprint: str
    number: SealNumber
    is_new_epoch: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message because of its seal: it can't be read, is not believed, or ``opener`` opens it."""

    proof: SealProof | None = None
    unreadable: str = ""
    doubt: str = ""
    opener: Opener | None = None


@dataclass(slots=True)
class Epoch:
    """What has arrived of one epoch of one key: ``first_message`` is the inbox's id of the first.

    ``payloads`` are what is believed, by counter, and ``highest`` is the highest of those, -1 for none.
    """

    number: SealNumber
    first_message: int
    highest: int = -1
    payloads: dict[int, bytes] = field(default_factory=dict)

    def believe(self, counter: int, payload: bytes) -> None:
        """Note a message that is believed."""
        self.payloads.setdefault(counter, payload)
        self.highest = max(self.highest, counter)


class SealBook:
    """The seals of an inbox. It grows with it: what was judged is not judged again."""

    def __init__(
        self, inbox: Inbox, keys: Iterable[KeyFile], station_of: Callable[[StoredMessage], str | None]
    ) -> None:
        self._inbox = inbox
        self._station_of = station_of
        self._keys: defaultdict[str, list[KeyFile]] = defaultdict(list)
        for each in keys:
            self._keys[each.station or ""].append(each)
        self._openers = {station: CcmOpener([each.key for each in files]) for station, files in self._keys.items()}
        self._revoked = revocations(inbox.connection) if self._keys else []
        self._accepted = accepted(inbox.connection) if self._keys else frozenset()
        self._vouched_for: set[tuple[str, bytes]] = set()
        self._epochs: defaultdict[str, dict[tuple[int, bytes], Epoch]] = defaultdict(dict)
        self._sealing_stations: set[str] = set()
        self._verdicts: dict[int, Verdict] = {}
        self._newest = 0

    def opener(self, station: str | None) -> Opener | None:
        """What opens a station's messages; None where it has no key here."""
        return self._openers.get(station or "")

    def verdict(self, message: int) -> Verdict:
        """On the message with this id in the inbox. Raises KeyError, StoreError."""
        if message not in self._verdicts:
            self._catch_up()
        return self._verdicts[message]

    def verdicts(self, station: str) -> list[tuple[StoredMessage, Verdict]]:
        """On every message of a station, in the order of arrival."""
        messages = [stored for stored in self._inbox.messages() if self._station_of(stored) == station]
        return [(stored, self.verdict(stored.id)) for stored in messages]

    def epochs(self, fingerprint: str) -> list[Epoch]:
        """Those of a key that believed messages have come from, in the order in which each was first heard of."""
        self._catch_up()
        return [epoch for epoch in self._epochs[fingerprint].values() if epoch.highest >= 0]

    def revocations(self, fingerprint: str) -> list[Revocation]:
        """Those of a key, the oldest first."""
        return [each for each in self._revoked if each.fingerprint == fingerprint]

    def _catch_up(self) -> None:
        for stored in self._inbox.messages(after=self._newest):
            self._verdicts[stored.id] = self._judge(stored)
            self._newest = stored.id

    def _judge(self, stored: StoredMessage) -> Verdict:
        payload, station = stored.message.payload, self._station_of(stored) or ""
        if not payload or payload[0] >> 4 != VERSION:
            return Verdict()  # nothing that could be believed: decoding says so
        if is_sealed(payload):
            return self._judge_sealed(stored.id, payload, station)
        if station not in self._keys or self._is_vouched_for(stored.id, payload, station):
            return Verdict()
        if station in self._sealing_stations or stored.received_at >= self._has_key_since(station):
            return Verdict(doubt="it is not sealed, and its station has a key")
        return Verdict()

    def _is_vouched_for(self, message: int, payload: bytes, station: str) -> bool:
        """Whether a person vouches for it, or for the same bytes that came before."""
        if message in self._accepted:
            self._vouched_for.add((station, payload))
        return (station, payload) in self._vouched_for

    def _has_key_since(self, station: str) -> datetime:
        return min(each.kept_at for each in self._keys[station])

    def _judge_sealed(self, message: int, payload: bytes, station: str) -> Verdict:
        if len(payload) < OVERHEAD:
            return Verdict(
                unreadable=f"it is cut off: a sealed message has {OVERHEAD} bytes at least, this has {len(payload)}"
            )
        number = seal_number(payload)
        if station not in self._openers:
            return Verdict(unreadable=self._why_no_key(number, station))
        key = self._openers[station].key_of(payload)
        if key is None:
            return Verdict(unreadable=f"its seal is broken, or is of a key that is not here ({number})")
        self._sealing_stations.add(station)
        epoch, is_new = self._epoch(key.fingerprint, number, message)
        proof = SealProof(key.fingerprint, number, is_new)
        is_vouched_for = self._is_vouched_for(message, payload, station)
        doubt = "" if is_vouched_for else self._doubt(proof, epoch, payload, message)
        if not doubt:
            epoch.believe(number.counter, payload)
        return Verdict(proof, doubt=doubt, opener=self._openers[station])

    def _why_no_key(self, number: SealNumber, station: str) -> str:
        whose = f"of station {station!r}" if station else "of a station that nobody named"
        why = f"it is sealed with key {number.key_id}, and no key {whose} is here: `cameratrap key import` keeps one"
        others = ", ".join(repr(each) for each in sorted(self._keys))
        return f"{why}; if its trap is at {others}, name its modem in `ground.stations`" if others else why

    def _epoch(self, fingerprint: str, number: SealNumber, message: int) -> tuple[Epoch, bool]:
        """The epoch of a number, and whether it is the key's first message of it and not the key's first at all."""
        known = self._epochs[fingerprint]
        name = (number.key_id, number.epoch)
        if name in known:
            return known[name], False
        known[name] = Epoch(number, message)
        return known[name], len(known) > 1

    def _doubt(self, proof: SealProof, epoch: Epoch, payload: bytes, message: int) -> str:
        """Why a message whose seal is whole is not believed; empty if it is."""
        counter = proof.number.counter
        before = epoch.payloads.get(counter)
        if before == payload:
            return ""  # it says again what is believed
        for each in self.revocations(proof.fingerprint):
            if self._comes_after(each, proof, epoch, message):
                return f"its key was revoked by {each.word.by} on {each.word.at:%Y-%m-%d}: {each.word.why}"
        return "" if before is None else f"another message came before it under the same number ({proof.number})"

    def _comes_after(self, revoked: Revocation, proof: SealProof, epoch: Epoch, message: int) -> bool:
        """Whether a message is later than what its revoked key still proves."""
        if revoked.key_id is None or revoked.epoch is None or revoked.counter is None:
            return message > revoked.newest_message  # under whatever number: who holds the key seals under a free one
        number = proof.number
        last = (revoked.key_id, revoked.epoch)
        if (number.key_id, number.epoch) == last:
            return number.counter > revoked.counter
        last_epoch = self._epochs[proof.fingerprint].get(last)
        is_later = last_epoch is not None and epoch.first_message > last_epoch.first_message
        return is_later or message > revoked.newest_message
