"""An alert: one sighting that is worth a message of its own, at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
