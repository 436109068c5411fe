"""The layout as published: a stranger who reads it can decode a message."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given

from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import ClockQuality, CommandOutcome, CommandReport, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.wire.codec import decode, encode
from cameratrap.wire.layout import MAX_BYTES, UNITS_COLUMNS, units_markdown, units_table
from tests.wire.plain_reader import PlainReader
from tests.wire.strategies import FULL_EFFORT, FULL_HEALTH, TAXA, summaries

GOLDEN = Path(__file__).parent.parent / "golden" / "wire-v1.txt"


def plain(summary: DailySummary) -> dict[str, Any]:
    """A summary as the plain reader tells it: whole numbers on the air."""
    effort, health = summary.effort, summary.health
    faults = None if health.faults is None else sum(1 << fault_bit(name) for name in health.faults)
    return {
        "day": summary.day,
        "sequence": summary.sequence,
        "part": [summary.part, summary.parts] if hasattr(summary, "part") else None,
        "tallies": rows(summary.tallies),
        "effort": {
            "hours_armed": steps(effort.hours_armed, 10),
            "hours_armed_night": steps(effort.hours_armed_night, 10),
            "triggers": effort.triggers,
            "blank": effort.blank,
            "suppressed": effort.suppressed,
        },
        "health": {
            "battery_v": steps(health.battery_v, 20),
            "temperature_min_c": health.temperature_min_c,
            "temperature_max_c": health.temperature_max_c,
            "disk_free_pct": health.disk_free_pct,
            "restarts": health.restarts,
            "clock": None if health.clock is None else list(ClockQuality).index(health.clock),
            "faults": faults,
        },
        "commands": [(each.number, list(CommandOutcome).index(each.outcome)) for each in summary.commands],
        "earlier": [
            (
                each.day,
                each.sequence,
                steps(each.hours_armed, 10),
                steps(each.hours_armed_night, 10),
                rows(each.tallies),
            )
            for each in summary.earlier
        ],
    }


def steps(value: float | None, per_unit: int) -> int | None:
    """A quantised value in its steps."""
    return None if value is None else round(value * per_unit)


def rows(tallies: tuple[Tally, ...]) -> dict[int, tuple[int, int, int]]:
    """Tallies by wire code."""
    codes = {each: 0 if each.taxon == OTHERS else TAXA.code_for_name(each.taxon) for each in tallies}
    ordered = sorted(tallies, key=lambda each: codes[each])
    return {codes[each]: (each.events, each.individuals, each.taxa or 0) for each in ordered}


def fault_bit(name: str) -> int:
    """The bit of a fault by its published name or number."""
    published = ("camera", "lamp", "pir", "card", "modem", "battery", "clock", "detector")
    return published.index(name) if name in published else int(name.removeprefix("fault "))


@given(summaries())
def test_a_reader_written_from_the_specification_understands_every_summary(summary: DailySummary) -> None:
    """Whoever implements the published layout in another language gets what was sent."""
    (message,) = encode(summary, TAXA, max_bytes=MAX_BYTES)
    assert PlainReader(message).message() == plain(decode(message, TAXA))  # type: ignore[arg-type]


def test_a_reader_written_from_the_specification_understands_the_golden_messages() -> None:
    """Parts, commands and alerts too."""
    alerts = 0
    for line in GOLDEN.read_text(encoding="utf-8").splitlines()[2:]:
        message = bytes.fromhex(line.split("\t")[0])
        told, read = PlainReader(message).message(), decode(message, TAXA)
        if isinstance(read, DailySummary):
            assert told == plain(read)
            continue
        alerts += 1
        at = read.at.isoformat(timespec="minutes")
        assert told == {
            "at": at,
            "sequence": read.sequence,
            "code": TAXA.code_for_name(read.taxon),
            "individuals": read.individuals,
            "score": read.score,
        }
    assert alerts >= 3


def test_a_message_holds_what_its_parts_are_made_of() -> None:
    """One message with every group, taken apart by the plain reader into literal numbers."""
    summary = DailySummary(
        day=date(2026, 11, 21),
        sequence=17,
        tallies=(Tally("Vulpes vulpes", 3, 4), Tally("Homo sapiens", 1, 1)),
        effort=FULL_EFFORT,
        health=FULL_HEALTH,
        earlier=(EarlierDay(date(2026, 11, 20), 16, 24.0, 9.6, (Tally("Homo sapiens", 1, 2),)),),
        commands=(CommandReport(7, CommandOutcome.EXPIRED), CommandReport(None, CommandOutcome.FORGED)),
    )
    (message,) = encode(summary, TAXA)
    assert message[0] == 0x10
    assert PlainReader(message).message() == {
        "day": date(2026, 11, 21),
        "sequence": 17,
        "part": None,
        "tallies": {2: (1, 1, 0), 7: (3, 4, 0)},
        "effort": {"hours_armed": 240, "hours_armed_night": 95, "triggers": 31, "blank": 22, "suppressed": 4},
        "health": {
            "battery_v": 248,
            "temperature_min_c": -3,
            "temperature_max_c": 14,
            "disk_free_pct": 87,
            "restarts": 0,
            "clock": 0,
            "faults": 0,
        },
        "commands": [(7, 5), (None, 1)],
        "earlier": [(date(2026, 11, 20), 16, 240, 96, {2: (1, 2, 0)})],
    }


def test_the_published_table_has_every_field_of_the_summary() -> None:
    """Every quantity of the interface's JSON stands in the table under its own name, and the table is rectangular."""
    rows_ = units_table()
    fields = [row["field"] for row in rows_]
    groups = {"effort": Effort, "health": Health}
    expected = [f"{group}.{name}" for group, cls in groups.items() for name in cls.__dataclass_fields__]
    expected += ["tallies.events", "tallies.individuals", "tallies.taxa", "commands.number", "commands.outcome"]
    assert fields == ["day", "sequence", *expected, "alert.sequence", "alert.individuals", "alert.score"]
    assert all(tuple(row) == UNITS_COLUMNS for row in rows_)


def test_the_table_as_markdown_is_the_same_table() -> None:
    """One line a field under a heading, for the README."""
    lines = units_markdown().splitlines()
    assert len(lines) == len(units_table()) + 2
    assert lines[0] == "| " + " | ".join(UNITS_COLUMNS) + " |"
    battery = "| health.battery_v | volts | 0.05 | 0.0 | 51.15 | above | number, order 4, from what is expected |"
    assert battery in lines
