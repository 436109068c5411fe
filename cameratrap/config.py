"""The configuration: one typed tree, read from files and the environment, never rewritten.

Each key's type, range and meaning stand once, in the structs below; the checks, `config init`, `config show` and the
README's table are made from them. Every problem is found before anything starts, and all are listed at once.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timezone
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta
from platformdirs import user_config_path

from cameratrap.domain.events import IndependenceRule, standard_zone
from cameratrap.errors import ConfigError, ConfigProblem

ENVIRONMENT_PREFIX = "CAMERATRAP_"
NOT_KEYS = frozenset({"CAMERATRAP_MODELS", "CAMERATRAP_TEST_DATA"})  # ours, but no configuration keys
FILE_NAME = "cameratrap.toml"


class Section(msgspec.Struct, frozen=True):
    """A table of the configuration file."""


class Station(Section, frozen=True):
    """Where the trap stands."""

    id: Annotated[
        str,
        Meta(
            pattern=r"^[\w.-]{0,40}$",
            title="up to 40 letters, digits and . _ -",
            description="name of the site, stored on the card",
        ),
    ] = ""
    utc_offset: Annotated[
        str,
        Meta(
            pattern=r"^[+-](0[0-9]|1[0-4]):(00|15|30|45)$",
            title="an offset from UTC such as +01:00",
            description="standard time of the station, without summer time",
        ),
    ] = "+00:00"
    latitude: (
        Annotated[
            float, Meta(ge=-90, le=90, examples=[46], description="degrees north, for sunset; whole degrees are enough")
        ]
        | None
    ) = None
    longitude: (
        Annotated[
            float, Meta(ge=-180, le=180, examples=[7], description="degrees east, for sunset; whole degrees are enough")
        ]
        | None
    ) = None

    @property
    def utc_offset_minutes(self) -> int:
        """The fixed offset from UTC."""
        sign = -1 if self.utc_offset[0] == "-" else 1
        return sign * (int(self.utc_offset[1:3]) * 60 + int(self.utc_offset[4:6]))

    @property
    def zone(self) -> timezone:
        """The station's standard time."""
        return standard_zone(self.utc_offset_minutes)


class Events(Section, frozen=True):
    """When two sightings are independent."""

    interval_minutes: Annotated[
        float, Meta(ge=0, le=1440, description="minutes without the taxon that separate two events")
    ] = 30
    rule: Annotated[
        IndependenceRule, Meta(description="the interval starts at the last record, or at the last independent one")
    ] = IndependenceRule.LAST_RECORD


class DetectorSection(Section, frozen=True):
    """The model on the device."""

    model: Annotated[str, Meta(description="an installed model's name, or the path of a model folder")] = ""
    threads: Annotated[int, Meta(ge=1, le=16, description="processor threads the model may use")] = 1
    score_threshold: (
        Annotated[
            float, Meta(ge=0, le=1, examples=[0.5], description="least score that counts, instead of the model's own")
        ]
        | None
    ) = None


class Summary(Section, frozen=True):
    """The daily message."""

    max_messages: Annotated[
        int, Meta(ge=1, le=8, description="messages a day may cost before its commonest taxa are merged into others")
    ] = 1


class Modem(Section, frozen=True):
    """The satellite modem."""

    port: Annotated[str, Meta(description="serial device of the modem")] = "/dev/serial0"
    baud: Annotated[int, Meta(ge=1200, le=230400, description="speed of the serial line")] = 19200
    attempts: Annotated[int, Meta(ge=1, le=20, description="failed sessions after which one `transmit` gives up")] = 3
    deadline_s: Annotated[float, Meta(ge=30, le=900, description="seconds a session may take")] = 180


class Ground(Section, frozen=True):
    """The receiver."""

    stations: Annotated[
        dict[str, str],
        Meta(
            examples=[{"300000000000000": "ridge-1"}],
            description="modem IMEI -> station; when given, others are quarantined",
        ),
    ] = {}
    rockblock_public_key: Annotated[
        str, Meta(description="PEM file with the key that RockBLOCK signs its deliveries with")
    ] = ""
    require_proof: Annotated[bool, Meta(description="refuse deliveries that carry no signature")] = False


class Config(msgspec.Struct, frozen=True):
    """The whole tree."""

    data: Annotated[str, Meta(description="the card's folder, or the receiver's")] = ""
    taxa: Annotated[str, Meta(description="a taxa table to use instead of the built-in one")] = ""
    station: Station = Station()
    events: Events = Events()
    detector: DetectorSection = DetectorSection()
    summary: Summary = Summary()
    modem: Modem = Modem()
    ground: Ground = Ground()


@dataclass(frozen=True)
class Key:
    """One key: its path, its type, its default and what it means."""

    path: str
    type: Any
    default: object
    description: str
    expected: str
    example: object

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return ENVIRONMENT_PREFIX + self.path.replace(".", "_").upper()


@dataclass(frozen=True)
class Resolved:
    """A configuration with, for every key, where its value came from."""

    config: Config
    origins: Mapping[str, str]

    def value(self, path: str) -> object:
        """The value at ``section.key``."""
        value: object = self.config
        for part in path.split("."):
            value = getattr(value, part)
        return value


