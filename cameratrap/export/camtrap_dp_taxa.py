"""What Camtrap DP calls a taxon, a person, a vehicle, and what nobody could name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cameratrap.domain.taxa import ANIMAL, PERSON, TaxaTable
from cameratrap.domain.taxon import Taxon
from cameratrap.domain.taxon_facts import ANIMALIA, table_facts
from cameratrap.errors import TaxonError
from cameratrap.store.project_rows import UNKNOWN

_UNSCIENTIFIC = "group"  # a rank of the table whose names are no scientific names: "fox", "small mammal"


@dataclass(frozen=True, slots=True)
class Named:
    """What a label is in the observations table. ``tag`` is the label where the scientific name says less than it."""

    observation_type: str
    scientific_name: str = ""
    tag: str = ""


def named(taxa: TaxaTable, label: str) -> Named:
    """A label in the standard's words. A name that the table does not have is taken for a scientific one."""
    if label == UNKNOWN:
        return Named("unknown")
    try:
        lineage = taxa.lineage(label)
    except TaxonError:
        return Named("animal", label)
    if taxa.is_vehicle(label):
        return Named("vehicle", tag=_tag(lineage[0], ""))
    nearest = next(taxon for taxon in lineage if taxon.rank != _UNSCIENTIFIC)
    name = ANIMALIA if nearest.name == ANIMAL else nearest.name
    kind = "human" if lineage[-1].name == PERSON else "animal"
    return Named(kind, name, _tag(lineage[0], nearest.name))


def taxonomic(
    taxa: TaxaTable, told: Mapping[str, Mapping[str, object]], scientific_names: Collection[str]
) -> list[dict[str, object]]:
    """The package's list of taxa. What another package ``told`` of a taxon goes before what the table knows."""
    return [
        {"scientificName": name, **(told[name] if name in told else table_facts(taxa, name))}
        for name in sorted(scientific_names)
    ]


def _tag(taxon: Taxon, said: str) -> str:
    return "" if taxon.name in {said, "vehicle"} else f"taxon:{taxon.name}"
