"""The researcher's table: true whatever arrives late, twice, out of order or not at all."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cameratrap.app.receive import read_inbox, receive
from cameratrap.app.received_days import MAX_GAP_DAYS, ReceivedDay, long_silences, missing_days, received_days
from cameratrap.domain.effort import Effort
from cameratrap.domain.messages import MessageSource, ReceivedMessage
from cameratrap.domain.summaries import DailySummary, EarlierDay, Health
from cameratrap.domain.tallies import Tally
from cameratrap.domain.taxa import TaxaTable
from cameratrap.store.inbox import Inbox, create_inbox
from cameratrap.wire.codec import encode

CSV = "wire_code,taxon,vernacular_en,rank,gbif_key,parent,sensitive,synonyms\n"
NAMES = [f"Taxon {letter}" for letter in "abcdefghijklmnopqrstuvwx"]
TAXA = TaxaTable.from_csv(
    CSV + "".join(f"{n},{name},,species,,,0,\n" for n, name in enumerate(NAMES, 1)), origin="test"
)
FIRST = date(2026, 6, 1)
IMEI = "300234010000001"
SENT = datetime(2030, 6, 2, tzinfo=UTC)  # after the last day of any test


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _message(payload: bytes, momsn: int, *, minutes: int = 0, imei: str = IMEI) -> ReceivedMessage:
    time = SENT + timedelta(minutes=minutes)
    return ReceivedMessage(payload, MessageSource.DIRECTIP, imei, momsn, time)


def _summary(number: int, *tallies: Tally, armed: float | None = 24.0) -> DailySummary:
    effort = Effort(hours_armed=armed, hours_armed_night=8.0, triggers=30, blank=20, suppressed=0)
    return DailySummary(_day(number), 100 + number, tallies, effort, Health(battery_v=12.0))


def _carried(summary: DailySummary, *tallies: Tally, armed: float = 24.0) -> EarlierDay:
    return EarlierDay(summary.day, summary.sequence, armed, 8.0, tallies or summary.tallies)


def _sent(summary: DailySummary, *earlier: EarlierDay, max_messages: int = 1) -> list[bytes]:
    return encode(summary, TAXA, earlier=earlier, max_messages=max_messages)


def _table(messages: list[ReceivedMessage]) -> list[ReceivedDay]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        create_inbox(connection)
        inbox = Inbox(connection)
        for message in messages:
            receive(message, inbox, TAXA, {}, received_at=SENT)
        return received_days(read_inbox(inbox, TAXA, {}))


FOX, OTTER = Tally("Taxon a", 3, 4), Tally("Taxon b", 1, 1)


def test_a_days_own_summary() -> None:
    """Tallies, effort, health and number, as sent."""
    summary = _summary(0, FOX)
    (day,) = _table([_message(_sent(summary)[0], 1)])
    assert (day.station, day.day, day.tallies, day.sequence, day.origin) == (IMEI, FIRST, (FOX,), 100, "own")
    assert (day.effort, day.health, day.complete) == (summary.effort, summary.health, True)


def test_a_test_message_is_no_day() -> None:
    """`doctor --send` counts nothing: it neither makes a day of zeros nor contradicts the day's own summary."""
    test = _message(_sent(DailySummary(FIRST, 0))[0], 1)
    assert _table([test]) == []
    (day,) = _table([test, _message(_sent(_summary(0, FOX))[0], 2)])
    assert (day.tallies, day.contradicted_by) == ((FOX,), ())


def test_a_lost_day_is_filled_by_a_later_message() -> None:
    """Tallies and hours armed come back; what only its own message had stays unknown, not zero."""
    lost, later = _summary(0, FOX), _summary(1, OTTER)
    filled, own = _table([_message(_sent(later, _carried(lost))[0], 2)])
    assert (filled.day, filled.tallies, filled.origin, filled.sequence) == (FIRST, (FOX,), "earlier", 101)
    assert filled.effort == Effort(hours_armed=24.0, hours_armed_night=8.0)
    assert filled.health is None
    assert (own.day, own.tallies, own.origin) == (_day(1), (OTTER,), "own")


