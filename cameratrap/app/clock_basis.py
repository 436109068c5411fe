"""What the trap's clock rests on while it is off: the sentence that `doctor` tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

RTC_AGREES = timedelta(minutes=1)  # the system takes its time from there at boot; both then drift by seconds a day


@dataclass(frozen=True, slots=True)
class ClockBasis:
    """What the clock rests on: whether there is a real-time clock, and what it shows (None where that is invalid).

    ``is_kept``: a time service keeps the system's clock right. ``drift_s_per_day`` is what it was found to gain.
    """

    has_rtc: bool = False
    rtc_shows: datetime | None = None
    is_kept: bool = False
    drift_s_per_day: float | None = None

    def __str__(self) -> str:
        rtc = "no real-time clock: after a power cut the time is unknown until the network tells it"
        if self.has_rtc:
            rtc = "real-time clock valid" if self.rtc_shows else "the real-time clock is invalid: is its battery empty?"
        kept = "; kept by a time service" if self.is_kept else ""
        drift = self.drift_s_per_day
        return f"{rtc}{kept}{'' if drift is None else f'; gains {drift:+.2f} s a day'}"

    def is_wrong(self, now: datetime) -> bool:
        """Whether the real-time clock will bring a wrong time at the next boot."""
        return self.has_rtc and (self.rtc_shows is None or abs(self.rtc_shows - now) > RTC_AGREES)
