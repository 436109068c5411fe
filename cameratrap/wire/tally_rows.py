"""A day's tallies as rows of whole numbers, ordered and coded as ``layout`` says."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.domain.taxa import LAST_CODE, TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.wire.coding import Number, Reader, Writer
from cameratrap.wire.layout import COUNT_MAX, EVENTS_BY_LAST, EXTRA_BY_LAST, OTHERS_CODE, TAXA


@dataclass(frozen=True, slots=True)
class Row:
    """One tally under its wire code; ``taxa`` is 0 except for the bucket of others (code 0)."""

    code: int
    events: int
    individuals: int
    taxa: int = 0


@dataclass(slots=True)
class Past:
    """What a message said so far, of the days after the one that comes now: animals come back, and in like numbers.

    ``rows`` holds the last row of every code, in the order of their first use, and ``last`` the codes of the last day
    that had any.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    last: frozenset[int] = frozenset()
    any_place: int = 0

    def learn(self, rows: Iterable[Row]) -> None:
        """Remember a day."""
        codes = frozenset(row.code for row in rows)
        self.rows.update((row.code, row) for row in rows)
        self.any_place = 2 if codes else 1
        self.last = codes or self.last

    def again_place(self, code: int) -> int:
        """1 for a taxon of the last day that had any, else 0."""
        return int(code in self.last)

    def new_place(self, number: int) -> int:
        """0 to 3 by how many codes other days used (none; 1; 2 or 3; more), and 4 more behind a new one of this day."""
        return min(len(self.rows).bit_length(), 3) + (4 if number else 0)

    def codings(self, code: int, events: int) -> tuple[Number, Number]:
        """How events less one, and individuals less events, are written: by what was said of the taxon last."""
        last = self.rows.get(code)
        if last is None:
            return EVENTS_BY_LAST[0], EXTRA_BY_LAST[0 if events == 1 else 1]
        extra = min((last.individuals - last.events + 1).bit_length(), 3)
        return EVENTS_BY_LAST[min(last.events.bit_length(), 3)], EXTRA_BY_LAST[2 * extra + (events > 1)]


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


def write_rows(out: Writer, rows: Sequence[Row], past: Past) -> None:
    """Append a day's rows; ``past`` is what this message said of days after it, and learns of this one."""
    by_code = {row.code: row for row in rows}
    out.bit(bool(rows), "any", past.any_place)
    again = [code for code in past.rows if code in by_code]
    for code in past.rows if rows else ():
        out.bit(code in by_code, "again", past.again_place(code), code)
        if code in by_code:
            _write_counts(out, by_code[code], past)
    new = sorted(by_code.keys() - past.rows.keys())
    for number, code in enumerate(new):
        if number or again:
            out.bit(True, "new", past.new_place(number))
        write_taxon(out, code, new[number - 1] if number else -1, past.rows)
        _write_counts(out, by_code[code], past)
    if rows:
        out.bit(False, "new", past.new_place(len(new)))
    past.learn(rows)


def read_rows(body: Reader, past: Past) -> list[Row]:
    """The rows that ``write_rows`` appended, by ascending code. Raises DecodeError."""
    rows: list[Row] = []
    if body.bit("any", past.any_place):
        rows += [
            _read_counts(body, code, past) for code in past.rows if body.bit("again", past.again_place(code), code)
        ]
        rows += _read_new(body, past, certain=not rows)
    past.learn(rows)
    return sorted(rows, key=lambda row: row.code)


def _read_new(body: Reader, past: Past, *, certain: bool) -> Iterator[Row]:
    """Rows of taxa that this message has not named before; that there is one is ``certain`` on a day without others."""
    number, code = 0, -1
    while (certain and number == 0) or body.bit("new", past.new_place(number)):
        code = read_taxon(body, code, past.rows)
        yield _read_counts(body, code, past)
        number += 1


def write_taxon(out: Writer, code: int, after: int = -1, used: Collection[int] = ()) -> None:
    """Append a wire code by its share of those above ``after`` that are not ``used``."""
    shares, below = out.priors.taxa, out.priors.below
    between = [each for each in used if each > after]
    start = below[code] - below[after + 1] - sum(shares[each] for each in between if each < code)
    out.keep(start, shares[code], below[-1] - below[after + 1] - sum(shares[each] for each in between))


def read_taxon(body: Reader, after: int = -1, used: Collection[int] = ()) -> int:
    """The wire code that ``write_taxon`` appended. Raises DecodeError where none is left."""
    shares, below = body.priors.taxa, body.priors.below
    between = sorted(each for each in used if each > after)
    total = below[-1] - below[after + 1] - sum(shares[each] for each in between)
    if total == 0:
        raise DecodeError("a day has more taxa than there are", why="it is not a message of ours")
    place = below[after + 1] + body.share(total)
    for each in between:
        if below[each] <= place:
            place += shares[each]
    code = bisect_right(below, place) - 1
    start = below[code] - below[after + 1] - sum(shares[each] for each in between if each < code)
    body.keep(start, shares[code], total)
    return code


def _write_counts(out: Writer, row: Row, past: Past) -> None:
    events, extra = past.codings(row.code, row.events)
    events.write(out, row.events - 1)
    extra.write(out, row.individuals - row.events)
    if row.code == OTHERS_CODE:
        TAXA.write(out, row.taxa, {})


def _read_counts(body: Reader, code: int, past: Past) -> Row:
    events = past.codings(code, 1)[0].read(body) + 1
    individuals = events + past.codings(code, events)[1].read(body)
    taxa = TAXA.read(body, {}) if code == OTHERS_CODE else 0
    if individuals > COUNT_MAX or taxa > LAST_CODE:
        raise DecodeError(
            "a tally is out of range", why=f"{individuals} individuals of {taxa or 1} taxa are more than it can hold"
        )
    return Row(code, events, individuals, taxa)
