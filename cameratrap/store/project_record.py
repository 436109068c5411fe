"""The record of a project: ``project.toml``, what the study is and who made it, for a person with an editor.

Its words are those of Camtrap DP's package and project, so that an export copies them. What nobody has said is empty.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from cameratrap.errors import StoreError
from cameratrap.store.durable import write_durably

RECORD = "project.toml"
SamplingDesign = Literal[
    "simpleRandom", "systematicRandom", "clusteredRandom", "experimental", "targeted", "opportunistic"
]
Role = Literal["contact", "principalInvestigator", "rightsHolder", "publisher", "contributor"]
# What the standard takes: an address or a path within the package, an address, an Open Definition licence's name.
Place = Annotated[str, msgspec.Meta(pattern=r"^$|^(?=[^./~])((?!\.{2}).)*$")]
Address = Annotated[str, msgspec.Meta(pattern=r"^$|^https?://\S+$")]
LicenceName = Annotated[str, msgspec.Meta(pattern=r"^[-a-zA-Z0-9._]*$")]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A key that is misspelt is an error, not a fact that is lost."""


class Contributor(_Table, frozen=True):
    """A person or an organization; ``path`` is an address such as an ORCID."""

    title: str
    email: str = ""
    path: Place = ""
    role: Role = "contributor"
    organization: str = ""


class Licence(_Table, frozen=True):
    """What may be done with the ``data`` or the ``media``: by name (``CC-BY-4.0``), by address, or both."""

    scope: Literal["data", "media"]
    name: LicenceName = ""
    path: Place = ""
    title: str = ""

    def __post_init__(self) -> None:
        if not (self.name or self.path):
            raise ValueError("a licence has a name or a path")


class Dataset(_Table, frozen=True):
    """The study's data as they are published: a package is called by this, where it differs from the study."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[-a-z0-9._/]*$")] = ""
    title: str = ""
    id: str = ""
    version: str = ""
    description: str = ""
    homepage: Address = ""
    citation: str = ""
    keywords: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    related: tuple[Mapping[str, str], ...] = ()


class ProjectRecord(_Table, frozen=True):
    """What a study is. ``individual_animals``: whether animals are told apart."""

    title: str
    id: str = ""
    acronym: str = ""
    description: str = ""
    website: Address = ""
    sampling_design: SamplingDesign = "opportunistic"
    individual_animals: bool = False
    contributors: tuple[Contributor, ...] = ()
    licences: tuple[Licence, ...] = ()
    dataset: Dataset = Dataset()


def default_record(folder: Path) -> ProjectRecord:
    """What is known of a project without a record: what its folder is called."""
    return ProjectRecord(title=folder.resolve().name or "camera trap study")


def has_record(folder: Path) -> bool:
    """Whether somebody has said what the study is."""
    return (folder / RECORD).is_file()


def read_record(folder: Path) -> ProjectRecord:
    """A project's record, the default one where there is none. Raises StoreError naming what is wrong in it."""
    path = folder / RECORD
    if not path.is_file():
        return default_record(folder)
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ProjectRecord)
    except (OSError, ValueError) as error:  # TOML, UTF-8 and msgspec raise kinds of ValueError
        raise StoreError(f"{path} cannot be read", why=str(error), hint="correct it with an editor") from error


def write_record(folder: Path, record: ProjectRecord, *, notes: str = "") -> None:
    """Write the whole record, and below it ``notes`` for whoever opens it. Raises StoreError."""
    path = folder / RECORD
    try:
        write_durably(path, (record_text(record) + notes).encode())
    except OSError as error:
        raise StoreError(f"{path} cannot be written", why=error.strerror or str(error)) from error


def record_text(record: ProjectRecord) -> str:
    """The file of a record."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: ProjectRecord) -> Iterator[str]:
    yield "# What the study is. An export copies it; an empty line is not exported."
    for name in ("title", "id", "acronym", "description", "website", "sampling_design", "individual_animals"):
        yield f"{name} = {_toml(getattr(record, name))}"
    for table, rows in (("contributors", record.contributors), ("licences", record.licences)):
        for row in rows:
            yield from ("", f"[[{table}]]", *_pairs(row))
    if dataset := msgspec.to_builtins(record.dataset):
        yield from ("", "[dataset]", *(f"{name} = {_toml(value)}" for name, value in dataset.items()))


def _pairs(row: msgspec.Struct) -> Iterator[str]:
    return (f"{name} = {_toml(value)}" for name, value in msgspec.to_builtins(row).items())


def _toml(value: object) -> str:
    """A text of JSON is one of TOML, but for DEL, which TOML wants escaped."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
