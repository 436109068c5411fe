"""Values onto the published grid, once: what is quantised is what will be received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from cameratrap.domain.alerts import Alert
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import CommandOutcome, CommandReport, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import EncodeError
from cameratrap.wire.fields import Field
from cameratrap.wire.layout import (
    ALERT_INDIVIDUALS,
    ALERT_SCORE,
    ALERT_SEQUENCE,
    COMMAND_NUMBER,
    DAYS,
    EFFORT,
    EPOCH,
    EVENTS,
    HEALTH,
    HOURS_ARMED,
    HOURS_ARMED_NIGHT,
    INDIVIDUALS,
    OUTCOMES,
    SEQUENCE,
    TAXA,
)
from cameratrap.wire.tally_rows import to_rows, to_tallies

_Group = TypeVar("_Group", Effort, Health)


def quantise(summary: DailySummary, taxa: TaxaTable) -> DailySummary:
    """The summary as a message long enough would carry it.

    Numbers are rounded to their step (a tie to the even step) and limited to their range; ``saturated`` is worked out
    anew and names what stands at an open limit. Tallies get their taxon's canonical name and the order of wire codes;
    names of one taxon are summed. Earlier days are newest first. Raises EncodeError and TaxonError.
    """
    check_day(summary.day)
    quantised = replace(
        summary,
        sequence=int(SEQUENCE.quantise(summary.sequence)),
        effort=_on_grid(summary.effort, EFFORT),
        health=_on_grid(summary.health, HEALTH),
        tallies=_tallies(summary.tallies, taxa),
        earlier=_earlier_days(summary, taxa),
        commands=tuple(_command(each) for each in summary.commands),
    )
    return replace(quantised, saturated=saturated(quantised))


def quantise_alert(alert: Alert, taxa: TaxaTable) -> Alert:
    """The alert as it will be received: to the minute, its score in hundredths. Raises EncodeError, TaxonError."""
    check_day(alert.at.date())
    if alert.at.tzinfo is not None:
        raise EncodeError("the time of an alert is the station's own", why="no offset is on the air")
    return Alert(
        at=alert.at.replace(second=0, microsecond=0),
        sequence=int(ALERT_SEQUENCE.quantise(alert.sequence)),
        taxon=taxa.name_for_code(taxa.code_for_name(alert.taxon)),
        individuals=int(ALERT_INDIVIDUALS.quantise(alert.individuals)),
        score=_or_none(ALERT_SCORE, alert.score),
    )


def _command(report: CommandReport) -> CommandReport:
    if report.number == 0:
        raise EncodeError("a command cannot have the number 0", why="that stands for none")
    number = None if report.number is None else int(COMMAND_NUMBER.quantise(report.number))
    return CommandReport(number, CommandOutcome(OUTCOMES.quantise(report.outcome)))


def check_day(day: date) -> int:
    """The day's number on the air. Raises EncodeError."""
    number = (day - EPOCH).days
    if number < 0 or number >= DAYS:
        raise EncodeError(f"the day {day} cannot be sent", why=f"a message has days from {EPOCH} on, {DAYS} of them")
    return number


def saturated(summary: DailySummary) -> tuple[str, ...]:
    """The names of a quantised summary's quantities that stand for "that or beyond"."""
    groups = (("effort", summary.effort, EFFORT), ("health", summary.health, HEALTH))
    names = [
        f"{group}.{field.name}"
        for group, values, fields in groups
        for field in fields
        if (value := getattr(values, field.name)) is not None and field.is_saturated(value)
    ]
    names += _saturated_tallies("", summary.tallies)
    for each in summary.earlier:
        names += _saturated_tallies(f"earlier.{each.day}.", each.tallies)
    return tuple(names)


def _saturated_tallies(prefix: str, tallies: Sequence[Tally]) -> list[str]:
    return [
        f"{prefix}tallies.{tally.taxon}.{field.name}"
        for tally in tallies
        for field in (EVENTS, INDIVIDUALS, TAXA)
        if (count := getattr(tally, field.name)) is not None and field.is_saturated(count)
    ]


def _tallies(tallies: Iterable[Tally], taxa: TaxaTable) -> tuple[Tally, ...]:
    return to_tallies(to_rows([_tally(tally) for tally in tallies], taxa), taxa)


def _tally(tally: Tally) -> Tally:
    events, individuals = int(EVENTS.quantise(tally.events)), int(INDIVIDUALS.quantise(tally.individuals))
    if individuals < events:
        raise EncodeError(
            f"{tally.taxon} cannot have {individuals} individuals in {events} events",
            why="every event counts at least one individual",
        )
    return Tally(tally.taxon, events, individuals, _or_none(TAXA, tally.taxa))


def _on_grid(group: _Group, fields: Iterable[Field]) -> _Group:
    on_grid: dict[str, Any] = {field.name: _or_none(field, getattr(group, field.name)) for field in fields}
    return replace(group, **on_grid)


def _or_none(field: Field, value: Any) -> Any:
    return None if value is None else field.quantise(value)


def _earlier_days(summary: DailySummary, taxa: TaxaTable) -> tuple[EarlierDay, ...]:
    """Newest first, each before the day after it. The same day twice is once, unless the two contradict each other."""
    days: dict[date, EarlierDay] = {}
    for each in summary.earlier:
        quantised = _earlier_day(each, taxa)
        if each.day >= summary.day:
            raise EncodeError(
                f"{each.day} is not before {summary.day}", why="a message carries again only days before its own"
            )
        if days.setdefault(each.day, quantised) != quantised:
            raise EncodeError(f"there are two different records of the earlier day {each.day}")
    return tuple(days[day] for day in sorted(days, reverse=True))


def _earlier_day(each: EarlierDay, taxa: TaxaTable) -> EarlierDay:
    check_day(each.day)
    return EarlierDay(
        day=each.day,
        sequence=int(SEQUENCE.quantise(each.sequence)),
        hours_armed=_or_none(HOURS_ARMED, each.hours_armed),
        hours_armed_night=_or_none(HOURS_ARMED_NIGHT, each.hours_armed_night),
        tallies=_tallies(each.tallies, taxa),
    )
