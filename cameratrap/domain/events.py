"""From sightings to independent events.

A *sighting* is one burst in which a taxon was seen. Sightings of one taxon at one deployment closer together than the
independence interval are one *event*, whose count is MaxN. Two rules are in use for where the interval starts, and
published numbers depend on which (camtrapR calls them ``deltaTimeComparedTo``), so both are here and every table
names the one it used. The interval is applied afterwards, to what was stored, never by the trigger: a trap that
sleeps five minutes after each picture turns most pairs into singles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from itertools import islice
from typing import Literal

from cameratrap.domain.detections import max_n

DEFAULT_INTERVAL = timedelta(minutes=30)
# Recorded pictures that follow each other within this are of one trigger: cameras take bursts of one to three a second.
BURST_GAP = timedelta(seconds=3)
# A database puts times in order to about a millisecond; so far a sighting may come too late.
DISORDER = timedelta(seconds=1)
AT_A_TIME = 500  # sightings that are grouped together: the memory a season takes, whatever its length
Source = Literal["machine", "human"]


class TriggerCause(StrEnum):
    """Why a burst was taken. Time-lapse bursts never share an event with triggered ones."""

    PIR = "pir"
    MOTION = "motion"
    TIMELAPSE = "timelapse"
    MANUAL = "manual"


class IndependenceRule(StrEnum):
    """Where the independence interval starts."""

    LAST_RECORD = "last-record"
    LAST_INDEPENDENT_RECORD = "last-independent-record"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One taxon in one burst: from its first to its last frame that shows it, and MaxN over those frames.

    Times are aware. ``burst`` identifies the burst; ``score`` is the best score, or None where nobody scored.
    ``count_low`` and ``count_high`` are how few and how many there may have been (``domain.counting``), None where
    nobody reckoned them.
    """

    deployment: str
    taxon: str
    start: datetime
    end: datetime
    count: int
    burst: str
    cause: TriggerCause = TriggerCause.PIR
    score: float | None = None
    source: Source = "machine"
    count_low: int | None = None
    count_high: int | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"a sighting counts at least one, not {self.count}")
        low, high = self.count_low, self.count_high
        if (low is not None and low > self.count) or (high is not None and high < self.count):
            raise ValueError(f"a count of {self.count} cannot lie outside {low} to {high}")
        if self.end < self.start:
            raise ValueError(f"a sighting ends ({self.end}) before it starts ({self.start})")


@dataclass(frozen=True, slots=True)
class Event:
    """Independent sightings of one taxon at one deployment, with MaxN over them. ``end`` is the last frame's time."""

    deployment: str
    taxon: str
    start: datetime
    end: datetime
    count: int
    sightings: tuple[Sighting, ...]

    @property
    def cause(self) -> TriggerCause:
        """What triggered the event: its first burst's cause."""
        return self.sightings[0].cause

    @property
    def score(self) -> float | None:
        """The best score of any sighting in it."""
        return max((s.score for s in self.sightings if s.score is not None), default=None)

    @property
    def count_low(self) -> int | None:
        """How many were there without doubt: the most that any sighting is sure of, None where none says."""
        return max((s.count_low for s in self.sightings if s.count_low is not None), default=None)

    @property
    def count_high(self) -> int | None:
        """How many there may have been: the most that any sighting allows, None where one of them does not say."""
        highs = [s.count_high for s in self.sightings if s.count_high is not None]
        return max(highs) if len(highs) == len(self.sightings) else None

    @property
    def source(self) -> Source:
        """Who says so: ``human`` as soon as a person has looked at any part of it."""
        return "human" if any(s.source == "human" for s in self.sightings) else "machine"

    @property
    def bursts(self) -> tuple[str, ...]:
        """The bursts it is made of, in order of time."""
        return tuple(dict.fromkeys(s.burst for s in self.sightings))


def independent_events(
    sightings: Iterable[Sighting],
    *,
    interval: timedelta = DEFAULT_INTERVAL,
    rule: IndependenceRule = IndependenceRule.LAST_RECORD,
) -> list[Event]:
    """Group sightings into events, ordered by start, then deployment, taxon and end.

    A sighting opens a new event when it starts at least ``interval`` after the end of the last record (or after the
    start of the last independent record): the comparison is ``>=``, as in camtrapR. An interval of zero makes every
    sighting its own event, also one that begins before another has ended. Time-lapse sightings are grouped apart from
    triggered ones.
    """
    if interval < timedelta(0):
        raise ValueError(f"the independence interval cannot be negative: {interval}")
    streams: defaultdict[tuple[str, str, bool], list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        timelapse = sighting.cause is TriggerCause.TIMELAPSE
        streams[sighting.deployment, sighting.taxon, timelapse].append(sighting)
    events = [event for stream in streams.values() for event in _split(stream, interval, rule)]
    return sorted(events, key=lambda each: (each.start, each.deployment, each.taxon, each.cause, each.end, each.count))


def settled_events(
    sightings: Iterable[Sighting],
    *,
    interval: timedelta = DEFAULT_INTERVAL,
    rule: IndependenceRule = IndependenceRule.LAST_RECORD,
) -> Iterator[Event]:
    """The same events, of sightings that come in order of their starts (to within ``DISORDER``).

    Each is given as soon as nothing that is still to come can belong to it, so that a season is never held whole;
    their order is not that of ``independent_events``.
    """
    coming, growing = iter(sightings), list[Sighting]()
    while some := list(islice(coming, AT_A_TIME)):
        next_start = max(sighting.start for sighting in some) - DISORDER
        events = independent_events([*growing, *some], interval=interval, rule=rule)
        growing = []
        for event in events:
            if event.end + interval <= next_start:
                yield event
            else:
                growing += event.sightings
    yield from independent_events(growing, interval=interval, rule=rule)


def _split(stream: list[Sighting], interval: timedelta, rule: IndependenceRule) -> list[Event]:
    stream.sort(key=lambda sighting: (sighting.start, sighting.end, sighting.burst, sighting.count))
    groups: list[list[Sighting]] = []
    mark = stream[0].start
    for sighting in stream:
        if not groups or not interval or sighting.start - mark >= interval:
            groups.append([])
            mark = sighting.start
        groups[-1].append(sighting)
        if rule is IndependenceRule.LAST_RECORD:
            mark = max(mark, sighting.end)
    return [_event(group) for group in groups]


def _event(group: list[Sighting]) -> Event:
    first = group[0]
    return Event(
        deployment=first.deployment,
        taxon=first.taxon,
        start=first.start,
        end=max(sighting.end for sighting in group),
        count=max_n({first.taxon: sighting.count} for sighting in group)[first.taxon],
        sightings=tuple(group),
    )


def standard_zone(utc_offset_minutes: int) -> timezone:
    """The station's standard time: a fixed offset from UTC, the same in summer and in winter."""
    return timezone(timedelta(minutes=utc_offset_minutes))


def station_day(moment: datetime, zone: timezone) -> date:
    """The station's local standard-time date of an aware moment.

    Summer time would make one day of 23 and one of 25 hours, and two traps in one study disagree about midnight.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a moment without an offset has no day: {moment}")
    return moment.astimezone(zone).date()