def test_a_later_telling_is_newer_truth() -> None:
    """Totals are counted again each time: the later ones are believed, the rest stays with the day's own summary."""
    early, later = _summary(0, FOX, armed=23.0), _summary(1)
    messages = [
        _message(_sent(early)[0], 1),
        _message(_sent(later, _carried(early, Tally("Taxon a", 4, 6), armed=23.5))[0], 2),
    ]
    for order in (messages, messages[::-1]):
        day = _table(order)[0]
        assert (day.tallies, day.origin, day.sequence) == ((Tally("Taxon a", 4, 6),), "earlier", 101)
        assert (day.effort.hours_armed, day.effort.triggers, day.health) == (23.5, 30, Health(battery_v=12.0))


def test_a_message_composed_earlier_is_not_believed_for_being_sent_later() -> None:
    """A trap sends its newest day first after an outage: the older message arrives last and is older truth."""
    early, later = _summary(0, FOX), _summary(1)
    newest = _message(_sent(later, _carried(early, Tally("Taxon a", 4, 6)))[0], 1, minutes=0)
    oldest = _message(_sent(early)[0], 2, minutes=30)
    assert _table([newest, oldest])[0].tallies == (Tally("Taxon a", 4, 6),)


def test_a_repeated_summary_counts_once() -> None:
    """A delivery twice and a retry under another number: one day, its tallies once."""
    payload = _sent(_summary(0, FOX))[0]
    (day,) = _table([_message(payload, 1), _message(payload, 1), _message(payload, 2, minutes=10)])
    assert day.tallies == (FOX,)


def test_a_day_without_animals_is_a_day() -> None:
    """No tallies and 24 hours armed: nothing was there, which is not the same as nothing known."""
    (day,) = _table([_message(_sent(_summary(0))[0], 1)])
    assert (day.tallies, day.effort.hours_armed) == ((), 24.0)


MANY = tuple(Tally(name, 40, 90 + number) for number, name in enumerate(NAMES))


def test_a_day_in_several_messages_is_joined() -> None:
    """In any order, a part twice; each with the effort and health that only the first carries."""
    summary = _summary(0, *MANY)
    parts = _sent(summary, max_messages=8)
    assert len(parts) > 1
    for order in (parts, parts[::-1], [parts[1], *parts]):
        (day,) = _table([_message(payload, momsn) for momsn, payload in enumerate(order)])
        assert (day.tallies, day.complete, day.health) == (MANY, True, summary.health)


def test_a_day_of_which_a_part_is_missing_says_so() -> None:
    """What arrived is shown and flagged; nothing is made up for the rest."""
    parts = _sent(_summary(0, *MANY), max_messages=8)
    for lost in range(len(parts)):
        (day,) = _table([_message(payload, n) for n, payload in enumerate(parts) if n != lost])
        assert not day.complete
        assert set(day.tallies) < set(MANY)
        assert (day.health is None or day.health.battery_v is None) is (lost == 0)


def test_a_whole_telling_goes_before_an_incomplete_one() -> None:
    """A later message carries the day whole, of which its own parts arrived only in part."""
    summary = _summary(0, *MANY[:12])
    parts = encode(summary, TAXA, max_bytes=30, max_messages=8)
    assert len(parts) > 1
    (later,) = encode(_summary(1), TAXA, max_bytes=340, earlier=[_carried(summary)])
    day = _table([_message(parts[0], 1), _message(later, 2)])[0]
    assert (day.complete, day.tallies, day.origin) == (True, MANY[:12], "earlier")


def test_two_cards_on_one_day_are_said() -> None:
    """A trap tells a day anew only where it has grown: two numbers that tell different animals are two cards."""
    one, two = _summary(0, FOX), replace(_summary(0, OTTER), sequence=3)
    (day,) = _table([_message(_sent(one)[0], 1), _message(_sent(two)[0], 2, minutes=30)])
    assert (day.tallies, day.sequence, day.contradicted_by) == ((FOX,), 100, (3,))