def keys() -> Iterator[Key]:
    """Every key of the configuration, in the order of the file."""
    trees: list[tuple[str, type[msgspec.Struct]]] = [("", Config), *_sections().items()]
    for prefix, struct in trees:
        hints = get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            if prefix or field.name not in _sections():
                default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
                meta = _meta(hints[field.name])
                path = f"{prefix}.{field.name}" if prefix else field.name
                example = meta.examples[0] if meta.examples else default
                yield Key(
                    path, field.type, default, meta.description or "", _expected(hints[field.name], meta), example
                )


def _sections() -> dict[str, type[Section]]:
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


_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", dict: "a table of texts"}


def _expected(hint: Any, meta: Meta) -> str:
    """What would be accepted, in words."""
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Annotated:
            hint = get_args(part)[0]
    if meta.title:
        return meta.title
    if hint is IndependenceRule:
        return "one of " + ", ".join(f'"{rule}"' for rule in IndependenceRule)
    name = _NAMES[get_origin(hint) or hint]
    return name if meta.ge is None else f"{name} from {meta.ge:g} to {meta.le:g}"


def resolve(explicit: Path | None = None, environment: Mapping[str, str] | None = None) -> Resolved:
    """Read every layer, highest last: /etc, the user's file, ``explicit`` or ./cameratrap.toml, the environment.

    Raises ConfigError that lists every problem of every layer.
    """
    problems: list[ConfigProblem] = []
    known = {key.path: key for key in keys()}
    values: dict[str, object] = {path: key.default for path, key in known.items()}
    origins = dict.fromkeys(known, "default")
    for origin, layer in _layers(explicit, os.environ if environment is None else environment, problems):
        for path, found in layer:
            value = _convert(known, path, found, origin, problems, strict=origin != "environment")
            if value is not _BAD:
                values[path], origins[path] = value, origin
    if (values["station.latitude"] is None) is not (values["station.longitude"] is None):
        problems.append(
            ConfigProblem("station.latitude, station.longitude", "one without the other", "give both or neither")
        )
    if problems:
        raise ConfigError(problems)
    return Resolved(_build(values), origins)


_BAD = object()
Layer = tuple[str, list[tuple[str, object]]]


def _layers(explicit: Path | None, environment: Mapping[str, str], problems: list[ConfigProblem]) -> Iterator[Layer]:
    for path in (Path("/etc/cameratrap") / FILE_NAME, user_config_path("cameratrap") / FILE_NAME):
        if path.is_file():
            yield str(path), list(_read(path, problems))
    if explicit is not None:
        yield str(explicit), list(_read(explicit, problems))
    elif Path(FILE_NAME).is_file():
        yield FILE_NAME, list(_read(Path(FILE_NAME), problems))
    yield "environment", list(_from_environment(environment, problems))


def _read(path: Path, problems: list[ConfigProblem]) -> Iterator[tuple[str, object]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(ConfigProblem("--config", str(path), f"a file that can be read ({error.strerror})"))
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(ConfigProblem(str(path), "not TOML", str(error)))
        return
    sections = _sections()
    for name, value in document.items():
        if name not in sections:
            yield name, value
        elif isinstance(value, dict):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            problems.append(ConfigProblem(name, _shown(value), f"a table: [{name}]", str(path)))


def _from_environment(environment: Mapping[str, str], problems: list[ConfigProblem]) -> Iterator[tuple[str, object]]:
    variables = {key.variable: key.path for key in keys() if key.path != "ground.stations"}
    for name in sorted(environment):
        if name in variables:
            yield variables[name], environment[name]
        elif name.startswith(ENVIRONMENT_PREFIX) and name not in NOT_KEYS:
            near = get_close_matches(name, variables, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            problems.append(
                ConfigProblem(name, _shown(environment[name]), f"not a key of the configuration{meant}", "environment")
            )


def _convert(
    known: Mapping[str, Key], path: str, found: object, origin: str, problems: list[ConfigProblem], *, strict: bool
) -> object:
    if path not in known:
        near = get_close_matches(path, known, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        problems.append(ConfigProblem(path, _shown(found), f"not a key of the configuration{meant}", origin))
        return _BAD
    try:
        return msgspec.convert(found, known[path].type, strict=strict)
    except msgspec.ValidationError:
        problems.append(ConfigProblem(path, _shown(found), f"must be {known[path].expected}", origin))
        return _BAD


def _shown(value: object) -> str:
    """A value as it would stand in the file, shortened: it may be anything."""
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _build(values: Mapping[str, object]) -> Config:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        section, _, key = path.rpartition(".")
        (tree.setdefault(section, {}) if section else tree)[key] = value
    built: dict[str, Any] = tree | {name: struct(**tree[name]) for name, struct in _sections().items()}
    return Config(**built)


def template(form: Literal["toml"] = "toml") -> str:  # noqa: ARG001 - TOML is the only form a person edits
    """A configuration file with every key at its default, explained and commented out."""
    lines = ["# cameratrap configuration. Every key is shown at its default, or by an example where it is not set.", ""]
    section = ""
    for key in keys():
        head, _, name = key.path.rpartition(".")
        if head != section:
            section = head
            lines += ["", f"[{head}]  # {(_sections()[head].__doc__ or '').rstrip('.')}"]
        unset = "; not set" if key.default != key.example else ""
        lines.append(f"# {key.description} ({key.expected}{unset})")
        lines.append(f"# {name} = {_toml(key.example)}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = "{text}"' for key, text in value.items()) + " }"
    return _shown(value.value if isinstance(value, IndependenceRule) else value)
