"""The machine's own clock: reading it, and setting it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timezone

from cameratrap.domain.summaries import ClockQuality
from cameratrap.errors import DeviceError
from cameratrap.sbd.network_time import BUILT


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
        """UNSET for a time that cannot be; else None, since nothing here checks it against anything else."""
        return ClockQuality.UNSET if self.now() < BUILT else None


def set_system_clock(now: datetime) -> None:
    """Set the machine's clock; ``now`` is aware. Raises DeviceError where the system refuses it."""
    try:
        time.clock_settime(time.CLOCK_REALTIME, now.timestamp())
    except OSError as error:
        raise DeviceError(
            "the system clock cannot be set",
            device="clock",
            why=error.strerror or str(error),
            hint="run it as root or give it CAP_SYS_TIME; or set clock.correct = false, and it is only judged",
        ) from error
