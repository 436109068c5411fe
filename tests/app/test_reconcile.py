"""The card against the satellite: equal numbers agree, and of every difference the cause is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.card_project import deployment_row, take_card
from cameratrap.app.clock_shift import Selection as Rows
from cameratrap.app.clock_shift import correct, selected
from cameratrap.app.fold import Rules
from cameratrap.app.project_source import open_for_review, open_source
from cameratrap.app.received_days import ReceivedDay
from cameratrap.app.reconcile import CardSide, reconcile
from cameratrap.app.reconcile_sides import card_side, chosen_stations
from cameratrap.app.reconcile_totals import sentences, totals
from cameratrap.app.reconciled import Cause, Compared, Counted
from cameratrap.app.sent_days import MessageFate
from cameratrap.domain.capture import Incident
from cameratrap.domain.effort import Effort
from cameratrap.domain.selection import Selection
from cameratrap.domain.summaries import FAULTS, ClockQuality
from cameratrap.domain.tallies import OTHERS, Tally
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import transaction
from cameratrap.store.device_faults import note_incident
from cameratrap.store.observations import classify_by_hand
from cameratrap.store.project import Project, edit_project
from cameratrap.store.project_clock import shift
from cameratrap.store.project_events import regroup
from cameratrap.store.review_actions import Change, act, undo
from cameratrap.store.review_scope import Scope
from cameratrap.wire.layout import COUNT_MAX
from tests.satellite_days import STATION, TAXA, arrived, at, close_days, look, payloads, photograph, see, stand

LATER = datetime(2026, 7, 2, 9, tzinfo=UTC)
FOX, BADGER = "Vulpes vulpes", "Meles meles"


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    """A card that stood for three days in June."""
    with make_card(tmp_path / "card", Deployment("d", STATION, 120, at(1, "00:00"))) as card:
        stand(card, at(1, "00:00"), at(3, "23:00"))
        yield card


def compare(
    folder: Path,
    received: Sequence[ReceivedDay],
    *,
    rules_now: Rules = Rules(),  # noqa: B008 - frozen
) -> list[Compared]:
    with open_source(folder) as project:
        return compared(project, received, rules_now)


def compared(project: Project, received: Sequence[ReceivedDay], rules_now: Rules) -> list[Compared]:
    return list(reconcile(STATION, sides(project, rules_now), received))


def sides(project: Project, rules_now: Rules = Rules()) -> list[CardSide]:  # noqa: B008 - frozen
    (group,) = chosen_stations(project, Selection()).values()
    return [card_side(project, each, TAXA, Rules(), rules_now) for each in group]


def told(row: Compared) -> tuple[int, str, Counted | None, Counted | None, tuple[Cause, ...]]:
    return row.day.day, row.taxon, row.sent, row.card, row.causes


def say(folder: Path, change: Change, event: int = 1, key: str = "k") -> None:
    """What a person does on the page."""
    with open_for_review(folder) as project:
        act(project.connection, change, Scope((event,)), key=key, author="anna", made_at=LATER)


def test_what_was_received_and_what_the_card_says_agree(card: Card) -> None:
    """Each taxon of each day; a day without any has a row that says so."""
    see(card, at(1, "10:00"), FOX, 2)
    see(card, at(2, "23:50"), BADGER)
    see(card, at(3, "00:10"), BADGER, 3)
    close_days(card, at(4, "01:00"), every_days=1)
    assert [told(row) for row in compare(card.folder, arrived(payloads(card)))] == [
        (1, FOX, Counted(1, 2), Counted(1, 2), (Cause.AGREES,)),
        (2, BADGER, Counted(1, 3), Counted(1, 3), (Cause.AGREES,)),
        (3, "", Counted(), Counted(), (Cause.AGREES,)),
    ]


def test_a_lost_message_is_told_from_one_that_was_never_sent(card: Card) -> None:
    """What the card counted is there, what was sent is not known: no row pretends that nothing was."""
    see(card, at(1, "10:00"), FOX, 2)
    see(card, at(3, "10:00"), FOX)
    close_days(card, at(3, "00:00"))
    assert [(row.message, *told(row)) for row in compare(card.folder, [])] == [
        (MessageFate.SENT, 1, FOX, None, Counted(1, 2), (Cause.LOST_MESSAGE,)),
        (MessageFate.SENT, 2, "", None, Counted(), (Cause.LOST_MESSAGE,)),
        (MessageFate.NONE, 3, FOX, None, Counted(1, 1), (Cause.NOT_SENT,)),
    ]


def test_a_lost_message_that_a_later_one_carries_again_is_received(card: Card) -> None:
    see(card, at(1, "10:00"), FOX, 2)
    close_days(card, at(2, "00:00"))
    close_days(card, at(3, "00:00"))
    first, *_ = compare(card.folder, arrived(payloads(card)[1:]))
    assert told(first) == (1, FOX, Counted(1, 2), Counted(1, 2), (Cause.AGREES,))


def test_a_persons_word_is_a_correction_and_undoing_it_agrees_again(card: Card) -> None:
    """The fox that was a badger: one less of the one, one more of the other; the machine's number stays beside it."""
    see(card, at(1, "10:00"), FOX, 2)
    close_days(card, at(2, "00:00"))
    received = arrived(payloads(card))
    say(card.folder, Change("relabel", BADGER))
    badger, fox = compare(card.folder, received)[:2]
    assert told(badger) == (1, BADGER, Counted(), Counted(1, 2), (Cause.CORRECTION,))
    assert told(fox) == (1, FOX, Counted(1, 2), Counted(), (Cause.CORRECTION,))
    assert (fox.machine, fox.difference) == (Counted(1, 2), Counted(-1, -2))
    with open_for_review(card.folder) as project:
        undo(project.connection, key="u", author="anna", made_at=LATER)
    assert compare(card.folder, received)[0].causes == (Cause.AGREES,)


