"""One taxon, and the CSV table of a few hundred of them. Everything wrong with a table is found at once."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cameratrap.domain.tallies import OTHERS

FIRST_CODE = 1  # 0 is never given to a taxon
LAST_CODE = 4095
RANKS = (
    "kingdom", "class", "order", "clade", "family", "genus", "species", "subspecies", "domestic form", "group",
)  # fmt: skip
COLUMNS = ("wire_code", "taxon", "vernacular_en", "rank", "gbif_key", "parent", "sensitive", "synonyms")
# How a code that a table does not have is written, and read again: "code 412".
CODE_NAME = re.compile(r"code ([0-9]{1,9})")

_LOOSE = str.maketrans({"_": " ", "-": " ", "'": None, "\u2019": None})


@dataclass(frozen=True, slots=True)
class Taxon:
    """One row of the table. ``gbif_key`` is None where nobody has verified one; ``parent`` is "" for a root.

    ``sensitive`` says that publishing where it was photographed could harm it.
    """

    wire_code: int
    name: str
    vernacular_en: str = ""
    rank: str = "species"
    gbif_key: int | None = None
    parent: str = ""
    sensitive: bool = False
    synonyms: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it is called: its name, its vernacular if it has one, its synonyms."""
        return tuple(name for name in (self.name, self.vernacular_en, *self.synonyms) if name)


def name_key(name: str) -> str:
    """What names are compared by: "Bennett's wallaby", "bennetts_wallaby" and "BENNETTS-WALLABY" are one name."""
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_LOOSE)
    return " ".join(plain.split())


def read_rows(text: str, columns: Sequence[str], problems: list[str]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV, cells stripped, each with its line number. ``problems`` gains what is malformed."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        problems.extend(f"column {name!r} is missing" for name in columns if name not in header)
        problems.extend(f"column {name!r} is there twice" for name in columns if header.count(name) > 1)
        if problems:
            return []
        for row in reader:
            if None in row or None in row.values():
                problems.append(f"line {reader.line_num}: not {len(header)} cells, as the heading has")
            else:
                rows.append((reader.line_num, {name: row[name].strip() for name in columns}))
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: not CSV: {error}")
    if not rows and not problems:
        problems.append("there is not one row")
    return rows


def read_taxa(text: str) -> tuple[list[Taxon], list[str]]:
    """The taxa of a CSV of ``COLUMNS``, and what is wrong with its rows; a row with a wrong cell gives no taxon."""
    problems: list[str] = []
    taxa = [_taxon(line, row, problems) for line, row in read_rows(text, COLUMNS, problems)]
    return [taxon for taxon in taxa if taxon is not None], problems


def integer(cell: str) -> int | None:
    """A whole number of at most 18 decimal digits without a sign; None for anything else."""
    return int(cell) if cell.isascii() and cell.isdecimal() and len(cell) <= 18 else None


def _taxon(line: int, row: Mapping[str, str], problems: list[str]) -> Taxon | None:
    """The taxon of one row, or None with what is wrong with its cells added to ``problems``."""
    code, key = integer(row["wire_code"]), integer(row["gbif_key"])
    wrong = []
    if code is None:
        wrong.append(f"wire_code {row['wire_code']!r} is not a whole number")
    if row["gbif_key"] and not key:
        wrong.append(f"gbif_key {row['gbif_key']!r} is neither empty nor a positive whole number")
    if row["sensitive"] not in {"", "0", "1"}:
        wrong.append(f"sensitive {row['sensitive']!r} is neither 0 nor 1")
    problems.extend(f"line {line} ({row['taxon'] or 'no name'}): {each}" for each in wrong)
    if wrong or code is None:
        return None
    synonyms = tuple(name.strip() for name in row["synonyms"].split("|") if name.strip())
    sensitive = row["sensitive"] == "1"
    name, vernacular = row["taxon"], row["vernacular_en"]
    return Taxon(code, name, vernacular, row["rank"], key, row["parent"], sensitive, synonyms)


def contradictions(taxa: Sequence[Taxon], *, complete: bool = True) -> list[str]:
    """What is wrong with ``taxa`` together. Where rows were refused (not ``complete``), no parent is called missing."""
    problems = [problem for taxon in taxa for problem in _own_faults(taxon)]
    codes = Counter(taxon.wire_code for taxon in taxa)
    problems += [f"code {code} is given to {n} taxa" for code, n in codes.items() if n > 1]
    problems += _name_collisions(taxa)
    parents = {taxon.name: taxon.parent for taxon in taxa}
    if complete:
        orphans = (taxon for taxon in taxa if taxon.parent and taxon.parent not in parents)
        problems += [f"{taxon.name!r}: its parent {taxon.parent!r} is not a taxon of the table" for taxon in orphans]
    return [*problems, *_cycles(parents)]


def _own_faults(taxon: Taxon) -> Iterator[str]:
    if not taxon.name:
        yield f"code {taxon.wire_code}: the taxon has no name"
    if not FIRST_CODE <= taxon.wire_code <= LAST_CODE:
        yield f"{taxon.name!r}: code {taxon.wire_code} is not within {FIRST_CODE} to {LAST_CODE}"
    if taxon.rank not in RANKS:
        yield f"{taxon.name!r}: rank {taxon.rank!r} is not one of {', '.join(RANKS)}"
    for name in taxon.names:
        key = name_key(name)
        if not key or key == OTHERS or CODE_NAME.fullmatch(key):
            yield f"{taxon.name!r}: the name {name!r} is reserved"


def _name_collisions(taxa: Sequence[Taxon]) -> Iterator[str]:
    """A name that two taxa answer to; a name that one taxon repeats is harmless."""
    owner: dict[str, int] = {}
    for place, taxon in enumerate(taxa):
        for name in taxon.names:
            first = owner.setdefault(name_key(name), place)
            if first != place:
                yield f"{name!r} names both {taxa[first].name!r} and {taxon.name!r}"


def _cycles(parents: Mapping[str, str]) -> Iterator[str]:
    """One line a cycle, however many taxa hang from it."""
    cleared: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        name = start
        while name in parents and name not in cleared and name not in path:
            path[name] = None
            name = parents[name]
        if name in path:
            loop = list(path)[list(path).index(name) :]
            yield f"{name!r} is its own ancestor: {' -> '.join([*loop, name])}"
        cleared.update(path)
