"""Closing a day: once, when it is over, with the days before it in the spare bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cameratrap.app.close_day import ClosedDay, Closing, ClosingFailed, DayOutgrown, DayTold, close_due_days
from cameratrap.app.fold import Rules, fold
from cameratrap.domain.events import TriggerCause, independent_events
from cameratrap.ports import PowerReading, SendResult, SendStatus, Trigger
from cameratrap.resources import builtin_taxa
from cameratrap.store.analyses import Analysis, ModelIdentity, Observation, PictureAnswer, store_analysis
from cameratrap.store.bursts import add_picture, begin_burst, pictures_of
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.effort import arm, armed_spans, still_armed, suppress
from cameratrap.store.media import SavedPicture
from cameratrap.store.observations import classify_by_hand, sightings
from cameratrap.store.sessions import begin_session, clear_fault, end_session
from cameratrap.wire.codec import decode

ZONE = timezone(timedelta(hours=2))
CLOSING = Closing(Rules(), builtin_taxa())


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-06-{day:02d}T{clock}:00").replace(tzinfo=ZONE)


@pytest.fixture
def card(tmp_path: Path):
    with make_card(tmp_path / "card", Deployment("d", "s", 120, at(1, "00:00"))) as card:
        yield card


def see(
    card: Card,
    when: datetime,
    taxon: str | None = "Vulpes vulpes",
    count: int = 1,
    cause: TriggerCause = TriggerCause.PIR,
) -> None:
    """One burst of one picture."""
    name = when.isoformat()
    begin_burst(card.connection, name, Trigger(name, when, cause), boot_id="b", clock=None)
    saved = SavedPicture(f"DCIM/{name}", name, 1)
    add_picture(card.connection, name, saved, position=1, of=1, captured_at=when, source_sha256=name, source_name="")
    look(card, name, taxon, count)


def look(card: Card, burst: str, taxon: str | None, count: int) -> None:
    """A model's word on a burst."""
    pictures = pictures_of(card.connection, burst)
    when = pictures[0].captured_at
    seen = (Observation(taxon, count, count, count, 0.9, when, when),) if taxon else ()
    analysis = Analysis(tuple(PictureAnswer(picture, 1, 1, ()) for picture in pictures), seen)
    model = ModelIdentity("m", "1", "00", 0.5)
    store_analysis(card.connection, burst, analysis, model, made_at=at(2, "00:00"))


def armed(card: Card, start: datetime, end: datetime) -> None:
    stretch = arm(card.connection, start, start.timestamp(), "b")
    still_armed(card.connection, stretch, end, end.timestamp())


def closed_days(card: Card, now: datetime, **options: object) -> list[int]:
    outcomes = close_due_days(card, CLOSING, now, **options)  # type: ignore[arg-type]
    return [closed.summary.day.day for closed in outcomes if isinstance(closed, ClosedDay)]


def test_a_day_is_closed_at_the_stations_midnight_and_once(card: Card) -> None:
    armed(card, at(1, "00:00"), at(2, "00:10"))
    assert closed_days(card, at(1, "23:59")) == []
    assert closed_days(card, at(2, "00:00")) == [1]
    assert closed_days(card, at(2, "00:01")) == []
    assert card.connection.execute("SELECT COUNT(*) FROM outbox").fetchone()[0] == 1


def test_a_day_on_which_nothing_happened_reports(card: Card) -> None:
    """Silence must mean failure: a day without an animal, and one without a trigger, each have a message."""
    armed(card, at(1, "00:00"), at(4, "06:00"))
    see(card, at(1, "10:00"), None)
    assert closed_days(card, at(4, "06:00")) == [1, 2, 3]


def test_a_day_waits_for_an_event_that_can_still_grow(card: Card) -> None:
    """A fox at 23:50 keeps its day open until half past midnight, when nothing can join it any more."""
    armed(card, at(1, "12:00"), at(2, "01:00"))
    see(card, at(1, "23:50"), count=1)
    assert closed_days(card, at(2, "00:05")) == []
    see(card, at(2, "00:06"), count=3)
    assert closed_days(card, at(2, "00:35")) == []
    (closed,) = close_due_days(card, CLOSING, at(2, "00:36"))
    assert [(t.events, t.individuals) for t in closed.summary.tallies] == [(1, 3)]


def test_an_animal_that_stays_does_not_hold_the_message_for_ever(card: Card) -> None:
    """Six hours after midnight the day is closed as it stands."""
    armed(card, at(1, "23:00"), at(2, "07:00"))
    for minute in range(0, 7 * 60, 20):
        see(card, at(1, "23:40") + timedelta(minutes=minute))
    assert closed_days(card, at(2, "05:59")) == []
    assert closed_days(card, at(2, "06:00")) == [1]


