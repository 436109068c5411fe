"""Fitting a day into messages: what is carried, in which message, and what gives way first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import EncodeError
from cameratrap.wire.layout import OTHERS_CODE
from cameratrap.wire.message import write_body
from cameratrap.wire.parts import PartialSummary, newest_first
from cameratrap.wire.priors import Priors
from cameratrap.wire.tally_rows import Row, bucket, to_rows, to_tallies


@dataclass(frozen=True, slots=True)
class Room:
    """What a body has to fit into, and how it is written: ``max_bytes`` a message, ``overhead`` of them around it."""

    taxa: TaxaTable
    priors: Priors
    max_bytes: int
    overhead: int

    def fits(self, summary: DailySummary) -> bool:
        """Whether the summary is one body."""
        return write_body(summary, self.taxa, self.priors).fits(self.max_bytes - self.overhead)


def pack(whole: DailySummary, offered: Sequence[EarlierDay], room: Room, max_messages: int) -> list[DailySummary]:
    """A quantised summary as what each message carries: as few as carry every tally, else all with others merged.

    The last of them carries the earlier days, those ``offered`` first before others.
    """
    if room.fits(whole):
        return [whole]
    fewest = 1 if isinstance(whole, PartialSummary) else max_messages
    bare = replace(whole, earlier=())
    for count in range(1, fewest + 1):
        days = _split(bare, count, room)
        if days is not None:
            break
    else:
        days = _merge(bare, fewest, room)
    return [*days[:-1], _with_earlier(days[-1], offered, room)]


def _split(bare: DailySummary, count: int, room: Room) -> list[DailySummary] | None:
    """The day as ``count`` messages, each filled in the order of the tallies; None where that is too few."""
    if count == 1:
        return [bare] if room.fits(bare) else None
    left = bare.tallies
    days: list[DailySummary] = []
    for part in range(1, count + 1):
        blank = _blank_part(bare, part, count)
        took = _most_that_fit(blank, left, room)
        if took is None:
            return None
        days.append(replace(blank, tallies=left[:took]))
        left = left[took:]
    return None if left else days


def _blank_part(bare: DailySummary, part: int, parts: int) -> PartialSummary:
    """A part without tallies; effort, health and answers to commands travel in the first."""
    blank = PartialSummary(bare.day, bare.sequence, part=part, parts=parts)
    if part > 1:
        return blank
    return replace(blank, effort=bare.effort, health=bare.health, commands=bare.commands)


def _most_that_fit(blank: DailySummary, tallies: Sequence[Tally], room: Room) -> int | None:
    """How many of ``tallies``, from the first, fit into ``blank``; None where it does not even fit empty."""
    took = None
    for count in range(len(tallies) + 1):
        if not room.fits(replace(blank, tallies=tuple(tallies[:count]))):
            break
        took = count
    return took


def _merge(bare: DailySummary, count: int, room: Room) -> list[DailySummary]:
    """The day in ``count`` messages with as many tallies as possible kept apart and the rest merged into others.

    Animals with the most individuals are merged first (of equals, the higher wire code), people and vehicles last.
    Large counts cost the most bits, so that the fewest taxa lose their name; and the commonest animals are seen on
    other days too, while a rare one may be seen on this day only.
    """

    def tried(last: int) -> list[DailySummary] | None:
        return _split(_with_others(bare, rows, last + 1, room), count, room)

    rows = to_rows(bare.tallies, room.taxa)
    rows.sort(key=lambda row: (row.code == OTHERS_CODE, _is_animal(row, room), row.individuals, row.code), reverse=True)
    merged = bisect_left(range(len(rows)), True, key=lambda last: tried(last) is not None)
    days = tried(merged) if merged < len(rows) else None
    if days is None:
        raise EncodeError(
            f"the summary of {bare.day} does not fit into {count} message{'s' if count > 1 else ''}",
            why=f"{room.max_bytes} bytes for each, {room.overhead} of them for its check or seal, do not hold it even"
            " with every taxon merged into others",
            hint="allow more bytes a message",
        )
    return days


def _is_animal(row: Row, room: Room) -> bool:
    """Whether it is no person or vehicle, as far as the table knows."""
    taxon = room.taxa.by_code(row.code)
    return taxon is None or room.taxa.is_animal(taxon.name)


def _with_others(bare: DailySummary, rows: Sequence[Row], merged: int, room: Room) -> DailySummary:
    """The day with the first ``merged`` rows in one."""
    kept = [bucket(rows[:merged]), *sorted(rows[merged:], key=lambda row: row.code)]
    return replace(bare, tallies=to_tallies(kept, room.taxa))


def _with_earlier(day: DailySummary, offered: Sequence[EarlierDay], room: Room) -> DailySummary:
    """The day with as many earlier days as fit whole, in the order they are offered, past one that is too large.

    They are written newest first, whatever the order of worth, so that each candidate is tried in its place.
    """
    kept = day
    for each in offered:
        longer = replace(kept, earlier=newest_first((*kept.earlier, each)))
        if room.fits(longer):
            kept = longer
    return kept
