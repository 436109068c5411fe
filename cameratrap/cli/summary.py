"""`summary`: a day's summary to the bytes of its message, and back."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from cameratrap.app.summary_json import summary_from_json, summary_to_json
from cameratrap.cli import summary_input
from cameratrap.cli.context import Context
from cameratrap.cli.output import Output, Row, table_options
from cameratrap.domain.credits import CREDIT_BYTES
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.tallies import OTHERS
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import CameraTrapError, UsageError
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.layout import MAX_BYTES, UNITS_COLUMNS, units_table
from cameratrap.wire.parts import PartialSummary, join_neighbours

DAY_COLUMNS = (
    "day",
    "sequence",
    "part",
    "earlier",
    "taxon",
    "events",
    "individuals",
    "hours_armed",
    "hours_armed_night",
)
HEALTH_COLUMNS = ("battery_v", "clock", "faults", "saturated")
COLUMNS = DAY_COLUMNS + HEALTH_COLUMNS
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
    cameratrap summary decode 10265d8882
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
    What a message cannot hold (taxa merged into others, quantities beyond its range) is said on stderr.
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
@taxa_option
@table_options
@click.pass_obj
def decode_command(ctx: Context, out: Output, messages: tuple[str, ...], form: str, taxa_file: Path | None) -> int:
    """Print the daily summaries of messages: given as HEX, or one a line in FILE or on stdin.

    With --format raw a FILE is one message (an .sbd file). Parts of one day that follow each other are joined.
    The table shows counts, hours and what needs attention; --json has every field.
    """
    taxa = ctx.taxa(taxa_file)
    tried = Tried()
    days = join_neighbours(_decoded(summary_input.messages(messages, form), form, taxa, tried))
    if out.form == "json":
        out.objects(summary_to_json(day) for day in days)
    else:
        out.table(COLUMNS, (row for day in days for row in _rows(day)))
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
    (received,) = join_neighbours(decode(message, taxa) for message in messages)
    merged = _in_others(received) - _in_others(day)
    told = [f"{merged} {'taxon' if merged == 1 else 'taxa'} merged into others"] if merged else []
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


def _decoded(
    sources: Iterable[summary_input.Input], form: str, taxa: TaxaTable, tried: Tried
) -> Iterator[DailySummary]:
    for source in sources:
        day = None
        with tried.one(source.where):
            day = decode(source.message(form), taxa)
        if day is not None:
            yield day


def _rows(day: DailySummary) -> Iterator[Row]:
    part = f"{day.part} of {day.parts}" if isinstance(day, PartialSummary) else None
    health = {
        "battery_v": day.health.battery_v,
        "clock": day.health.clock,
        "faults": _listed(day.health.faults, none="none"),
    }
    own = {"part": part, "earlier": False, **health, "saturated": _listed(day.saturated)}
    yield from _tally_rows(day, own, day.effort.hours_armed, day.effort.hours_armed_night)
    again = dict.fromkeys(COLUMNS) | {"earlier": True}
    for each in day.earlier:
        yield from _tally_rows(each, again, each.hours_armed, each.hours_armed_night)


def _tally_rows(day: DailySummary | EarlierDay, rest: Row, armed: float | None, night: float | None) -> Iterator[Row]:
    """A row a tally; one without a taxon for a day without animals."""
    common = {
        **rest,
        "day": day.day.isoformat(),
        "sequence": day.sequence,
        "hours_armed": armed,
        "hours_armed_night": night,
    }
    for tally in day.tallies:
        taxon = tally.taxon if tally.taxa is None else f"{tally.taxon} ({tally.taxa} taxa)"
        yield {**common, "taxon": taxon, "events": tally.events, "individuals": tally.individuals}
    if not day.tallies:
        yield {**common, "taxon": None, "events": None, "individuals": None}


def _listed(names: tuple[str, ...] | None, *, none: str = "") -> str | None:
    return None if names is None else " ".join(names) or none
