"""Which days a message tells, in what order days are offered to it, and whether what was told is still so."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from cameratrap.domain.summaries import DailySummary, EarlierDay
from cameratrap.domain.tallies import OTHERS
from cameratrap.store.summaries import Telling, TellingState
from cameratrap.wire.layout import COUNT_MAX

RECENT_DAYS = 14  # so many of the newest days are offered again although they have been told
UNTOLD_DAYS = 62  # so many that nothing tells are offered at once; the rest have their turn in later messages

_NOTHING, _NOT_YET, _ARRIVED = range(3)


def words_of(told: EarlierDay, *, merged: bool = False) -> str:
    """What is said of a day, as a text to compare; ``merged``: some of its taxa are told as others, so only totals."""
    if merged:
        events, individuals = (tally.events for tally in told.tallies), (tally.individuals for tally in told.tallies)
        return json.dumps([told.hours_armed, min(sum(events), COUNT_MAX), min(sum(individuals), COUNT_MAX)])
    tallies = sorted((tally.taxon, tally.events, tally.individuals) for tally in told.tallies)
    return json.dumps([told.hours_armed, tallies])


def own_day(told: DailySummary) -> EarlierDay:
    """A summary's own day, as far as it would be carried again."""
    effort = told.effort
    return EarlierDay(told.day, told.sequence, effort.hours_armed, effort.hours_armed_night, told.tallies)


def tellings_of(told: DailySummary) -> tuple[Telling, ...]:
    """What a summary that was just composed (all its parts joined) tells, its own day first."""
    return tuple(_telling(told.sequence, each) for each in (own_day(told), *told.earlier))


def _telling(sequence: int, told: EarlierDay) -> Telling:
    merged = any(tally.taxon == OTHERS for tally in told.tallies)
    return Telling(sequence, told.day, words_of(told, merged=merged), whole=not merged)


def is_so(telling: Telling, now: EarlierDay) -> bool:
    """Whether a day was told as it is ``now`` (rounded as messages round it), with every taxon or with some merged."""
    return telling.says == words_of(now, merged=not telling.whole)


def untold(days: Mapping[date, EarlierDay], tellings: Iterable[Telling]) -> set[date]:
    """The days that no message tells as they are now, of those that were sent or wait to be."""
    return days.keys() - _tellings_that_hold(days, tellings).keys()


def _tellings_that_hold(days: Mapping[date, EarlierDay], tellings: Iterable[Telling]) -> dict[date, list[Telling]]:
    """By day, those that tell it as it is now. One with a lower number than one that tells it otherwise does not hold:
    a message that waited was composed anew, but the receiver believes the highest number.
    """
    held: defaultdict[date, list[Telling]] = defaultdict(list)
    for telling in sorted((each for each in tellings if each.stands), key=lambda each: each.sequence):
        if telling.day not in days:
            continue
        if is_so(telling, days[telling.day]):
            held[telling.day].append(telling)
        elif telling.says:
            held.pop(telling.day, None)
    return dict(held)


def outgrown(days: Mapping[date, EarlierDay], tellings: Iterable[Telling]) -> list[date]:
    """The days that are not as the newest message about them says, where that is known."""
    in_order = sorted(tellings, key=lambda telling: telling.sequence)
    newest = {telling.day: telling for telling in in_order if telling.says}
    return sorted(day for day, telling in newest.items() if day not in days or not is_so(telling, days[day]))


def in_order_of_worth(
    days: Mapping[date, EarlierDay], tellings: Iterable[Telling], wanted: Collection[date] = ()
) -> Sequence[EarlierDay]:
    """The days to offer to a message, the one that is worth most first.

    ``wanted`` ones come before all; then the days that nothing tells; those told only in messages that have not been
    sent yet, or with taxa merged; then those told least often. Of equals the newest comes first. A day told otherwise
    than it is now is not told.
    """
    told = _tellings_that_hold(days, tellings)
    recent = set(sorted(days, reverse=True)[:RECENT_DAYS])
    fresh = sorted(days.keys() - told.keys(), reverse=True)[:UNTOLD_DAYS]
    offered = recent | set(fresh) | (set(wanted) & days.keys())
    ranks = {
        day: (day not in wanted, _rank(told.get(day, ())), len(told.get(day, ())), -day.toordinal()) for day in offered
    }
    return [days[day] for day in sorted(offered, key=ranks.__getitem__)]


def _rank(tellings: Sequence[Telling]) -> int:
    if not tellings:
        return _NOTHING
    arrived = any(each.whole and each.state is TellingState.SENT for each in tellings)
    return _ARRIVED if arrived else _NOT_YET
