"""What closing a day needs to know besides the card, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from cameratrap.app.fold import Rules
from cameratrap.domain.summaries import ClockQuality, DailySummary
from cameratrap.domain.taxa import TaxaTable
from cameratrap.errors import CameraTrapError
from cameratrap.ports import PowerReading
from cameratrap.wire.envelope import Opener, Sealer


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day that was closed now, and its messages; none where a later day's message will carry it."""

    summary: DailySummary
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ClosingFailed:
    """A day that should have been closed and could not be; the others were."""

    day: date
    error: CameraTrapError


@dataclass(frozen=True, slots=True)
class DayOutgrown:
    """The card says more of a day than any message that has been tried or waits: the next day's message will say so."""

    day: date


@dataclass(frozen=True, slots=True)
class DayTold:
    """A closed day has a message of its own after all, or another one, since nothing tells it as it is now."""

    day: date
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ClockCorrected:
    """Times that a wrong clock had told were moved by ``offset``, of so many bursts."""

    bursts: int
    offset: timedelta


Outcome = ClockCorrected | ClosedDay | ClosingFailed | DayOutgrown | DayTold


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing a day needs to know besides the card.

    A day that ends with the battery below ``low_battery_v`` has a message of its own, since there may be no other.
    ``opener`` opens what ``sealer`` seals.
    """

    rules: Rules
    taxa: TaxaTable
    max_messages: int = 1
    power: Callable[[], PowerReading] | None = None
    clock: ClockQuality | None = None
    every_days: int = 1
    low_battery_v: float | None = None
    sealer: Sealer | None = None
    opener: Opener | None = None
