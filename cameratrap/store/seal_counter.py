"""The numbers that a trap seals under: each is taken once, whatever happens to the power, the card or the database.

How far a key has been used stands in two places: in the card's database, and in a small file beside the key. Both are
durable before a number is used. Where they are not equal one of them was lost, restored from a copy or left behind by
a power cut, and neither is believed: sealing goes on in a new epoch, drawn at random, under the next key id.

A copy of the whole folder, written back, agrees with itself. What it can't bring back is the file's time of change
(``st_ctime``): the file system alone sets it, and no program that copies. The database knows it of the last write.

What no trap can see: an image of the whole file system, which holds that time too, that is written back. Whoever does
that begins a new epoch by hand: ``cameratrap key renew``.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from cameratrap.errors import StoreError
from cameratrap.store.connection import transaction
from cameratrap.store.durable import write_durably
from cameratrap.store.keys import PRIVATE, KeyFile
from cameratrap.wire.seal import EPOCH_BYTES, MAX_COUNTER, MAX_KEY_ID, SealNumber

LOCK_TIMEOUT_S = 30.0
FIRST = "the key was new"
RENEWED = "somebody asked for it"
USED_UP = "the counter of the epoch before was used up"
NO_FILE = "the file beside the key was lost"
NO_ROW = "the database knew nothing of the key: another card, or a new one"
COPIED = "the file beside the key was put there or changed by somebody else: the folder was restored from a copy"
DIFFERENT = "the database and the file beside the key did not agree: a power cut, or one was restored from a copy"


@dataclass(frozen=True, slots=True)
class SealState:
    """How far a key has been used: ``next_counter`` is 65,536 where the epoch is used up.

    ``changed_ns`` is when the file beside the key was changed last (its ``st_ctime_ns``), None where nobody knows.
    """

    key_id: int
    epoch: bytes
    next_counter: int
    changed_ns: int | None = None

    @property
    def next_number(self) -> SealNumber:
        return SealNumber(self.key_id, self.epoch, self.next_counter)


def create_seal_epochs(connection: sqlite3.Connection) -> None:
    """The epochs of each key, the newest last; a migration of the card's database."""
    connection.execute(
        """CREATE TABLE seal_epochs (
            id INTEGER PRIMARY KEY,
            fingerprint TEXT NOT NULL,
            key_id INTEGER NOT NULL CHECK (key_id BETWEEN 1 AND 15),
            epoch TEXT NOT NULL,
            next_counter INTEGER NOT NULL CHECK (next_counter BETWEEN 0 AND 65536),
            why TEXT NOT NULL,
            UNIQUE (fingerprint, epoch)
        ) STRICT"""
    )


def know_the_file(connection: sqlite3.Connection) -> None:
    """When the file beside the key was changed by the write that the row knows of; a migration of the card's database.

    Of what was stored before it is not known: such a key goes on in a new epoch.
    """
    connection.execute("ALTER TABLE seal_epochs ADD COLUMN file_changed_ns INTEGER")