def test_a_day_that_was_told_anew_under_a_higher_number_is_believed() -> None:
    """Also where a later day's message had carried it as it was; and it is no other card that says more."""
    grown = replace(_summary(0, replace(FOX, events=4, individuals=6), OTTER), sequence=102)
    payloads = [_sent(_summary(0, FOX))[0], _sent(_summary(1), _carried(_summary(0, FOX)))[0], _sent(grown)[0]]
    messages = [_message(payload, number) for number, payload in enumerate(payloads)]
    for shuffled in (messages, messages[::-1]):
        day = _table(shuffled)[0]
        assert (day.tallies, day.sequence, day.contradicted_by) == (grown.tallies, 102, ())


def test_of_two_claims_of_one_day_the_verified_one_is_believed() -> None:
    """A forgery without a proof does not replace what has one, however late it is sent."""
    proved = replace(_message(_sent(_summary(0, FOX))[0], 1), verified=True)
    forged = _message(_sent(_summary(0, OTTER))[0], 2, minutes=30)
    assert _table([proved, forged])[0].tallies == (FOX,)
    assert _table([replace(proved, verified=None), forged])[0].tallies == (OTTER,)


def _proved(message: ReceivedMessage) -> ReceivedMessage:
    return replace(message, verified=True)


def test_nothing_without_a_proof_replaces_what_has_one() -> None:
    """Neither a later day that carries another count of it, nor a higher number, nor a day told whole."""
    honest = _summary(0, FOX)
    later, higher = _summary(1), replace(_summary(0, OTTER), sequence=60_000)
    forged = [_sent(later, _carried(honest, OTTER))[0], _sent(higher)[0]]
    for minutes, payload in enumerate(forged, start=30):
        messages = [_proved(_message(_sent(honest)[0], 1)), _message(payload, 2, minutes=minutes)]
        for order in (messages, messages[::-1]):
            day = _table(order)[0]
            assert (day.day, day.tallies, day.sequence, day.health) == (FIRST, (FOX,), 100, honest.health)
        assert _table([replace(message, verified=None) for message in messages])[0].tallies == (OTTER,)
    part = _proved(_message(_sent(_summary(0, *MANY), max_messages=8)[0], 1))
    day = _table([part, _message(_sent(higher)[0], 2)])[0]
    assert (day.complete, day.sequence) == (False, 100)


def test_a_part_without_a_proof_carries_no_proved_days() -> None:
    """The first part of a day is proved and the forged last one is not: what that says of the day before is not."""
    before = _summary(0, FOX)
    first, *_, last = _sent(_summary(1, *MANY), _carried(before, OTTER), max_messages=8)
    proved = [_proved(_message(_sent(before)[0], 1)), _proved(_message(first, 2))]
    assert _table([*proved, _message(last, 3)])[0].tallies == (FOX,)
    assert _table([*proved, _proved(_message(last, 3))])[0].tallies == (OTTER,)


def test_a_day_carried_by_an_incomplete_one_is_whole() -> None:
    """The last part of a day carries the day before; that its other parts are lost does not touch it."""
    before = _summary(0, FOX)
    parts = _sent(_summary(1, *MANY[:18]), _carried(before), max_messages=8)
    assert len(parts) > 1
    carried, own = _table([_message(parts[-1], 1)])
    assert (carried.day, carried.tallies, carried.complete) == (FIRST, (FOX,), True)
    assert (own.day, own.complete) == (_day(1), False)


def test_stations_are_kept_apart_and_sorted() -> None:
    """The same days of two modems."""
    payload = _sent(_summary(0, FOX))[0]
    days = _table([_message(payload, 1, imei="300234010000009"), _message(payload, 1)])
    assert [day.station for day in days] == [IMEI, "300234010000009"]


