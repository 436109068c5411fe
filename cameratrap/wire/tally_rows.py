"""A day's tallies as rows of whole numbers, ordered and coded as ``layout`` says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.domain.taxa import LAST_CODE, TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.wire.bits import BitReader, BitWriter
from cameratrap.wire.layout import COUNT_MAX, EVENTS, EXTRA, OTHERS_CODE, TAXA, TAXON


@dataclass(frozen=True, slots=True)
class Row:
    """One tally under its wire code; ``taxa`` is 0 except for the bucket of others (code 0)."""

    code: int
    events: int
    individuals: int
    taxa: int = 0


def to_rows(tallies: Iterable[Tally], taxa: TaxaTable) -> list[Row]:
    """Tallies by ascending wire code, counts quantised.

    Names of one taxon (a synonym, a vernacular) are one row, their events and individuals summed.
    """
    sums: dict[int, Row] = {}
    for tally in tallies:
        row = Row(_code(tally.taxon, taxa), tally.events, tally.individuals, tally.taxa or 0)
        sums[row.code] = add(sums[row.code], row) if row.code in sums else row
    return [_limited(sums[code]) for code in sorted(sums)]


def to_tallies(rows: Sequence[Row], taxa: TaxaTable) -> tuple[Tally, ...]:
    """The same as tallies with their taxa's names; others last."""
    named = [
        Tally(taxa.name_for_code(row.code), row.events, row.individuals) for row in rows if row.code != OTHERS_CODE
    ]
    return (*named, *(Tally(OTHERS, row.events, row.individuals, row.taxa) for row in rows if row.code == OTHERS_CODE))


def _code(name: str, taxa: TaxaTable) -> int:
    return OTHERS_CODE if name == OTHERS else taxa.code_for_name(name)


def add(one: Row, other: Row) -> Row:
    """Two rows as one, under the code of the first."""
    return Row(one.code, one.events + other.events, one.individuals + other.individuals, one.taxa + other.taxa)


def bucket(rows: Iterable[Row]) -> Row:
    """Rows merged into the bucket of others, with their true totals."""
    merged = Row(OTHERS_CODE, 0, 0)
    for row in rows:
        merged = add(merged, row if row.code == OTHERS_CODE else Row(row.code, row.events, row.individuals, 1))
    return _limited(merged)


def _limited(row: Row) -> Row:
    return Row(row.code, min(row.events, COUNT_MAX), min(row.individuals, COUNT_MAX), min(row.taxa, LAST_CODE))


def write_rows(out: BitWriter, rows: Sequence[Row], used: list[int]) -> None:
    """Append a day's rows; ``used`` are the codes used before in this message and grows by the new ones."""
    by_code = {row.code: row for row in rows}
    if used:
        out.flag(bool(rows))
    if used and not rows:
        return
    for code in used:
        out.flag(code in by_code)
        if code in by_code:
            _write_counts(out, by_code[code])
    new = sorted(by_code.keys() - set(used))
    before = -1
    for code in new:
        out.flag(True)
        TAXON.write(out, code - before - 1)
        _write_counts(out, by_code[code])
        before = code
    out.flag(False)
    used.extend(new)


def read_rows(bits: BitReader, used: list[int]) -> list[Row]:
    """The rows that ``write_rows`` appended, by ascending code. Raises DecodeError."""
    if used and not bits.flag():
        return []
    rows = [_read_counts(bits, code) for code in used if bits.flag()]
    code = -1
    while bits.flag():
        code += TAXON.read(bits) + 1
        if code > LAST_CODE:
            raise DecodeError("a taxon's wire code is out of range", why=f"{code} is more than {LAST_CODE}")
        rows.append(_read_counts(bits, code))
        used.append(code)
    return sorted(rows, key=lambda row: row.code)


def _write_counts(out: BitWriter, row: Row) -> None:
    EVENTS.write(out, row.events)
    EXTRA.write(out, row.individuals - row.events)
    if row.code == OTHERS_CODE:
        TAXA.write(out, row.taxa)


def _read_counts(bits: BitReader, code: int) -> Row:
    events = int(EVENTS.read(bits))
    individuals = events + EXTRA.read(bits)
    taxa = int(TAXA.read(bits)) if code == OTHERS_CODE else 0
    if individuals > COUNT_MAX or taxa > LAST_CODE:
        raise DecodeError(
            "a tally is out of range", why=f"{individuals} individuals of {taxa or 1} taxa are more than it can hold"
        )
    return Row(code, events, individuals, taxa)
