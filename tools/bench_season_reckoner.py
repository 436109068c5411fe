"""The journal of a season, line by line, into what the trap must have counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bench_season_reckoning import HOUR_S, Reckoning, Shown
from bench_season_script import DAY_S

from cameratrap.config.tree import Config

WRITTEN_S = 600.0 + 30.0  # what has gathered is written down so often, and after the burst that is looked at
WARM_C, COLDEST_C = 20.0, -30.0
LAMP, BURST, PICTURES = 1, 2, 4  # the levels at which each is given up


class Reckoner:
    """Goes through the journal, line by line."""

    def __init__(self, config: Config, steps_v: Sequence[float], hysteresis_v: float, cold_v_per_c: float) -> None:
        self._config = config
        self._steps_v = steps_v
        self._hysteresis_v = hysteresis_v
        self._cold_v_per_c = cold_v_per_c
        self._level = self._level_before = 0
        self._looked_s = -1.0
        self._degrees: list[tuple[float, float]] = []
        self._since_s: float | None = None
        self._armed_s: float | None = None
        self._down_s: float | None = None
        self._dark_s: float | None = None
        self._was_armed = False
        self._recent: list[tuple[float, str]] = []
        self._asked = ""
        self._ended_s: float | None = 0.0
        self._fill(0.0)
        self.found = Reckoning()

    def read(self, entries: Iterable[list[Any]]) -> Reckoning:
        """What all of it comes to."""
        for kind, at_s, *what in entries:
            getattr(self, f"_on_{kind}")(at_s, *what)
        return self.found

    def _fill(self, at_s: float) -> None:
        """A process that begins has a full bucket."""
        self._tokens, self._filled_s, self._taken_s = float(self._config.trigger.flood_at_once), at_s, -1e9

    def _on_boot(self, at_s: float, kept_s: float | None) -> None:
        if self._looked_s >= 0 and (kept_s is None or kept_s < self._looked_s - 1e-3):
            self._level = self._level_before  # the last look was cut off before it was stored
            self._degrees = [each for each in self._degrees if each[0] < self._looked_s]
        self._was_armed = False
        self._fill(at_s)

    def _on_start(self, at_s: float) -> None:
        self._since_s = at_s
        self._dark_s = at_s if self._level >= LAMP else None
        self._arm(at_s)

    def _arm(self, at_s: float) -> None:
        if self._level >= PICTURES or self._armed_s is not None:
            return
        self._armed_s = at_s
        if not self._was_armed:
            self._was_armed = True
            self.found.starts[int(at_s // DAY_S)] += 1

    def _disarm(self, at_s: float) -> None:
        if self._armed_s is not None:
            self.found.armed.append((self._armed_s, at_s))
            self._armed_s = None

    def _on_look(self, at_s: float, volts: float | None, celsius: float) -> None:
        self._level_before, self._looked_s = self._level, at_s
        if volts is not None:
            self._degrees = [each for each in self._degrees if each[0] >= at_s - DAY_S] + [(at_s, celsius)]
            coldest = min(degrees for _, degrees in self._degrees)
            colder = WARM_C - min(max(coldest, COLDEST_C), WARM_C)
            steps = [step - self._cold_v_per_c * colder for step in self._steps_v]
            least = sum(volts < step for step in steps)
            most = sum(volts < step + self._hysteresis_v for step in steps)
            self._level = max(least, min(self._level, most))
        if self._since_s is not None and self._level < LAMP:
            self._lighten(at_s)
        elif self._since_s is not None and self._dark_s is None:
            self._dark_s = at_s
        if self._level is not self._level_before:
            self.found.levels[self._level] += 1
        if self._level >= PICTURES:
            self.found.gave_up.add(int(at_s // DAY_S))
            self._disarm(at_s)
        elif self._level_before >= PICTURES:
            self._arm(at_s)

    def _on_trigger(self, at_s: float, key: str) -> None:
        reason = self._reason(at_s)
        if reason is None:
            self.found.bursts[key] = Shown(at_s, is_timelapse=False)
            return
        self.found.suppressed[int(at_s // DAY_S), reason] += 1
        self._recent = [each for each in self._recent if each[0] > at_s - WRITTEN_S] + [(at_s, reason)]

    def _reason(self, at_s: float) -> str | None:
        section = self._config.trigger
        if self._level >= PICTURES:
            return "battery"
        if at_s - self._taken_s < section.cooldown_s:
            return "cooldown"
        self._tokens += (at_s - self._filled_s) * section.flood_per_hour / HOUR_S
        self._tokens, self._filled_s = min(self._tokens, float(section.flood_at_once)), at_s
        if self._tokens < 1:
            return "flood"
        self._tokens, self._taken_s = self._tokens - 1, at_s
        return None

    def _on_asked(self, at_s: float, key: str, is_timelapse: bool, count: int, lamp: bool) -> None:
        if not is_timelapse and key not in self.found.bursts:
            self.found.wrong.append(f"{key} was photographed and should have been counted only")
        spared = (1 if self._level >= BURST else 3, self._level < LAMP)
        if (count, lamp) != spared:
            self.found.wrong.append(f"{key} was taken with {(count, lamp)} at level {self._level}, not {spared}")
        self.found.bursts[key] = Shown(at_s, is_timelapse)
        self._asked, self._ended_s = key, None

    def _on_picture(self, at_s: float, key: str, taxon: str | None, count: int) -> None:
        self.found.bursts[key].pictures.append((at_s, taxon, count))
        self.found.bursts[key].end_s = at_s

    def _on_done(self, at_s: float, key: str) -> None:
        self.found.bursts[key].end_s = self._ended_s = at_s

    def _on_failed(self, at_s: float, key: str) -> None:
        burst = self.found.bursts[key]
        burst.has_failed, self._ended_s = True, at_s
        burst.end_s = at_s if burst.pictures else None

    def _on_down(self, at_s: float) -> None:
        self._down_s = at_s

    def _on_up(self, at_s: float) -> None:
        if self._down_s is not None:
            self.found.down.append((self._down_s, at_s))
        self._down_s = None

    def _lighten(self, at_s: float) -> None:
        if self._dark_s is not None:
            self.found.dark.append((self._dark_s, at_s))
        self._dark_s = None

    def _on_stop(self, at_s: float) -> None:
        self._disarm(at_s)
        self._on_up(at_s)
        self._lighten(at_s)
        if self._since_s is not None:
            self.found.on.append((self._since_s, at_s))
        self._since_s = None

    def _on_cut(self, at_s: float) -> None:
        """The power goes: what was not written down yet may be on the card or not, and how much that is."""
        slack = self.found.slack
        for day in {int((at_s - WRITTEN_S) // DAY_S), int(at_s // DAY_S)}:
            slack[day].seconds += WRITTEN_S
            slack[day].starts += 1
        for recent_s, _ in self._recent:
            slack[int(recent_s // DAY_S)].suppressed += recent_s > at_s - WRITTEN_S
        burst = self.found.bursts.get(self._asked)
        if burst is not None and self._ended_s in {None, at_s}:
            slack[int(burst.at_s // DAY_S)].bursts += 1
            burst.is_sure = bool(burst.pictures)
        self._on_stop(at_s)
