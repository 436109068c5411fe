"""The taxa table: what a trap can report, under codes that never change, and what doubt rolls up to.

A ``wire_code`` is what crosses the satellite; it is given once and never reused, so that a message of an old trap
decodes for ever. Vernaculars and synonyms find the same taxon as its name. ``parent`` makes a tree: a detector that
cannot tell a roe deer from a red deer says Cervidae, and the count stays true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from cameratrap.domain import taxon as rows
from cameratrap.domain.taxon import FIRST_CODE, LAST_CODE, Taxon, name_key
from cameratrap.errors import TaxonError

__all__ = ["ANIMAL", "LAST_CODE", "PERSON", "VEHICLE", "TaxaTable", "Taxon"]

ANIMAL = "animal"
PERSON = "Homo sapiens"
VEHICLE = "vehicle"


class TaxaTable:
    """Taxa by code and by any of their names. Built whole or not at all; never changed afterwards."""

    def __init__(self, taxa: Iterable[Taxon], *, origin: str = "taxa table", problems: Sequence[str] = ()) -> None:
        """Raises TaxonError naming every contradiction among ``taxa``, after what reading them already found.

        ``origin`` says where they are from.
        """
        members = tuple(taxa)
        _refuse([*problems, *rows.contradictions(members, complete=not problems)], origin)
        self._by_code = {taxon.wire_code: taxon for taxon in sorted(members, key=lambda taxon: taxon.wire_code)}
        self._by_name = {taxon.name: taxon for taxon in members}
        self._by_key = {name_key(name): taxon for taxon in members for name in taxon.names}

    @classmethod
    def from_csv(cls, text: str, *, origin: str) -> TaxaTable:
        """Read a table of ``COLUMNS``; further columns are ignored. Raises TaxonError naming all that is wrong."""
        taxa, problems = rows.read_taxa(text)
        return cls(taxa, origin=origin, problems=problems)

    def __iter__(self) -> Iterator[Taxon]:
        """Every taxon, in order of code."""
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, name: object) -> bool:
        """Whether ``name`` resolves."""
        return isinstance(name, str) and name_key(name) in self._by_key

    def resolve(self, name: str) -> Taxon:
        """The taxon of that name, vernacular or synonym. Raises TaxonError with the nearest names as its hint."""
        taxon = self._by_key.get(name_key(name))
        if taxon is None:
            raise TaxonError(f"no taxon is called {name!r}", hint=self._did_you_mean(name))
        return taxon

    def by_code(self, code: int) -> Taxon | None:
        """The taxon of a wire code, or None for a code this table does not have."""
        return self._by_code.get(code)

    def name_for_code(self, code: int) -> str:
        """The taxon's name, or "code 412" for a code from a newer table: the count is still worth having."""
        taxon = self._by_code.get(code)
        return f"code {code}" if taxon is None else taxon.name

    def code_for_name(self, name: str) -> int:
        """The wire code of a name, or the 412 of "code 412": the inverse of ``name_for_code``. Raises TaxonError."""
        unnamed = rows.CODE_NAME.fullmatch(name.strip().casefold())
        if unnamed is None:
            return self.resolve(name).wire_code
        code = int(unnamed[1])
        if not FIRST_CODE <= code <= LAST_CODE:
            raise TaxonError(f"no taxon has {name!r}", why=f"wire codes go from {FIRST_CODE} to {LAST_CODE}")
        return code

    def lineage(self, name: str) -> tuple[Taxon, ...]:
        """The taxon itself, its parent, and so on up to its root. Raises TaxonError for an unknown name."""
        steps = [self.resolve(name)]
        while steps[-1].parent:
            steps.append(self._by_name[steps[-1].parent])
        return tuple(steps)

    def roll_up(self, name: str, allowed: Collection[str]) -> Taxon:
        """The first of the lineage whose canonical name is in ``allowed``. Raises TaxonError where none is."""
        for taxon in self.lineage(name):
            if taxon.name in allowed:
                return taxon
        raise TaxonError(
            f"nothing in this set of taxa holds {name!r}",
            hint=f"add {self.lineage(name)[-1].name!r} to the set: everything there rolls up to it",
        )

    def is_person(self, name: str) -> bool:
        """Whether it shows people, alone or on horseback."""
        return self.lineage(name)[-1].name == PERSON

    def is_vehicle(self, name: str) -> bool:
        """Whether it is a vehicle of any kind."""
        return self.lineage(name)[-1].name == VEHICLE

    def is_animal(self, name: str) -> bool:
        """Whether it is counted as an animal, wild or domestic: neither people nor vehicles."""
        return self.lineage(name)[-1].name not in {PERSON, VEHICLE}

    def region(self, text: str, *, origin: str) -> frozenset[str]:
        """Read a regional view, a table of ``wire_code`` and ``taxon``, as the set of names ``roll_up`` takes.

        Raises TaxonError naming every code that this table does not have, or has under another name.
        """
        problems: list[str] = []
        names = set()
        for line, row in rows.read_rows(text, ("wire_code", "taxon"), problems):
            code, name = rows.integer(row["wire_code"]), row["taxon"]
            if code is None or code not in self._by_code or self._by_code[code].name != name:
                problems.append(f"line {line}: the table has no {name!r} under the code {row['wire_code']!r}")
            names.add(name)
        _refuse(problems, origin)
        return frozenset(names)

    def _did_you_mean(self, name: str) -> str:
        from difflib import get_close_matches  # only a mistake pays for it

        near = get_close_matches(name_key(name), self._by_key, n=3)
        if not near:
            return "species_labels/README.md says how a study brings its own names with --taxa"
        return "did you mean " + ", ".join(f"{key!r} ({self._by_key[key].name})" for key in near) + "?"


def _refuse(problems: Sequence[str], origin: str) -> None:
    if problems:
        what = f"{origin} has {len(problems)} problem{'s' if len(problems) != 1 else ''}"
        hint = "species_labels/README.md describes the columns"
        raise TaxonError(what, why="\n  " + "\n  ".join(problems), hint=hint)
