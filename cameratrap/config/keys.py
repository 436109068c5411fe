"""The keys of the tree, one by one, with what a person needs to know of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from cameratrap.config.section import NAME_OR_PATH, PATH, Section
from cameratrap.config.tree import Config

ENVIRONMENT_PREFIX = "CAMERATRAP_"


@dataclass(frozen=True)
class Key:
    """One key: its path, its type, its default and what it means."""

    path: str
    type: Any
    default: object
    description: str
    expected: str
    example: object
    may_be_path: bool = False
    is_path: bool = False

    @property
    def variable(self) -> str | None:
        """The environment variable that sets it; a table can only be set in a file."""
        return None if isinstance(self.default, dict) else ENVIRONMENT_PREFIX + self.path.replace(".", "_").upper()

    def from_text(self, text: str) -> object:
        """What the variable's text means: a list's entries are separated by commas."""
        if not isinstance(self.default, tuple):
            return text
        return [entry.strip() for entry in text.split(",") if entry.strip()]

    def seen_from(self, folder: Path, value: object) -> object:
        """A value that a file in ``folder`` gives: its paths are as seen from there, but for a home's."""
        if isinstance(value, list):
            return [self.seen_from(folder, each) for each in value]
        if not isinstance(value, str) or not value or value.startswith("~"):
            return value
        return str(folder / value) if self.is_path or (self.may_be_path and "/" in value) else value


@cache
def keys() -> tuple[Key, ...]:
    """Every key of the configuration, in the order of the file. Made once: a trap's wake-up waits for it."""
    return tuple(_every_key())


def _every_key() -> Iterator[Key]:
    trees: list[tuple[str, type[msgspec.Struct]]] = [("", Config), *sections().items()]
    for prefix, struct in trees:
        hints = get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            if prefix or field.name not in sections():
                default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
                meta = _meta(hints[field.name])
                path = f"{prefix}.{field.name}" if prefix else field.name
                example = meta.examples[0] if meta.examples else default
                expected = _expected(hints[field.name], meta)
                may_be_path, is_path = meta.extra == NAME_OR_PATH, meta.extra == PATH
                yield Key(path, field.type, default, meta.description or "", expected, example, may_be_path, is_path)


@cache
def sections() -> Mapping[str, type[Section]]:
    """The tables of the file by name. Asked for at each key, and the answer never changes."""
    return {
        field.name: field.type
        for field in msgspec.structs.fields(Config)
        if isinstance(field.type, type) and issubclass(field.type, Section)
    }


def _meta(hint: Any) -> Meta:
    """The Meta of ``Annotated[T, Meta]`` or of ``Annotated[T, Meta] | None``."""
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Annotated:
            return next(extra for extra in get_args(part)[1:] if isinstance(extra, Meta))
    return Meta()


_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table of texts",
    tuple: "a list of texts",
}


def _expected(hint: Any, meta: Meta) -> str:
    """What would be accepted, in words."""
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Annotated:
            hint = get_args(part)[0]
    if meta.title:
        return meta.title
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "one of " + ", ".join(f'"{value}"' for value in hint)
    name = _NAMES[get_origin(hint) or hint]
    return name if meta.ge is None else f"{name} from {meta.ge:g} to {meta.le:g}"


def shown(value: object) -> str:
    """A value as it would stand in the file, shortened: it may be anything."""
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def template() -> str:
    """A configuration file with every key at its default, explained and commented out."""
    lines = ["# cameratrap configuration. Every key is shown at its default, or by an example where it is not set.", ""]
    section = ""
    for key in keys():
        head, _, name = key.path.rpartition(".")
        if head != section:
            section = head
            lines += ["", f"[{head}]  # {(sections()[head].__doc__ or '').rstrip('.')}"]
        unset = "; not set" if key.default != key.example else ""
        lines.append(f"# {key.description} ({key.expected}{unset})")
        lines.append(f"# {name} = {_toml(key.example)}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(each)}' for key, each in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return shown(value.value if isinstance(value, StrEnum) else value)