def test_the_end_of_the_deployment_closes_its_last_day(card: Card) -> None:
    armed(card, at(1, "12:00"), at(2, "09:00"))
    assert closed_days(card, at(2, "09:00"), everything=True) == [1, 2]


def test_a_message_carries_the_days_before_as_they_are_now(card: Card) -> None:
    """A day corrected after it was sent travels again with its new total: the receiver learns of it at no cost."""
    armed(card, at(1, "00:00"), at(3, "01:00"))
    see(card, at(1, "10:00"), count=1)
    assert closed_days(card, at(2, "00:00")) == [1]
    card.connection.execute("UPDATE outbox SET attempts = 1")
    see(card, at(1, "20:00"), count=4)
    (closed,) = close_due_days(card, CLOSING, at(3, "00:00"))
    message = decode(closed.messages[0], builtin_taxa())
    assert len(closed.messages[0]) <= 50
    (before,) = message.earlier
    assert (before.day, before.sequence) == (date(2026, 6, 1), 1)
    assert [(t.taxon, t.events, t.individuals) for t in before.tallies] == [("Vulpes vulpes", 2, 5)]


def test_a_message_nobody_has_tried_to_send_is_composed_anew(card: Card) -> None:
    """While it lies in the outbox untouched, a day's message keeps up with the card, under the same number."""
    armed(card, at(1, "00:00"), at(3, "01:00"))
    see(card, at(1, "10:00"), count=1)
    assert closed_days(card, at(2, "00:00")) == [1]
    see(card, at(1, "20:00"), count=4)
    assert closed_days(card, at(3, "00:00")) == [2]
    rows = card.connection.execute("SELECT sequence, payload FROM outbox ORDER BY sequence").fetchall()
    first = decode(bytes(rows[0]["payload"]), builtin_taxa())
    assert [row["sequence"] for row in rows] == [1, 2]
    assert [(t.events, t.individuals) for t in first.tallies] == [(2, 5)]


def test_days_on_which_the_trap_was_off_cost_nothing(card: Card) -> None:
    """Two days on, a month off, a day on: three messages, numbered on end, so that the month is not taken for lost."""
    armed(card, at(1, "00:00"), at(3, "00:00"))
    armed(card, at(28, "12:00"), at(28, "20:00"))
    outcomes = close_due_days(card, CLOSING, at(29, "01:00"))
    assert [(o.summary.day.day, o.summary.sequence) for o in outcomes if isinstance(o, ClosedDay)] == [
        (1, 1),
        (2, 2),
        (28, 3),
    ]


def test_a_clock_that_was_wrong_does_not_stop_the_messages(card: Card) -> None:
    """A day in the future that was closed by mistake leaves today's day to be closed all the same."""
    armed(card, at(1, "00:00"), at(1, "12:00"))
    armed(card, at(28, "00:00"), at(28, "00:01"))
    assert closed_days(card, at(29, "00:00")) == [1, 28]
    armed(card, at(2, "00:00"), at(3, "00:10"))
    assert closed_days(card, at(3, "00:10")) == [2]


def test_one_day_that_cannot_be_told_does_not_stop_the_others(card: Card) -> None:
    """A picture from 1999, before the days that messages count, and a taxon without a code: named, the rest closed."""
    armed(card, at(1, "00:00"), at(3, "00:10"))
    see(card, datetime(1999, 6, 1, tzinfo=ZONE))
    see(card, at(1, "10:00"), "Chimaera monstrosa")
    outcomes = close_due_days(card, CLOSING, at(3, "00:10"))
    failed = [outcome.day for outcome in outcomes if isinstance(outcome, ClosingFailed)]
    assert failed == [date(1999, 6, 1), date(2026, 6, 1)]
    assert [o.summary.day.day for o in outcomes if isinstance(o, ClosedDay)] == [2]


def test_a_told_day_that_can_no_longer_be_told_stops_nothing(card: Card) -> None:
    """A day whose message waits grows by a taxon without a code: named, and the trap goes on."""
    armed(card, at(1, "00:00"), at(2, "00:10"))
    see(card, at(1, "10:00"))
    assert closed_days(card, at(2, "00:10")) == [1]
    see(card, at(1, "12:00"), "Chimaera monstrosa")
    outcomes = close_due_days(card, CLOSING, at(2, "00:10"), everything=True)
    assert date(2026, 6, 1) in [each.day for each in outcomes if isinstance(each, ClosingFailed)]
    assert date(2026, 6, 1) in [each.day for each in outcomes if isinstance(each, DayOutgrown)]


