"""What a Camtrap DP package says of the study, as a project's record and its taxa."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cameratrap.domain.camtrap_dp import NOT_STATED
from cameratrap.domain.package_names import slug
from cameratrap.domain.taxa import TaxaTable
from cameratrap.domain.taxon_facts import table_facts
from cameratrap.store.project_record import ProjectRecord

# Of a record and of its data set: their fields, by the descriptor's names.
_STUDY = {"id": "id", "title": "title", "acronym": "acronym", "description": "description", "path": "website",
          "samplingDesign": "sampling_design", "individualAnimals": "individual_animals"}  # fmt: skip
_DATASET = {"name": "name", "id": "id", "title": "title", "version": "version", "description": "description",
            "homepage": "homepage", "bibliographicCitation": "citation", "keywords": "keywords",
            "references": "references", "relatedIdentifiers": "related"}  # fmt: skip
_CONTRIBUTOR = ("title", "email", "path", "role", "organization")
_LICENCE = ("scope", "name", "path", "title")


def record_of(descriptor: Mapping[str, Any]) -> ProjectRecord | None:
    """The record, None where the descriptor is too odd to tell one."""
    study = _renamed(descriptor.get("project"), _STUDY)
    dataset = _renamed(descriptor, _DATASET)
    title = study.get("title") or dataset.get("title") or "camera trap study"
    if dataset.get("name") == slug(str(dataset.get("title"))):
        del dataset["name"]  # what it is called when nobody gives it a name
    if dataset.get("title") == title:
        del dataset["title"]
    told = {
        **study,
        "title": title,
        "contributors": [
            each for each in _rows(descriptor, "contributors", _CONTRIBUTOR) if each != {"title": NOT_STATED}
        ],
        "licences": _rows(descriptor, "licenses", _LICENCE),
        "dataset": dataset,
    }
    try:
        return msgspec.convert(told, ProjectRecord)
    except ValueError:
        return None


def taxa_of(descriptor: Mapping[str, Any], taxa: TaxaTable) -> dict[str, Mapping[str, object]]:
    """What the package tells of its taxa, where that is not just what the table knows."""
    found = descriptor.get("taxonomic")
    told = {
        each["scientificName"]: {name: value for name, value in each.items() if name != "scientificName"}
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict) and isinstance(each.get("scientificName"), str)
    }
    return {name: facts for name, facts in told.items() if facts != table_facts(taxa, name)}


def _renamed(found: object, names: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(found, dict):
        return {}
    return {names[name]: value for name, value in found.items() if name in names and value not in ("", None)}


def _rows(descriptor: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    found = descriptor.get(name)
    rows = [each for each in (found if isinstance(found, list) else []) if isinstance(each, dict)]
    return [{key: each[key] for key in keys if each.get(key) not in ("", None)} for each in rows]
