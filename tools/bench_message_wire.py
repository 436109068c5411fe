"""Our own message for the benches: sealed or not, with or without days carried again, and always decoded again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.taxa import TaxaTable
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.priors import PRIORS, Priors
from cameratrap.wire.quantise import quantise
from cameratrap.wire.seal import OVERHEAD


class WeighingSeal:
    """A Sealer and an Opener that only weigh: what a seal adds is there, as zeros, and proves nothing."""

    overhead = OVERHEAD

    def seal(self, body: bytes, *, version: int) -> bytes:
        """As Sealer.seal, under key id 1."""
        return bytes([version << 4 | 1]) + bytes(OVERHEAD - 1) + body

    def open(self, message: bytes) -> bytes:
        """As Opener.open."""
        return message[OVERHEAD:]


SEAL = WeighingSeal()


def message_of(
    day: DailySummary,
    taxa: TaxaTable,
    *,
    earlier: Iterable[EarlierDay] = (),
    sealed: bool = False,
    max_bytes: int = CREDIT_BYTES,
    priors: Priors = PRIORS,
) -> tuple[bytes, DailySummary]:
    """The day's one message, and what a receiver makes of it.

    Raises AssertionError where that is not the day as it was rounded, with some of the earlier days as they were.
    """
    offered, seal = tuple(earlier), SEAL if sealed else None
    (message,) = encode(day, taxa, max_bytes=max_bytes, earlier=offered, sealer=seal, priors=priors)
    told = decode(message, taxa, opener=seal, priors=priors)
    rounded = quantise(replace(day, earlier=offered), taxa)
    if (
        not isinstance(told, DailySummary)
        or _own(told) != _own(rounded)
        or not set(told.earlier) <= set(rounded.earlier)
    ):
        raise AssertionError(f"{day} comes back different from {message.hex()}")
    return message, told


def _own(day: DailySummary) -> tuple[object, ...]:
    """What a summary says of its own day."""
    return day.day, day.sequence, day.tallies, day.effort, day.health, day.commands
