"""What the taxa table knows of a scientific name, in the words of Camtrap DP's list of taxa."""

from __future__ import annotations

from collections.abc import Iterator

from cameratrap.domain.taxa import ANIMAL, TaxaTable
from cameratrap.domain.taxon import Taxon

ANIMALIA = "Animalia"
_GBIF = "https://www.gbif.org/species"
_RANKS = ("kingdom", "phylum", "class", "order", "family", "genus", "species", "subspecies")


def table_facts(taxa: TaxaTable, scientific_name: str) -> dict[str, object]:
    """What the table knows of a scientific name; nothing of one that it does not have."""
    if scientific_name not in taxa:
        return {}
    lineage = taxa.lineage(scientific_name)
    return dict(_facts(lineage[0], lineage))


def _facts(taxon: Taxon, lineage: tuple[Taxon, ...]) -> Iterator[tuple[str, object]]:
    if taxon.gbif_key is not None:
        yield "taxonID", f"{_GBIF}/{taxon.gbif_key}"
    if taxon.rank in _RANKS:
        yield "taxonRank", taxon.rank
    for above in reversed(lineage):
        if above.rank in _RANKS[:-2]:
            yield above.rank, ANIMALIA if above.name == ANIMAL else above.name
    if taxon.vernacular_en:
        yield "vernacularNames", {"eng": taxon.vernacular_en}
