"""`receive import` and `receive reverify`: messages into the inbox, or refused with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, plain, table_options
from cameratrap.cli.refusals import say_refused

if TYPE_CHECKING:
    from cameratrap.ground.intake import Intake, Outcome

COLUMNS = ("file", "imei", "momsn", "transmit_time", "source", "verified", "status", "station", "day", "reason")
_SAID_AT_ONCE = ("undecodable", "quarantined", "refused", "dropped", "unreadable")


def _name(text: str) -> str:
    if not (text.strip() and text.isprintable()):
        raise click.BadParameter("a name is text that can be printed")
    return text


@click.group()
def receive() -> None:
    """Take in messages that the satellite delivered."""


@receive.command("import", short_help="Take in files, or whole folders of them.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--station", metavar="NAME", type=_name, help="What these messages are from, whatever modem they name.")
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
    from cameratrap.ground.intake import open_intake

    now = datetime.now(UTC)
    with open_intake(ctx.data, ctx.config.ground, ctx.taxa(), station=station, rehearsing=dry_run) as intake:
        outcomes = (outcome for path in paths for outcome in intake.take_path(path, received_at=now))
        return _report(ctx, out, intake, outcomes)


@receive.command(short_help="Try refused deliveries again.")
@click.option("--forget", is_flag=True, help="Drop what is false again, into refused/forgotten.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken in; write nothing.")
@table_options
@click.pass_obj
def reverify(ctx: Context, out: Output, *, forget: bool, dry_run: bool) -> int:
    """Try refused deliveries again, after the key they were signed with has been configured.

    What is refused again stays in the log, and stays an alarm, until --forget drops it. What could not be checked, for
    want of a key or a library, is never dropped.

    \b
    Exit status: 0 nothing is refused any more, 1 something is, or was false and
    dropped, 3 a file of the log could not be read.
    """
    from cameratrap.ground.intake import open_intake

    with open_intake(ctx.data, ctx.config.ground, ctx.taxa(), rehearsing=dry_run) as intake:
        return _report(ctx, out, intake, intake.reverify(received_at=datetime.now(UTC), forget=forget))


def _report(ctx: Context, out: Output, intake: Intake, outcomes: Iterable[Outcome]) -> int:
    """Print what became of each; 1 if a proof failed, 3 if something could not be read, else 0."""
    rows, statuses = [], Counter[str]()
    for outcome in outcomes:
        _say(outcome)
        rows.append(_row(outcome))
        statuses[outcome.status.value] += 1
    out.table(COLUMNS, rows)
    told = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    ctx.say((told or "nothing to take in") + (" (dry run: nothing was written)" if intake.rehearsing else ""))
    say_refused(intake.refused)
    if statuses["refused"] or statuses["dropped"]:
        return 1
    return 3 if statuses["unreadable"] else 0


def _say(outcome: Outcome) -> None:
    """Name at once what is not a summary in the inbox."""
    if outcome.status in _SAID_AT_ONCE:
        click.echo(f"{plain(outcome.name)}: {outcome.status}: {plain(outcome.reason)}", err=True)
    if outcome.error is not None and outcome.error.hint:
        click.echo(f"hint: {outcome.error.hint}", err=True)


def _row(outcome: Outcome) -> Mapping[str, object]:
    row = dict.fromkeys(COLUMNS) | {"file": outcome.name, "status": outcome.status.value, "reason": outcome.reason}
    message, reading = outcome.message, outcome.reading
    if message is None or reading is None:
        return row
    day = reading.summary.day if reading.summary else reading.alert.at.date() if reading.alert else None
    return row | {
        "imei": message.imei,
        "momsn": message.momsn,
        "transmit_time": message.transmit_time.isoformat() if message.transmit_time else None,
        "source": message.source.value,
        "verified": message.verified,
        "station": reading.station,
        "day": day.isoformat() if day else None,
    }
