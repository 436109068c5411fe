"""Wire version 1: every field, its unit, its range and its code, in the order of the message: the specification.

Envelope. Byte 0 is the version (high four bits) and the key id (low four bits; 0: not sealed); it stays in the clear. A
message that is not sealed goes on with the CRC-16 that ``envelope._check`` names, then the body. The message and the
body have no zero bytes at their end; a reader takes off those that are there, of a sealed message only once it is open,
and reads zeros behind the end for as long as it asks.

Body. It is one number of ``range_coder``: a row of decisions, each of which narrows an interval. There are three kinds.

    even(n)        one of n numbers from 0, a share each
    bit(name)      a decision with two outcomes. Its context is a pair of counts (zeros, ones) that starts as ``priors``
                   and ``learned`` say and gains 32 on the side of every outcome; when the two are then more than 4096
                   together, both are halved, rounded up. 0 is the lower piece. A name may have several places, which
                   follow it in brackets here; the last pair given for a name serves all places beyond it. Every place
                   has counts of its own, and so has every taxon in "again".
    taxon(after)   a wire code above ``after`` that no day before used in this message, by its shares of ``Priors.taxa``

NUMBER, USUALLY, MOSTLY and EVEN are made of them in ``coding``. A sign is folded: 0, -1, 1, -2, 2 are written as 0, 1,
2, 3, 4. A body has at most 2**14 decisions. A reader refuses numbers beyond the ranges below, and bytes that are not
what the writer makes of what they say: every message has one spelling.

    kind           one of six: summary 56 shares of 64, alert 4, four without a name 1 each

Summary.

    part           bit(partial): 0 the whole day; 1 one part of several, then PART (parts before it), PART (parts after)
    day            DAY: bit(day) 1 and even(16384), days since 2006-01-01; or 0 and even(32768), days since EPOCH
    sequence       SEQUENCE
    tallies        see below
    effort         a group: bit(effort[0]) 1 if every field is carried, else bit(effort[1]) for each whether it is; then
                   the fields that are, in the order of EFFORT
    health         a group, "health", in the order of HEALTH
    commands       COMMANDS, how many; for each its number, even(65536), 0 for none, and its outcome, even(16)
    earlier days   newest first, for each bit(earlier) 1, GAP (days between, less one), EARLIER_SEQUENCE (the later
                   day's less one, less this one's, sign folded), hours, tallies; after the last one bit(earlier) 0

A quantity is its number of steps above its minimum. Where something is expected of it, it is the difference from that,
its sign folded: night hours from half the hours armed (or of 24), rounded up; blank bursts from the triggers that are
more than the day's events in this message; volts from 12.5; the lowest temperature from 8 degrees, the highest from 9
degrees above the lowest (or above 8). FAULTS are bit(faults), whether there are any, then 16 bit(faults each), the
lowest first.

Tallies of a day. Rows are ordered by wire code; the bucket of others has code 0. First bit(any[p]) whether there are
any, p being 0 on the first day of the message, 1 after a day without tallies, 2 after a day with some. If there are, of
every code that other days used, in the order of their first use: bit(again[p]) of that taxon, p being 1 where the last
day with tallies had it, and if it is there its counts. Then the codes that are new to the message, ascending: for each
bit(new[p]) 1, taxon(the new code before it, or -1) and its counts; after the last of them bit(new[p]) 0. Here p is
0, 1, 2, 3 for 0, 1, 2 or 3, more codes that other days used, and 4 more once the day has a new one. The first bit(new)
is left out where none of the old codes came again, since there must be a new one.

Counts are the events less one and the individuals less the events, and for others TAXA. The former two are numbers of
order 0 whose names depend on the taxon's last row in this message: "events 0" without one, 1, 2, 3 for 1, 2 or 3, more
events in it; and "extra e", e being twice the same for its individuals less its events (0 without one; 1, 2, 3 for 0, 1
or 2, more), and one more where this row has several events.

Hours of an earlier day. bit(earlier hours[0]) whether armed hours and bit(earlier hours[1]) whether night hours are
carried; then ARMED (tenths), and NIGHT: the difference, sign folded, of the night hours in tenths from those expected,
armed * n / a, rounded to the nearest (a half up), armed being 240 if not carried, and n and a the night and armed
tenths of the last day of this message that carried both and was armed for half a day or longer, else 120 and 240.

Alert.

    time           DAY, then the minute of the day, MINUTE
    sequence       ALERT_SEQUENCE
    taxon          taxon(0)
    individuals    ALERT_INDIVIDUALS
    score          bit(alert score): whether there is one; then ALERT_SCORE, in hundredths

New kinds, choices, faults, outcomes and taxa take places that are free; nothing that has a place ever loses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cameratrap.domain.summaries import FAULTS, ClockQuality, CommandOutcome
from cameratrap.domain.taxa import LAST_CODE
from cameratrap.wire.coding import Even, Mostly, Number, Usually
from cameratrap.wire.fields import Choice, Field, Flags, Quantity, Told

VERSION = 1
MAX_BYTES = 340  # one mobile-originated message of a 9602 or 9603 (Iridium SBD developers' guide 3.0, section 5)
PLAIN_OVERHEAD = 3  # byte 0 and the check of a message that is not sealed

EPOCH = date(2000, 1, 1)
DAYS = 2**15  # up to 17 September 2089
COUNT_MAX = 2**20 - 1
OTHERS_CODE = 0

# What a message is; its place is its number on the air. Kinds without a name are for later versions of the program.
KINDS = ("summary", "alert")
KIND_SHARES = (56, 4, 1, 1, 1, 1)

# Up to November 2050 a day takes a bit less; days before and after, which are those of a wrong clock, take 5 bits more.
DAY = Mostly("day", (date(2006, 1, 1) - EPOCH).days, 2**14, DAYS)
PART = Number("part")
GAP = Number("gap")
EARLIER_SEQUENCE = Number("earlier sequence")
NIGHT = Number("earlier night")
ARMED = Usually("earlier armed", 240, 241)
NIGHT_REFERENCE = (120, 240)  # tenths of an hour: of a whole day armed, half is night


def _half_the_hours(told: Told) -> int:
    return (told.get("hours_armed", 240) + 1) // 2


def _triggers_beside_events(told: Told) -> int:
    return max(0, told.get("triggers", 0) - told["events"])


def _nine_degrees_more(told: Told) -> int:
    return told.get("temperature_min_c", 8) + 9


SEQUENCE = Quantity("sequence", "", Number("sequence", 5), 0, 2**32 - 1)
HOURS_ARMED = Quantity("hours_armed", "hours", Usually("armed", 240, 241), 0, 240, per_unit=10)
HOURS_ARMED_NIGHT = Quantity(
    "hours_armed_night", "hours", Number("night", 5), 0, 240, per_unit=10, expected=_half_the_hours
)
# By a taxon's last row in the message: its events (none yet; 1; 2 or 3; more), and how many individuals it had beyond
# its events (none yet; 0; 1 or 2; more), the latter apart for a row of one event and of several.
EVENTS_BY_LAST = tuple(Number(f"events {place}") for place in range(4))
EXTRA_BY_LAST = tuple(Number(f"extra {place}") for place in range(8))
EVENTS = Quantity("events", "", EVENTS_BY_LAST[0], 1, COUNT_MAX, open_above=True)
INDIVIDUALS = Quantity("individuals", "", EXTRA_BY_LAST[0], 1, COUNT_MAX, open_above=True)
TAXA = Quantity("taxa", "", Number("taxa", 2), 1, LAST_CODE, open_above=True)

EFFORT: tuple[Field, ...] = (
    HOURS_ARMED,
    HOURS_ARMED_NIGHT,
    Quantity("triggers", "bursts", Number("triggers", 3), 0, COUNT_MAX, open_above=True),
    Quantity("blank", "bursts", Number("blank"), 0, COUNT_MAX, open_above=True, expected=_triggers_beside_events),
    Quantity("suppressed", "triggers", Number("suppressed"), 0, COUNT_MAX, open_above=True),
)
HEALTH: tuple[Field, ...] = (
    Quantity("battery_v", "volts", Number("battery", 4), 0, 1023, per_unit=20, open_above=True, expected=lambda _: 250),
    Quantity(
        "temperature_min_c",
        "degrees Celsius",
        Number("coldest", 4),
        -50,
        77,
        open_below=True,
        open_above=True,
        expected=lambda _: 8,
    ),
    Quantity(
        "temperature_max_c",
        "degrees Celsius",
        Number("warmest", 3),
        -50,
        77,
        open_below=True,
        open_above=True,
        expected=_nine_degrees_more,
    ),
    Quantity("disk_free_pct", "per cent", Even(101), 0, 100),
    Quantity("restarts", "", Number("restarts"), 0, COUNT_MAX, open_above=True),
    Choice("clock", Number("clock"), (ClockQuality.OK, ClockQuality.DRIFTING, ClockQuality.UNSET)),
    Flags("faults", FAULTS),
)
COMMANDS = Number("commands")
COMMAND_NUMBER = Quantity("number", "0 for none", Even(2**16), 0, 2**16 - 1)
OUTCOMES = Choice("outcome", Even(16), tuple(CommandOutcome))

MINUTE = Even(24 * 60)
ALERT_SEQUENCE = Quantity("sequence", "", Number("alert sequence", 3), 0, 2**32 - 1)
ALERT_INDIVIDUALS = Quantity("individuals", "", Number("alert individuals"), 1, COUNT_MAX, open_above=True)
ALERT_SCORE = Quantity("score", "", Even(101), 0, 100, per_unit=100)

UNITS_COLUMNS = ("field", "unit", "step", "minimum", "maximum", "saturates", "coding")


def units_table() -> tuple[dict[str, str], ...]:
    """The published table of units and ranges, one row a field, in the order of the interface's JSON.

    Where a field saturates, its limit stands for "that or beyond" and ``saturated`` names it.
    """
    last = date.fromordinal(EPOCH.toordinal() + DAYS - 1)
    day = dict.fromkeys(UNITS_COLUMNS, "") | {"field": "day", "unit": "local standard-time date", "step": "1 day"}
    day |= {"minimum": EPOCH.isoformat(), "maximum": last.isoformat(), "saturates": "no", "coding": str(DAY)}
    groups: list[tuple[str, Sequence[Field]]] = [
        ("", (SEQUENCE,)),
        ("effort.", EFFORT),
        ("health.", HEALTH),
        ("tallies.", (EVENTS, INDIVIDUALS, TAXA)),
    ]
    groups += [("commands.", (COMMAND_NUMBER, OUTCOMES)), ("alert.", (ALERT_SEQUENCE, ALERT_INDIVIDUALS, ALERT_SCORE))]
    rows = [field.published() | {"field": prefix + field.name} for prefix, fields in groups for field in fields]
    for row in rows:
        if row["field"] == "tallies.individuals":
            row["coding"] += ", of those beyond the events"
    return (day, *rows)


def units_markdown() -> str:
    """The published table as Markdown, for the README."""
    lines = [UNITS_COLUMNS, ("---",) * len(UNITS_COLUMNS), *(tuple(row.values()) for row in units_table())]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
