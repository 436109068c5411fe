"""What the satellite link may take from the battery in a day.

The figures of a RockBLOCK 9602 at 5 V: 190 mA on average while it transmits a message, 45 mA idle (Iridium 9602/N
guide); its capacitor takes 62 J when it is charged from empty (RockBLOCK 9603, 12.5 A s). A day's budget pays for one
start, four sessions of a minute and the ten minutes between them, rounded up: 62 + 4 x 57 + 0.225 x 600 = 425 J, an
eighth of a watt-hour, where a Pi Zero 2 W that is on takes ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cameratrap.domain.patience import CLOCK_TOLERANCE

MIN_SESSION_S = 60.0  # a session that is given less is likely to be cut off when the modem has just found a satellite


@dataclass(frozen=True, slots=True)
class PowerFigures:
    """Watts in a session and between sessions, joules for a start, and joules a day.

    The last ``reserve_j`` of ``day_j`` are kept for the newest summary and for alerts.
    """

    session_w: float = 0.95
    idle_w: float = 0.225
    start_j: float = 62.0
    day_j: float = 450.0
    reserve_j: float = 120.0

    def left_j(self, used: Sequence[tuple[datetime, float]], now: datetime, *, worthy: bool) -> float:
        """What a session may take now; ``worthy`` ones may take the reserve.

        ``used`` is what was written down for the day, oldest first, each with its time. Where the clock stands before
        a time or went back between two, nobody knows how much of the day has passed: what was used before counts, but
        not against the reserve, so that a clock that shows the same day for ever cannot silence the trap.
        """
        budget = self.day_j if worthy else self.day_j - self.reserve_j
        times = [*(at for at, _ in used), now]
        breaks = [n for n in range(len(used)) if times[n] > times[n + 1] + CLOCK_TOLERANCE]
        since = breaks[-1] + 1 if breaks else 0
        before = min(sum(joules for _, joules in used[:since]), self.day_j - self.reserve_j)
        return budget - before - sum(joules for _, joules in used[since:])

    def session_limit_s(self, left_j: float, deadline_s: float) -> float:
        """How long a session may last that ``left_j`` pays for, at most ``deadline_s``; 0 where it is not worth it."""
        affordable = left_j / self.session_w if self.session_w > 0 else deadline_s
        return min(deadline_s, affordable) if affordable >= min(MIN_SESSION_S, deadline_s) else 0.0