@pytest.mark.parametrize("reading", [(-0.5, 10.0), (float("nan"), 10.0), (12.0, float("nan")), (12.0, -300.0)])
def test_a_gauge_that_has_come_loose_is_a_fault_and_no_more(card: Card, reading: tuple[float, float]) -> None:
    armed(card, at(1, "00:00"), at(2, "00:10"))
    closing = Closing(Rules(), builtin_taxa(), power=lambda: PowerReading(*reading))
    (closed,) = close_due_days(card, closing, at(2, "00:10"))
    assert isinstance(closed, ClosedDay)
    assert closed.summary.health.faults == ("battery",)
    assert None in (closed.summary.health.battery_v, closed.summary.health.temperature_max_c)


def test_the_wall_clock_invents_no_effort(card: Card) -> None:
    """Set forward by a month and back, the clock adds the hours that really passed, on days that it could not know."""
    boot = at(1, "00:00")
    stretch = arm(card.connection, boot, 0.0, "b")
    for wall, hours in [
        (at(1, "02:00"), 2),
        (at(28, "02:00"), 2),
        (at(28, "03:00"), 3),
        (at(1, "05:00"), 5),
        (at(1, "06:00"), 6),
    ]:
        stretch = still_armed(card.connection, stretch, wall, hours * 3600.0)
    lengths = [span.length / timedelta(hours=1) for span in armed_spans(card.connection)]
    assert sorted(lengths) == [1, 1, 2]


def test_an_armed_stretch_never_shrinks(card: Card) -> None:
    stretch = arm(card.connection, at(1, "00:00"), 0.0, "b")
    for now in ("05:00", "03:00"):
        stretch = still_armed(card.connection, stretch, at(1, now), at(1, now).timestamp() - at(1, "00:00").timestamp())
    assert armed_spans(card.connection)[0].end == at(1, "05:00")


def test_time_lapse_pictures_are_no_triggers(card: Card) -> None:
    """How many there are depends on the timer: they are neither triggers nor blanks nor tallied."""
    armed(card, at(1, "00:00"), at(2, "00:10"))
    see(card, at(1, "10:00"), None, cause=TriggerCause.TIMELAPSE)
    see(card, at(1, "11:00"), cause=TriggerCause.TIMELAPSE)
    (closed,) = close_due_days(card, CLOSING, at(2, "00:10"))
    assert isinstance(closed, ClosedDay)
    assert (closed.summary.effort.triggers, closed.summary.effort.blank, closed.summary.tallies) == (0, 0, ())


def test_a_persons_word_stands(card: Card) -> None:
    """A relabelled burst counts as the person says, also after a model has looked again; a blank is a blank."""
    see(card, at(1, "10:00"), "Vulpes vulpes", 2)
    see(card, at(1, "12:00"), "Vulpes vulpes")
    first, second = (row["id"] for row in card.connection.execute("SELECT id FROM bursts ORDER BY id"))
    classify_by_hand(card.connection, first, {"Canis familiaris": 1}, author="ana", made_at=at(2, "09:00"))
    classify_by_hand(card.connection, second, {}, author="ana", made_at=at(2, "09:01"))
    look(card, first, "Vulpes vulpes", 2)
    folded = fold(card, Rules())
    assert [(t.taxon, t.individuals) for t in folded.tallies[date(2026, 6, 1)]] == [("Canis familiaris", 1)]
    events = independent_events(sightings(card.connection, card.deployment.deployment))
    assert [event.source for event in events] == ["human"]
    assert folded.effort[date(2026, 6, 1)].blank == 1


def test_sequence_numbers_count_up_without_a_hole(card: Card) -> None:
    armed(card, at(1, "00:00"), at(6, "01:00"))
    closed = close_due_days(card, CLOSING, at(6, "01:00"))
    assert [c.summary.sequence for c in closed] == [1, 2, 3, 4, 5]


def test_what_was_measured_is_reported_and_what_was_not_is_not(card: Card) -> None:
    """Effort and health from the card and its sensors; no sensor is null, never 0."""
    armed(card, at(1, "06:00"), at(1, "18:00"))
    armed(card, at(1, "20:00"), at(1, "22:00"))
    see(card, at(1, "10:00"))
    see(card, at(1, "11:00"), None)
    suppress(card.connection, at(1, "10:30"), "b", "flood")
    closing = Closing(Rules(), builtin_taxa(), power=lambda: PowerReading(12.41, None))
    (closed,) = close_due_days(card, closing, at(2, "00:00"))
    effort, health = closed.summary.effort, closed.summary.health
    assert (effort.hours_armed, effort.hours_armed_night) == (14.0, None)
    assert (effort.triggers, effort.blank, effort.suppressed) == (2, 1, 1)
    assert (health.battery_v, health.temperature_min_c, health.clock) == (12.41, None, None)
    assert (health.restarts, health.faults) == (1, ())


