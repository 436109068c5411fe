"""The layer above all others at the trap: what commands have set since the configuration was written.

Whoever sent the command was the last to speak. It stands in the card's database, so that the file is never rewritten,
and `config show --origin` names it; `config reset` takes it back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cameratrap.config.keys import Key, keys
from cameratrap.config.layers import Resolved
from cameratrap.config.tree import Config
from cameratrap.errors import ConfigError, ConfigProblem
from cameratrap.store.card import RECORD
from cameratrap.store.commands import Override, overrides
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.reading import open_for_reading


def effective(config: Config, connection: sqlite3.Connection) -> Config:
    """The configuration that holds on this card now. Raises ConfigError for a value that no key takes any more."""
    return _with(config, overrides(connection))


def resolved_with(resolved: Resolved, standing: Mapping[str, Override]) -> Resolved:
    """The same with where each value came from: "command 12 of 2026-11-22". Raises ConfigError."""
    origins = {path: standing[path].origin if path in standing else resolved.origins[path] for path in resolved.origins}
    return Resolved(_with(resolved.config, standing), origins)


def resolved_on(resolved: Resolved, database: Path) -> Resolved:
    """The same for the card with this database, if there is one. Raises ConfigError, StoreError."""
    return resolved_with(resolved, overrides_on(database))


def overrides_on(database: Path) -> Mapping[str, Override]:
    """What commands have set on a card, without changing anything on it. Raises StoreError.

    One without its record is still being made, or was when the power went: nobody has told it anything.
    """
    if not (database.is_file() and database.with_name(RECORD).is_file()):
        return {}
    with open_for_reading(database, CARD_MIGRATIONS) as connection:
        return overrides(connection)


def _with(config: Config, standing: Mapping[str, Override]) -> Config:
    for key in keys():
        if key.path in standing:
            config = _replaced(config, key, standing[key.path])
    return config


def _replaced(config: Config, key: Key, override: Override) -> Config:
    try:
        value = msgspec.convert(override.value, key.type, strict=False)
    except msgspec.ValidationError:
        problem = ConfigProblem(key.path, f'"{override.value}"', f"must be {key.expected}", override.origin)
        raise ConfigError([problem], hint=f"`cameratrap --data CARD config reset {key.path}` takes it back") from None
    section, _, name = key.path.rpartition(".")
    changed = msgspec.structs.replace(getattr(config, section), **{name: value})
    return msgspec.structs.replace(config, **{section: changed})
