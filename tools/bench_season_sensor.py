"""Time in a simulated season, and the sensor that plays its days."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from bench_season_journal import Journal
from bench_season_script import Script, Visit

from cameratrap.app.stopping import StopRequest
from cameratrap.domain.capture import Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.summaries import ClockQuality
from cameratrap.ports import EndOfTriggers, Trigger
from cameratrap.replay.emulated_lines import VirtualClock

TICK_S = 1e-6  # no wait is shorter: a sum of seconds that is rounded must not stand still


class SeasonClock:
    """The port Clock, on virtual time; its monotonic time begins anew with each ``boot``."""

    def __init__(self, virtual: VirtualClock, start: datetime) -> None:
        self._virtual = virtual
        self._start = start
        self.booted_s = 0.0

    @property
    def season_s(self) -> float:
        """Seconds since the season began."""
        return self._virtual()

    def now(self) -> datetime:
        """As Clock.now."""
        return self.at(self._virtual())

    def at(self, season_s: float) -> datetime:
        """What the wall clock shows then."""
        return self._start + timedelta(seconds=season_s)

    def monotonic_s(self) -> float:
        """As Clock.monotonic_s."""
        return self._virtual() - self.booted_s

    def quality(self) -> ClockQuality | None:
        """As Clock.quality."""
        return ClockQuality.OK

    def boot(self) -> None:
        """The power is back."""
        self.booted_s = self._virtual()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._virtual.advance_to(self._virtual() + seconds)

    def wait_until(self, season_s: float) -> None:
        """Let time pass up to a moment; it never runs back."""
        self._virtual.advance_to(season_s)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens at its time; ``visit`` is what triggers, where that is it, and is missed while off."""

    at_s: float
    do: Callable[[], None] | None = None
    visit: Visit | None = None


class Sensor:
    """The port TriggerSource: plays the days, one after the other; between two triggers ``acts`` of a day happen.

    When they are over somebody comes for the card and stops the trap; once it ``is_collected`` there are no triggers.
    """

    def __init__(
        self, script: Script, clock: SeasonClock, journal: Journal, acts: Callable[[int], list[Moment]]
    ) -> None:
        self.visit = Visit(0.0)
        self.is_collected = False
        self._script = script
        self._clock = clock
        self._journal = journal
        self._acts = acts
        self._moments: deque[Moment] = deque()
        self._day = self._given = 0

    def wait(self, timeout_s: float | None) -> Trigger | None:
        """As TriggerSource.wait."""
        until_s = inf if timeout_s is None else self._clock.season_s + (timeout_s and max(timeout_s, TICK_S))
        while (moment := self._next()) is not None:
            if moment.at_s > until_s:
                self._clock.wait_until(until_s)
                return None
            self._clock.wait_until(moment.at_s)
            self._moments.popleft()
            if moment.visit is not None:
                return self._trigger(moment.visit)
            assert moment.do is not None
            moment.do()
        if timeout_s == 0:
            return None
        raise EndOfTriggers if self.is_collected else StopRequest(0)

    def power_on(self) -> None:
        """What triggered while the trap was off is gone; timers are made up for."""
        now_s = self._clock.season_s
        while (moment := self._next()) is not None and moment.at_s < now_s and moment.visit is not None:
            self._moments.popleft()
        self._moments = deque(each for each in self._moments if each.visit is None or each.at_s >= now_s)

    def suppressed(self) -> Mapping[str, int]:
        """As TriggerSource.suppressed."""
        return {}

    def incidents(self) -> Sequence[Incident]:
        """As TriggerSource.incidents."""
        return ()

    def close(self) -> None:
        """As TriggerSource.close."""

    def _next(self) -> Moment | None:
        while not self._moments and self._day < self._script.season.days:
            visits = [Moment(each.at_s, visit=each) for each in self._script.visits(self._day)]
            self._moments = deque(sorted([*visits, *self._acts(self._day)], key=lambda each: each.at_s))
            self._day += 1
        return self._moments[0] if self._moments else None

    def _trigger(self, visit: Visit) -> Trigger:
        self._given, self.visit = self._given + 1, visit
        key = f"pir:{self._given}"
        self._journal.note("trigger", visit.at_s, key)
        clock = self._clock
        return Trigger(key, clock.at(visit.at_s), TriggerCause.PIR, visit.at_s - clock.booted_s)