def test_a_day_that_fails_to_be_stored_is_closed_again(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """The day's number and its messages are stored together: a number without a message would look like a lost one."""
    armed(card, at(1, "00:00"), at(2, "00:10"))

    def failing(*_: object, **__: object) -> None:
        raise OSError("the card is full")

    with monkeypatch.context() as patch:
        patch.setattr("cameratrap.store.summaries.enqueue", failing)
        with pytest.raises(OSError, match="full"):
            close_due_days(card, CLOSING, at(2, "00:00"))
    assert card.connection.execute("SELECT COUNT(*) FROM summaries").fetchone()[0] == 0
    assert closed_days(card, at(2, "00:00")) == [1]


def told_by(card: Card, *states: str) -> set[date]:
    """The days that messages in these states tell, as a receiver would read them."""
    rows = card.connection.execute("SELECT payload, state FROM outbox")
    summaries = [decode(bytes(row["payload"]), builtin_taxa()) for row in rows if row["state"] in states]
    return {day for each in summaries for day in [each.day, *(before.day for before in each.earlier)]}


def test_a_message_a_week_carries_its_week(card: Card) -> None:
    """Every seventh day has a message, and each of the six days before it is in it; the last day has one at the end."""
    weekly = replace(CLOSING, every_days=7)
    armed(card, at(1, "00:00"), at(17, "12:00"))
    for day in range(1, 18):
        see(card, at(day, "10:00"), count=day % 3 + 1)
    for day in range(2, 18):
        close_due_days(card, weekly, at(day, "10:35"))
    rows = card.connection.execute("SELECT day FROM outbox ORDER BY day").fetchall()
    ends = [date.fromisoformat(row["day"]) for row in rows]
    assert [(end + timedelta(days=1)).toordinal() % 7 for end in ends] == [0, 0]
    assert told_by(card, "queued") == {date(2026, 6, day) for day in range(1, ends[-1].day + 1)}
    close_due_days(card, weekly, at(17, "12:00"), everything=True)
    assert told_by(card, "queued") == {date(2026, 6, day) for day in range(1, 18)}


def test_the_days_of_a_period_that_ended_while_the_trap_was_off_are_told_by_the_next(card: Card) -> None:
    """Armed for two days of one week and again in the week after the next: its first day speaks for all."""
    weekly = replace(CLOSING, every_days=7)
    first = date(2026, 6, 1)
    while first.toordinal() % 7:
        first += timedelta(days=1)
    armed(card, at(first.day, "00:00"), at(first.day + 2, "00:00"))
    armed(card, at(first.day + 15, "00:00"), at(first.day + 16, "00:00"))
    outcomes = close_due_days(card, weekly, at(first.day + 16, "00:00"))
    assert [bool(each.messages) for each in outcomes if isinstance(each, ClosedDay)] == [False, False, True]
    assert len(told_by(card, "queued")) == 3


def test_a_low_battery_speaks_at_once(card: Card) -> None:
    """There may be no message at the end of the week."""
    closing = replace(CLOSING, every_days=31, low_battery_v=11.8, power=lambda: PowerReading(11.5, None))
    armed(card, at(2, "00:00"), at(3, "00:10"))
    (closed,) = close_due_days(card, closing, at(3, "00:10"))
    assert isinstance(closed, ClosedDay)
    assert closed.messages


def many(card: Card, day: int, taxa: int) -> None:
    """A day so rich that its tallies fill a message of their own."""
    names = [taxon.name for taxon in builtin_taxa()]
    for n in range(taxa):
        see(card, at(day, "08:00") + timedelta(minutes=n), names[(37 * n + 11 * day) % len(names)], 1 + (n * 7) % 60)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.sampled_from([0, 1, 3, 10, 30]), min_size=2, max_size=10),
    every_days=st.sampled_from([1, 2, 3, 7]),
    max_messages=st.sampled_from([1, 2]),
    fates=st.lists(st.sampled_from(["sent", "queued", "failed"]), min_size=10, max_size=10),
)
def test_every_day_is_told_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], every_days: int, max_messages: int, fates: list[str]
) -> None:
    """Whatever fits or not, and whatever becomes of messages meanwhile: at the end each day was sent or waits, once."""
    closing = replace(CLOSING, every_days=every_days, max_messages=max_messages)
    folder = tmp_path_factory.mktemp("season") / "card"
    with make_card(folder, Deployment("d", "s", 120, at(1, "00:00"))) as card:
        armed(card, at(1, "00:00"), at(len(sizes), "23:00"))
        for day, taxa in enumerate(sizes, start=1):
            many(card, day, taxa)
            close_due_days(card, closing, at(day, "23:59") + timedelta(hours=7))
            set_fate(card, fates[day % len(fates)])
        close_due_days(card, closing, at(len(sizes), "23:59"), everything=True)
        assert told_by(card, "sent", "queued") == {date(2026, 6, day) for day in range(1, len(sizes) + 1)}
        assert close_due_days(card, closing, at(len(sizes), "23:59"), everything=True) == []


