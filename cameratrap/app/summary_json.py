"""A daily summary as the interface's JSON object, and back; an alert as one."""

from __future__ import annotations

from datetime import date
from typing import Any

from cameratrap.app.json_reader import ObjectReader, parse_object
from cameratrap.domain.alerts import Alert
from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import (
    ClockQuality,
    CommandOutcome,
    CommandReport,
    DailySummary,
    EarlierDay,
    Health,
)
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.errors import EncodeError
from cameratrap.wire.parts import PartialSummary

KEYS = ("day", "sequence", "part", "effort", "health", "tallies", "saturated", "earlier", "commands", "station")
EFFORT_KEYS = ("hours_armed", "hours_armed_night", "triggers", "blank", "suppressed")
HEALTH_KEYS = ("battery_v", "temperature_min_c", "temperature_max_c", "disk_free_pct", "restarts", "clock", "faults")
TALLY_KEYS = ("taxon", "events", "individuals", "taxa")
EARLIER_KEYS = ("day", "sequence", "hours_armed", "hours_armed_night", "tallies")
COMMAND_KEYS = ("number", "outcome")
MOST_PARTS = 1000  # far more than a day has
_NOWHERE = date.min


def message_to_json(message: DailySummary | Alert) -> dict[str, Any]:
    """The JSON object of whatever a message carried: an alert's has the one key "alert"."""
    return alert_to_json(message) if isinstance(message, Alert) else summary_to_json(message)


def alert_to_json(alert: Alert) -> dict[str, Any]:
    """The JSON object of an alert; ``at`` is the station's standard time, without an offset."""
    return {
        "alert": {
            "at": alert.at.isoformat(timespec="minutes"),
            "sequence": alert.sequence,
            "taxon": alert.taxon,
            "individuals": alert.individuals,
            "score": alert.score,
        }
    }


def summary_to_json(summary: DailySummary) -> dict[str, Any]:
    """The JSON object of a summary; ``"part": [i, n]`` stands in it only where it is one part of n."""
    part = {"part": [summary.part, summary.parts]} if isinstance(summary, PartialSummary) else {}
    faults = summary.health.faults
    return {
        "day": summary.day.isoformat(),
        "sequence": summary.sequence,
        **part,
        "effort": {key: getattr(summary.effort, key) for key in EFFORT_KEYS},
        "health": {key: getattr(summary.health, key) for key in HEALTH_KEYS}
        | {"faults": faults if faults is None else list(faults)},
        "tallies": [tally_to_json(tally) for tally in summary.tallies],
        "saturated": list(summary.saturated),
        "earlier": [_earlier_to_json(each) for each in summary.earlier],
        "commands": [{"number": each.number, "outcome": each.outcome} for each in summary.commands],
    }


def tally_to_json(tally: Tally) -> dict[str, Any]:
    """The interface's JSON object of one tally; ``taxa`` stands in it only for the bucket of others."""
    taxa = {} if tally.taxa is None else {"taxa": tally.taxa}
    return {"taxon": tally.taxon, **taxa, "events": tally.events, "individuals": tally.individuals}


def _earlier_to_json(each: EarlierDay) -> dict[str, Any]:
    return {
        "day": each.day.isoformat(),
        "sequence": each.sequence,
        "hours_armed": each.hours_armed,
        "hours_armed_night": each.hours_armed_night,
        "tallies": [tally_to_json(tally) for tally in each.tallies],
    }


def summary_from_json(text: str, *, sequence: int = 0) -> DailySummary:
    """The summary in one JSON object; ``day`` and ``tallies`` must be there.

    What is not there is null (not measured), no earlier days, no answers to commands, and ``sequence`` for the number.
    ``station`` is ignored, and so is ``saturated``, which encoding works out anew. Raises EncodeError naming every
    problem.
    """
    try:
        values = parse_object(text)
    except ValueError as error:
        raise EncodeError("this is not a daily summary", why=str(error)) from None
    reader = ObjectReader(values)
    built = _summary(reader, sequence)
    if reader.problems:
        raise EncodeError(
            "this is not a daily summary",
            why="; ".join(reader.problems),
            hint="`cameratrap summary units` prints every field with its range",
        )
    return built


