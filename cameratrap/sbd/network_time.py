"""The network's time: a count of 90 ms frames from the beginning of an era, and which era is for the reader to tell.

Iridium begins a new era before a count can overflow; the modem does not say which one it counts in. Software that
knows the second alone is ten years behind under the third. A count of an era that this program does not know gives no
time, or one of years ago: never one of the future, which a clock that is wrong by years would take for true.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# metocean.com/?p=12574 and SparkFun's library 3.1.0; the third was switched to on 14 January 2026.
ERAS = (
    datetime(2007, 3, 8, 3, 50, 21, tzinfo=UTC),
    datetime(2014, 5, 11, 14, 23, 55, tzinfo=UTC),
    datetime(2025, 2, 14, 18, 14, 17, tzinfo=UTC),
)
FRAME = timedelta(milliseconds=90)
FRAMES = 2**32  # the count is a 32-bit number without a sign

# No true time lies before this was written. Move it on with a release: it is what tells a clock that was never set.
BUILT = datetime(2026, 11, 1, tzinfo=UTC)


def frames_to_time(frames: int, near: datetime, *, not_before: datetime = BUILT) -> datetime | None:
    """The time in UTC that ``frames`` stands for, None where no era gives one from ``not_before`` on.

    ``near`` is the trap's own clock, aware. Of the times that are possible the nearest to it is taken; a clock that
    stands before ``not_before`` was never set and tells nothing, so that then the first possible one is taken.
    """
    if not 0 <= frames < FRAMES:
        return None
    possible = [time for time in (era + frames * FRAME for era in ERAS) if time >= not_before]
    if near < not_before:
        return min(possible, default=None)
    return min(possible, key=lambda time: abs(time - near), default=None)