def test_a_day_that_no_modem_took_gets_another_message(card: Card) -> None:
    """Too rich to travel with another day, it is told under a new number, since its old one is taken."""
    armed(card, at(1, "00:00"), at(3, "00:10"))
    many(card, 1, 30)
    close_due_days(card, CLOSING, at(2, "06:00"))
    set_fate(card, "failed")
    many(card, 2, 30)
    close_due_days(card, CLOSING, at(3, "06:00"))
    rows = card.connection.execute("SELECT day, sequence, state FROM outbox ORDER BY sequence").fetchall()
    assert [tuple(row) for row in rows] == [
        ("2026-06-01", 1, "failed"),
        ("2026-06-02", 2, "queued"),
        ("2026-06-01", 3, "queued"),
    ]


@pytest.mark.parametrize("taxa", [13, 30])
def test_a_told_day_that_grows_and_fits_no_later_message_gets_another_one_once(card: Card, taxa: int) -> None:
    """The next day's message has no room for it: told with every taxon or with some merged, it is told as it is now,
    under a new number; not again unless it grows again.
    """
    armed(card, at(1, "00:00"), at(6, "00:10"))
    many(card, 1, taxa)
    close_due_days(card, CLOSING, at(2, "06:00"))
    set_fate(card, "sent")
    assert closed_days(card, at(2, "07:00")) == []
    see(card, at(1, "20:00"), "Vulpes vulpes", 9)
    for day in (2, 3, 4):
        many(card, day, 13)
        close_due_days(card, CLOSING, at(day + 1, "06:00"))
        set_fate(card, "sent")
    rows = card.connection.execute("SELECT sequence, payload FROM outbox WHERE day = '2026-06-01' ORDER BY sequence")
    first, second = rows.fetchall()
    assert (first["sequence"], second["sequence"]) == (1, 3)
    told = decode(bytes(second["payload"]), builtin_taxa())
    truth = fold(card, Rules()).tallies[date(2026, 6, 1)]
    assert sum(tally.individuals for tally in told.tallies) == sum(tally.individuals for tally in truth)
    see(card, at(1, "22:00"), "Vulpes vulpes", 5)
    many(card, 5, 13)
    (grown,) = (each for each in close_due_days(card, CLOSING, at(6, "06:00")) if isinstance(each, DayTold))
    assert grown.day == date(2026, 6, 1)


def set_fate(card: Card, state: str) -> None:
    """Let what waits have been tried, and come to this."""
    card.connection.execute("UPDATE outbox SET state = ?, attempts = 1 WHERE state = 'queued'", (state,))


def test_what_nothing_tells_comes_before_what_has_been_told(card: Card) -> None:
    """A day whose message was refused for good is in the next one."""
    armed(card, at(1, "00:00"), at(4, "00:10"))
    many(card, 1, 3)
    close_due_days(card, CLOSING, at(2, "06:00"))
    set_fate(card, "failed")
    close_due_days(card, CLOSING, at(3, "06:00"))
    assert date(2026, 6, 1) in told_by(card, "queued")


def test_a_modem_fault_is_named_by_the_summary(card: Card) -> None:
    """A session that the account refused: the day's summary says so, also the next while it stands."""
    armed(card, at(1, "00:00"), at(4, "00:10"))
    refused = SendResult(SendStatus.RETRY, mo_status=15, detail="access denied", fault="account")
    with transaction(card.connection):
        end_session(card.connection, begin_session(card.connection, "summary", at(2, "01:00")), refused)
    outcomes = close_due_days(card, CLOSING, at(3, "00:10"))
    assert [each.summary.health.faults for each in outcomes if isinstance(each, ClosedDay)] == [(), ("modem",)]
    with transaction(card.connection):
        clear_fault(card.connection, at(3, "01:00"))
    (last,) = close_due_days(card, CLOSING, at(4, "00:10"))
    assert isinstance(last, ClosedDay)
    assert last.summary.health.faults == ()
