"""One way in for every delivery: its proof is checked, then it is in the inbox, or in the refused log, or named.

Files and listeners hand their parts to the same ``Intake``; nothing that a stranger sends stops it. Only a store that
cannot be written does, with StoreError: what is not kept must not be acknowledged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from cameratrap.app.receive import Reading, open_seals, receive
from cameratrap.app.seals import SealBook
from cameratrap.domain.messages import ReceivedMessage
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import CameraTrapError, DecodeError, ProofError, StoreError
from cameratrap.ground.message_files import message_files, read_file, shown_name
from cameratrap.ground.proof import ProofPolicy
from cameratrap.ground.ways_in import Part, read_part, sniff, split_file
from cameratrap.store.connection import open_store
from cameratrap.store.inbox import INBOX_FILE, Inbox
from cameratrap.store.migrations import INBOX_MIGRATIONS
from cameratrap.store.reading import open_for_reading
from cameratrap.store.receiver_keys import receiver_keys
from cameratrap.store.refused import REFUSED_FOLDER, RefusedBody, RefusedLog

if TYPE_CHECKING:
    from cameratrap.config.ground import Ground


class IntakeStatus(StrEnum):
    """What became of a part: the first four are in the inbox."""

    DECODED = "decoded"
    UNDECODABLE = "undecodable"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    DROPPED = "dropped"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one part, called ``name``.

    ``message`` and its ``reading`` are there if it is in the inbox; ``error`` says why it is not.
    """

    name: str
    status: IntakeStatus
    message: ReceivedMessage | None = None
    reading: Reading | None = None
    error: CameraTrapError | None = None

    @property
    def is_in(self) -> bool:
        """Whether the inbox has it."""
        return self.error is None

    @property
    def reason(self) -> str:
        """Why it is not a decoded summary; empty for one that is."""
        return str(self.error) if self.error else self.reading.reason if self.reading else ""


@dataclass(frozen=True, slots=True)
class Intake:
    """Where deliveries go and what they are read with.

    ``station`` is what a person says everything is from. When ``rehearsing`` the refused log is left as it is; the
    inbox is then one in memory.
    """

    inbox: Inbox
    refused: RefusedLog
    taxa: TaxaTable
    policy: ProofPolicy
    stations: Mapping[str, str]
    station: str | None = None
    rehearsing: bool = False
    seals: SealBook | None = None

    def take(self, part: Part, *, received_at: datetime) -> Outcome:
        """Take one part in; one that proves nothing goes to the refused log. Raises StoreError."""
        try:
            message = read_part(part, self.policy)
            reading = receive(
                message,
                self.inbox,
                self.taxa,
                self.stations,
                received_at=received_at,
                station=self.station,
                seals=self.seals,
            )
        except ProofError as error:
            if not self.rehearsing:
                self.refused.keep(RefusedBody(part.name, part.body, str(error), received_at))
            return Outcome(part.name, IntakeStatus.REFUSED, error=error)
        except DecodeError as error:
            return Outcome(part.name, IntakeStatus.UNREADABLE, error=error)
        return Outcome(part.name, IntakeStatus(reading.status.value), message, reading)

    def take_path(self, path: Path, *, received_at: datetime) -> Iterator[Outcome]:
        """Take in a file, or every file of a folder; an outcome a part, as it happens. Raises StoreError."""
        for file in message_files(path):
            name = shown_name(file)
            try:
                data = read_file(file)
            except DecodeError as error:
                yield Outcome(name, IntakeStatus.UNREADABLE, error=error)
            else:
                for part in split_file(name, data):
                    yield self.take(part, received_at=received_at)

    def reverify(self, *, received_at: datetime, forget: bool = False) -> Iterator[Outcome]:
        """Try everything in the refused log again; what is in the inbox afterwards leaves the log. Raises StoreError.

        A file of the log that cannot be read is named, and the others are still tried. ``forget`` drops what is
        refused again, since somebody has seen that it is forged, but never what could not be checked.
        """
        for path in self.refused.files():
            try:
                refused = self.refused.read(path)
            except StoreError as error:
                yield Outcome(shown_name(path), IntakeStatus.UNREADABLE, error=error)
                continue
            part = Part(refused.name, refused.body, sniff(refused.name, refused.body))
            outcome = self.take(part, received_at=received_at)
            if forget and isinstance(outcome.error, ProofError) and not outcome.error.unchecked:
                outcome = replace(outcome, status=IntakeStatus.DROPPED)
            yield outcome
            if self.rehearsing:
                continue
            if outcome.is_in:
                self.refused.forget(refused)
            elif outcome.status is IntakeStatus.DROPPED:
                self.refused.drop(refused)
        if forget and not self.rehearsing:
            self.refused.forget_dropped()


@contextmanager
def open_intake(
    folder: Path, ground: Ground, taxa: TaxaTable, *, station: str | None = None, rehearsing: bool = False
) -> Iterator[Intake]:
    """The intake of the receiver's ``folder``, which is made if need be; a rehearsal writes nothing at all.

    Raises ConfigError for a key that cannot be RockBLOCK's, before anything is made, and StoreError.
    """
    policy = ProofPolicy.of(ground)
    with closing(_rehearsal(folder) if rehearsing else _open(folder)) as connection:
        refused = RefusedLog(folder / REFUSED_FOLDER)
        inbox = Inbox(connection)
        seals = open_seals(inbox, ground.stations, receiver_keys(folder))
        yield Intake(inbox, refused, taxa, policy, ground.stations, station, rehearsing, seals)


def _open(folder: Path) -> sqlite3.Connection:
    return open_store(folder / INBOX_FILE, INBOX_MIGRATIONS, create=True)


def _rehearsal(folder: Path) -> sqlite3.Connection:
    """The inbox in memory, as it is now: what is written to it is gone afterwards."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.row_factory = sqlite3.Row
    try:
        if (folder / INBOX_FILE).is_file():
            with open_for_reading(folder / INBOX_FILE, INBOX_MIGRATIONS) as stored:
                stored.backup(memory)
        else:
            for step in INBOX_MIGRATIONS:
                step(memory)
    except BaseException:
        memory.close()
        raise
    return memory
