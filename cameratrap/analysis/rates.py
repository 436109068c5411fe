"""The relative abundance index: how many events, or individuals, in 100 camera-days. Nothing seen is a row, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cameratrap.domain.events import Event, TriggerCause

PER_DAYS = 100


@dataclass(frozen=True, slots=True)
class Count:
    """How many independent events of a taxon there were, and how many individuals they sum to."""

    events: int = 0
    individuals: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """A taxon at one place: a deployment, a station or a whole project. Rates are None where there was no effort."""

    place: str
    taxon: str
    events: int
    individuals: int
    effort_days: float | None

    @property
    def rai(self) -> float | None:
        """Events in 100 camera-days (camtraptor: `get_rai`)."""
        return self._rate(self.events)

    @property
    def rai_individuals(self) -> float | None:
        """Individuals in 100 camera-days (camtraptor: `get_rai_individuals`)."""
        return self._rate(self.individuals)

    def _rate(self, count: int) -> float | None:
        return PER_DAYS * count / self.effort_days if self.effort_days else None


def count_events(events: Iterable[Event], places: Mapping[str, str]) -> dict[tuple[str, str], Count]:
    """How many events and individuals there were by place and taxon; ``places`` names the place of each deployment.

    Time-lapse events are left out, as in a day's tally: how many there are depends on the timer.
    """
    counts: dict[tuple[str, str], Count] = {}
    for event in events:
        if event.cause is not TriggerCause.TIMELAPSE:
            key = places[event.deployment], event.taxon
            before = counts.get(key, Count())
            counts[key] = Count(before.events + 1, before.individuals + event.count)
    return counts


def rates(
    counts: Mapping[tuple[str, str], Count], effort_days: Mapping[str, float | None], taxa: Iterable[str] = ()
) -> list[Rate]:
    """A rate for each place of ``effort_days``, in its order, and each taxon, by name, with those that are zero.

    The taxa are those counted anywhere and ``taxa`` besides. Raises ValueError where a place was counted at and has
    no effort.
    """
    if strangers := sorted({place for place, _ in counts} - effort_days.keys()):
        raise ValueError(f"there is no effort for {', '.join(strangers)}")
    names = sorted({taxon for _, taxon in counts} | set(taxa))
    found = ((place, taxon, counts.get((place, taxon), Count())) for place in effort_days for taxon in names)
    return [Rate(place, taxon, n.events, n.individuals, effort_days[place]) for place, taxon, n in found]
