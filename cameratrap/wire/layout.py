"""Wire version 1: every field, its unit, its range and its code, in the order of the message.

    byte 0        version (high four bits) and key id (low four bits; 0: not sealed). It stays in the clear.
    part          1 bit: 0 the whole day; 1 one part of several, then PART (parts before it) and PART (parts after it)
    day           15 bits: days since EPOCH
    sequence      SEQUENCE
    effort        a group: 1 every field is carried; 00 none is; 01 one bit a field says which are. Then those fields.
    health        a group
    tallies       see below
    earlier days  for each 0, then GAP (days between), GAP (sequence, sign folded), hours, tallies; after the last one 1
    padding       zeros to the end of the last byte

A message therefore ends in a 1 and then zeros: its last byte is never 0, and zero bytes added or cut off on the way
change nothing. This holds for key id 0 alone: a sealed message may end in a 0 that belongs to its seal, so that a
reader looks at the first byte before it takes any zeros off the end.

Tallies are taken in ascending order of wire code, the bucket of others being code 0. Of the codes already used in this
message, in the order of their first use, a day has: 1 bit whether it has any tally, then 1 bit a code (both are left
out as long as no code was used). The other codes follow: for each a 1, then TAXON (its distance from the new code
before it, less one; the first from -1); after the last a 0. A code is followed by its counts: EVENTS (events less
one), EXTRA (individuals less events), and for others TAXA (how many taxa, less one). So an animal that comes back
costs an earlier day one bit, not a code.

Hours of an earlier day: 1 armed for 24 hours, night carried; 01 armed hours (8 bits, tenths), night carried; 00 one
bit each whether armed hours and night hours are carried, then those. Night hours are the difference, sign folded, in
tenths from the night hours last written in this message (from 12.0 before the first): NIGHT.
"""

from __future__ import annotations

from datetime import date

from cameratrap.domain.summaries import FAULTS, ClockQuality
from cameratrap.domain.taxa import LAST_CODE
from cameratrap.wire.bits import ExpGolomb, Fixed, Usually
from cameratrap.wire.fields import Choice, Field, Flags, Quantity

VERSION = 1
MAX_BYTES = 340  # one mobile-originated message of a 9602 or 9603 (Iridium SBD developers' guide 3.0, section 5)

EPOCH = date(2000, 1, 1)
DAY = Fixed(15)  # up to 17 September 2089
COUNT_MAX = 2**20 - 1
OTHERS_CODE = 0

PART = ExpGolomb(0)
GAP = ExpGolomb(0)
TAXON = ExpGolomb(5)
NIGHT = ExpGolomb(0)
ARMED = Fixed(8)
NIGHT_REFERENCE = 120  # tenths of an hour

SEQUENCE = Quantity("sequence", "", ExpGolomb(8), 0, 2**32 - 1)
HOURS_ARMED = Quantity("hours_armed", "hours", Usually(240, 8), 0, 240, per_unit=10)
HOURS_ARMED_NIGHT = Quantity("hours_armed_night", "hours", Fixed(8), 0, 240, per_unit=10)
EVENTS = Quantity("events", "", ExpGolomb(0), 1, COUNT_MAX, open_above=True)
EXTRA = ExpGolomb(0)
INDIVIDUALS = Quantity("individuals", "", EXTRA, 1, COUNT_MAX, open_above=True)
TAXA = Quantity("taxa", "", ExpGolomb(0), 1, LAST_CODE, open_above=True)

EFFORT: tuple[Field, ...] = (
    HOURS_ARMED,
    HOURS_ARMED_NIGHT,
    Quantity("triggers", "bursts", ExpGolomb(5), 0, COUNT_MAX, open_above=True),
    Quantity("blank", "bursts", ExpGolomb(4), 0, COUNT_MAX, open_above=True),
    Quantity("suppressed", "triggers", ExpGolomb(2), 0, COUNT_MAX, open_above=True),
)
HEALTH: tuple[Field, ...] = (
    Quantity("battery_v", "volts", Fixed(10), 0, 1023, per_unit=20, open_above=True),
    Quantity("temperature_min_c", "degrees Celsius", Fixed(7), -50, 77, open_below=True, open_above=True),
    Quantity("temperature_max_c", "degrees Celsius", Fixed(7), -50, 77, open_below=True, open_above=True),
    Quantity("disk_free_pct", "per cent", Fixed(7), 0, 100),
    Quantity("restarts", "", ExpGolomb(0), 0, COUNT_MAX, open_above=True),
    Choice("clock", ExpGolomb(0), (ClockQuality.OK, ClockQuality.DRIFTING, ClockQuality.UNSET)),
    Flags("faults", ExpGolomb(0), FAULTS),
)

UNITS_COLUMNS = ("field", "unit", "step", "minimum", "maximum", "saturates", "coding")


def units_table() -> tuple[dict[str, str], ...]:
    """The published table of units and ranges, one row a field, in the order of the message.

    Where a field saturates, its limit stands for "that or beyond" and ``saturated`` names it.
    """
    last = date.fromordinal(EPOCH.toordinal() + 2**DAY.width - 1)
    day = dict.fromkeys(UNITS_COLUMNS, "") | {"field": "day", "unit": "local standard-time date", "step": "1 day"}
    day |= {"minimum": EPOCH.isoformat(), "maximum": last.isoformat(), "saturates": "no", "coding": str(DAY)}
    groups = [("", (SEQUENCE,)), ("effort.", EFFORT), ("health.", HEALTH), ("tallies.", (EVENTS, INDIVIDUALS, TAXA))]
    rows = [field.published() | {"field": prefix + field.name} for prefix, fields in groups for field in fields]
    rows[-2]["coding"] = f"individuals less events: {EXTRA}"
    return (day, *rows)


def units_markdown() -> str:
    """The published table as Markdown, for the README."""
    lines = [UNITS_COLUMNS, ("---",) * len(UNITS_COLUMNS), *(tuple(row.values()) for row in units_table())]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
