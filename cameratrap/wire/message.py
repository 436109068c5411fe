"""One quantised summary as the bytes of one message, and back, bit by bit as ``layout`` says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import DailySummary, Health
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.wire.bits import BitReader, BitWriter
from cameratrap.wire.earlier_days import Before, read_earlier, write_earlier
from cameratrap.wire.fields import Field
from cameratrap.wire.layout import DAY, EFFORT, EPOCH, HEALTH, PART, SEQUENCE, VERSION
from cameratrap.wire.parts import PartialSummary
from cameratrap.wire.tally_rows import read_rows, to_rows, to_tallies, write_rows


def write_message(summary: DailySummary, taxa: TaxaTable) -> bytes:
    """The message of a quantised summary, however long it gets; its last byte is never 0."""
    out, before = begin(summary, taxa)
    for each in summary.earlier:
        write_earlier(out, each, before, taxa)
    out.flag(True)
    return out.to_bytes()


def begin(summary: DailySummary, taxa: TaxaTable) -> tuple[BitWriter, Before]:
    """The message up to its earlier days, and what the first of those is compared with."""
    out = BitWriter()
    out.write(VERSION, 4)
    out.write(0, 4)
    _write_part(out, summary)
    DAY.write(out, (summary.day - EPOCH).days)
    SEQUENCE.write(out, summary.sequence)
    _write_group(out, summary.effort, EFFORT)
    _write_group(out, summary.health, HEALTH)
    before = Before(summary.day, summary.sequence)
    before.note_night(summary.effort.hours_armed_night)
    write_rows(out, to_rows(summary.tallies, taxa), before.used)
    return out, before


def read_body(bits: BitReader, taxa: TaxaTable) -> DailySummary:
    """The summary after a message's first byte, without ``saturated``. Raises DecodeError."""
    part = _read_part(bits)
    day = EPOCH + timedelta(days=DAY.read(bits))
    sequence = int(SEQUENCE.read(bits))
    effort = Effort(**_read_group(bits, EFFORT))
    health = Health(**_read_group(bits, HEALTH))
    before = Before(day, sequence)
    before.note_night(effort.hours_armed_night)
    tallies = to_tallies(read_rows(bits, before.used), taxa)
    earlier = read_earlier(bits, before, taxa)
    if part is None:
        return DailySummary(day, sequence, tallies, effort, health, earlier=earlier)
    return PartialSummary(day, sequence, tallies, effort, health, earlier=earlier, part=part[0], parts=part[1])


def _write_part(out: BitWriter, summary: DailySummary) -> None:
    out.flag(isinstance(summary, PartialSummary))
    if isinstance(summary, PartialSummary):
        PART.write(out, summary.part - 1)
        PART.write(out, summary.parts - summary.part)


def _read_part(bits: BitReader) -> tuple[int, int] | None:
    if not bits.flag():
        return None
    part = PART.read(bits) + 1
    parts = part + PART.read(bits)
    if parts == 1:
        raise DecodeError("the message says it is the only part of a day in several parts")
    return part, parts


def _write_group(out: BitWriter, group: Effort | Health, fields: Sequence[Field]) -> None:
    values = [(field, getattr(group, field.name)) for field in fields]
    carried = [value is not None for _, value in values]
    out.flag(all(carried))
    if not all(carried):
        out.flag(any(carried))
    if any(carried) and not all(carried):
        for each in carried:
            out.flag(each)
    for field, value in values:
        if value is not None:
            field.write(out, value)


def _read_group(bits: BitReader, fields: Sequence[Field]) -> dict[str, Any]:
    if bits.flag():
        carried = list(fields)
    elif bits.flag():
        carried = [field for field in fields if bits.flag()]
    else:
        carried = []
    return {field.name: field.read(bits) for field in carried}
