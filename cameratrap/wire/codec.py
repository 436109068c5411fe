"""A daily summary to messages and back.

``decode`` of ``encode`` is the identity on quantised summaries, and every message decodes alone: a receiver needs the
taxa table and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.wire.bits import BitReader
from cameratrap.wire.layout import MAX_BYTES, VERSION
from cameratrap.wire.message import read_body, write_message
from cameratrap.wire.packing import pack
from cameratrap.wire.quantise import quantise, saturated


def encode(
    summary: DailySummary,
    taxa: TaxaTable,
    *,
    max_bytes: int = CREDIT_BYTES,
    max_messages: int = 1,
    earlier: Iterable[EarlierDay] = (),
) -> list[bytes]:
    """The summary as at most ``max_messages`` messages of at most ``max_bytes`` bytes (1 to 340).

    ``earlier`` are days to carry again beside those of the summary, as far as they fit whole into bytes that are left
    over; the newest have the first choice. They never cost another message. Where the tallies need more room than
    there is, those with the most individuals are merged into others. Raises EncodeError where not even that fits or a
    value cannot be sent, TaxonError for a name that is not in ``taxa``.
    """
    if not 1 <= max_bytes <= MAX_BYTES or max_messages < 1:
        raise ValueError(f"a message has 1 to {MAX_BYTES} bytes, and a day at least one: {max_bytes}, {max_messages}")
    whole = quantise(replace(summary, earlier=(*summary.earlier, *earlier)), taxa)
    return pack(whole, taxa, max_bytes=max_bytes, max_messages=max_messages)


def decode(message: bytes, taxa: TaxaTable) -> DailySummary:
    """The summary that ``message`` carries, a PartialSummary where the day came in several messages.

    Zero bytes after its end are ignored. Raises DecodeError for anything that ``encode`` does not write.
    """
    _check_header(message)
    content = message.rstrip(b"\0")  # only now: the last byte of a sealed message may be zero and belong to its seal
    if len(content) > MAX_BYTES:
        raise DecodeError(
            "the message is too long", why=f"it has {len(content)} bytes, and a satellite message at most {MAX_BYTES}"
        )
    bits = BitReader(content)
    bits.read(8)
    summary = read_body(bits, taxa)
    if bits.rest():
        raise DecodeError("the message goes on after its end", why="there are bytes after it that are not zero")
    if write_message(summary, taxa) != content:
        raise DecodeError(
            "the message is not written as wire version 1 writes it",
            why="it was damaged, or it is not a message of ours",
        )
    return replace(summary, saturated=saturated(summary))


def _check_header(message: bytes) -> None:
    """Refuse by the first byte, which stands in the clear, what is not a message of this version in the clear."""
    if not any(message):
        raise DecodeError("the message is empty", why="it has no byte that is not zero")
    version, key_id = divmod(message[0], 16)
    if version != VERSION:
        raise DecodeError(
            f"wire version {version} is not known",
            why=f"this program reads version {VERSION}",
            hint="keep the raw bytes and update cameratrap; a newer trap may have written them",
        )
    if key_id:
        raise DecodeError(
            f"the message is sealed with key {key_id}",
            why=f"this program opens no seals; all its {len(message)} bytes belong to it",
            hint="keep the raw bytes, the last ones too where they are zero, and update cameratrap",
        )
