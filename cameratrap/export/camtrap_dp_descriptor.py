"""The descriptor of a Camtrap DP package, ``datapackage.json``: what it is, whose, where, when and of which taxa."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from cameratrap.domain.camtrap_dp import DESCRIPTOR, NOT_STATED, TABLES, address
from cameratrap.domain.package_names import slug
from cameratrap.store.project_record import Licence, ProjectRecord

LINES = "sequences.jsonl"
_DIALECT = {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "lineTerminator": "\n", "skipInitialSpace": False}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a package's tables hold, as the descriptor tells it."""

    spatial: Mapping[str, object]
    temporal: Mapping[str, str]
    taxonomic: Sequence[Mapping[str, object]]
    capture_methods: Sequence[str]
    levels: Sequence[str]
    precision: float | None


def write_descriptor(
    folder: Path, record: ProjectRecord, coverage: Coverage, *, dp_version: str, created: datetime, made_by: str,
    event_gap_s: float,
) -> None:  # fmt: skip
    """Write it beside the tables, which are there already."""
    described = {
        "resources": [_resource(name, dp_version) for name in TABLES],
        "profile": address(dp_version, "camtrap-dp-profile.json"),
        **_dataset(record),
        "created": created.isoformat(timespec="seconds"),
        "contributors": _contributors(record),
        "sources": [{"title": "cameratrap", "version": made_by}],
        **_licences(record),
        "project": _project(record, coverage),
        **({} if coverage.precision is None else {"coordinatePrecision": coverage.precision}),
        "spatial": coverage.spatial,
        "temporal": coverage.temporal,
        "taxonomic": coverage.taxonomic,
        "cameratrap": {"eventGap": event_gap_s, "sha256": digests(folder)},
    }
    text = json.dumps(described, ensure_ascii=False, indent=2) + "\n"
    (folder / DESCRIPTOR).write_text(text, encoding="utf-8")


def digests(folder: Path) -> dict[str, str]:
    """Of the tables and of the lines beside them: who reads them back sees whether somebody has changed one."""
    found = {}
    for name in (*(f"{table}.csv" for table in TABLES), LINES):
        with (folder / name).open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _resource(name: str, dp_version: str) -> dict[str, object]:
    return {
        "name": name,
        "path": f"{name}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": _DIALECT,  # else readers guess it from what the texts happen to hold
        "schema": address(dp_version, f"{name}-table-schema.json"),
    }


def _dataset(record: ProjectRecord) -> dict[str, object]:
    dataset = record.dataset
    found: dict[str, object] = {
        "name": dataset.name or slug(dataset.title or record.title),
        "id": dataset.id,
        "title": dataset.title or record.title,
        "description": dataset.description,
        "version": dataset.version,
        "keywords": list(dataset.keywords),
        "homepage": dataset.homepage,
        "bibliographicCitation": dataset.citation,
        "references": list(dataset.references),
        "relatedIdentifiers": [dict(each) for each in dataset.related],
    }
    return {name: value for name, value in found.items() if value}


def _contributors(record: ProjectRecord) -> list[Any]:
    found = [{**msgspec.to_builtins(each), "role": each.role} for each in record.contributors]
    return found or [{"title": NOT_STATED}]


def _licences(record: ProjectRecord) -> dict[str, object]:
    """The standard wants one of the data and one of the media, or none."""
    scopes = {each.scope for each in record.licences}
    return {"licenses": [_licence(each) for each in record.licences]} if scopes == {"data", "media"} else {}


def _licence(each: Licence) -> dict[str, str]:
    found: dict[str, str] = msgspec.to_builtins(each)
    return found


def _project(record: ProjectRecord, coverage: Coverage) -> dict[str, object]:
    told = {
        "id": record.id,
        "title": record.title,
        "acronym": record.acronym,
        "description": record.description,
        "path": record.website,
    }
    return {
        **{name: value for name, value in told.items() if value},
        "samplingDesign": record.sampling_design,
        "captureMethod": list(coverage.capture_methods) or ["activityDetection"],
        "individualAnimals": record.individual_animals,
        "observationLevel": list(coverage.levels) or ["event"],
    }