def test_a_persons_word_that_says_the_same_agrees(card: Card) -> None:
    see(card, at(1, "10:00"), FOX, 2)
    close_days(card, at(2, "00:00"))
    say(card.folder, Change("verify"))
    assert compare(card.folder, arrived(payloads(card)))[0].causes == (Cause.AGREES,)


def test_another_model_and_then_a_person_are_two_causes(card: Card) -> None:
    """Told one fox; a newer model sees three, and a person two."""
    name = see(card, at(1, "10:00"), FOX)
    close_days(card, at(2, "00:00"))
    look(card, name, {FOX: 3}, model="2", later=timedelta(days=9))
    (row, *_) = compare(card.folder, arrived(payloads(card)))
    assert (row.machine, row.causes) == (Counted(1, 3), (Cause.MODEL,))
    say(card.folder, Change("count", count=2))
    (row, *_) = compare(card.folder, arrived(payloads(card)))
    assert (row.sent, row.machine, row.card) == (Counted(1, 1), Counted(1, 3), Counted(1, 2))
    assert row.causes == (Cause.MODEL, Cause.CORRECTION)


def test_a_persons_word_that_was_told_is_no_models(card: Card) -> None:
    """Corrected on the card before the day was told: the model that looks again later changes nothing."""
    name = see(card, at(1, "10:00"), FOX)
    classify_by_hand(card.connection, name, {FOX: 2}, author="anna", made_at=at(1, "12:00"))
    close_days(card, at(2, "00:00"))
    look(card, name, {FOX: 5}, model="2", later=timedelta(days=9))
    (row, *_) = compare(card.folder, arrived(payloads(card)))
    assert (row.sent, row.machine, row.causes) == (Counted(1, 2), Counted(1, 5), (Cause.AGREES,))
    say(card.folder, Change("count", count=3))
    assert compare(card.folder, arrived(payloads(card)))[0].causes == (Cause.CORRECTION,)


def test_what_nobody_had_looked_at_when_the_day_was_told(card: Card) -> None:
    see(card, at(1, "10:00"), FOX)
    waiting = photograph(card, at(1, "20:00"))
    close_days(card, at(2, "00:00"))
    look(card, waiting, {FOX: 2}, later=timedelta(days=1))
    assert told(compare(card.folder, arrived(payloads(card)))[0]) == (
        *(1, FOX, Counted(1, 1), Counted(2, 3)),
        (Cause.UNLOOKED,),
    )


