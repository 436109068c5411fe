"""Effort: for how long the trap was able to see. Without it, no animals and no camera look the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time from ``start`` up to, not including, ``end``; both aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a span cannot end ({self.end}) before it starts ({self.start})")

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Effort:
    """What a day's counts rest on. A field that was not measured is None, never 0.

    ``hours_armed`` is how long an animal would have been photographed: without the time in which the camera or the
    sensor did not work, or the trap was busy with another burst. ``hours_armed_night`` is the part of it between sunset
    and sunrise, and without the time in which the lamp did not work, or was spared for the battery: a trap that takes
    black pictures sees nothing.
    ``triggers`` counts bursts taken,
    ``blank`` those of them in which nothing was found, ``suppressed`` triggers that were counted but not photographed.
    """

    hours_armed: float | None = None
    hours_armed_night: float | None = None
    triggers: int | None = None
    blank: int | None = None
    suppressed: int | None = None


def day_span(day: date, zone: timezone) -> Span:
    """The 24 hours of a station's day, in its standard time."""
    start = datetime.combine(day, time(), tzinfo=zone)
    return Span(start, start + timedelta(days=1))


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps: two processes that say they were armed at once were armed once."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        elif span.length > timedelta(0):
            merged.append(span)
    return merged


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of ``spans`` without ``holes``, in order and without overlaps."""
    left: list[Span] = []
    cuts = deque(union(holes))
    for span in union(spans):
        start = span.start
        while cuts and cuts[0].start < span.end:
            if start < cuts[0].start:
                left.append(Span(start, cuts[0].start))
            start = max(start, cuts[0].end)
            if cuts[0].end > span.end:  # it may cut the next one, too
                break
            cuts.popleft()
        if start < span.end:
            left.append(Span(start, span.end))
    return left


def overlap(spans: Iterable[Span], windows: Iterable[Span]) -> timedelta:
    """How long ``spans`` and ``windows`` coincide; overlaps within either are counted once."""
    total = timedelta(0)
    separate = union(windows)
    for span in union(spans):
        for window in separate:
            shared = min(span.end, window.end) - max(span.start, window.start)
            total += max(shared, timedelta(0))
    return total


def by_day(spans: Iterable[Span], zone: timezone) -> dict[date, list[Span]]:
    """The same time cut at the station's midnights; each day's spans are in order and do not overlap."""
    days: dict[date, list[Span]] = {}
    for span in union(spans):
        start = span.start
        while start < span.end:
            day = start.astimezone(zone).date()
            end = min(span.end, day_span(day, zone).end)
            days.setdefault(day, []).append(Span(start, end))
            start = end
    return days


def hours(spans: Iterable[Span]) -> float:
    """How long spans that do not overlap are together, in hours."""
    return sum((span.length for span in spans), timedelta(0)) / timedelta(hours=1)


def hours_at_night(spans: Iterable[Span], nights: Iterable[Span]) -> float:
    """How much of that the sun was down, in hours."""
    return overlap(spans, nights) / timedelta(hours=1)
