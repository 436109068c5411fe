"""A day's tally: how many independent events of each taxon began on it, and how many individuals they sum to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timezone

from cameratrap.domain.events import Event, TriggerCause, station_day

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Tally:
    """One taxon on one day. ``individuals`` is the sum over the day's independent events of MaxN.

    For the bucket ``others``, which stands for taxa that did not fit into a message, ``taxa`` is how many they are.
    """

    taxon: str
    events: int
    individuals: int
    taxa: int | None = None

    def __post_init__(self) -> None:
        if self.events < 1 or self.individuals < self.events:
            raise ValueError(f"every event counts at least one individual: {self}")
        if (self.taxon == OTHERS) is (self.taxa is None):
            raise ValueError(f"only the bucket of others names how many taxa it holds: {self}")


def fold_days(events: Iterable[Event], zone: timezone) -> dict[date, tuple[Tally, ...]]:
    """Tally events by the local standard-time date they began on, taxa in alphabetical order.

    An event that crosses midnight belongs to the day it starts. Days without events are absent: whether a day had
    no animals or no camera is for effort to say. Time-lapse events are left out, since how many there are depends
    on the timer and not on the animals.
    """
    counts: defaultdict[date, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event.cause is not TriggerCause.TIMELAPSE:
            counts[station_day(event.start, zone)][event.taxon].append(event.count)
    return {
        day: tuple(_tally(taxon, each) for taxon, each in sorted(by_taxon.items()))
        for day, by_taxon in sorted(counts.items())
    }


def _tally(taxon: str, counts: Sequence[int]) -> Tally:
    """Another program may call one of its taxa as our bucket is called: it is a bucket of one."""
    return Tally(taxon, len(counts), sum(counts), taxa=1 if taxon == OTHERS else None)