@pytest.mark.parametrize("where", ["card", "project"])
def test_times_that_were_corrected_since(card: Card, tmp_path: Path, where: str) -> None:
    """A fox at 23:50 that a corrected clock moves to the next day, corrected on the card or in a project."""
    see(card, at(1, "23:50"), FOX)
    close_days(card, at(3, "00:00"))
    received, hour = arrived(payloads(card)), timedelta(hours=1)
    if where == "card":
        folder = card.folder
        correct(card.connection, [selected(card.connection, Rows(), hour)], LATER)
    else:
        folder = _project_of(tmp_path / "project", [card])
        _shift(folder, hour)
    rows = {row.day.day: row for row in compare(folder, received) if row.taxon}
    assert told(rows[1]) == (1, FOX, Counted(1, 1), Counted(), (Cause.CLOCK,))
    assert told(rows[2]) == (2, FOX, Counted(), Counted(1, 1), (Cause.CLOCK,))


def test_a_clock_that_was_not_set_when_the_day_was_told(card: Card) -> None:
    """Such pictures are in no tally until their clock is corrected."""
    see(card, at(1, "10:00"), FOX)
    unset = photograph(card, at(2, "12:00"), clock=ClockQuality.UNSET)
    look(card, unset, {FOX: 2})
    close_days(card, at(2, "00:00"))
    received = arrived(payloads(card))
    assert compare(card.folder, received)[0].causes == (Cause.AGREES,)
    back = selected(card.connection, Rows(since=at(2, "11:00")), -timedelta(hours=20))
    correct(card.connection, [back], LATER)
    assert told(compare(card.folder, received)[0]) == (1, FOX, Counted(1, 1), Counted(2, 3), (Cause.CLOCK,))


def test_another_rule_of_independence(card: Card) -> None:
    """Two foxes forty minutes apart are two events to the trap and one by an hour's rule."""
    see(card, at(1, "10:00"), FOX)
    see(card, at(1, "10:40"), FOX)
    close_days(card, at(2, "00:00"))
    (row, *_) = compare(card.folder, arrived(payloads(card)), rules_now=Rules(interval=timedelta(hours=1)))
    assert told(row) == (1, FOX, Counted(2, 2), Counted(1, 1), (Cause.RULE,))


def test_what_did_not_fit_is_compared_together(card: Card) -> None:
    """Taxa in `others` have no number of their own; the bucket's difference is of all of them, and columns add up."""
    names = [taxon.name for taxon in TAXA if taxon.rank == "species"][:60]
    for number, name in enumerate(names):
        see(card, at(1, "10:00") + timedelta(minutes=number), name, 1 + number % 7)
    close_days(card, at(2, "00:00"))
    rows = [row for row in compare(card.folder, arrived(payloads(card))) if row.day.day == 1]
    merged = [row for row in rows if row.causes == (Cause.MERGED,)]
    (others,) = [row for row in rows if row.taxon == OTHERS]
    assert merged
    assert all(row.sent is None and row.difference is None for row in merged)
    assert (others.causes, others.card, others.difference) == ((Cause.AGREES,), None, Counted())
    every = totals(rows).all_taxa
    assert every.sent == every.card == Counted(60, sum(1 + number % 7 for number in range(60)))


def test_a_correction_of_what_did_not_fit_shows_in_the_bucket(card: Card) -> None:
    names = [taxon.name for taxon in TAXA if taxon.rank == "species"][:60]
    for number, name in enumerate(names):
        see(card, at(1, "00:00") + timedelta(minutes=20 * number), name)
    close_days(card, at(2, "00:00"))
    received = arrived(payloads(card))
    first = next(row for row in compare(card.folder, received) if row.causes == (Cause.MERGED,))
    say(card.folder, Change("count", count=4), event=1 + names.index(first.taxon))
    (others,) = [row for row in compare(card.folder, received) if row.taxon == OTHERS]
    assert (others.difference, others.causes) == (Counted(0, 3), (Cause.CORRECTION,))


