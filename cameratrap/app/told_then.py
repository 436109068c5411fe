"""What a deployment's tallies were when a message was composed, and what they are now, in steps from one to the other.

Each step changes one thing: that somebody has looked since, another model, the clock, the rule of independence, a
person's word. The step at which a number changes is why it changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from cameratrap.app.fold import Rules
from cameratrap.domain.events import Sighting, independent_events
from cameratrap.domain.tallies import Tally, fold_days
from cameratrap.store.word_history import Moved, SaidSequence, SaidWord

# A day is reckoned from its neighbours too: an event that began before it or goes on after it is then whole.
_AROUND = timedelta(days=2)
_UNSET = "unset"
AT_LAST = datetime.max.replace(tzinfo=UTC)  # after everything: nobody knows when the message was composed
Tallies = Mapping[date, tuple[Tally, ...]]
_Word = Callable[[SaidSequence, datetime], SaidWord | None]


@dataclass(frozen=True, slots=True)
class Step:
    """A way to look at a deployment: whose words, whether by the clock and by the rules of then."""

    word: _Word
    by_clock_then: bool
    by_rules_then: bool


def word_told(sequence: SaidSequence, at: datetime) -> SaidWord | None:
    """What stood on the card at that moment; what was said on the laptop was never there."""
    there = [word for word in sequence.words if not word.is_acted and word.at <= at]
    return _newest(there, is_human=True) or _newest(there, is_human=False)


def word_looked(sequence: SaidSequence, at: datetime) -> SaidWord | None:
    """The same, or else what was said first by a model that looked later."""
    machine = (word for word in sequence.words if not word.is_human)
    return word_told(sequence, at) or next(machine, None)


def word_model(sequence: SaidSequence, at: datetime) -> SaidWord | None:
    """What a model said last, unless a person's word stood at that moment."""
    told = word_told(sequence, at)
    return told if told is not None and told.is_human else word_machine(sequence, at)


def word_machine(sequence: SaidSequence, _at: datetime) -> SaidWord | None:
    """What a model said last."""
    return _newest(sequence.words, is_human=False)


def word_standing(sequence: SaidSequence, _at: datetime) -> SaidWord | None:
    """What stands now: a person's word before any model's."""
    people = [word for word in sequence.words if not word.is_undone]
    return _newest(people, is_human=True) or _newest(sequence.words, is_human=False)


def _newest(words: Sequence[SaidWord], *, is_human: bool) -> SaidWord | None:
    return next((word for word in reversed(words) if word.is_human is is_human), None)


@dataclass(frozen=True)
class ToldThen:
    """A deployment's sequences, in order of time, and the rules by which they were and are told."""

    deployment: str
    zone: timezone
    sequences: Sequence[SaidSequence]
    rules_then: Rules
    rules_now: Rules
    name: Callable[[str], str]
    _starts: list[datetime] = field(init=False)
    _furthest: timedelta = field(init=False)

    def __post_init__(self) -> None:
        moves = [sum((abs(move.offset) for move in each.moved), timedelta()) for each in self.sequences]
        object.__setattr__(self, "_starts", [each.start for each in self.sequences])
        object.__setattr__(self, "_furthest", max(moves, default=timedelta()))

    def now(self, word: _Word) -> Tallies:
        """Every day's tallies by these words, by the clock and the rules as they are now."""
        return self._tallies(self.sequences, Step(word, by_clock_then=False, by_rules_then=False), AT_LAST)

    def on(self, day: date, step: Step, at: datetime) -> tuple[Tally, ...]:
        """One day's tallies as ``step`` sees them, of a message composed at ``at``.

        They are reckoned from the two days before and after it: an event that has not paused for so long is cut.
        """
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        reach = _AROUND + self._furthest
        first = bisect_left(self._starts, midnight - reach)
        last = bisect_right(self._starts, midnight + timedelta(days=1) + reach)
        return self._tallies(self.sequences[first:last], step, at).get(day, ())

    def _tallies(self, sequences: Iterable[SaidSequence], step: Step, at: datetime) -> Tallies:
        rules = self.rules_then if step.by_rules_then else self.rules_now
        found = [sighting for each in sequences for sighting in self._sightings(each, step, at)]
        return fold_days(independent_events(found, interval=rules.interval, rule=rules.rule), self.zone)

    def _sightings(self, sequence: SaidSequence, step: Step, at: datetime) -> list[Sighting]:
        word = step.word(sequence, at)
        back, clock = _then(sequence, at) if step.by_clock_then else (timedelta(), sequence.clock)
        if word is None or clock == _UNSET:
            return []
        return [
            Sighting(
                self.deployment,
                self.name(seen.taxon),
                seen.first_at - back,
                seen.last_at - back,
                seen.count,
                sequence.name,
                sequence.cause,
            )
            for seen in word.seen
        ]


def _then(sequence: SaidSequence, at: datetime) -> tuple[timedelta, str | None]:
    """By how much its times have been moved since, and what its clock counted as."""
    moves = sequence.moved
    now = sum((move.offset for move in moves if move.undone_at is None), timedelta())
    then = sum((move.offset for move in moves if move.stands(at)), timedelta())
    return now - then, _clock_then(moves, sequence.clock, at)


def _clock_then(moves: Sequence[Moved], clock: str | None, at: datetime) -> str | None:
    if any(move.stands(at) for move in moves):
        return None  # whatever it was before: a correction made it right
    return next((move.clock for move in moves), clock)
