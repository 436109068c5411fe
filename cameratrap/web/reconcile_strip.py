"""A station's days as a strip: one look shows where the satellite and the card agree. Numbers for an SVG."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from cameratrap.app.reconciled import Cause, Compared
from cameratrap.app.sent_days import MessageFate

KINDS = ("agrees", "differs", "missing", "elsewhere", "off")
MEANINGS = {
    "agrees": "received, and every taxon agrees",
    "differs": "received, and something differs",
    "missing": "not received",
    "elsewhere": "received, and no card has it",
    "off": "no camera, nothing received",
}
_DAYS_IN_MONTH = 31
_WIDTH, _HEIGHT, _LEFT = 5.0, 9.0, 46.0


@dataclass(frozen=True, slots=True)
class Run:
    """Days of one month that follow each other and are of one kind."""

    x: float
    width: float
    kind: str
    said: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A station: a line a month, each (label, y, runs); sizes are in units of the drawing."""

    station: str
    months: tuple[tuple[str, float, tuple[Run, ...]], ...]
    cell_height: float = _HEIGHT

    @property
    def width(self) -> float:
        """Of the whole drawing."""
        return _LEFT + _DAYS_IN_MONTH * _WIDTH

    @property
    def height(self) -> float:
        """Of the whole drawing."""
        return len(self.months) * (_HEIGHT + 2)


def strips(rows: Iterable[Compared]) -> list[Strip]:
    """A strip for each station, by name; months in which there was nothing are left out."""
    stations: defaultdict[str, dict[date, list[Compared]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        stations[row.station][row.day].append(row)
    return [_strip(name, {day: _kind(told) for day, told in days.items()}) for name, days in stations.items()]


def _kind(rows: Sequence[Compared]) -> str:
    if rows[0].message is not MessageFate.RECEIVED:
        return "missing"
    if rows[0].causes == (Cause.NOT_ON_CARD,):
        return "elsewhere"
    agree = (Cause.AGREES,), (Cause.MERGED,)
    return "agrees" if all(row.causes in agree for row in rows) else "differs"


def _strip(station: str, days: dict[date, str]) -> Strip:
    months = sorted({(day.year, day.month) for day in days})
    lines = [
        (f"{year}-{month:02}", n * (_HEIGHT + 2), tuple(_runs(year, month, days)))
        for n, (year, month) in enumerate(months)
    ]
    return Strip(station, tuple(lines))


def _runs(year: int, month: int, days: dict[date, str]) -> Iterable[Run]:
    known = {day.day: kind for day, kind in days.items() if (day.year, day.month) == (year, month)}
    for kind, group in groupby(range(min(known), max(known) + 1), key=lambda number: known.get(number, "off")):
        numbers = list(group)
        first, last = (f"{year}-{month:02}-{number:02}" for number in (numbers[0], numbers[-1]))
        said = f"{first}{'' if first == last else f' to {last}'}: {MEANINGS[kind]}"
        yield Run(_LEFT + (numbers[0] - 1) * _WIDTH, len(numbers) * _WIDTH, kind, said)
