"""A card: one deployment's folder with its record, its index and its pictures."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Self

from cameratrap.errors import StoreError
from cameratrap.store.connection import open_store
from cameratrap.store.deployment import RECORD, Deployment, read_record, write_record
from cameratrap.store.durable import make_folder_durably
from cameratrap.store.migrations import CARD_MIGRATIONS
from cameratrap.store.reading import open_for_reading

__all__ = [
    "DATABASE",
    "RECORD",
    "Card",
    "Deployment",
    "InUseError",
    "is_used",
    "make_card",
    "make_card_folder",
    "open_card",
    "sole_writer",
]

DATABASE = "cameratrap.db"


@dataclass
class Card:
    """An open card. Close it, or use it as a context manager."""

    folder: Path
    deployment: Deployment
    connection: sqlite3.Connection
    _device: int = field(init=False)

    def __post_init__(self) -> None:
        self._device = self.folder.stat().st_dev

    def check(self) -> None:
        """Raises StoreError where the folder is this card no longer.

        An index that is open can be written to after its file system was detached, and pictures would go below it.
        """
        if not (self.folder / RECORD).is_file() or self.folder.stat().st_dev != self._device:
            raise StoreError(f"the card is not at {self.folder} any more", hint="was it pulled, or unmounted?")

    @property
    def zone(self) -> timezone:
        """The station's standard time."""
        return self.deployment.zone

    def close(self) -> None:
        """Close the index."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def open_card(folder: Path) -> Iterator[Card]:
    """Look at an existing card and change nothing on it. Raises StoreError when there is none, or it is damaged."""
    if not (folder / RECORD).is_file():
        raise StoreError(
            f"{folder} is not a card", why=f"it has no {RECORD}", hint="name the card's folder with --data DIR"
        )
    deployment = read_record(folder / RECORD)
    with open_for_reading(folder / DATABASE, CARD_MIGRATIONS) as connection:
        yield Card(folder, deployment, connection)


def make_card(folder: Path, deployment: Deployment) -> Card:
    """Open the card at ``folder`` for writing, making it if there is none. Hold it by ``sole_writer`` meanwhile.

    Raises StoreError when the folder already is the card of another station or of one with another standard time, or
    a card that has lost its index.
    """
    if (folder / RECORD).is_file():
        found = read_record(folder / RECORD)
        if (found.station, found.utc_offset_minutes) != (deployment.station, deployment.utc_offset_minutes):
            raise StoreError(
                f"{folder} is the card of station {found.station!r} at {_offset(found)}",
                why=f"this trap is station {deployment.station!r} at {_offset(deployment)}",
                hint="use an empty folder, or set station.id and station.utc_offset to the card's",
            )
        return Card(folder, found, open_store(folder / DATABASE, CARD_MIGRATIONS, create=False))
    make_card_folder(folder)
    # The record comes last: a card that has one has an index too, so an index that is missing later was lost.
    connection = open_store(folder / DATABASE, CARD_MIGRATIONS, create=True)
    try:
        _begin_record(folder, deployment, connection)
    except BaseException:
        connection.close()
        raise
    return Card(folder, deployment, connection)


def _begin_record(folder: Path, deployment: Deployment, connection: sqlite3.Connection) -> None:
    if is_used(connection):
        raise StoreError(f"{folder} has an index but no {RECORD}", hint="put the deployment record back")
    write_record(folder / RECORD, deployment)


def is_used(connection: sqlite3.Connection) -> bool:
    """Whether anything was recorded: a trigger, or time in which the trap was armed."""
    used = connection.execute("SELECT EXISTS (SELECT 1 FROM bursts) OR EXISTS (SELECT 1 FROM armed)").fetchone()
    return bool(used[0])


def make_card_folder(folder: Path) -> None:
    """Make the folder a card is to be in. Raises StoreError."""
    try:
        make_folder_durably(folder.absolute())
    except OSError as error:
        raise StoreError(f"the folder {folder} cannot be made", why=error.strerror or str(error)) from error


class InUseError(StoreError):
    """Another process of the same kind holds the folder."""


@contextmanager
def sole_writer(folder: Path, what: str) -> Iterator[None]:
    """Hold an existing folder for one writing process. Raises InUseError when another one already has it."""
    try:
        descriptor = os.open(folder / f"{what}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        hint = "is it mounted read-only, or does it belong to somebody else?"
        raise StoreError(f"{folder} cannot be written", why=error.strerror or str(error), hint=hint) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InUseError(f"another `{what}` is already running on {folder}", hint="stop it first") from error
        yield
    finally:
        os.close(descriptor)


def _offset(deployment: Deployment) -> str:
    return f"UTC{datetime.now(tz=deployment.zone):%z}"
