"""The researcher's table: what is known of each station-day from all messages that told of it.

A day is told by its own summary and again, in spare bytes, by later ones. Which is believed:

* What a message with a checked proof tells goes before what one without tells, whatever else is said of either: a
  file that anyone can write never replaces what RockBLOCK signed or the trap sealed.
* Tallies and hours armed are totals of the whole day, counted again each time they are sent. The telling that was
  composed last is believed: that of the message about the latest day, of those the one with the highest sequence. A
  message that tells an older day anew, under a higher number, counts as of the latest day that was told before it.
* A whole telling is believed before an incomplete one: a day in several messages of which some are missing.
* The rest of effort, and health, travel only in the day's own summary and are taken from there, whoever told the
  tallies.
* Of two equal claims the one transmitted last is believed.

The order of arrival plays no part, and neither does how often a message arrives: any shuffle and any repetition of the
same messages gives the same table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from cameratrap.app.receive import InboxEntry
from cameratrap.domain.effort import Effort
from cameratrap.domain.messages import ReceivedMessage
from cameratrap.domain.summaries import DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.wire.parts import PartialSummary, join_parts

Origin = Literal["own", "earlier"]
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# Longer than a trap stands without a visit: such a silence lies between two deployments, or beyond a wrong clock.
MAX_GAP_DAYS = 366
_Rank = tuple[bool, bool, date, int, datetime, bytes]


@dataclass(frozen=True, slots=True)
class ReceivedDay:
    """One station-day as received.

    ``origin`` is "own" where the tallies come from the day's own summary, "earlier" where a later message carried
    them again; ``sequence`` numbers the message they come from. ``health`` is None and most of ``effort`` too where
    the day's own summary was lost. ``complete`` is False where parts of it are missing. ``contradicted_by`` are
    sequences of other summaries of this day that say something else: two cards were in the trap that day.
    """

    station: str
    day: date
    tallies: tuple[Tally, ...]
    effort: Effort
    health: Health | None
    sequence: int
    origin: Origin
    saturated: tuple[str, ...] = ()
    complete: bool = True
    contradicted_by: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Telling:
    """One message's word on one day; ``sequence`` is the message's, ``own`` its summary if that is of this day."""

    day: date
    tallies: tuple[Tally, ...]
    hours_armed: float | None
    hours_armed_night: float | None
    sequence: int
    complete: bool
    rank: _Rank = field(repr=False)
    own: DailySummary | None = None


def received_days(entries: Iterable[InboxEntry]) -> list[ReceivedDay]:
    """Every station-day that the inbox tells of, by station and day.

    Messages without a station, and test messages, are left out.
    """
    summaries: defaultdict[str, list[tuple[DailySummary, ReceivedMessage]]] = defaultdict(list)
    for entry in entries:
        reading = entry.reading
        if reading.summary is not None and reading.station is not None and not _is_test(reading.summary):
            message = entry.stored.message
            is_proved = message.verified or reading.proof is not None
            summaries[reading.station].append((reading.summary, replace(message, verified=is_proved or None)))
    return [day for station in sorted(summaries) for day in _days_of(station, summaries[station])]


def _is_test(summary: DailySummary) -> bool:
    """Whether it is `doctor`'s: no trap numbers a day 0, and it tells of a day what nobody has counted."""
    return summary == DailySummary(summary.day, 0)


def missing_days(days: Iterable[ReceivedDay]) -> dict[str, list[date]]:
    """For each station the days between its first and its last of which nothing was received, oldest first.

    Those of a silence longer than MAX_GAP_DAYS are not among them: see ``long_silences``.
    """
    return {
        station: [
            before + timedelta(days=number)
            for before, after in pairwise(known)
            if (after - before).days <= MAX_GAP_DAYS
            for number in range(1, (after - before).days)
        ]
        for station, known in _known_days(days).items()
    }


def long_silences(days: Iterable[ReceivedDay]) -> list[tuple[str, date, date]]:
    """Each silence longer than MAX_GAP_DAYS: the station, and the days before and after it."""
    return [
        (station, before, after)
        for station, known in _known_days(days).items()
        for before, after in pairwise(known)
        if (after - before).days > MAX_GAP_DAYS
    ]


def _known_days(days: Iterable[ReceivedDay]) -> dict[str, list[date]]:
    known: defaultdict[str, set[date]] = defaultdict(set)
    for each in days:
        known[each.station].add(each.day)
    return {station: sorted(known[station]) for station in sorted(known)}


def _days_of(station: str, summaries: list[tuple[DailySummary, ReceivedMessage]]) -> list[ReceivedDay]:
    by_day: defaultdict[date, list[_Telling]] = defaultdict(list)
    for telling in _tellings(summaries):
        by_day[telling.day].append(telling)
    return [_believe(station, by_day[day]) for day in sorted(by_day)]


def _tellings(summaries: list[tuple[DailySummary, ReceivedMessage]]) -> Iterable[_Telling]:
    parts: defaultdict[tuple[date, int, int], list[tuple[PartialSummary, ReceivedMessage]]] = defaultdict(list)
    latest = _latest_days(summaries)
    for summary, message in summaries:
        by = latest[bool(message.verified), summary.sequence]
        for each in summary.earlier:  # proved or not by the message that carries it, never by another part
            yield _carried(each, summary, message, by)
        if isinstance(summary, PartialSummary):
            parts[summary.day, summary.sequence, summary.parts].append((summary, message))
        else:
            yield _own(summary, message, by, complete=True)
    for group in parts.values():
        summary, message, complete = _joined(group)
        yield _own(summary, message, latest[bool(message.verified), summary.sequence], complete=complete)


