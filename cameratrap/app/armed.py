"""How long the trap was able to see on each day: when it was armed, less what was missing meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from cameratrap.domain.effort import Span, by_day, hours, hours_at_night, overlap, subtract
from cameratrap.domain.events import station_day
from cameratrap.store.card import Card
from cameratrap.store.device_faults import spans
from cameratrap.store.effort import armed_spans

LAMP, LAMP_SPARED, BATTERY = "lamp", "lamp spared", "battery"
BLIND = ("camera", "pir")  # without one of them nothing is photographed, whatever the light
DEVICES = (*BLIND, LAMP)

Nights = Callable[[date], Iterable[Span]]


@dataclass(frozen=True, slots=True)
class ArmedDay:
    """One day, in hours. ``on_h``: it was armed; ``seeing_h``: it could photograph, too; ``night_h``: of that by
    night, with a lamp that worked, None where the sun is not known.

    ``dead_s`` and the hours by device in ``down_h`` are what those are less by, each by itself: they may overlap. A
    lamp is down while it does not work and while the battery spares it. ``faulty`` names every device that something
    happened to, also if it worked again at once; a lamp that is spared is the battery's.
    """

    on_h: float = 0.0
    seeing_h: float = 0.0
    night_h: float | None = None
    dead_s: float = 0.0
    down_h: Mapping[str, float] = field(default_factory=dict)
    faulty: Collection[str] = ()


def armed_days(card: Card, nights: Nights | None) -> Mapping[date, ArmedDay]:
    """Every day on which the trap was armed, or something happened to a device; ``nights`` of a day are its spans."""
    on = by_day(armed_spans(card.connection), card.zone)
    down = spans(card.connection)
    cut = {device: by_day(found, card.zone) for device, found in down.items()}
    faulty = _faulty(card, down)
    days = on.keys() | faulty.keys()
    return {
        day: _armed_day(
            on.get(day, []),
            dead,
            {device: spans_of.get(day, []) for device, spans_of in cut.items()},
            faulty.get(day, ()),
            nights(day) if nights and day in on else None if nights is None else (),
        )
        for day, dead in _with_dead(card, days)
    }


def _armed_day(
    on: list[Span],
    dead: list[Span],
    down: Mapping[str, list[Span]],
    faulty: Collection[str],
    nights: Iterable[Span] | None,
) -> ArmedDay:
    lamp = [*down.get(LAMP, []), *down.get(LAMP_SPARED, [])]
    missing = {**down, LAMP: lamp}
    seeing = subtract(on, [*dead, *(span for device in BLIND for span in down.get(device, []))])
    return ArmedDay(
        on_h=hours(on),
        seeing_h=hours(seeing),
        night_h=None if nights is None else hours_at_night(subtract(seeing, lamp), nights),
        dead_s=overlap(on, dead) / timedelta(seconds=1),
        down_h={device: hours(subtract(on, subtract(on, missing.get(device, [])))) for device in DEVICES},
        faulty={BATTERY if device == LAMP_SPARED else device for device in faulty},
    )


def _with_dead(card: Card, days: Collection[date]) -> Iterator[tuple[date, list[Span]]]:
    """Each of ``days`` with its dead time, one after the other: what a season's bursts took is never held together."""
    left = set(days)
    begun: dict[date, list[Span]] = {}
    for span in dead_spans(card):
        for day, pieces in by_day([span], card.zone).items():
            begun.setdefault(day, []).extend(pieces)
        yesterday = station_day(span.start, card.zone) - timedelta(days=1)  # the order is good to a millisecond
        for day in [day for day in begun if day < yesterday]:
            dead = begun.pop(day)
            if day in left:
                left.remove(day)
                yield day, dead
    yield from ((day, begun.get(day, [])) for day in left)


def dead_spans(card: Card) -> Iterator[Span]:
    """From each trigger until the trap could take up the next one, in order of time: another animal was not
    photographed meanwhile.
    """
    rows = card.connection.execute(
        "SELECT b.started_at, t.dead_s FROM timings t JOIN bursts b ON b.id = t.burst ORDER BY julianday(b.started_at)"
    )
    for row in rows:
        start = datetime.fromisoformat(row["started_at"])
        yield Span(start, start + timedelta(seconds=max(row["dead_s"], 0.0)))


def _faulty(card: Card, down: Mapping[str, Iterable[Span]]) -> Mapping[date, set[str]]:
    found: defaultdict[date, set[str]] = defaultdict(set)
    for device, stretches in down.items():
        for stretch in stretches:
            day, last = station_day(stretch.start, card.zone), station_day(stretch.end, card.zone)
            while day <= last:
                found[day].add(device)
                day += timedelta(days=1)
    return found