def _summary(reader: ObjectReader, sequence: int) -> DailySummary:
    reader.only(KEYS)
    reader.require("day")
    if not isinstance(reader.values.get("tallies"), list):
        reader.problems.append("tallies: expected a list, empty for a day without animals")
    reader.texts("saturated")
    common: dict[str, Any] = {
        "day": reader.day("day") or _NOWHERE,
        "sequence": reader.whole("sequence", least=0, default=sequence),
        "tallies": _tallies(reader),
        "effort": _effort(reader.inner("effort")),
        "health": _health(reader.inner("health")),
        "earlier": tuple(reader.each("earlier", _earlier)),
        "commands": tuple(each for each in reader.each("commands", _command) if each is not None),
    }
    part = _part(reader)
    return DailySummary(**common) if part is None else PartialSummary(**common, part=part[0], parts=part[1])


def _part(reader: ObjectReader) -> tuple[int, int] | None:
    match reader.values.get("part"):
        case None:
            return None
        case [int(part), int(parts)] if 1 <= part <= parts and 1 < parts <= MOST_PARTS and part is not True:
            return part, parts
        case _:
            reader.problems.append(f"part: expected [i, n], part i of n, and at most {MOST_PARTS} of them")
            return None


def _effort(reader: ObjectReader) -> Effort:
    reader.only(EFFORT_KEYS)
    return Effort(
        hours_armed=reader.number("hours_armed"),
        hours_armed_night=reader.number("hours_armed_night"),
        triggers=reader.whole("triggers", least=0),
        blank=reader.whole("blank", least=0),
        suppressed=reader.whole("suppressed", least=0),
    )


def _health(reader: ObjectReader) -> Health:
    reader.only(HEALTH_KEYS)
    clock = reader.text("clock")
    if clock is not None and clock not in list(ClockQuality):
        reader.problems.append(f"health.clock = {clock!r}: expected one of {', '.join(ClockQuality)}")
        clock = None
    return Health(
        battery_v=reader.number("battery_v"),
        temperature_min_c=reader.whole("temperature_min_c"),
        temperature_max_c=reader.whole("temperature_max_c"),
        disk_free_pct=reader.whole("disk_free_pct", least=0),
        restarts=reader.whole("restarts", least=0),
        clock=None if clock is None else ClockQuality(clock),
        faults=reader.texts("faults"),
    )


def _tallies(reader: ObjectReader) -> tuple[Tally, ...]:
    return tuple(tally for tally in reader.each("tallies", _tally) if tally is not None)


def _tally(reader: ObjectReader) -> Tally | None:
    before = len(reader.problems)
    reader.only(TALLY_KEYS)
    reader.require("taxon", "events", "individuals")
    taxon, taxa = reader.text("taxon"), reader.whole("taxa", least=1)
    events, individuals = reader.whole("events", least=1), reader.whole("individuals", least=1)
    if events and individuals and individuals < events:
        reader.problems.append(
            f"{reader.path}individuals = {individuals}: expected at least one an event, and there are {events}"
        )
    if taxon and (taxon == OTHERS) is (taxa is None):
        reader.problems.append(f"{reader.path}taxa: how many taxa they are is for {OTHERS!r} to say, and only for them")
    if len(reader.problems) > before or taxon is None or events is None or individuals is None:
        return None
    return Tally(taxon, events, individuals, taxa)


def _earlier(reader: ObjectReader) -> EarlierDay:
    reader.only(EARLIER_KEYS)
    reader.require("day", "sequence")
    return EarlierDay(
        day=reader.day("day") or _NOWHERE,
        sequence=reader.whole("sequence", least=0) or 0,
        hours_armed=reader.number("hours_armed"),
        hours_armed_night=reader.number("hours_armed_night"),
        tallies=_tallies(reader),
    )


def _command(reader: ObjectReader) -> CommandReport | None:
    reader.only(COMMAND_KEYS)
    reader.require("outcome")
    number, outcome = reader.whole("number", least=1), reader.text("outcome")
    if outcome is not None and outcome not in list(CommandOutcome):
        reader.problems.append(f"{reader.path}outcome = {outcome!r}: expected one of {', '.join(CommandOutcome)}")
        return None
    return None if outcome is None else CommandReport(number, CommandOutcome(outcome))