def test_a_number_that_no_message_holds_is_saturated(card: Card) -> None:
    """More than the grid's highest count: that it was so many or more is all that was told."""
    see(card, at(1, "10:00"), FOX, COUNT_MAX + 5)
    close_days(card, at(2, "00:00"))
    (row, *_) = compare(card.folder, arrived(payloads(card)))
    assert (row.sent, row.difference, row.causes) == (Counted(1, COUNT_MAX), Counted(0, 5), (Cause.SATURATED,))


def test_a_day_of_which_parts_are_missing(card: Card) -> None:
    """A taxon of a part that never came is not known to be zero."""
    names = [taxon.name for taxon in TAXA if taxon.rank == "species"][:60]
    for number, name in enumerate(names):
        see(card, at(1, "10:00") + timedelta(minutes=number), name)
    close_days(card, at(2, "00:00"), max_messages=4)
    assert len(payloads(card)) > 1
    rows = [row for row in compare(card.folder, arrived(payloads(card)[:1])) if row.day.day == 1]
    missing = [row for row in rows if row.causes == (Cause.INCOMPLETE,)]
    assert missing
    assert all(row.sent is None and row.card == Counted(1, 1) for row in missing)
    assert {row.causes for row in rows} == {(Cause.INCOMPLETE,), (Cause.AGREES,)}


def test_a_received_day_that_the_card_does_not_have(card: Card) -> None:
    (*_, last) = compare(card.folder, [_received(20, Tally(FOX, 2, 3))])
    assert told(last) == (20, FOX, Counted(2, 3), None, (Cause.NOT_ON_CARD,))
    assert totals([last]).all_taxa.sent == Counted()


def test_what_no_step_explains_is_said_to_be_unexplained(card: Card) -> None:
    """The message says three, and nothing on the card ever did."""
    see(card, at(1, "10:00"), FOX)
    close_days(card, at(2, "00:00"))
    (told_day,) = arrived(payloads(card))
    other = replace(told_day, tallies=(Tally(FOX, 3, 3),))
    assert compare(card.folder, [other])[0].causes == (Cause.OTHERWISE,)


def test_two_cards_at_one_station_on_one_day(tmp_path: Path) -> None:
    """The card was swapped at noon; of two messages of one day one is believed: the rest is the other card's."""
    with ExitStack() as stack:
        cards = []
        for number, hour in ((1, "08:00"), (2, "16:00")):
            deployment = Deployment(f"d{number}", STATION, 120, at(1, "00:00" if number == 1 else "12:00"))
            each = stack.enter_context(make_card(tmp_path / f"card{number}", deployment))
            stand(each, *((at(1, "00:00"), at(1, "11:00")) if number == 1 else (at(1, "12:00"), at(1, "23:59"))))
            see(each, at(1, hour), FOX, number)
            cards.append(each)
        close_days(cards[1], at(2, "00:00"))
        received = arrived(payloads(cards[1]))
        folder = _project_of(tmp_path / "project", cards)
    (row,) = compare(folder, received)
    assert told(row) == (1, FOX, Counted(1, 2), Counted(2, 3), (Cause.OTHER_CARD,))


def test_the_sentences_say_how_many_agree_and_why_others_do_not(card: Card) -> None:
    see(card, at(1, "10:00"), FOX, 2)
    see(card, at(2, "10:00"), FOX)
    close_days(card, at(3, "00:00"))
    say(card.folder, Change("blank"))
    rows = compare(card.folder, arrived(payloads(card)))
    assert list(sentences(totals(rows))) == [
        "Received: 2 of 3 station-days (1 without a message).",
        "Agreeing: 1 of 2 comparisons; the others: correction 1.",
        (
            "On the days that were received and are on a card, the messages told 2 events with 3 individuals; the"
            " models' words there say 2 events with 3 individuals, and what stands there now says 1 event with 1"
            " individual."
        ),
    ]


