"""A deployment as analyses take it: one camera at one place for one time, and when it was able to see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from cameratrap.domain.effort import Span


@dataclass(frozen=True, slots=True)
class Deployed:
    """One deployment of a project.

    ``start`` and ``end`` are aware, from setup to retrieval. ``zone`` is the station's standard time, which decides
    what a day is. ``down`` are the stretches in which it could not have photographed an animal (not armed, camera or
    sensor failed), in order and without overlaps; none where nobody logged any. ``session`` is a season or a campaign,
    empty where the study has none. Degrees north and east, None where they are not known.
    """

    deployment: str
    station: str
    start: datetime
    end: datetime
    zone: timezone
    down: tuple[Span, ...] = ()
    session: str = ""
    latitude: float | None = None
    longitude: float | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"the times of {self.deployment} have no offset")
        if self.end < self.start:
            raise ValueError(f"{self.deployment} ends ({self.end}) before it starts ({self.start})")

    @property
    def span(self) -> Span:
        """From setup to retrieval."""
        return Span(self.start, self.end)
