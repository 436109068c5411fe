"""One quantised summary or alert as a body, and back, decision by decision as ``layout`` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cameratrap.domain.alerts import Alert
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import CommandOutcome, CommandReport, DailySummary, Health
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import DecodeError
from cameratrap.wire.alerts import read_alert, write_alert
from cameratrap.wire.coding import Reader, Writer
from cameratrap.wire.earlier_days import Before, end_earlier, read_earlier, write_earlier
from cameratrap.wire.fields import UPDATE, Field
from cameratrap.wire.layout import (
    COMMAND_NUMBER,
    COMMANDS,
    DAY,
    EFFORT,
    EPOCH,
    HEALTH,
    KIND_SHARES,
    KINDS,
    OUTCOMES,
    PART,
    SEQUENCE,
)
from cameratrap.wire.parts import PartialSummary
from cameratrap.wire.priors import Priors
from cameratrap.wire.tally_rows import read_rows, to_rows, to_tallies, write_rows


def write_body(message: DailySummary | Alert, taxa: TaxaTable, priors: Priors) -> Writer:
    """The body of a quantised summary or alert, however long it gets."""
    out = Writer(priors)
    if isinstance(message, Alert):
        out.choice(KINDS.index("alert"), KIND_SHARES)
        write_alert(out, message, taxa)
        return out
    out.choice(KINDS.index("summary"), KIND_SHARES)
    _write_summary(out, message, taxa)
    return out


def read_body(content: bytes, taxa: TaxaTable, priors: Priors) -> DailySummary | Alert:
    """What a body says, without ``saturated``. Raises DecodeError."""
    body = Reader(content, priors)
    kind = body.choice(KIND_SHARES)
    if kind >= len(KINDS):
        raise DecodeError(f"this program knows no message of kind {kind}", hint=UPDATE)
    return read_alert(body, taxa) if KINDS[kind] == "alert" else _read_summary(body, taxa)


def _write_summary(out: Writer, summary: DailySummary, taxa: TaxaTable) -> None:
    _write_part(out, summary)
    DAY.write(out, (summary.day - EPOCH).days)
    SEQUENCE.write(out, summary.sequence, {})
    before = Before(summary.day, summary.sequence)
    write_rows(out, to_rows(summary.tallies, taxa), before.past)
    told = {"events": sum(tally.events for tally in summary.tallies)}
    _write_group(out, "effort", EFFORT, summary.effort, told)
    _write_group(out, "health", HEALTH, summary.health, told)
    _write_commands(out, summary.commands)
    before.note_hours(summary.effort.hours_armed, summary.effort.hours_armed_night)
    for each in summary.earlier:
        write_earlier(out, each, before, taxa)
    end_earlier(out)


def _read_summary(body: Reader, taxa: TaxaTable) -> DailySummary:
    part = _read_part(body)
    day = EPOCH + timedelta(days=DAY.read(body))
    sequence = int(SEQUENCE.value(SEQUENCE.read(body, {})))
    before = Before(day, sequence)
    tallies = to_tallies(read_rows(body, before.past), taxa)
    told = {"events": sum(tally.events for tally in tallies)}
    effort = Effort(**_read_group(body, "effort", EFFORT, told))
    health = Health(**_read_group(body, "health", HEALTH, told))
    commands = tuple(_read_command(body) for _ in range(COMMANDS.read(body)))
    before.note_hours(effort.hours_armed, effort.hours_armed_night)
    earlier = read_earlier(body, before, taxa)
    whole = DailySummary(day, sequence, tallies, effort, health, earlier=earlier, commands=commands)
    if part is None:
        return whole
    return PartialSummary(
        day, sequence, tallies, effort, health, earlier=earlier, commands=commands, part=part[0], parts=part[1]
    )


def _write_part(out: Writer, summary: DailySummary) -> None:
    out.bit(isinstance(summary, PartialSummary), "partial")
    if isinstance(summary, PartialSummary):
        PART.write(out, summary.part - 1)
        PART.write(out, summary.parts - summary.part)


def _read_part(body: Reader) -> tuple[int, int] | None:
    if not body.bit("partial"):
        return None
    part = PART.read(body) + 1
    parts = part + PART.read(body)
    if parts == 1:
        raise DecodeError("the message says it is the only part of a day in several parts")
    return part, parts


def _write_group(
    out: Writer, name: str, fields: Sequence[Field], group: Effort | Health, told: Mapping[str, int]
) -> None:
    values = [(field, getattr(group, field.name)) for field in fields]
    carried = [value is not None for _, value in values]
    out.bit(all(carried), name, 0)
    for each in () if all(carried) else carried:
        out.bit(each, name, 1)
    so_far = dict(told)
    for field, value in values:
        if value is not None:
            so_far[field.name] = field.number(value)
            field.write(out, so_far[field.name], so_far)


def _read_group(body: Reader, name: str, fields: Sequence[Field], told: Mapping[str, int]) -> dict[str, Any]:
    carried = fields if body.bit(name, 0) else [field for field in fields if body.bit(name, 1)]
    so_far = dict(told)
    values = {}
    for field in carried:
        so_far[field.name] = field.read(body, so_far)
        values[field.name] = field.value(so_far[field.name])
    return values


def _write_commands(out: Writer, commands: Sequence[CommandReport]) -> None:
    COMMANDS.write(out, len(commands))
    for each in commands:
        COMMAND_NUMBER.write(out, each.number or 0, {})
        OUTCOMES.write(out, OUTCOMES.number(each.outcome), {})


def _read_command(body: Reader) -> CommandReport:
    number, outcome = COMMAND_NUMBER.read(body, {}), OUTCOMES.read(body, {})
    return CommandReport(number or None, CommandOutcome(OUTCOMES.value(outcome)))
