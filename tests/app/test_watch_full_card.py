"""A full card while nothing is looked at, and a command that comes while the trap waits for a trigger."""

from __future__ import annotations

from pathlib import Path

from cameratrap.app.card_keeper import CardKeeper
from cameratrap.app.closing import Closing
from cameratrap.app.disk import Room, RoomRules
from cameratrap.app.field import Field, Standing
from cameratrap.app.fold import Rules, fold
from cameratrap.app.ledger import Ledger
from cameratrap.app.look import LookSettings
from cameratrap.app.power_watch import PowerState
from cameratrap.app.watch import Watch
from cameratrap.app.watch_report import CountedOnly, Tell
from cameratrap.cli.watch_report import progress_line
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.saving import Saving
from cameratrap.resources import builtin_taxa
from cameratrap.store.card import Card, Deployment, make_card
from cameratrap.store.connection import open_store, transaction
from cameratrap.store.migrations import CARD_MIGRATIONS
from tests.virtual_trap import START, SlowDetector, VirtualCamera, VirtualClock, VirtualTriggers

TWO = BurstProfile(2, 1.0)


class Trap:
    """Virtual parts on a card."""

    def __init__(self, folder: Path, at_s: list[float]) -> None:
        self.clock = VirtualClock()
        self.triggers = VirtualTriggers(self.clock, at_s)
        self.camera = VirtualCamera(self.clock)
        self.detector = SlowDetector(self.clock, 0.1, [])
        self.folder = folder

    def card(self) -> Card:
        return make_card(self.folder, Deployment("ridge_20260601", "ridge", 0, START))

    def run(self, card: Card, field: Field, keeper: CardKeeper | None = None, tell: Tell = lambda _: None) -> None:
        watch = Watch(
            card, self.camera, self.detector, self.clock, boot_id="boot", serial="s", field=field,
            ledger=Ledger(self.clock, "boot"), keeper=keeper,
        )  # fmt: skip
        watch.run(self.triggers, Closing(Rules(), builtin_taxa()), tell=tell)


class Level:
    """A battery that allows so much."""

    def __init__(self, saving: Saving) -> None:
        self.saving = saving

    def look(self) -> PowerState:
        return PowerState(self.saving)


def test_unseen_pictures_leave_the_reserve_to_the_rows(tmp_path: Path) -> None:
    """Nothing is looked at, so nothing may go: below the floor triggers are counted and told; with room again taken."""
    trap = Trap(tmp_path, [10.0, 20.0, 30.0, 40.0])

    def measured(_: Path) -> Room:
        return Room(500 if 15 < trap.clock.now_s < 35 else 5000, 9000)

    with trap.card() as card:
        keeper = CardKeeper(card, trap.clock, RoomRules(1000), measured=measured)
        trap.run(card, Field(profile=TWO, open_battery=lambda _: Level(Saving.INFERENCE)), keeper)
        folded = fold(card, Rules())
        reasons = card.connection.execute("SELECT reason, triggers FROM suppressed").fetchall()
        kept = card.connection.execute("SELECT COUNT(*) FROM media").fetchone()[0]
    assert [tuple(row) for row in reasons] == [("card", 2)]
    assert kept == len(list((tmp_path / "DCIM").rglob("*.JPG"))) == 2  # the battery leaves one picture a burst
    assert folded.faults[START.date()] == ("card",)
    assert (folded.effort[START.date()].triggers, folded.effort[START.date()].suppressed) == (2, 2)


def test_what_a_full_card_cannot_keep_is_counted_and_said(tmp_path: Path) -> None:
    """Low at first, then full: the fault is told by its name, and each burst that is not kept is."""
    trap = Trap(tmp_path, [10.0, 1000.0])
    told: list[object] = []

    def measured(_: Path) -> Room:
        if trap.clock.now_s < 500:
            return Room(1500, 90_000)
        return Room(500 if list((tmp_path / "DCIM").rglob("CTRP0003.JPG")) else 1500, 90_000)

    with trap.card() as card:
        keeper = CardKeeper(card, trap.clock, RoomRules(1000, drops_blanks=False), measured=measured)
        trap.run(card, Field(profile=TWO), keeper, told.append)
        faults = [row["what"] for row in card.connection.execute("SELECT what FROM device_faults ORDER BY id")]
        assert fold(card, Rules()).effort[START.date()].triggers == 2
    (counted,) = (each for each in told if isinstance(each, CountedOnly))
    assert counted.pictures == 2
    assert progress_line(counted).endswith("the card is full: 2 pictures counted, not kept")
    assert sorted(path.name for path in (tmp_path / "DCIM").rglob("*.JPG")) == ["CTRP0001.JPG", "CTRP0002.JPG"]
    assert faults == ["the card is low", "the card is full", "the card is low"]


def test_blanks_of_before_make_room_for_unseen_pictures(tmp_path: Path) -> None:
    """Pictures of nothing, looked at before the battery sank, go first."""
    trap = Trap(tmp_path, [10.0, 2000.0])
    battery = Level(Saving.NOTHING)

    def measured(_: Path) -> Room:
        pictures = len(list((tmp_path / "DCIM").rglob("*.JPG")))
        return Room(500 if pictures >= 2 and battery.saving else 5000, 9000)

    def sink(now_s: float) -> None:
        battery.saving = Saving.INFERENCE if now_s >= 15 else Saving.NOTHING

    trap.triggers.meanwhile = sink
    with trap.card() as card:
        keeper = CardKeeper(card, trap.clock, RoomRules(1000), measured=measured)
        trap.run(card, Field(profile=TWO, open_battery=lambda _: battery), keeper)
        assert keeper.dropped == 2
        assert fold(card, Rules()).effort[START.date()].suppressed == 0


def test_a_command_holds_for_the_trigger_that_it_came_before(tmp_path: Path) -> None:
    """It comes while the loop waits, and ends no wait: the next burst is taken by it all the same."""
    trap = Trap(tmp_path, [500.0])
    obeyed: list[float] = []

    def obey(now_s: float) -> None:
        if not obeyed and now_s >= 500:
            obeyed.append(now_s)
            other = open_store(tmp_path / "cameratrap.db", CARD_MIGRATIONS, create=False)
            with transaction(other):
                other.execute("INSERT OR REPLACE INTO overrides VALUES ('burst.count', '5', 1, '2026-06-01')")
            other.close()

    def reread(_: object) -> Standing | None:
        closing = Closing(Rules(), builtin_taxa())
        return Standing(BurstProfile(5, 0.5), trap.detector, LookSettings(), closing) if obeyed else None

    trap.triggers.meanwhile = obey
    with trap.card() as card:
        trap.run(card, Field(profile=TWO, reread=reread))
    assert [profile.count for profile in trap.camera.profiles] == [5]
