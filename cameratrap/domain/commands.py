"""What a trap can be told from afar: a short list, each with the range it must lie in.

A command changes one thing, says nothing of how, and can be checked before anything is done. What is not on this list
cannot be asked of a trap, whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import ClassVar

from cameratrap.domain.summaries import FAULTS
from cameratrap.errors import CameraTrapError

MAX_DAYS = 31
MAX_BURST = 20
MAX_SPACING_S = 60.0
MAX_REPEATED = 31
MAX_SLEEP_DAYS = 366
SCORE_STEPS = 1000
SPACING_STEPS = 100  # a second


class CommandRangeError(CameraTrapError):
    """A command asks for something outside its range."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class SendNow:
    """Tell the days that wait for their summary, and send what waits for a later attempt."""

    name: ClassVar[str] = "send-now"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class SetInterval:
    """One summary every ``every_days`` days, 1 to 31."""

    name: ClassVar[str] = "interval"
    every_days: int

    def __post_init__(self) -> None:
        _check("an interval of days", self.every_days, 1, MAX_DAYS)

    def __str__(self) -> str:
        return f"{self.name} {self.every_days}"


@dataclass(frozen=True, slots=True)
class SetThreshold:
    """The least score that counts, 0 to 1 in thousandths."""

    name: ClassVar[str] = "threshold"
    score: float

    def __post_init__(self) -> None:
        _check("a score", self.score, 0, 1, steps=SCORE_STEPS)

    def __str__(self) -> str:
        return f"{self.name} {self.score:g}"


@dataclass(frozen=True, slots=True)
class SetBurst:
    """``count`` pictures a trigger, 1 to 20, ``spacing_s`` apart, 0 to 60 in hundredths of a second."""

    name: ClassVar[str] = "burst"
    count: int
    spacing_s: float | None = None

    def __post_init__(self) -> None:
        _check("a burst's count", self.count, 1, MAX_BURST)
        if self.spacing_s is not None:
            _check("a burst's spacing in seconds", self.spacing_s, 0, MAX_SPACING_S, steps=SPACING_STEPS)

    def __str__(self) -> str:
        return f"{self.name} {self.count}" + ("" if self.spacing_s is None else f" {self.spacing_s:g}")


@dataclass(frozen=True, slots=True)
class SleepUntil:
    """Take no pictures before ``day`` begins at the station, at most 366 days; a day that is over wakes it."""

    name: ClassVar[str] = "sleep-until"
    day: date

    def check_from(self, today: date) -> None:
        """A wrong year would lose the trap. Raises CommandRangeError."""
        if (self.day - today).days > MAX_SLEEP_DAYS:
            raise CommandRangeError(f"a trap sleeps for {MAX_SLEEP_DAYS} days at most", why=f"{self.day} is later")

    def __str__(self) -> str:
        return f"{self.name} {self.day}"


@dataclass(frozen=True, slots=True)
class RepeatDays:
    """Carry the days from ``first`` to ``last`` again, both included, at most 31."""

    name: ClassVar[str] = "repeat"
    first: date
    last: date

    def __post_init__(self) -> None:
        _check("a number of days to repeat", (self.last - self.first).days + 1, 1, MAX_REPEATED)

    def __str__(self) -> str:
        return f"{self.name} {self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class ClearFault:
    """Try again what stopped because of ``fault``, one of FAULTS."""

    name: ClassVar[str] = "clear-fault"
    fault: str

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise CommandRangeError(f"there is no fault '{self.fault}'", hint=f"one of {', '.join(FAULTS)}")

    def __str__(self) -> str:
        return f"{self.name} {self.fault}"


Command = SendNow | SetInterval | SetThreshold | SetBurst | SleepUntil | RepeatDays | ClearFault
COMMANDS: tuple[type[Command], ...] = (
    SendNow,
    SetInterval,
    SetThreshold,
    SetBurst,
    SleepUntil,
    RepeatDays,
    ClearFault,
)
COMMAND_NAMES = tuple(command.name for command in COMMANDS)


@dataclass(frozen=True, slots=True)
class Order:
    """A command on its way: the ``number`` its sender gave it, and the last day on which it may still be obeyed."""

    number: int
    command: Command
    expires: date | None = None


def _check(what: str, value: float, least: float, most: float, *, steps: int = 1) -> None:
    """Raises CommandRangeError unless ``value`` is a multiple of 1/``steps`` between the two."""
    if not (isfinite(value) and least <= value <= most):
        raise CommandRangeError(f"{what} is from {least:g} to {most:g}", why=f"it is {value:g}")
    if abs(value * steps - round(value * steps)) > 1e-6:
        raise CommandRangeError(f"{what} is given in steps of {1 / steps:g}", why=f"it is {value:g}")