def test_a_day_without_its_sensor_is_a_day_of_the_card(tmp_path: Path) -> None:
    """A trap that is not armed says so: received, it agrees that there was nothing; lost, a message is missing."""
    with make_card(tmp_path / "deaf", Deployment("d", STATION, 120, at(1, "00:00"))) as deaf:
        _armed_but_on_the_second(deaf)
        morning = at(2, "08:00")
        silent = Incident(FAULTS[0], "no answer", morning.timestamp(), recovered=False)
        note_incident(deaf.connection, silent, morning, "later")
        close_days(deaf, at(4, "01:00"), every_days=1)
        received = arrived(payloads(deaf))
    second = compare(tmp_path / "deaf", received)[1]
    assert told(second) == (2, "", Counted(), Counted(), (Cause.AGREES,))
    second = compare(tmp_path / "deaf", [])[1]
    assert (second.day.day, second.message, second.causes) == (2, MessageFate.SENT, (Cause.LOST_MESSAGE,))


def test_a_day_without_power_is_none_that_was_lost(tmp_path: Path) -> None:
    """Nothing was seen and nothing told; where a message tells of it all the same, this card has it."""
    with make_card(tmp_path / "off", Deployment("d", STATION, 120, at(1, "00:00"))) as off:
        _armed_but_on_the_second(off)
        close_days(off, at(4, "01:00"), every_days=1)
    assert [row.day.day for row in compare(tmp_path / "off", [])] == [1, 3]
    assert compare(tmp_path / "off", [_received(2)])[1].causes == (Cause.AGREES,)


def _armed_but_on_the_second(card: Card) -> None:
    for day in (1, 3):
        stand(card, at(day, "00:00"), at(day, "23:00"))


def test_chosen_taxa_leave_every_day(card: Card) -> None:
    """A day without any of them is a comparison of nothing with nothing, or a day that was lost; not no day."""
    see(card, at(1, "10:00"), FOX, 2)
    see(card, at(2, "10:00"), BADGER)
    close_days(card, at(3, "00:00"))
    with open_source(card.folder) as project:
        rows = list(reconcile(STATION, sides(project), arrived(payloads(card)), [FOX]))
    assert [(row.day.day, row.taxon, row.causes) for row in rows] == [
        (1, FOX, (Cause.AGREES,)),
        (2, "", (Cause.AGREES,)),
        (3, "", (Cause.NOT_SENT,)),
    ]
    assert totals(rows).days == {MessageFate.RECEIVED: 2, MessageFate.NONE: 1}


def test_another_makers_camera_has_lost_no_message(card: Card) -> None:
    """It never had a modem: a day of it counts only where something was received of the station."""
    with open_source(card.folder) as project:
        pictures = [replace(side, is_trap=False) for side in sides(project)]
    assert list(reconcile(STATION, pictures, [])) == []
    (row,) = reconcile(STATION, pictures, [_received(2, Tally(FOX, 1, 1))])
    assert (row.day.day, row.message) == (2, MessageFate.RECEIVED)


def test_what_no_card_has_is_told_apart(card: Card) -> None:
    """The sums of what was received are of days that a card has; the sentences say what the others told."""
    rows = compare(card.folder, [_received(20, Tally(FOX, 2, 3))])
    assert totals(rows).not_on_card == Counted(2, 3)
    assert "Of days that no card here has, the messages told 2 events with 3 individuals." in sentences(totals(rows))


def _received(day: int, *tallies: Tally) -> ReceivedDay:
    return ReceivedDay(STATION, date(2026, 6, day), tallies, Effort(), None, 1, "own")


def _project_of(folder: Path, cards: Sequence[Card]) -> Path:
    """A project of cards that stay where they lie."""
    with edit_project(folder, create=True) as project, transaction(project.connection):
        for card in cards:
            take_card(project.connection, card, deployment_row(card, root=str(card.folder), now=LATER))
    return folder


def _shift(folder: Path, offset: timedelta) -> None:
    with edit_project(folder) as project, transaction(project.connection):
        shift(project.connection, 1, offset, since=None, until=None, author="anna", made_at=LATER)
        regroup(project.connection, 1)
