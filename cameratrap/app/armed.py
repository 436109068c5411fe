"""How long the trap was able to see on each day: when it was armed, less what was missing meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from cameratrap.domain.effort import Span, by_day, hours, overlap, subtract
from cameratrap.domain.events import station_day
from cameratrap.store.card import Card
from cameratrap.store.device_faults import spans
from cameratrap.store.effort import armed_spans
from cameratrap.store.timings import timings

LAMP = "lamp"
BLIND = ("camera", "pir")  # without one of them nothing is photographed, whatever the light
DEVICES = (*BLIND, LAMP)


@dataclass(frozen=True, slots=True)
class ArmedDay:
    """One day. ``on``: when it was armed; ``seeing``: when it could photograph, too; ``lit``: and its lamp worked.

    ``dead_s`` and the hours by device in ``down_h`` are what ``seeing`` and ``lit`` are less by, each by itself: they
    may overlap. ``faulty`` names every device that something happened to, also if it worked again at once.
    """

    on: list[Span] = field(default_factory=list)
    seeing: list[Span] = field(default_factory=list)
    lit: list[Span] = field(default_factory=list)
    dead_s: float = 0.0
    down_h: Mapping[str, float] = field(default_factory=dict)
    faulty: Collection[str] = ()


def armed_days(card: Card) -> Mapping[date, ArmedDay]:
    """Every day on which the trap was armed, or something happened to a device."""
    on = by_day(armed_spans(card.connection), card.zone)
    down = spans(card.connection)
    cut = {device: by_day(found, card.zone) for device, found in down.items()}
    dead = by_day(dead_spans(card), card.zone)
    faulty = _faulty(card, down)
    return {
        day: _armed_day(
            on.get(day, []),
            dead.get(day, []),
            {device: days.get(day, []) for device, days in cut.items()},
            faulty.get(day, ()),
        )
        for day in on.keys() | faulty.keys()
    }


def _armed_day(on: list[Span], dead: list[Span], down: Mapping[str, list[Span]], faulty: Collection[str]) -> ArmedDay:
    blind = [span for device in BLIND for span in down.get(device, [])]
    seeing = subtract(on, [*dead, *blind])
    return ArmedDay(
        on=on,
        seeing=seeing,
        lit=subtract(seeing, down.get(LAMP, [])),
        dead_s=overlap(on, dead) / timedelta(seconds=1),
        down_h={device: hours(subtract(on, subtract(on, down.get(device, [])))) for device in DEVICES},
        faulty=faulty,
    )


def dead_spans(card: Card) -> list[Span]:
    """From each trigger until the trap could take up the next one: another animal was not photographed meanwhile."""
    measured = timings(card.connection)
    starts = card.connection.execute("SELECT id, started_at FROM bursts WHERE id IN (SELECT burst FROM timings)")
    begun = ((datetime.fromisoformat(row["started_at"]), measured[row["id"]].dead_s) for row in starts)
    return [Span(start, start + timedelta(seconds=max(dead_s, 0.0))) for start, dead_s in begun]


def _faulty(card: Card, down: Mapping[str, Iterable[Span]]) -> Mapping[date, set[str]]:
    found: defaultdict[date, set[str]] = defaultdict(set)
    for device, stretches in down.items():
        for stretch in stretches:
            day, last = station_day(stretch.start, card.zone), station_day(stretch.end, card.zone)
            while day <= last:
                found[day].add(device)
                day += timedelta(days=1)
    return found
