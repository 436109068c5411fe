"""Reading the layers, highest last, and finding every problem of every layer."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import msgspec
from platformdirs import user_config_path

from cameratrap.config.keys import ENVIRONMENT_PREFIX, Key, keys, sections, shown
from cameratrap.config.tree import Config
from cameratrap.domain.messages import is_imei
from cameratrap.errors import ConfigError, ConfigProblem

NOT_KEYS = frozenset({"CAMERATRAP_MODELS", "CAMERATRAP_TEST_DATA"})  # ours, but no configuration keys
FILE_NAME = "cameratrap.toml"


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
    problems += [
        ConfigProblem("ground.stations", shown(imei), "must be a modem's IMEI, 15 digits")
        for imei in cast("dict[str, str]", values["ground.stations"])
        if not is_imei(imei)
    ]
    if problems:
        raise ConfigError(problems)
    return Resolved(_build(values), origins)


def resolve_alone(
    section: str, explicit: Path | None = None, environment: Mapping[str, str] | None = None
) -> Config | None:
    """The defaults, with what the layers say of one section, whatever is wrong in others; None if it has a problem.

    For who must act on that section where the whole cannot be read.
    """
    elsewhere: list[ConfigProblem] = []
    problems: list[ConfigProblem] = []
    known = {key.path: key for key in keys()}
    values: dict[str, object] = {path: key.default for path, key in known.items()}
    for origin, layer in _layers(explicit, os.environ if environment is None else environment, elsewhere):
        for path, found in layer:
            if path.startswith(f"{section}."):
                values[path] = _convert(known, path, found, origin, problems, strict=origin != "environment")
    return None if problems else _build(values)


_BAD = object()
Layer = tuple[str, list[tuple[str, object]]]


def _layers(explicit: Path | None, environment: Mapping[str, str], problems: list[ConfigProblem]) -> Iterator[Layer]:
    for path in (Path("/etc/cameratrap") / FILE_NAME, user_config_path("cameratrap") / FILE_NAME):
        if path.is_file():
            yield _file_layer(path, problems)
    if explicit is not None:
        yield _file_layer(explicit, problems)
    elif Path(FILE_NAME).is_file():
        yield _file_layer(Path(FILE_NAME), problems)
    yield "environment", list(_from_environment(environment, problems))


def _file_layer(path: Path, problems: list[ConfigProblem]) -> Layer:
    """A file's keys; its paths mean the same wherever the program is started: a service starts elsewhere."""
    known = {key.path: key for key in keys()}
    found = _read(path, problems)
    return str(path), [(name, known[name].seen_from(path.parent, v) if name in known else v) for name, v in found]


def _read(path: Path, problems: list[ConfigProblem]) -> Iterator[tuple[str, object]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(ConfigProblem("--config", str(path), f"a file that can be read ({error.strerror})"))
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(ConfigProblem(str(path), "not TOML", str(error)))
        return
    tables = sections()
    for name, value in document.items():
        if name not in tables:
            yield name, value
        elif isinstance(value, dict):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            problems.append(ConfigProblem(name, shown(value), f"a table: [{name}]", str(path)))


def _from_environment(environment: Mapping[str, str], problems: list[ConfigProblem]) -> Iterator[tuple[str, object]]:
    variables = {key.variable: key for key in keys() if key.variable is not None}
    for name in sorted(environment):
        if name in variables:
            yield variables[name].path, variables[name].from_text(environment[name])
        elif name.startswith(ENVIRONMENT_PREFIX) and name not in NOT_KEYS:
            near = get_close_matches(name, variables, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            problems.append(
                ConfigProblem(name, shown(environment[name]), f"not a key of the configuration{meant}", "environment")
            )


def _convert(
    known: Mapping[str, Key], path: str, found: object, origin: str, problems: list[ConfigProblem], *, strict: bool
) -> object:
    if path not in known:
        is_table = isinstance(found, dict) and "." not in path
        near = get_close_matches(path, sections() if is_table else known, n=1)
        meant = f"; did you mean {f'[{near[0]}]' if is_table else near[0]}?" if near else ""
        problems.append(ConfigProblem(path, shown(found), f"not a key of the configuration{meant}", origin))
        return _BAD
    try:
        return msgspec.convert(found, known[path].type, strict=strict)
    except msgspec.ValidationError:
        problems.append(ConfigProblem(path, shown(found), f"must be {known[path].expected}", origin))
        return _BAD


def _build(values: Mapping[str, object]) -> Config:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        section, _, key = path.rpartition(".")
        (tree.setdefault(section, {}) if section else tree)[key] = value
    built: dict[str, Any] = tree | {name: struct(**tree[name]) for name, struct in sections().items()}
    return Config(**built)
