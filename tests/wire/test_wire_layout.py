"""The layout as published: a stranger who reads it can decode a message."""

from __future__ import annotations

from datetime import date

from cameratrap.domain.effort import Effort
from cameratrap.domain.summaries import ClockQuality, DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally
from cameratrap.wire.codec import encode
from cameratrap.wire.layout import UNITS_COLUMNS, units_markdown, units_table
from tests.wire.strategies import TAXA


def packed(*fields: str) -> bytes:
    """Bits written out by hand, filled with zeros to whole bytes."""
    bits = "".join(fields).replace(" ", "")
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def test_the_smallest_message_is_what_the_layout_says() -> None:
    """A day without effort, health, tallies and earlier days, bit by bit."""
    expected = packed(
        "0001 0000",  # version 1, not sealed
        "0",  # the whole day
        f"{(date(2026, 11, 21) - date(2000, 1, 1)).days:015b}",
        f"{17 + 256:09b}",  # sequence: exponential Golomb of order 8
        "00",  # no effort
        "00",  # no health
        "0",  # no tally
        "1",  # no earlier day
    )
    assert encode(DailySummary(date(2026, 11, 21), 17), TAXA) == [expected]


def test_a_full_message_is_what_the_layout_says() -> None:
    """Effort, health, two tallies and an earlier day in which one of the taxa came back, bit by bit."""
    summary = DailySummary(
        day=date(2026, 11, 21),
        sequence=17,
        tallies=(Tally("Vulpes vulpes", 3, 4), Tally("Homo sapiens", 1, 1)),
        effort=Effort(24.0, 9.5, 31, 22, 4),
        health=Health(12.4, -3, 14, 87, 0, ClockQuality.OK, ()),
        earlier=(EarlierDay(date(2026, 11, 20), 16, 24.0, 9.6, (Tally("Homo sapiens", 1, 2),)),),
    )
    fox, person = TAXA.resolve("Vulpes vulpes").wire_code, TAXA.resolve("Homo sapiens").wire_code
    assert (fox, person) == (7, 2)
    expected = packed(
        "0001 0000 0",
        f"{9821:015b}",
        f"{17 + 256:09b}",
        "1",  # all of effort
        "1",  # armed for 24.0 hours
        f"{95:08b}",  # night hours in tenths
        f"{31 + 32:06b}",  # triggers, order 5
        f"0{22 + 16:06b}",  # blank, order 4
        f"0{4 + 4:04b}",  # suppressed, order 2
        "1",  # all of health
        f"{248:010b}",  # 12.4 volts in twentieths
        f"{-3 + 50:07b}",
        f"{14 + 50:07b}",
        f"{87:07b}",
        "1",  # no restarts
        "1",  # clock ok
        "1",  # no faults
        f"1 {2 + 32:06b}",  # person: distance from -1, less one; order 5
        "1 1",  # one event, no more individuals than events
        f"1 {7 - 2 - 1 + 32:06b}",  # fox
        "011 010",  # three events, one individual more
        "0",  # no further taxon
        "0",  # an earlier day
        "1 1",  # the day before, the sequence before
        "1",  # armed for 24 hours, night hours carried
        "011",  # a tenth of an hour more: folded to 2
        "1",  # it has tallies
        "1 1 010",  # person: one event, one individual more
        "0",  # no fox
        "0",  # no further taxon
        "1",  # no earlier day
    )
    assert encode(summary, TAXA) == [expected]


def test_the_published_table_has_every_field_of_the_summary() -> None:
    """Every quantity of the interface's JSON stands in the table under its own name, and the table is rectangular."""
    rows = units_table()
    fields = [row["field"] for row in rows]
    groups = {"effort": Effort, "health": Health}
    expected = [f"{group}.{name}" for group, cls in groups.items() for name in cls.__dataclass_fields__]
    assert fields == ["day", "sequence", *expected, "tallies.events", "tallies.individuals", "tallies.taxa"]
    assert all(tuple(row) == UNITS_COLUMNS for row in rows)


def test_the_table_as_markdown_is_the_same_table() -> None:
    """One line a field under a heading, for the README."""
    lines = units_markdown().splitlines()
    assert len(lines) == len(units_table()) + 2
    assert lines[0] == "| " + " | ".join(UNITS_COLUMNS) + " |"
    battery = "| health.battery_v | volts | 0.05 | 0.0 | 51.15 | above | 10 bits |"
    assert battery in lines
