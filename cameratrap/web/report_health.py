"""How the traps did: battery, temperature, restarts and faults over their days, each deployment in one row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

from cameratrap.domain.deployed import Deployed
from cameratrap.domain.selection import Selection
from cameratrap.store.project import Project

WIDTH, HEIGHT = 220.0, 36.0
_PAD = 3.0
_LEAST_VOLTS, _LEAST_DEGREES = 0.5, 5.0  # a range no narrower: noise must not look like a fall


@dataclass(frozen=True, slots=True)
class Health:
    """One deployment. The paths are of SVG, in a drawing of ``WIDTH`` by ``HEIGHT``; "" where nothing was measured.

    Volts are of the first, the last and the lowest day; degrees Celsius of the coldest and the warmest. ``faults`` are
    how many days each was told on. ``quiet_days`` are those that say nothing of the battery.
    """

    deployment: str
    days: int
    battery: str
    volts: tuple[float, float, float] | None
    temperature: str
    degrees: tuple[int, int] | None
    restarts: int
    faults: Mapping[str, int]
    quiet_days: int


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    volts: float | None
    coldest: int | None
    warmest: int | None
    restarts: int
    faults: tuple[str, ...]


def health_of(project: Project, deployed: Sequence[Deployed], selection: Selection) -> list[Health]:
    """A row for each deployment that tells of itself at all; all of them on the same scales."""
    days = {each.deployment: _days(project, each.deployment, selection) for each in deployed}
    told = {name: found for name, found in days.items() if any(map(_tells, found))}
    every = [day for found in told.values() for day in found]
    volts = _range([day.volts for day in every], _LEAST_VOLTS)
    degrees = _range([each for day in every for each in (day.coldest, day.warmest)], _LEAST_DEGREES)
    return [_health(name, found, volts, degrees) for name, found in told.items()]


def _days(project: Project, deployment: str, selection: Selection) -> list[_Day]:
    since, until = selection.since, selection.until
    rows = project.connection.execute(
        """SELECT e.day, e.health FROM effort_days e JOIN deployments d ON d.id = e.deployment
        WHERE d.deployment = ? AND day >= COALESCE(?, day) AND day <= COALESCE(?, day) ORDER BY day""",
        (deployment, since and since.isoformat(), until and until.isoformat()),
    )
    return [_day(row["day"], json.loads(row["health"])) for row in rows]


def _day(day: str, told: object) -> _Day:
    """What another program has put there is left out where it is no number."""
    health = told if isinstance(told, dict) else {}
    coldest, warmest, restarts = (
        _number(health.get(name)) for name in ("temperature_min_c", "temperature_max_c", "restarts")
    )
    faults = health.get("faults")
    return _Day(
        date.fromisoformat(day),
        _number(health.get("battery_v")),
        None if coldest is None else round(coldest),
        None if warmest is None else round(warmest),
        round(restarts or 0),
        tuple(map(str, faults)) if isinstance(faults, list) else (),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _tells(day: _Day) -> bool:
    return bool(day.volts is not None or day.coldest is not None or day.restarts or day.faults)


_Range = tuple[float, float]


def _range(values: Sequence[float | None], least: float) -> _Range:
    known = [value for value in values if value is not None] or [0.0]
    low, high = min(known), max(known)
    wider = max(0.0, least - (high - low)) / 2
    return low - wider, high + wider


def _health(name: str, days: Sequence[_Day], volts: _Range, degrees: _Range) -> Health:
    first, length = days[0].day, max(1, (days[-1].day - days[0].day).days)
    at = {day.day: _PAD + (WIDTH - 2 * _PAD) * (day.day - first).days / length for day in days}
    measured = [(day.day, day.volts) for day in days if day.volts is not None]
    tension = [value for _, value in measured]
    cold = [day.coldest for day in days if day.coldest is not None]
    warm = [day.warmest for day in days if day.warmest is not None]
    return Health(
        name,
        len(days),
        _line([(day, at[day], _height(value, volts)) for day, value in measured]),
        (tension[0], tension[-1], min(tension)) if tension else None,
        " ".join(
            f"M{at[day.day]:.1f} {_height(day.coldest, degrees):.1f}V{_height(day.warmest, degrees):.1f}"
            for day in days
            if day.coldest is not None and day.warmest is not None
        ),
        (min(cold), max(warm)) if cold and warm else None,
        sum(day.restarts for day in days),
        Counter(fault for day in days for fault in day.faults),
        len(days) - len(measured),
    )


def _height(value: float, scale: _Range) -> float:
    low, high = scale
    return HEIGHT - _PAD - (HEIGHT - 2 * _PAD) * (value - low) / (high - low)


def _line(points: Sequence[tuple[date, float, float]]) -> str:
    """From day to day, broken where days are missing; a day by itself is a dot."""
    steps = []
    before: date | None = None
    for day, x, y in points:
        is_next = before is not None and (day - before).days == 1
        steps.append(f"L{x:.1f} {y:.1f}" if is_next else f"M{x:.1f} {y:.1f}h0")
        before = day
    return "".join(steps)
