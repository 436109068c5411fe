"""What a revocation says, worked out from what has arrived; and the message that a person vouches for."""

from __future__ import annotations

from collections.abc import Sequence

from cameratrap.app.seals import Epoch, SealBook, Verdict
from cameratrap.errors import UsageError
from cameratrap.store.inbox import StoredMessage
from cameratrap.store.keys import KeyFile
from cameratrap.store.trust import Revocation, Word
from cameratrap.wire.seal import CLEAR_BYTES

MIN_HEX_DIGITS = 2 * CLEAR_BYTES  # of a sealed message the number, which is its own


def key_of_station(keys: Sequence[KeyFile], station: str, fingerprint: str | None) -> KeyFile:
    """The key that is meant: the only one of a station, or the one with this fingerprint. Raises UsageError."""
    of_station = [each for each in keys if each.station == station]
    if not of_station:
        raise UsageError(f"no key of a station {station!r} is here", hint="`cameratrap key list` shows those that are")
    meant = [each for each in of_station if fingerprint in (None, each.key.fingerprint)]
    if len(meant) == 1:
        return meant[0]
    known = ", ".join(each.key.fingerprint for each in of_station)
    what = "has several keys" if fingerprint is None else f"has no key {fingerprint}"
    raise UsageError(f"station {station!r} {what}: {known}", hint="name one of them with --key FINGERPRINT")


def revocation(
    book: SealBook, key: KeyFile, word: Word, *, after: int | None, epoch: str | None, newest_message: int
) -> Revocation:
    """Nothing is believed after counter ``after`` of the epoch, nor of another epoch that was heard of later.

    Without ``after`` nothing is believed that comes after the inbox's ``newest_message``. Without ``epoch`` (hex) it is
    the newest that messages have come from. Raises UsageError for an epoch that nothing has come from.
    """
    fingerprint = key.key.fingerprint
    last = None if after is None else _epoch(book.epochs(fingerprint), epoch)
    if last is None and after is not None:
        raise UsageError(
            f"nothing has come under the key {fingerprint}, so that there is no counter to begin after",
            hint="`--now` revokes all of it",
        )
    key_id, name = (last.number.key_id, last.number.epoch) if last else (None, None)
    return Revocation(key.station or "", fingerprint, key_id, name, after, newest_message, word)


def _epoch(epochs: Sequence[Epoch], named: str | None) -> Epoch | None:
    if named is None:
        return epochs[-1] if epochs else None
    found = next((each for each in epochs if each.number.epoch.hex() == named.lower()), None)
    if found is None:
        known = ", ".join(each.number.epoch.hex() for each in epochs) or "none"
        raise UsageError(
            f"no message has come from an epoch {named}",
            why=f"these are known: {known}",
            hint="`cameratrap inbox --json` shows the epoch of each message",
        )
    return found


def doubted(book: SealBook, station: str, payload: str) -> tuple[StoredMessage, Verdict]:
    """The one doubted message of a station whose payload begins with this hex, and the verdict on it.

    Of one that came several times the first. Raises UsageError.
    """
    found: dict[bytes, tuple[StoredMessage, Verdict]] = {}
    for stored, verdict in book.verdicts(station):
        if verdict.doubt and _is_named(stored.message.payload.hex(), payload.lower()):
            found.setdefault(stored.message.payload, (stored, verdict))
    if len(found) == 1:
        return next(iter(found.values()))
    how_many = f"{len(found)} messages" if found else "no message"
    raise UsageError(
        f"{how_many} of station {station!r} with a payload from {payload!r} on, quarantined for the seal",
        hint=f"give {MIN_HEX_DIGITS} hex digits at least: `cameratrap inbox --json` shows each message's payload",
    )


def _is_named(payload: str, by: str) -> bool:
    """A message that is shorter than MIN_HEX_DIGITS is named whole."""
    return payload == by or (len(by) >= MIN_HEX_DIGITS and payload.startswith(by))
