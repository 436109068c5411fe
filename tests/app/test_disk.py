"""A card that fills, is read-only or is pulled: told early, blanks before animals, counts always."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameratrap.app.card_keeper import CardKeeper
from cameratrap.app.disk import CardState, Room, RoomRules, card_state, make_room, measure
from cameratrap.app.verify import Condition, verify
from cameratrap.domain.detections import BBox, Detection
from cameratrap.domain.events import TriggerCause
from cameratrap.domain.judged import Fate, JudgedBox
from cameratrap.domain.policy import Treatment
from cameratrap.ports import Trigger
from cameratrap.store.analyses import Analysis, ModelIdentity, Observation, PictureAnswer, store_analysis
from cameratrap.store.bursts import add_picture, all_pictures, begin_burst, last_path, pictures_of
from cameratrap.store.card import RECORD, Card, Deployment, make_card
from cameratrap.store.media import PictureFolder
from cameratrap.store.observations import classify_by_hand
from cameratrap.store.treatments import Outcome
from tests.fakes import jpeg

AT = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)
MODEL = ModelIdentity("m", "1", "0" * 64, 0.5)
RULES = RoomRules(min_free_bytes=1000, warn_free_pct=10)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    with make_card(tmp_path / "card", Deployment("d", "s", 0, AT)) as made:
        yield made


def burst(
    card: Card,
    name: str,
    *,
    taxon: str = "",
    looked: bool = True,
    cause: TriggerCause = TriggerCause.PIR,
    suppressed: bool = False,
    error: str | None = None,
) -> str:
    """One burst of one picture; returns the picture's path."""
    number = len(all_pictures(card.connection))
    at = AT + timedelta(hours=number)
    begin_burst(card.connection, name, Trigger(name, at, cause), boot_id="boot", clock=None)
    saved = PictureFolder(card.folder, last_path(card.connection)).save(jpeg(number))
    add_picture(card.connection, name, saved, position=1, of=1, captured_at=at, source_sha256=name, source_name="")
    if looked:
        box = JudgedBox(Detection("animal", "animal", 0.9, BBox(0, 0, 0.5, 0.5)), Fate.FIXTURE)
        answers = tuple(
            PictureAnswer(each, 48, 36, (box,) if suppressed else ()) for each in pictures_of(card.connection, name)
        )
        seen = (Observation(taxon, 1, 1, 1, 0.9, at, at),) if taxon else ()
        fault = None if error is None else "card"
        store_analysis(card.connection, name, Analysis(answers, seen), MODEL, made_at=at, error=error, fault=fault)
    return saved.path


class Filling:
    """A disk on which so many pictures fit beside what must stay free."""

    def __init__(self, card: Path, fit: int) -> None:
        self.card, self.fit = card, fit

    def __call__(self, folder: Path) -> Room:
        there = len(list((self.card / "DCIM").rglob("*.JPG")))
        return Room(free=1000 + 100 * (self.fit - there), total=100_000)


def kept(card: Card) -> set[str]:
    return {path.relative_to(card.folder).as_posix() for path in card.folder.glob("DCIM/*/*.JPG")}


@pytest.mark.parametrize(
    ("room", "state"),
    [
        (Room(50_000, 100_000), CardState.OK),
        (Room(9_999, 100_000), CardState.LOW),
        (Room(999, 100_000), CardState.FULL),
        (Room(0, 0), CardState.FULL),
        (Room(50_000, 100_000, is_read_only=True), CardState.READ_ONLY),
    ],
)
def test_each_state_has_its_name(card: Card, room: Room, state: CardState) -> None:
    """And says what can still be written on it."""
    found = card_state(card.folder, RULES, lambda _: room)
    assert found is state
    assert found.takes_pictures == (state in {CardState.OK, CardState.LOW})
    assert found.takes_rows == (state is not CardState.READ_ONLY)


def test_a_folder_without_the_record_is_no_card_any_more(card: Card, tmp_path: Path) -> None:
    """What lies under a mount point shows when the card was pulled, and must not be filled."""
    assert card_state(card.folder, RULES) in set(CardState) - {CardState.GONE}
    (card.folder / RECORD).rename(tmp_path / "elsewhere")
    assert card_state(card.folder, RULES) is CardState.GONE
    assert card_state(tmp_path / "nowhere", RULES) is CardState.GONE

    def fails(_: Path) -> Room:
        raise OSError(5, "Input/output error")

    (tmp_path / "elsewhere").rename(card.folder / RECORD)
    assert card_state(card.folder, RULES, fails) is CardState.GONE
    assert not card_state(card.folder, RULES, fails).takes_rows


def test_what_the_file_system_says_is_what_anybody_may_use(tmp_path: Path) -> None:
    """Not what is reserved for root."""
    room = measure(tmp_path)
    assert 0 <= room.free <= room.total
    assert not room.is_read_only


