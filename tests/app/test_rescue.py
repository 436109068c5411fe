"""Pictures without an index: files that say everything, which the next index takes in; a watch whose index breaks."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cameratrap.app.field import Field
from cameratrap.app.ledger import Ledger
from cameratrap.app.rescue import rescue_burst
from cameratrap.app.resident import keep_watch
from cameratrap.app.sweep import sweep
from cameratrap.app.watch_report import WatchReport
from cameratrap.domain.capture import BurstProfile
from cameratrap.domain.events import TriggerCause
from cameratrap.errors import DeviceError, StoreError
from cameratrap.ports import Trigger
from cameratrap.store.bursts import all_pictures, burst_of_trigger
from cameratrap.store.card import DATABASE, Deployment, make_card, sole_writer
from cameratrap.store.deployment import RECORD, write_end
from tests.virtual_trap import START, VirtualCamera, VirtualClock, VirtualTriggers

DEPLOYMENT = Deployment("ridge_20260601", "ridge", 0, START)
TRIGGER = Trigger("boot:1.000", START, TriggerCause.PIR, 1.0)


def rescued(folder: Path, *, camera: VirtualCamera | None = None, last_path: str | None = None) -> list[str]:
    clock = VirtualClock()
    saved = rescue_burst(
        folder,
        camera or VirtualCamera(clock),
        TRIGGER,
        BurstProfile(2, 1.0),
        clock,
        deployment=DEPLOYMENT,
        boot_id="boot",
        serial="s",
        last_path=last_path,
    )
    return list(saved)


def test_the_next_index_takes_the_files_in(tmp_path: Path) -> None:
    """A damaged index is left as it is; with a sound one the sweep makes one burst of two pictures of the files."""
    with make_card(tmp_path, DEPLOYMENT):
        pass
    sound = (tmp_path / DATABASE).read_bytes()
    (tmp_path / DATABASE).write_bytes(b"no database")
    assert rescued(tmp_path) == ["DCIM/100CTRAP/CTRP0001.JPG", "DCIM/100CTRAP/CTRP0002.JPG"]
    assert (tmp_path / DATABASE).read_bytes() == b"no database"
    (tmp_path / DATABASE).write_bytes(sound)
    with make_card(tmp_path, DEPLOYMENT) as card:
        assert len(sweep(card).indexed) == 2
        pictures = list(all_pictures(card.connection))
        assert [picture.captured_at for picture in pictures] == [START + timedelta(seconds=s) for s in (0.3, 1.3)]
        assert burst_of_trigger(card.connection, TRIGGER.key) is not None


def test_no_name_that_the_index_had_is_given_again(tmp_path: Path) -> None:
    """The pictures up to 41 are gone from the card, and their rows are not: the first file is 42."""
    assert rescued(tmp_path, last_path="DCIM/101CTRAP/CTRP0041.JPG")[0] == "DCIM/101CTRAP/CTRP0042.JPG"


def test_pictures_of_elsewhere_are_not_added(tmp_path: Path) -> None:
    """Another station's card, a deployment that has ended, a card that somebody else writes to."""
    with make_card(tmp_path / "other", replace(DEPLOYMENT, station="valley")):
        pass
    with pytest.raises(StoreError, match="valley"):
        rescued(tmp_path / "other")
    with make_card(tmp_path / "ended", DEPLOYMENT):
        pass
    write_end(tmp_path / "ended" / RECORD, START + timedelta(days=1))
    with pytest.raises(StoreError, match="ended"):
        rescued(tmp_path / "ended")
    (tmp_path / "used").mkdir()
    with sole_writer(tmp_path / "used", "watch"), pytest.raises(StoreError, match="already running"):
        rescued(tmp_path / "used")
    assert not list(tmp_path.rglob("*.JPG"))


def test_a_damaged_record_costs_no_picture(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("{", encoding="utf-8")
    assert len(rescued(tmp_path)) == 2


def test_without_a_camera_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        rescued(tmp_path, camera=VirtualCamera(VirtualClock(), fails=(1,)))


@pytest.mark.parametrize("error", [StoreError("it is damaged"), sqlite3.DatabaseError("malformed")])
@pytest.mark.parametrize("stored", [True, False])
def test_a_watch_whose_index_breaks_stores_files(tmp_path: Path, error: Exception, *, stored: bool) -> None:
    """What triggers is offered to be stored, and counted only where it was not; then the card is tried again."""
    clock = VirtualClock()
    triggers = VirtualTriggers(clock, [5.0, 6.0])
    ledger = Ledger(clock, "boot")
    offered: list[str] = []
    told: list[StoreError] = []
    runs = 0

    def session() -> WatchReport:
        nonlocal runs
        runs += 1
        with make_card(tmp_path, DEPLOYMENT) as card:
            ledger.arm(card.connection, armed=True)
            ledger.flush(card.connection)
            if runs == 1:
                raise error
        return WatchReport()

    def rescue(trigger: Trigger) -> bool:
        offered.append(trigger.key)
        return stored

    triggers.ends_s = 100.0
    keep_watch(session, triggers, ledger, clock, Field(), told.append, rescue)
    with make_card(tmp_path, DEPLOYMENT) as card:
        counted = card.connection.execute("SELECT COALESCE(SUM(triggers), 0) FROM suppressed").fetchone()[0]
    assert (offered, runs, len(told)) == (["t5", "t6"], 2, 1)
    assert counted == (0 if stored else 2)