class SealCounter:
    """The counter of one key on one card. Two processes may use it at once."""

    def __init__(
        self, key: KeyFile, connection: sqlite3.Connection, *, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """``random`` gives as many bytes as it is asked for. Never used within a transaction of ``connection``."""
        self._fingerprint = key.key.fingerprint
        self._file = counter_path(key.path)
        self._connection = connection
        self._random = random

    def take(self) -> SealNumber:
        """The next number, stored as taken in both places. Raises StoreError where either cannot be written."""
        with self._alone():
            filed, stored = self._filed(), self._stored()
            state = stored if filed is not None and filed == stored else None
            if state is None or state.next_counter > MAX_COUNTER:
                state = self._begin_epoch(filed, stored, _why(filed, stored))
            self._store(replace(state, next_counter=state.next_counter + 1))
            return state.next_number

    def renew(self) -> SealNumber:
        """Begin a new epoch, and return the number it will begin with. Raises StoreError."""
        with self._alone():
            state = self._begin_epoch(self._filed(), self._stored(), RENEWED)
            self._store(state)
            return state.next_number

    def _begin_epoch(self, filed: SealState | None, stored: SealState | None, why: str) -> SealState:
        before = filed or stored  # a database is more often restored from a copy than the file is
        key_id = before.key_id % MAX_KEY_ID + 1 if before else 1
        known = {filed.epoch} if filed else set()
        known |= {bytes.fromhex(row["epoch"]) for row in self._rows()}
        epoch = self._random(EPOCH_BYTES)
        while epoch in known:
            epoch = self._random(EPOCH_BYTES)
        self._connection.execute(
            "INSERT INTO seal_epochs (fingerprint, key_id, epoch, next_counter, why) VALUES (?, ?, ?, 0, ?)",
            (self._fingerprint, key_id, epoch.hex(), why),
        )
        return SealState(key_id, epoch, 0)

    def _store(self, state: SealState) -> None:
        """The row first: where the database cannot be written, the file stays as it was."""
        self._set_row(state, "next_counter", state.next_counter)
        content = {
            "fingerprint": self._fingerprint,
            "key_id": state.key_id,
            "epoch": state.epoch.hex(),
            "next_counter": state.next_counter,
        }
        write_durably(self._file, json.dumps(content).encode() + b"\n", mode=PRIVATE)
        self._set_row(state, "file_changed_ns", self._file.stat().st_ctime_ns)

    def _set_row(self, state: SealState, column: Literal["next_counter", "file_changed_ns"], value: int) -> None:
        self._connection.execute(
            f"UPDATE seal_epochs SET {column} = ? WHERE fingerprint = ? AND epoch = ?",
            (value, self._fingerprint, state.epoch.hex()),
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the file and the database at once: one file may stand beside the key of two cards."""
        try:
            with _locked(self._file.with_name(self._file.name + ".lock")), transaction(self._connection):
                yield
        except OSError as error:
            raise StoreError(
                f"the counter beside the key cannot be written: {self._file}",
                why=error.strerror or str(error),
                hint="nothing is sealed or sent meanwhile, and nothing is lost: is the card full, or read-only?",
            ) from error

    def _filed(self) -> SealState | None:
        return read_counter_file(self._file, self._fingerprint)

    def _stored(self) -> SealState | None:
        return stored_state(self._connection, self._fingerprint)

    def _rows(self) -> list[sqlite3.Row]:
        return self._connection.execute(
            "SELECT epoch FROM seal_epochs WHERE fingerprint = ?", (self._fingerprint,)
        ).fetchall()


def _why(filed: SealState | None, stored: SealState | None) -> str:
    """Why what stands in the two places does not go on."""
    if filed is None and stored is None:
        return FIRST
    if filed is None:
        return NO_FILE
    if stored is None:
        return NO_ROW
    if filed == stored:
        return USED_UP
    return COPIED if replace(filed, changed_ns=stored.changed_ns) == stored else DIFFERENT


def counter_path(key_path: Path) -> Path:
    """The small file beside the key."""
    return key_path.with_name(key_path.name + ".counter")


def read_counter_file(path: Path, fingerprint: str) -> SealState | None:
    """What the file beside the key says of this key; None where it says nothing that can be used."""
    try:
        with path.open("rb") as file:
            content, changed_ns = json.loads(file.read()), os.fstat(file.fileno()).st_ctime_ns
        epoch, next_counter = bytes.fromhex(content["epoch"]), int(content["next_counter"])
        state = SealState(int(content["key_id"]), epoch, next_counter, changed_ns)
        return state if content["fingerprint"] == fingerprint else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None  # lost or damaged, which is the same: a new epoch begins


def stored_state(connection: sqlite3.Connection, fingerprint: str) -> SealState | None:
    """What the card's database says of the key: its newest epoch."""
    row = connection.execute(
        "SELECT * FROM seal_epochs WHERE fingerprint = ? ORDER BY id DESC LIMIT 1", (fingerprint,)
    ).fetchone()
    if row is None:
        return None
    return SealState(row["key_id"], bytes.fromhex(row["epoch"]), row["next_counter"], row["file_changed_ns"])


def why_begun(connection: sqlite3.Connection, fingerprint: str) -> str:
    """Why the key's newest epoch on this card was begun; empty where there is none."""
    row = connection.execute(
        "SELECT why FROM seal_epochs WHERE fingerprint = ? ORDER BY id DESC LIMIT 1", (fingerprint,)
    ).fetchone()
    return "" if row is None else str(row["why"])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait for whoever else holds it, but not for ever. Raises OSError, StoreError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    give_up_s = time.monotonic() + LOCK_TIMEOUT_S
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > give_up_s:
                    raise StoreError(f"another process holds {path}", hint="stop it first") from error
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
