"""A trap's life in simulation: it watches, `transmit` runs beside it, its power is cut at moments drawn by chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from bench_season_journal import Journal
from bench_season_power import Fuse, PowerCut
from bench_season_script import DAY_S, TIMER_S, Script
from bench_season_sensor import Moment, SeasonClock, Sensor
from bench_season_trap import Trap

from cameratrap.app.stopping import StopRequest
from cameratrap.errors import DeviceError

OFF_S = (60.0, 7200.0)  # how long a cut of the power lasts
RESTART_S = 5.0  # until systemd starts a service again
LAST_STEP = 60  # a cut comes at most so many steps after the moment that was drawn for it


class Life:
    """``extras`` are what else happens on a day, by its number."""

    def __init__(
        self,
        trap: Trap,
        script: Script,
        clock: SeasonClock,
        sky_clock: SeasonClock,
        fuse: Fuse,
        journal: Journal,
        extras: Callable[[int], list[Moment]],
    ) -> None:
        self._trap = trap
        self._script = script
        self._clock = clock
        self._sky_clock = sky_clock
        self._fuse = fuse
        self._journal = journal
        self._extras = extras
        self._chance = random.Random(f"{script.season.seed} steps")
        self._sensor = Sensor(script, clock, journal, self._acts)
        self._is_on = False

    def live(self) -> None:
        """The whole season; when it is over the trap was stopped, and has closed its last day."""
        while not self._until_done(lambda: self._trap.watch(self._sensor)):
            pass

    def end(self, days: int) -> None:
        """The deployment is over; what waits is sent for so many days more at most."""
        for _ in range(int(days * DAY_S // TIMER_S)):
            if self._until_done(self._send) and not self._trap.is_waiting:
                break
            self._clock.wait(TIMER_S)

    def _send(self) -> None:
        if self._trap.is_waiting:
            self._trap.transmit()

    def _until_done(self, do: Callable[[], None]) -> bool:
        """Do it with the power on; False where it was broken off, by a cut or a device."""
        try:
            if not self._is_on:
                self._clock.boot()
                self._sensor.power_on()
                self._trap.power_on()
                self._is_on = True
            do()
        except PowerCut:
            self._off("cut", self._chance.uniform(*OFF_S))
            return False
        except StopRequest:
            self._sensor.is_collected = True
            self._off("stop", RESTART_S)
            return False
        except DeviceError:
            self._off("stop", RESTART_S)
            return False
        self._journal.note("stop", self._clock.season_s)
        return True

    def _off(self, why: str, off_s: float) -> None:
        self._journal.note(why, self._clock.season_s)
        self._trap.power_off()
        self._is_on = False
        if why == "cut":  # it may have come while something was sent, which takes `watch` no time
            self._clock.wait_until(self._sky_clock.season_s)
        self._clock.wait(off_s)

    def _acts(self, day: int) -> list[Moment]:
        cut_s = self._script.cut(day)
        cuts = [] if cut_s is None else [Moment(cut_s, partial(self._fuse.set, self._chance.randint(1, LAST_STEP)))]
        return [*cuts, *(Moment(at_s, self._transmit) for at_s in self._script.timers(day)), *self._extras(day)]

    def _transmit(self) -> None:
        if self._sky_clock.season_s <= self._clock.season_s:  # else the run before is still sending
            self._trap.transmit()
