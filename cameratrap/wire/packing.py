"""Fitting a day into messages: what is carried, in which message, and what gives way first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import EncodeError
from cameratrap.wire.earlier_days import write_earlier
from cameratrap.wire.layout import OTHERS_CODE, TAXON
from cameratrap.wire.message import begin, write_message
from cameratrap.wire.parts import PartialSummary
from cameratrap.wire.tally_rows import Row, bucket, to_rows, to_tallies

# The least bits a tally takes (that it is there, its code, two counts), and the least an earlier day takes (that it is
# there, two gaps, two hours, no tallies): what cannot fit whatever it holds need not be tried.
MIN_TALLY_BITS = 1 + (TAXON.order + 1) + 2
MIN_EARLIER_BITS = 6


def pack(whole: DailySummary, taxa: TaxaTable, *, max_bytes: int, max_messages: int) -> list[bytes]:
    """The messages of a quantised summary: as few as carry every tally, else all of them with a bucket of others."""
    fewest = 1 if isinstance(whole, PartialSummary) else max_messages
    bare = replace(whole, earlier=())
    for count in range(1, fewest + 1):
        days = _split(bare, count, taxa, max_bytes)
        if days is not None:
            break
    else:
        days = _merge(bare, fewest, taxa, max_bytes)
    last = _with_earlier(days[-1], whole.earlier, taxa, max_bytes)
    return [write_message(day, taxa) for day in (*days[:-1], last)]


def _fits(summary: DailySummary, taxa: TaxaTable, max_bytes: int) -> bool:
    return len(write_message(summary, taxa)) <= max_bytes


def _split(bare: DailySummary, count: int, taxa: TaxaTable, max_bytes: int) -> list[DailySummary] | None:
    """The day as ``count`` messages, each filled in the order of the tallies; None where that is too few."""
    if count == 1:
        return [bare] if _fits(bare, taxa, max_bytes) else None
    left = bare.tallies
    days: list[DailySummary] = []
    for part in range(1, count + 1):
        blank = _blank_part(bare, part, count)
        took = _most_that_fit(blank, left, taxa, max_bytes)
        if took is None:
            return None
        days.append(replace(blank, tallies=left[:took]))
        left = left[took:]
    return None if left else days


def _blank_part(bare: DailySummary, part: int, parts: int) -> PartialSummary:
    """A part without tallies; effort and health travel in the first."""
    effort, health = (bare.effort, bare.health) if part == 1 else (Effort(), Health())
    return PartialSummary(bare.day, bare.sequence, effort=effort, health=health, part=part, parts=parts)


def _most_that_fit(blank: DailySummary, tallies: Sequence[Tally], taxa: TaxaTable, max_bytes: int) -> int | None:
    """How many of ``tallies``, from the first, fit into ``blank``; None where it does not even fit empty."""
    took = None
    for count in range(len(tallies) + 1):
        if not _fits(replace(blank, tallies=tuple(tallies[:count])), taxa, max_bytes):
            break
        took = count
    return took


def _merge(bare: DailySummary, count: int, taxa: TaxaTable, max_bytes: int) -> list[DailySummary]:
    """The day in ``count`` messages with as many tallies as possible kept apart and the rest merged into others.

    Animals with the most individuals are merged first (of equals, the higher wire code), people and vehicles last.
    Large counts cost the most bits, so that the fewest taxa lose their name; and the commonest animals are seen on
    other days too, while a rare one may be seen on this day only.
    """
    rows = to_rows(bare.tallies, taxa)
    rows.sort(
        key=lambda row: (row.code == OTHERS_CODE, _is_animal(row.code, taxa), row.individuals, row.code), reverse=True
    )
    room = 8 * max_bytes * count // MIN_TALLY_BITS
    for merged in range(max(1, len(rows) - room), len(rows) + 1):
        days = _split(_with_others(bare, rows, merged, taxa), count, taxa, max_bytes)
        if days is not None:
            return days
    raise EncodeError(
        f"the summary of {bare.day} does not fit into {count} message{'s' if count > 1 else ''} of {max_bytes} bytes",
        why="not even with every taxon merged into others",
        hint="allow more bytes a message",
    )


def _is_animal(code: int, taxa: TaxaTable) -> bool:
    """Whether it is no person or vehicle, as far as the table knows."""
    taxon = taxa.by_code(code)
    return taxon is None or taxa.is_animal(taxon.name)


def _with_others(bare: DailySummary, rows: Sequence[Row], merged: int, taxa: TaxaTable) -> DailySummary:
    kept = [bucket(rows[:merged]), *sorted(rows[merged:], key=lambda row: row.code)] if rows else []
    return replace(bare, tallies=to_tallies(kept, taxa))


def _with_earlier(day: DailySummary, earlier: Sequence[EarlierDay], taxa: TaxaTable, max_bytes: int) -> DailySummary:
    """The day with as many earlier days as fit whole: the newest first, past one that is too large for what is left."""
    out, before = begin(day, taxa)
    kept = []
    for each in earlier:
        if len(out) + MIN_EARLIER_BITS + 1 > 8 * max_bytes:
            break
        longer, after = out.copy(), before.copy()
        write_earlier(longer, each, after, taxa)
        if len(longer) + 1 <= 8 * max_bytes:  # 1 for the mark that ends them
            out, before = longer, after
            kept.append(each)
    return replace(day, earlier=tuple(kept))