def _latest_days(summaries: Iterable[tuple[DailySummary, ReceivedMessage]]) -> Mapping[tuple[bool, int], date]:
    """By proof and sequence, the latest day told up to that sequence: a day told anew is not older than those."""
    latest: dict[tuple[bool, int], date] = {}
    before: dict[bool, date] = {}
    for proved, sequence, day in sorted((bool(m.verified), s.sequence, s.day) for s, m in summaries):
        before[proved] = latest[proved, sequence] = max(day, before.get(proved, day))
    return latest


def _joined(group: list[tuple[PartialSummary, ReceivedMessage]]) -> tuple[DailySummary, ReceivedMessage, bool]:
    """The day of those parts that are here, told by the last of their messages, and whether they are all."""
    best = {part.part: (part, message) for part, message in sorted(group, key=lambda each: _trust(each[1]))}
    chosen = [best[number] for number in sorted(best)]
    parts = [part for part, _ in chosen]
    message = max((message for _, message in chosen), key=_trust)
    if len(parts) == parts[0].parts:
        return join_parts(parts), message, True
    if len(parts) == 1:
        return _as_whole(parts[0]), message, False
    present = [replace(part, part=number, parts=len(parts)) for number, part in enumerate(parts, start=1)]
    return join_parts(present), message, False


def _as_whole(part: PartialSummary) -> DailySummary:
    return DailySummary(part.day, part.sequence, part.tallies, part.effort, part.health, part.saturated, part.earlier)


def _trust(message: ReceivedMessage) -> tuple[bool, datetime, bytes]:
    return bool(message.verified), message.transmit_time or _LONG_AGO, message.payload


def _rank(summary: DailySummary, message: ReceivedMessage, latest: date, *, complete: bool) -> _Rank:
    """The greatest is believed."""
    verified, time, payload = _trust(message)
    return verified, complete, latest, summary.sequence, time, payload


def _own(summary: DailySummary, message: ReceivedMessage, latest: date, *, complete: bool) -> _Telling:
    return _Telling(
        day=summary.day,
        tallies=summary.tallies,
        hours_armed=summary.effort.hours_armed,
        hours_armed_night=summary.effort.hours_armed_night,
        sequence=summary.sequence,
        complete=complete,
        rank=_rank(summary, message, latest, complete=complete),
        own=summary,
    )


def _carried(each: EarlierDay, by: DailySummary, message: ReceivedMessage, latest: date) -> _Telling:
    """A day carried again is whole, even by a part of another day."""
    return _Telling(
        day=each.day,
        tallies=each.tallies,
        hours_armed=each.hours_armed,
        hours_armed_night=each.hours_armed_night,
        sequence=by.sequence,
        complete=True,
        rank=_rank(by, message, latest, complete=True),
    )


def _believe(station: str, tellings: list[_Telling]) -> ReceivedDay:
    told = max(tellings, key=lambda telling: telling.rank)
    owns = [telling for telling in tellings if telling.own is not None]
    own = max(owns, key=lambda telling: telling.rank).own if owns else None
    effort = own.effort if own else Effort()
    return ReceivedDay(
        station=station,
        day=told.day,
        tallies=told.tallies,
        effort=replace(
            effort,
            hours_armed=effort.hours_armed if told.hours_armed is None else told.hours_armed,
            hours_armed_night=effort.hours_armed_night if told.hours_armed_night is None else told.hours_armed_night,
        ),
        health=own.health if own else None,
        sequence=told.sequence,
        origin="own" if told.own else "earlier",
        saturated=own.saturated if own and told.own else (),
        complete=told.complete,
        contradicted_by=_contradictions(told, owns),
    )


def _contradictions(told: _Telling, owns: list[_Telling]) -> tuple[int, ...]:
    """A trap numbers a day again only where it has grown: a number that says more, or a later one that says less, is
    another card's, and may hold other animals.
    """
    numbers = {telling.own.sequence for telling in owns if telling.own}
    if len(numbers) < 2:
        return ()
    differing = {t.sequence for t in owns if t.complete and t.tallies != told.tallies and not _grew(t, told)}
    return tuple(sorted(differing - {told.sequence}))


def _grew(before: _Telling, after: _Telling) -> bool:
    """Whether one card may have said first this, then that: of no taxon less. Of merged taxa only totals are known."""
    if before.sequence >= after.sequence:
        return False
    merged = any(tally.taxon == OTHERS for each in (before, after) for tally in each.tallies)
    said, says = _counts(before, merged=merged), _counts(after, merged=merged)
    return all(events <= says[name][0] and each <= says[name][1] for name, (events, each) in said.items())


def _counts(told: _Telling, *, merged: bool) -> Mapping[str, tuple[int, int]]:
    counts: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for tally in told.tallies:
        name = OTHERS if merged else tally.taxon
        counts[name] = (counts[name][0] + tally.events, counts[name][1] + tally.individuals)
    return counts