def test_missing_days_lie_between_the_first_and_the_last() -> None:
    """Before the first and after the last nobody knows; a carried day is not missing."""
    messages = [
        _message(_sent(_summary(0))[0], 1),
        _message(_sent(_summary(5), _carried(_summary(3)))[0], 2),
        _message(_sent(_summary(9))[0], 1, imei="300234010000009"),
    ]
    gaps = missing_days(_table(messages))
    assert gaps == {IMEI: [_day(1), _day(2), _day(4)], "300234010000009": []}
    assert missing_days([]) == {}


def test_a_silence_too_long_to_be_a_gap_is_said_once() -> None:
    """One message of a wrong clock, or of the next deployment, does not make thousands of missing days."""
    days = [
        _table([_message(_sent(_summary(number))[0], 1)])[0]
        for number in (0, 2, 2 + MAX_GAP_DAYS, 3 + 2 * MAX_GAP_DAYS)
    ]
    (missing,) = missing_days(days).values()
    assert missing == [_day(1), *(_day(number) for number in range(3, 2 + MAX_GAP_DAYS))]
    assert long_silences(days) == [(IMEI, _day(2 + MAX_GAP_DAYS), _day(3 + 2 * MAX_GAP_DAYS))]


# A few, as on most days, or so many that the day takes several messages.
_TALLIES = st.one_of(
    st.lists(st.sampled_from(MANY[:6]), unique=True, max_size=4),
    st.integers(16, len(MANY)).map(lambda taxa: list(MANY[:taxa])),
).map(lambda tallies: tuple(sorted(tallies, key=lambda tally: tally.taxon)))


@st.composite
def _deployments(draw: st.DrawFn) -> tuple[dict[date, tuple[Tally, ...]], list[ReceivedMessage]]:
    """Some days of a trap: what it counted, and its messages, each with days before it in its spare bytes."""
    counted = draw(st.lists(_TALLIES, min_size=1, max_size=5))
    summaries = [_summary(number, *tallies) for number, tallies in enumerate(counted)]
    messages = []
    for number, summary in enumerate(summaries):
        earlier = [_carried(before, *before.tallies) for before in reversed(summaries[:number])]
        messages += [_message(payload, len(messages)) for payload in _sent(summary, *earlier, max_messages=3)]
    return {summary.day: summary.tallies for summary in summaries}, messages


@given(_deployments(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(
    deployment: tuple[dict[date, tuple[Tally, ...]], list[ReceivedMessage]], chance: random.Random
) -> None:
    """Any shuffle, any copies and any retries under new numbers give the trap's own table."""
    counted, messages = deployment
    retries = [replace(message, momsn=1000 + n) for n, message in enumerate(messages) if chance.random() < 0.5]
    arriving = [*messages, *chance.choices(messages, k=3), *retries]
    chance.shuffle(arriving)
    days = _table(arriving)
    assert {day.day: day.tallies for day in days} == counted
    assert days == _table(messages)


@given(_deployments(), st.randoms(use_true_random=False))
def test_loss_leaves_days_out_and_none_wrong(
    deployment: tuple[dict[date, tuple[Tally, ...]], list[ReceivedMessage]], chance: random.Random
) -> None:
    """Whatever is lost, a day that is shown whole is shown as it was counted."""
    counted, messages = deployment
    arriving = [message for message in messages if chance.random() < 0.5]
    for day in _table(arriving):
        assert not day.complete or day.tallies == counted[day.day]


_CONTRADICTORY = st.builds(
    lambda number, sequence, tallies, verified, minutes: replace(
        _message(_sent(replace(_summary(number, *tallies), sequence=sequence))[0], minutes, minutes=minutes),
        verified=verified,
    ),
    st.integers(0, 1),
    st.integers(0, 2),
    _TALLIES,
    st.none() | st.just(True),
    st.integers(0, 2),
)


@given(st.lists(_CONTRADICTORY, max_size=6), st.randoms(use_true_random=False))
def test_contradictions_are_settled_the_same_way_in_any_order(
    messages: list[ReceivedMessage], chance: random.Random
) -> None:
    """Forgeries, swapped cards, tests at home: which is believed never depends on what arrived first."""
    shuffled = messages * 2
    chance.shuffle(shuffled)
    assert _table(shuffled) == _table(messages)
