"""The daily summary: everything one day sends home."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from cameratrap.domain.effort import Effort
from cameratrap.domain.tallies import Tally


class ClockQuality(StrEnum):
    """How far the times of a day can be trusted."""

    OK = "ok"
    DRIFTING = "drifting"
    UNSET = "unset"


@dataclass(frozen=True, slots=True)
class Health:
    """How the trap itself is. A field that was not measured is None, never 0.

    Volts, degrees Celsius, per cent of the card still free, restarts on the day, and the names of
    faults (see ``FAULTS``). ``faults`` is None where the trap did not say, empty where it said there were none.
    """

    battery_v: float | None = None
    temperature_min_c: int | None = None
    temperature_max_c: int | None = None
    disk_free_pct: int | None = None
    restarts: int | None = None
    clock: ClockQuality | None = None
    faults: tuple[str, ...] | None = None


# Append-only: a fault's place in this tuple is its bit on the air.
FAULTS = ("camera", "lamp", "pir", "card", "modem", "battery", "clock", "detector")


class CommandOutcome(StrEnum):
    """What became of a command to the trap; ``forged`` is one that did not prove where it came from.

    Append-only: an outcome's place here is its number on the air.
    """

    DONE = "done"
    FORGED = "forged"
    REPEATED = "repeated"
    NOT_ALLOWED = "not allowed"
    OUT_OF_RANGE = "out of range"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CommandReport:
    """The trap's answer to a command: the ``number`` its sender gave it (None for one that proved nothing)."""

    number: int | None
    outcome: CommandOutcome


@dataclass(frozen=True, slots=True)
class EarlierDay:
    """A day carried again in the spare bytes of a later message."""

    day: date
    sequence: int
    hours_armed: float | None
    hours_armed_night: float | None
    tallies: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class DailySummary:
    """One station-day. ``sequence`` numbers a trap's summaries; ``day`` is its local standard-time date.

    ``saturated`` names the quantities that were too large or too small for the message and are sent at its limit;
    ``earlier`` holds days carried again, newest first; ``commands`` what became of commands since the last summary.
    """

    day: date
    sequence: int
    tallies: tuple[Tally, ...] = ()
    effort: Effort = field(default_factory=Effort)
    health: Health = field(default_factory=Health)
    saturated: tuple[str, ...] = ()
    earlier: tuple[EarlierDay, ...] = ()
    commands: tuple[CommandReport, ...] = ()
