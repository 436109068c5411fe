"""The closed days of a card and what its messages tell of them: which of them nothing tells, or not as they are now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from cameratrap.app.compose_day import DayComposer
from cameratrap.app.telling import is_so, untold
from cameratrap.domain.events import station_day
from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.errors import CameraTrapError
from cameratrap.store import summaries as store
from cameratrap.store.summaries import Composed, Telling


@dataclass
class ClosedDays:
    """``numbers``: each closed day's number; ``says``: what they say now, where it can be told; ``tellings``: what
    each message tells. Kept up to date while one closing adds to them.
    """

    composer: DayComposer
    numbers: dict[date, int] = field(init=False)
    says: dict[date, EarlierDay] = field(init=False)
    tellings: list[Telling] = field(init=False)

    def __post_init__(self) -> None:
        connection = self.composer.card.connection
        self.numbers = store.sequences(connection)
        self.tellings = store.tellings(connection)
        self.says = {}
        for day in self.numbers:
            self._remember(day)

    def add(self, day: date, sequence: int, composed: Composed) -> None:
        """A day that was closed now, and what was composed for it."""
        self.numbers[day] = sequence
        self._remember(day)
        self.tellings += composed.told

    def renumber(self, day: date, sequence: int, composed: Composed) -> None:
        """A closed day whose message now has the number ``sequence``."""
        self.numbers[day] = sequence
        self.tellings += composed.told

    def replace(self, sequence: int, composed: Composed) -> None:
        """The message of this number was composed anew."""
        self.tellings = [telling for telling in self.tellings if telling.sequence != sequence]
        self.tellings += composed.told

    def _remember(self, day: date) -> None:
        """Note what a closed day says now. One that cannot be told any more, or is not on the card, is left out."""
        if not self._is_on_card(day):
            return
        try:
            self.says[day] = self.composer.rounded(day, self.numbers[day])
        except CameraTrapError:
            self.says.pop(day, None)

    def _is_on_card(self, day: date) -> bool:
        return day in self.composer.folded.effort

    def silent(self) -> list[date]:
        """The days that nothing tells and that have no message of their own, or had one that was refused for good."""
        spoke = {telling.day for telling in self.tellings if telling.stands and self._is_own(telling)}
        return [day for day in self.missing() if day not in spoke]

    def _is_own(self, telling: Telling) -> bool:
        return telling.sequence == self.numbers.get(telling.day)

    def missing(self) -> list[date]:
        """The days that nothing tells as they are now, also those that have grown since; the newest first.

        Without those whose own message is composed anew, and those of an old card that were told nobody knows how.
        """
        left_alone = {telling.sequence for telling in self.tellings if telling.stands and not telling.says}
        left_alone.update(store.untouched(self.composer.card.connection))
        missing = untold(self.says, self.tellings)
        return sorted((day for day in missing if self.numbers[day] not in left_alone), reverse=True)

    def to_come(self) -> list[date]:
        """Those of the missing days that lie after today."""
        today = station_day(self.composer.now, self.composer.card.zone)
        return [day for day in self.missing() if day > today]

    def told_only_in(self, withdrawn: Collection[int]) -> list[date]:
        """Those of the silent days that only a withdrawn message told."""
        told_there = {telling.day for telling in self.tellings if telling.sequence in withdrawn}
        return [day for day in self.silent() if day in told_there]

    def not_so_any_more(self, otherwise: Collection[int]) -> list[date]:
        """The days whose message lies untouched in the outbox and is not so now, or is among those ``otherwise``."""
        by_number = {sequence: day for day, sequence in self.numbers.items()}
        waiting = [(each, by_number[each]) for each in store.untouched(self.composer.card.connection)]
        known = [(sequence, day) for sequence, day in waiting if self._is_on_card(day)]
        return [day for sequence, day in known if sequence in otherwise or not self._is_so(sequence)]

    def _is_so(self, sequence: int) -> bool:
        told = [telling for telling in self.tellings if telling.sequence == sequence]
        known = [telling for telling in told if self._is_on_card(telling.day)]
        return all(telling.day in self.says and is_so(telling, self.says[telling.day]) for telling in known)

    def needs_its_own_message(self, summary: DailySummary) -> bool:
        """Whether a day ends its period, ends with a low battery, or a day of an earlier period is silent still."""
        volts, low = summary.health.battery_v, self.composer.closing.low_battery_v
        if low is not None and volts is not None and volts < low:
            return True
        ends_its_period = self._period(summary.day + timedelta(days=1)) > self._period(summary.day)
        return ends_its_period or bool(self.before_period(summary.day, self.silent()))

    def before_period(self, today: date, days: Sequence[date]) -> list[date]:
        """Those of ``days`` in an earlier period than ``today``."""
        return [day for day in days if self._period(day) < self._period(today)]

    def _period(self, day: date) -> int:
        return day.toordinal() // self.composer.closing.every_days
