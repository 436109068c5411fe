"""An alert: one sighting that is worth a message of its own, at once; and how many there may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cameratrap.domain.events import Sighting


@dataclass(frozen=True, slots=True)
class Alert:
    """A taxon that somebody wants to hear of at once. ``sequence`` numbers a trap's alerts.

    ``at`` is when its incident began, to the minute, in the station's standard time without an offset, since none is on
    the air. ``individuals`` is the largest number seen at once, ``score`` the model's best, 0 to 1, None without one.
    """

    at: datetime
    sequence: int
    taxon: str
    individuals: int
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Sightings of one watched taxon, or of what belongs to it, without a gap; aware times of the first and the last.

    It is raised once, with what was known of it then. ``taxon`` is what was named with the best score.
    """

    watched: str
    start: datetime
    end: datetime
    taxon: str
    individuals: int
    score: float | None

    def is_one_with(self, watched: str, start: datetime, end: datetime, gap: timedelta) -> bool:
        """Whether it and what was seen of ``watched`` from ``start`` to ``end`` are the same incident."""
        return self.watched == watched and self.start - gap < end and start < self.end + gap


def incidents(sightings: Iterable[tuple[str, Sighting]], gap: timedelta) -> Sequence[Incident]:
    """The incidents of sightings, each given with the watched taxon that it belongs to, in order of their starts."""
    found: list[Incident] = []
    for watched, seen in sorted(sightings, key=lambda each: (each[1].start, each[0])):
        same = [n for n, each in enumerate(found) if each.is_one_with(watched, seen.start, seen.end, gap)]
        if same:
            found[same[-1]] = _joined(found[same[-1]], seen)
        else:
            found.append(Incident(watched, seen.start, seen.end, seen.taxon, seen.count, seen.score))
    return found


def _joined(incident: Incident, seen: Sighting) -> Incident:
    better = (seen.score or 0.0) > (incident.score or 0.0)
    return Incident(
        incident.watched,
        incident.start,
        max(incident.end, seen.end),
        seen.taxon if better else incident.taxon,
        max(incident.individuals, seen.count),
        seen.score if better else incident.score,
    )


TOO_OLD = timedelta(days=1)  # what is found so late is told by its day's summary


@dataclass(frozen=True, slots=True)
class AlertLimits:
    """How long the taxon must be away for another incident, and how many alerts a day and credits a month there are."""

    gap: timedelta = timedelta(minutes=60)
    per_day: int = 3
    credits_per_month: int = 30

    def reason_against(self, incident: Incident, now: datetime, raised: Iterable[tuple[datetime, int]]) -> str:
        """Why no alert is raised, "" where one is; ``raised`` are the alerts there were, with what each cost."""
        if now - incident.start > TOO_OLD:
            return "it was found a day late"
        earlier = list(raised)
        today = [at for at, _ in earlier if at.date() == incident.start.date()]
        if len(today) >= self.per_day:
            return f"the day has had its {self.per_day}"
        month = [cost for at, cost in earlier if (at.year, at.month) == (incident.start.year, incident.start.month)]
        if sum(month) >= self.credits_per_month:
            return f"the month's {self.credits_per_month} credits are used up"
        return ""
