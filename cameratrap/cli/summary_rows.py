"""What `summary decode` shows of a message as a table, a row a tally or an alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cameratrap.cli.context import Context
from cameratrap.cli.output import Row
from cameratrap.domain.alerts import Alert
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.tallies import OTHERS
from cameratrap.domain.taxa import TaxaTable
from cameratrap.wire.parts import PartialSummary

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
HEALTH_COLUMNS = ("battery_v", "clock", "faults", "saturated", "commands")
ALERT_COLUMNS = ("alert_at", "score")
COLUMNS = DAY_COLUMNS + HEALTH_COLUMNS + ALERT_COLUMNS
Message = DailySummary | Alert


def named(messages: Iterable[Message], ctx: Context, taxa: TaxaTable) -> Iterator[Message]:
    """The same, with a word about the taxa that the table here has no name for."""
    unnamed: set[str] = set()
    for message in messages:
        unnamed |= {taxon for taxon in _taxa_of(message) if taxon != OTHERS and taxon not in taxa}
        yield message
    if unnamed:
        ctx.say(
            f"no name for {', '.join(sorted(unnamed))}: update your taxa (the counts are true), or give --taxa FILE"
        )


def _taxa_of(message: Message) -> Iterator[str]:
    if isinstance(message, Alert):
        yield message.taxon
        return
    for tallies in (message.tallies, *(each.tallies for each in message.earlier)):
        yield from (tally.taxon for tally in tallies)


def rows(message: Message) -> Iterator[Row]:
    """The rows of the table that a message fills."""
    return _alert_rows(message) if isinstance(message, Alert) else _day_rows(message)


def _alert_rows(alert: Alert) -> Iterator[Row]:
    yield dict.fromkeys(COLUMNS) | {
        "day": alert.at.date().isoformat(),
        "sequence": alert.sequence,
        "earlier": False,
        "taxon": alert.taxon,
        "individuals": alert.individuals,
        "alert_at": alert.at.isoformat(timespec="minutes"),
        "score": alert.score,
    }


def _day_rows(day: DailySummary) -> Iterator[Row]:
    part = f"{day.part} of {day.parts}" if isinstance(day, PartialSummary) else None
    health = {
        "battery_v": day.health.battery_v,
        "clock": day.health.clock,
        "faults": _listed(day.health.faults, none="none"),
    }
    answers = tuple(f"{'?' if each.number is None else each.number}: {each.outcome}" for each in day.commands)
    own = dict.fromkeys(COLUMNS) | {"part": part, "earlier": False, **health, "saturated": _listed(day.saturated)}
    own["commands"] = ", ".join(answers)
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
