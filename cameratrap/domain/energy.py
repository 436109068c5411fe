"""What the satellite link may take from the battery in a day.

The figures of a RockBLOCK 9602 at 5 V: 190 mA on average while it transmits a message, 45 mA idle (Iridium 9602/N
guide); its capacitor takes 62 J when it is charged from empty (RockBLOCK 9603, 12.5 A s). So a start and a session of
a minute take 119 J. A day's budget pays for five of them, 600 J or a sixth of a watt-hour, where a Pi Zero 2 W that is
on takes ten: two at midnight, two in the course of the day, and one that is kept.

Alerts leave the reserve to the summaries, and the summaries leave it to the alerts: neither can silence the other. Of
their part the summaries may take one half at midnight and the rest as the day goes by, so that a bad sky at night does
not take the chances of the morning; under a sky that has just let one through they need not save.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import Enum, auto

from cameratrap.domain.patience import CLOCK_TOLERANCE

MIN_SESSION_S = 60.0  # a session that is given less is likely to be cut off when the modem has just found a satellite
DAY_S = 86400.0


class Claim(Enum):
    """For whom a session is: an alert, the newest summary, or another while the newest waits."""

    ALERT = auto()
    NEWEST = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken at one time, for an alert or for the summaries; ``at`` is when it ended."""

    at: datetime
    joules: float
    for_alert: bool = False


@dataclass(frozen=True, slots=True)
class PowerFigures:
    """Watts in a session and between sessions, joules for a start, and joules a day.

    Of ``day_j``, alerts leave ``reserve_j`` to the summaries, and the summaries leave as much to the alerts.
    """

    session_w: float = 0.95
    idle_w: float = 0.225
    start_j: float = 62.0
    day_j: float = 600.0
    reserve_j: float = 120.0

    @property
    def least_j(self) -> float:
        """What one session takes that is worth a start."""
        return self.start_j + MIN_SESSION_S * self.session_w

    @property
    def ever_pays(self) -> bool:
        """Whether a day's energy pays for a session at all."""
        return self.day_j - self.reserve_j >= self.least_j

    def left_j(self, taken: Sequence[Taken], now: datetime, claim: Claim, *, in_contact: bool = False) -> float:
        """What a session or a wait may take now; ``in_contact``: the session before it, just now, got through.

        ``taken`` is what was written down for the day, oldest first. Where the clock stands before one of its times
        or went back between two, nobody knows how much of the day has passed: of what was taken since, the reserve is
        free whatever was taken before, so that a clock that shows the same day for ever cannot silence the trap.
        """
        total = sum(each.joules for each in taken)
        own = sum(each.joules for each in taken if each.for_alert is (claim is Claim.ALERT))
        left = min(self.day_j - total, self._part_j(now, claim, in_contact=in_contact) - own)
        if claim is Claim.OTHER:
            return left - self.reserve_j
        times = [*(each.at for each in taken), now]
        breaks = [n for n in range(len(taken)) if times[n] > times[n + 1] + CLOCK_TOLERANCE]
        if not breaks:
            return left
        return max(left, self.reserve_j - sum(each.joules for each in taken[breaks[-1] + 1 :]))

    def _part_j(self, now: datetime, claim: Claim, *, in_contact: bool) -> float:
        part = self.day_j - self.reserve_j
        if claim is Claim.ALERT or in_contact:
            return part
        midnight = datetime.combine(now.date(), time(), tzinfo=now.tzinfo)
        passed = (now - midnight).total_seconds() / DAY_S
        return min(part, max(part * (1 + passed) / 2, self.least_j))

    def session_limit_s(self, left_j: float, deadline_s: float) -> float:
        """How long a session may last that ``left_j`` pays for, at most ``deadline_s``; 0 where it is not worth it."""
        affordable = left_j / self.session_w if self.session_w > 0 else deadline_s
        return min(deadline_s, affordable) if affordable >= min(MIN_SESSION_S, deadline_s) else 0.0
