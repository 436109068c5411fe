"""`summary`: a day's summary to the bytes of its message, and back."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from cameratrap.app.summary_json import message_to_json, summary_from_json
from cameratrap.cli import summary_input, summary_rows
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, table_options
from cameratrap.cli.summary_rows import Message
from cameratrap.domain.alerts import Alert
from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.summaries import DailySummary
from cameratrap.domain.tallies import OTHERS
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import CameraTrapError, UsageError
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.envelope import Opener
from cameratrap.wire.layout import MAX_BYTES, UNITS_COLUMNS, units_table
from cameratrap.wire.parts import PartialSummary, join_neighbours

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass
class Tried:
    """How many inputs were done and how many failed, each failure told at once."""

    done: int = 0
    failed: int = 0

    @contextmanager
    def one(self, where: str) -> Iterator[None]:
        """Do one input: an error of ours is one block on stderr that says where, and the next input follows."""
        try:
            yield
        except CameraTrapError as error:
            self.failed += 1
            click.echo(f"{click.style('error:', fg='red', bold=True)} {where}: {error}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
        else:
            self.done += 1

    @property
    def exit_status(self) -> int:
        """0 all done, 3 some failed, 1 none was done."""
        return (3 if self.done else 1) if self.failed else 0


def taxa_option(command: _F) -> _F:
    """Add --taxa FILE."""
    return click.option(
        "--taxa",
        "taxa_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Another taxa table than the built-in one.",
    )(command)


@click.group()
def summary() -> None:
    """A day's summary to bytes and back.

    \b
    echo '{"day": "2026-11-21", "tallies": []}' | cameratrap summary encode
    cameratrap summary decode 10439b6b32fdd8
    """


@summary.command("encode", short_help="Daily summaries to messages.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False), required=False)
@click.option("--format", "form", type=click.Choice(summary_input.FORMS), default="hex", show_default=True)
@click.option(
    "--max-bytes", type=click.IntRange(1, MAX_BYTES), default=CREDIT_BYTES, show_default=True, help="Largest message."
)
@click.option("--max-messages", type=click.IntRange(1, 8), help="Most messages a day [default: summary.max_messages].")
@taxa_option
@click.pass_obj
def encode_command(
    ctx: Context, file: Path | None, form: str, max_bytes: int, max_messages: int | None, taxa_file: Path | None
) -> int:
    """Print the message of each daily summary in FILE or on stdin, one JSON object a line.

    Only "day" and "tallies" must be there. What else is missing is sent as not measured; a missing "sequence" is the
    running number of the object, from 0. "station" is ignored. Each message is a line; raw writes the bytes of one.
    What a message cannot hold (taxa merged into others, earlier days, quantities beyond its range) is said on stderr.
    """
    taxa = ctx.taxa(taxa_file)
    limit = max_messages or ctx.config.summary.max_messages
    tried = Tried()
    raw: list[bytes] = []
    for number, line in enumerate(summary_input.lines(file)):
        with tried.one(line.where):
            day = summary_from_json(line.text(), sequence=number)
            messages = encode(day, taxa, max_bytes=max_bytes, max_messages=limit)
            if lost := _lost(day, messages, taxa):
                ctx.say(f"{line.where}: {day.day}: {lost}")
            if form == "raw":
                raw += messages
            else:
                click.echo("\n".join(_as_text(message, form) for message in messages))
    if form == "raw":
        _write_raw(raw)
    return tried.exit_status


@summary.command("decode", short_help="Messages to daily summaries.")
@click.argument("messages", nargs=-1, metavar="[HEX...|FILE...]")
@click.option("--format", "form", type=click.Choice(summary_input.FORMS), default="hex", show_default=True)
@click.option(
    "--key",
    "key_files",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="A key of the station, for messages that are sealed; several where it had several.",
)
@taxa_option
@table_options
@click.pass_obj
def decode_command(
    ctx: Context, out: Output, messages: tuple[str, ...], form: str, key_files: tuple[Path, ...], taxa_file: Path | None
) -> int:
    """Print the daily summaries and alerts of messages: given as HEX, or one a line in FILE or on stdin.

    With --format raw a FILE is one message (an .sbd file). Parts of one day that follow each other are joined.
    The table shows counts, hours and what needs attention; --json has every field.
    """
    taxa = ctx.taxa(taxa_file)
    tried = Tried()
    read = partial(decode, taxa=taxa, opener=_opener(key_files))
    told = summary_rows.named(_joined(_decoded(summary_input.messages(messages, form), form, read, tried)), ctx, taxa)
    if out.form == "json":
        out.objects(message_to_json(message) for message in told)
    else:
        out.table(summary_rows.COLUMNS, (row for message in told for row in summary_rows.rows(message)))
    return tried.exit_status


@summary.command("units", short_help="Every field with its unit, step and range.")
@table_options
def units_command(out: Output) -> None:
    """Print every field of a message with its unit, step and range.

    Where a field saturates, its limit stands for "that or beyond", and the summary names it.
    """
    out.table(UNITS_COLUMNS, units_table())


def _lost(day: DailySummary, messages: Sequence[bytes], taxa: TaxaTable) -> str:
    """What the receiver will not learn of ``day`` for want of room or range; empty where it learns everything."""
    parts = [decode(message, taxa) for message in messages]
    (received,) = join_neighbours(part for part in parts if isinstance(part, DailySummary))
    merged = _in_others(received) - _in_others(day)
    told = [f"{merged} {'taxon' if merged == 1 else 'taxa'} merged into others"] if merged else []
    if missing := len({each.day for each in day.earlier}) - len(received.earlier):
        told.append(f"{missing} of the earlier days left out")
    if received.saturated:
        told.append(f"sent at the limit of its range: {', '.join(received.saturated)}")
    return "; ".join(told)


def _in_others(day: DailySummary) -> int:
    return sum(tally.taxa or 0 for tally in day.tallies if tally.taxon == OTHERS)


def _as_text(message: bytes, form: str) -> str:
    return message.hex() if form == "hex" else base64.b64encode(message).decode("ascii")


def _write_raw(messages: list[bytes]) -> None:
    if len(messages) > 1:
        raise UsageError(
            f"{len(messages)} messages cannot be written raw",
            why="nothing would separate them",
            hint="use --format hex or base64, or encode one day at a time",
        )
    sys.stdout.buffer.write(b"".join(messages))
    sys.stdout.buffer.flush()


def _opener(key_files: Sequence[Path]) -> Opener | None:
    """What opens sealed messages. Only who gives a key pays for the cipher."""
    if not key_files:
        return None
    from cameratrap.store.keys import read_key
    from cameratrap.wire.seal import CcmOpener

    return CcmOpener([read_key(file).key for file in key_files])


def _decoded(
    sources: Iterable[summary_input.Input], form: str, read: Callable[[bytes], Message], tried: Tried
) -> Iterator[Message]:
    for source in sources:
        message = None
        with tried.one(source.where):
            message = read(source.message(form))
        if message is not None:
            yield message


def _joined(messages: Iterable[Message]) -> Iterator[Message]:
    """Parts of one day that follow each other as one day; alerts at the end of the days before them."""
    days: list[DailySummary] = []
    for message in messages:
        if isinstance(message, DailySummary):
            days.append(message)
            if isinstance(message, PartialSummary):
                continue
        yield from join_neighbours(days)
        days = []
        if isinstance(message, Alert):
            yield message
    yield from join_neighbours(days)
