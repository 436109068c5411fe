"""A daily summary or an alert to messages and back.

``decode`` of ``encode`` is the identity on quantised values, and every message decodes alone: a receiver needs the taxa
table and, where it is sealed, the station's key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cameratrap.domain.alerts import Alert
from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.wire.envelope import Opener, Sealer, overhead, unwrap, wrap
from cameratrap.wire.layout import MAX_BYTES
from cameratrap.wire.message import read_body, write_body
from cameratrap.wire.packing import Room, pack
from cameratrap.wire.priors import PRIORS, Priors
from cameratrap.wire.quantise import quantise, quantise_alert, saturated


def encode(
    summary: DailySummary,
    taxa: TaxaTable,
    *,
    max_bytes: int = CREDIT_BYTES,
    max_messages: int = 1,
    earlier: Iterable[EarlierDay] = (),
    sealer: Sealer | None = None,
    priors: Priors = PRIORS,
) -> list[bytes]:
    """The summary as at most ``max_messages`` messages of at most ``max_bytes`` bytes (1 to 340).

    ``earlier`` are days to carry again beside those of the summary, as far as they fit whole into bytes that are left
    over; those offered first have the first choice. They never cost another message. Where the tallies need more room
    than there is, those with the most individuals are merged into others. Only the messages that are returned are
    sealed. Raises EncodeError where not even that fits or a value cannot be sent, TaxonError for a name that is not in
    ``taxa``, and what the sealer raises. Other ``priors`` are for measurements: no receiver has them.
    """
    if not 1 <= max_bytes <= MAX_BYTES or max_messages < 1:
        raise ValueError(f"a message has 1 to {MAX_BYTES} bytes, and a day at least one: {max_bytes}, {max_messages}")
    offered = (*summary.earlier, *earlier)
    whole = quantise(replace(summary, earlier=offered), taxa)
    by_day = {each.day: each for each in whole.earlier}
    in_order = [by_day[day] for day in dict.fromkeys(each.day for each in offered)]
    room = Room(taxa, priors, max_bytes, overhead(sealer))
    days = pack(whole, in_order, room, max_messages)
    return [wrap(write_body(day, taxa, priors).to_bytes(), sealer) for day in days]


def encode_alert(alert: Alert, taxa: TaxaTable, *, sealer: Sealer | None = None, priors: Priors = PRIORS) -> bytes:
    """The alert as one message, far shorter than a credit. Raises EncodeError, TaxonError, what the sealer raises."""
    return wrap(write_body(quantise_alert(alert, taxa), taxa, priors).to_bytes(), sealer)


def decode(
    message: bytes, taxa: TaxaTable, *, opener: Opener | None = None, priors: Priors = PRIORS
) -> DailySummary | Alert:
    """What ``message`` carries: a summary, a PartialSummary where the day came in several messages, or an alert.

    Zero bytes after the end of a message that is not sealed are ignored. Raises DecodeError for anything that
    ``encode`` does not write, SealError (which is one) for a sealed message that ``opener`` does not open, or where
    there is none.
    """
    body = unwrap(message, opener)
    content = read_body(body, taxa, priors)
    if write_body(content, taxa, priors).to_bytes() != body:
        raise DecodeError(
            "the message is not written as wire version 1 writes it",
            why="it was damaged, or it is not a message of ours",
        )
    return content if isinstance(content, Alert) else replace(content, saturated=saturated(content))
