"""A clock that stands where a recording is."""

from __future__ import annotations

from datetime import datetime

from cameratrap.domain.summaries import ClockQuality


class ReplayClock:
    """The port Clock, set by whatever plays the recording. ``quality`` is what is known of the recorded times."""

    def __init__(self, now: datetime, quality: ClockQuality | None = None) -> None:
        self._now = now
        self._start = now
        self._quality = quality

    def set(self, now: datetime) -> None:
        """Stand at ``now``."""
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return (self._now - self._start).total_seconds()

    def quality(self) -> ClockQuality | None:
        return self._quality