def test_blanks_go_first_and_nothing_else_goes(card: Card) -> None:
    """Oldest first, and those that the background spoke against last; rows and counts stay as they are."""
    doubtful = burst(card, "doubtful", suppressed=True)
    fox = burst(card, "fox", taxon="Vulpes vulpes")
    unseen = burst(card, "unseen", looked=False)
    failed = burst(card, "failed", error="the model failed")
    timelapse = burst(card, "timelapse", cause=TriggerCause.TIMELAPSE)
    corrected = burst(card, "corrected")
    classify_by_hand(card.connection, "corrected", {"Meles meles": 1}, author="anna", made_at=AT)
    blank = burst(card, "blank")
    rows = [tuple(row) for row in card.connection.execute("SELECT * FROM observations")]
    made = make_room(card, RULES, AT, Filling(card.folder, 4))
    assert (made.state, made.dropped, made.failed) == (CardState.FULL, 2, ())
    assert kept(card) == {fox, unseen, failed, timelapse, corrected}
    outcomes = {each.path: (each.outcome, each.treatment, each.sha256_now) for each in all_pictures(card.connection)}
    assert outcomes[blank] == outcomes[doubtful] == (Outcome.DROPPED, Treatment.COUNT, None)
    assert outcomes[fox][0] is None
    assert [tuple(row) for row in card.connection.execute("SELECT * FROM observations")] == rows
    assert {each.condition for each in verify(card)} == {Condition.WHOLE}


def test_no_more_goes_than_is_needed_and_some_room_at_once(card: Card) -> None:
    """Twenty at a time, the oldest, so that a full card is not emptied, nor looked at for each burst."""
    paths = [burst(card, f"b{number:02d}") for number in range(30)]
    made = make_room(card, RULES, AT, Filling(card.folder, 25))
    assert (made.state, made.dropped) == (CardState.LOW, 20)
    assert kept(card) == set(paths[20:])


def test_a_card_with_room_or_an_owner_who_keeps_all_loses_nothing(card: Card) -> None:
    """Neither is touched, and how it stands is said."""
    path = burst(card, "blank")
    assert make_room(card, RULES, AT, Filling(card.folder, 50)).state is CardState.LOW
    keeping = RoomRules(1000, 10, drops_blanks=False)
    made = make_room(card, keeping, AT, Filling(card.folder, 0))
    assert (made.state, made.dropped, kept(card)) == (CardState.FULL, 0, {path})


def test_what_cannot_be_removed_ends_it(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that turned read-only meanwhile is not tried for ever."""
    burst(card, "blank")

    def refuse(_: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("cameratrap.app.treat.remove_durably", refuse)
    made = make_room(card, RULES, AT, Filling(card.folder, 0))
    assert (made.dropped, len(made.failed)) == (0, 1)


def test_rot_is_found_by_the_hash_and_by_nothing_else(card: Card) -> None:
    """One flipped bit, a file that is gone, one that nobody knows; the others are whole."""
    paths = [burst(card, f"b{number}") for number in range(4)]
    rotten = card.folder / paths[0]
    data = bytearray(rotten.read_bytes())
    data[len(data) // 2] ^= 1
    rotten.write_bytes(data)
    (card.folder / paths[1]).unlink()
    (card.folder / paths[2]).unlink()
    (card.folder / paths[2]).mkdir()
    stranger = card.folder / "DCIM/100CTRAP/CTRP0999.JPG"
    stranger.write_bytes(b"who knows")
    found = {each.path: each.condition for each in verify(card)}
    assert found == {
        paths[0]: Condition.DAMAGED,
        paths[1]: Condition.MISSING,
        paths[2]: Condition.UNREADABLE,
        paths[3]: Condition.WHOLE,
        "DCIM/100CTRAP/CTRP0999.JPG": Condition.UNKNOWN,
    }


class StillClock:
    def now(self) -> datetime:
        return AT

    def monotonic_s(self) -> float:
        return 5.0

    def quality(self) -> None:
        return None


def test_the_keeper_tells_each_change_once_and_makes_room(card: Card) -> None:
    """Well, full, well again after blanks went; read-only, then back: the faults that the day's message names."""
    burst(card, "blank")
    rooms = [Room(50_000, 100_000)]
    keeper = CardKeeper(card, StillClock(), RULES, measured=lambda _: rooms[-1])
    assert keeper.keep() == []
    assert keeper.incidents() == []
    rooms[:] = [Room(10, 100_000)]
    keeper.keep()
    assert (keeper.state, keeper.dropped) == (CardState.FULL, 1)
    assert [(each.what, each.recovered) for each in keeper.incidents()] == [("the card is full", False)]
    rooms[:] = [Room(50_000, 100_000, is_read_only=True)]
    path = burst(card, "another")
    keeper.keep()
    assert not keeper.state.takes_rows
    assert kept(card) == {path}
    rooms[:] = [Room(50_000, 100_000)]
    keeper.keep()
    assert [(each.what, each.recovered) for each in keeper.incidents()] == [
        ("the card is not full now", True),
        ("the card is read-only", False),
        ("the card is well again", True),
    ]
    assert keeper.incidents() == []
