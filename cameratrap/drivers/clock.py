"""The machine's own clock. It knows the time and not whether to believe it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timezone

from cameratrap.domain.summaries import ClockQuality


class SystemClock:
    """The port Clock over the system's. ``zone`` is the station's standard time."""

    def __init__(self, zone: timezone = UTC) -> None:
        self._zone = zone

    def now(self) -> datetime:
        """The wall time, in the station's standard time."""
        return datetime.now(self._zone)

    def monotonic_s(self) -> float:
        """Seconds since some moment of this boot."""
        return time.monotonic()

    def quality(self) -> ClockQuality | None:
        """None: nothing here checks the time against anything else."""
        return None
