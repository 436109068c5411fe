"""Eras of a clock: the stretches of one boot between two moments at which somebody set it.

The wall clock may be set, to any time; the monotonic one never is. While their difference stays the same it is one
era, and all its times are wrong by the same amount. Where one comparison with a true time was made in a boot, the
truth of every moment of that boot follows by the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

# A clock that is slewed or drifts moves by less between two records; one that was set by less was right before.
STEP = timedelta(minutes=2)
# At 20 ppm a clock takes a year to drift so far: beyond it, it was set wrong, and all of its era is wrong by as much.
WRONG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ClockPoint:
    """What the wall clock showed (aware) at a moment of a boot's monotonic clock."""

    monotonic_s: float
    shown: datetime

    @property
    def zero(self) -> datetime:
        """What the wall clock would have shown at the monotonic clock's 0."""
        return self.shown - timedelta(seconds=self.monotonic_s)


@dataclass(frozen=True, slots=True)
class Era:
    """One era of a boot, counted from 1: its first and its last point that is known."""

    number: int
    first: ClockPoint
    last: ClockPoint

    def holds(self, monotonic_s: float) -> bool:
        return self.first.monotonic_s <= monotonic_s <= self.last.monotonic_s

    def error(self, true_zero: datetime) -> timedelta:
        """How far it was ahead of the truth."""
        return self.first.zero - true_zero


@dataclass(frozen=True, slots=True)
class Boot:
    """A boot's eras, in order. ``on_rtc``: it began with the time of a real-time clock that was valid."""

    id: str
    eras: tuple[Era, ...]
    on_rtc: bool = False


def eras(points: Iterable[ClockPoint]) -> tuple[Era, ...]:
    """One boot's points cut where the clock was set."""
    found: list[Era] = []
    for point in sorted(points, key=lambda point: point.monotonic_s):
        if found and abs(point.zero - found[-1].last.zero) <= STEP:
            found[-1] = Era(found[-1].number, found[-1].first, point)
        else:
            found.append(Era(len(found) + 1, point, point))
    return tuple(found)


def true_zeros(boots: Sequence[Boot], known: Mapping[str, datetime]) -> dict[str, datetime]:
    """The true time of each boot's monotonic 0, as far as it follows from those that are ``known``.

    ``boots`` are in order. A real-time clock carries an error from one boot to the next, so that what is known of one
    is known of its neighbours; where two known ones contradict each other about those between them, nothing is.
    """
    onward = _carried(boots, known, forward=True)
    back = _carried(boots[::-1], known, forward=False)
    either = onward | back
    return {boot: zero for boot, zero in either.items() if abs(onward.get(boot, zero) - zero) <= STEP}


def _carried(boots: Iterable[Boot], known: Mapping[str, datetime], *, forward: bool) -> dict[str, datetime]:
    """From each boot that is known to the next in the order given, as long as the clock went on between them."""
    zeros = dict(known)
    for here, there in pairwise(boots):
        if here.id not in zeros or there.id in zeros:
            continue
        before, after = (here, there) if forward else (there, here)
        if _went_on(before, after):
            near, far = (here.eras[-1], there.eras[0]) if forward else (here.eras[0], there.eras[-1])
            zeros[there.id] = far.first.zero - near.error(zeros[here.id])
    return zeros


def _went_on(before: Boot, after: Boot) -> bool:
    return before.on_rtc and after.on_rtc and before.eras[-1].last.shown <= after.eras[0].first.shown
