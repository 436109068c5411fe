"""`receive import` and `receive reverify`: messages into the inbox, or refused with the reason."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plain, table_options
from cameratrap.errors import CameraTrapError, DecodeError, ProofError

if TYPE_CHECKING:
    from cameratrap.domain.taxa import TaxaTable
    from cameratrap.ground.proof import ProofPolicy
    from cameratrap.ground.ways_in import Part
    from cameratrap.store.inbox import Inbox
    from cameratrap.store.refused import RefusedLog

COLUMNS = ("file", "imei", "momsn", "transmit_time", "source", "verified", "status", "station", "day", "reason")
MAX_FILE_BYTES = 16 * 1024 * 1024  # a year of one trap's deliveries, one a line


@click.group()
def receive() -> None:
    """Take in messages that the satellite delivered."""


@dataclass
class Intake:
    """One run: where messages go, what they are read with, and what became of each."""

    inbox: Inbox
    refused: RefusedLog
    taxa: TaxaTable
    policy: ProofPolicy
    stations: dict[str, str]
    now: datetime
    dry_run: bool
    station: str | None = None
    rows: list[dict[str, object]] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def take(self, part: Part) -> None:
        """Take one part in. Raises DecodeError when it is no message, ProofError when it is refused."""
        from cameratrap.app.receive import receive as receive_message
        from cameratrap.ground.ways_in import read_part

        message = read_part(part, self.policy)
        reading = receive_message(
            message, self.inbox, self.taxa, self.stations, received_at=self.now, station=self.station
        )
        self.statuses[reading.status] += 1
        self._row(
            part.name,
            imei=message.imei,
            momsn=message.momsn,
            transmit_time=message.transmit_time.isoformat() if message.transmit_time else None,
            source=message.source.value,
            verified=message.verified,
            status=reading.status.value,
            station=reading.station,
            day=reading.summary.day.isoformat() if reading.summary else None,
            reason=reading.reason,
        )
        if reading.status in ("undecodable", "quarantined"):
            click.echo(f"{plain(part.name)}: {reading.status}: {plain(reading.reason)}", err=True)

    def fail(self, name: str, status: str, error: CameraTrapError) -> None:
        """Note what did not get in, and say it."""
        self.statuses[status] += 1
        self._row(name, status=status, reason=str(error))
        click.echo(f"{plain(name)}: {status}: {plain(str(error))}", err=True)
        if error.hint:
            click.echo(f"hint: {error.hint}", err=True)

    def refuse(self, part: Part, error: ProofError) -> None:
        """Keep the body of what proved nothing, apart from the inbox."""
        from cameratrap.store.refused import RefusedBody

        self.fail(part.name, "refused", error)
        if not self.dry_run:
            self.refused.keep(RefusedBody(part.name, part.body, str(error), self.now))

    def _row(self, name: str, **values: object) -> None:
        self.rows.append(dict.fromkeys(COLUMNS) | {"file": name} | values)

    @property
    def exit_status(self) -> int:
        """1 if a proof failed, 3 if something could not be read, else 0."""
        if self.statuses["refused"]:
            return 1
        return 3 if self.statuses["unreadable"] else 0


@receive.command("import", short_help="Take in files, or whole folders of them.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--station", metavar="NAME", help="What these messages are from, whatever modem they name.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken in; write nothing.")
@table_options
@click.pass_obj
def import_files(ctx: Context, out: Output, paths: Sequence[Path], station: str | None, *, dry_run: bool) -> int:
    """Take in files, or whole folders of them: .sbd payloads, DirectIP frames, e-mails, webhook bodies, hex lines.

    What a file is, is told by its content. A raw payload says nothing of its modem: name it <imei>_<momsn>.sbd, or
    say what it is from with --station. Use with --data DIR, the receiver's folder.

    \b
    Exit status: 0 all are in (undecodable ones are kept and named), 1 a message
    was refused because its proof failed, 3 some files could not be read.
    """
    with _intake(ctx, station=station, dry_run=dry_run) as intake:
        for path in paths:
            _import_path(path, intake)
    return _report(ctx, out, intake)


@receive.command(short_help="Try refused deliveries again.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken in; write nothing.")
@table_options
@click.pass_obj
def reverify(ctx: Context, out: Output, *, dry_run: bool) -> int:
    """Try refused deliveries again, after the key they were signed with has been configured."""
    from cameratrap.ground.ways_in import split_file

    with _intake(ctx, station=None, dry_run=dry_run) as intake:
        for refused in list(intake.refused.bodies()):
            all_in = _import_parts(split_file(refused.name, refused.body), intake)
            if all_in and not dry_run:
                intake.refused.forget(refused)
    return _report(ctx, out, intake)


@contextmanager
def _intake(ctx: Context, *, station: str | None, dry_run: bool) -> Iterator[Intake]:
    from cameratrap.ground.proof import ProofPolicy
    from cameratrap.store.inbox import Inbox
    from cameratrap.store.refused import REFUSED_FOLDER, RefusedLog

    ground = ctx.config.ground
    policy = ProofPolicy.from_file(ground.rockblock_public_key, required=ground.require_proof)
    taxa = ctx.taxa()
    with closing(_rehearsal(ctx.data) if dry_run else _open(ctx.data)) as connection:
        yield Intake(
            inbox=Inbox(connection),
            refused=RefusedLog(ctx.data / REFUSED_FOLDER),
            taxa=taxa,
            policy=policy,
            stations=ground.stations,
            now=datetime.now(UTC),
            dry_run=dry_run,
            station=station,
        )


def _open(folder: Path) -> sqlite3.Connection:
    from cameratrap.store.connection import open_store
    from cameratrap.store.inbox import INBOX_FILE
    from cameratrap.store.migrations import INBOX_MIGRATIONS

    return open_store(folder / INBOX_FILE, INBOX_MIGRATIONS, create=True)


def _rehearsal(folder: Path) -> sqlite3.Connection:
    """The inbox in memory, as it is now: what is written to it is gone afterwards."""
    from cameratrap.store.connection import open_store
    from cameratrap.store.inbox import INBOX_FILE, create_inbox
    from cameratrap.store.migrations import INBOX_MIGRATIONS

    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.row_factory = sqlite3.Row
    if not (folder / INBOX_FILE).is_file():
        create_inbox(memory)
        return memory
    with closing(open_store(folder / INBOX_FILE, INBOX_MIGRATIONS, create=False)) as stored:
        stored.backup(memory)
    return memory


def _import_path(path: Path, intake: Intake) -> None:
    if not path.is_dir():
        _import_file(path, intake)
        return
    for inner in sorted(path.rglob("*")):
        if inner.is_file() and not any(part.startswith(".") for part in inner.relative_to(path).parts):
            _import_file(inner, intake)


def _import_file(path: Path, intake: Intake) -> None:
    from cameratrap.ground.ways_in import split_file

    try:
        parts = split_file(str(path), _read(path))
    except DecodeError as error:
        intake.fail(str(path), "unreadable", error)
        return
    _import_parts(parts, intake)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise DecodeError("it cannot be read", why=error.strerror or str(error)) from error
    if len(data) > MAX_FILE_BYTES:
        raise DecodeError("it is too large", why=f"a file of messages has at most {MAX_FILE_BYTES} bytes")
    if not data:
        raise DecodeError("it is empty")
    return data


def _import_parts(parts: Iterable[Part], intake: Intake) -> bool:
    """Take each part in, and go on where one fails; whether all got in."""
    all_in = True
    for part in parts:
        try:
            intake.take(part)
        except ProofError as error:
            intake.refuse(part, error)
            all_in = False
        except DecodeError as error:
            intake.fail(part.name, "unreadable", error)
            all_in = False
    return all_in


def _report(ctx: Context, out: Output, intake: Intake) -> int:
    out.table(COLUMNS, intake.rows)
    told = ", ".join(f"{count} {status}" for status, count in sorted(intake.statuses.items()))
    would = " (dry run: nothing was written)" if intake.dry_run else ""
    ctx.say((told or "nothing to take in") + would)
    return intake.exit_status
