"""Cards into a project: copied and read back, gone on with after anything, and never changed themselves."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameratrap.app import card_copy
from cameratrap.app.card_copy import CopyState
from cameratrap.app.import_card import CardImport, Imported
from cameratrap.app.project_source import open_for_review
from cameratrap.app.seal_pictures import seal_pictures
from cameratrap.cli import run
from cameratrap.domain.policy import Treatment
from cameratrap.errors import StoreError, UsageError
from cameratrap.store.card import make_card, open_card
from cameratrap.store.connection import transaction
from cameratrap.store.observations import classify_by_hand
from cameratrap.store.picture_keys import read_public_key
from cameratrap.store.project import edit_project, read_project
from cameratrap.store.project_read import deployments, sightings
from cameratrap.store.review_actions import Change, act, history, undo
from cameratrap.store.review_scope import Scope
from cameratrap.store.treatments import Outcome, decide, finish
from tests.card_maker import fingerprint, make_trap_card

NOW = datetime(2027, 4, 1, 9, tzinfo=UTC)
PICTURE = "DCIM/100CTRAP/CTRP0001.JPG"


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_trap_card(tmp_path / "card", monkeypatch)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return tmp_path / "study"


def take(study: Path, card: Path, name: str | None = None, *, in_place: bool = False) -> Imported:
    """One import, as the command makes it."""
    with edit_project(study, create=True) as project, open_card(card) as opened:
        importing = CardImport(project, opened, name, in_place=in_place)
        planned = importing.plan()
        if planned.is_copied:
            files = importing.files()
            importing.room(planned, files)
            for file in importing.copy(planned, files):
                planned.note(file)
        importing.take(planned, NOW)
        return planned


def whole(study: Path, number: int = 1) -> list[tuple[str, str]]:
    """Taxon and source of what stands, after checking that every picture is where the project says."""
    with read_project(study) as project:
        root = deployments(project.connection)[number - 1].row.root
        for row in project.connection.execute("SELECT path FROM media WHERE deployment = ?", (number,)):
            assert project.media_path(root, row["path"]).is_file()
        return [(each.taxon, each.source) for each in sightings(project.connection)]


def test_a_copy_is_what_the_card_was(card: Path, study: Path) -> None:
    """Every file with its content and time; the card itself as it was; the same card again brings nothing."""
    before = fingerprint(card)
    first = take(study, card)
    assert (len(first.indexed.new), first.indexed.media, first.indexed.words, first.problems) == (3, 3, 3, [])
    copied = fingerprint(study / "cards/ridge_20270301")
    kept = {path: told for path, told in before.items() if not path.endswith((".db", ".lock"))}
    assert {path: copied[path] for path in kept} == kept
    assert whole(study) == [("Vulpes vulpes", "machine"), ("Meles meles", "machine")]
    again = take(study, card)
    assert (again.is_known, again.files, again.indexed.new, again.indexed.media, again.indexed.words) == (
        True, 0, [], 0, 0,
    )  # fmt: skip
    assert fingerprint(card) == before


def test_a_card_that_grew_is_gone_on_with(card: Path, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is new is copied, and what was said in the project stays."""
    take(study, card)
    with edit_project(study) as project:
        act(project.connection, Change("relabel", "Martes martes"), Scope((1,)), key="k", author="anna", made_at=NOW)
    make_trap_card(card, monkeypatch, pictures=5)
    again = take(study, card)
    pictures = len(list((study / "cards").rglob("*.JPG")))
    assert (len(again.indexed.new), again.indexed.media, pictures) == (2, 2, 5)
    assert whole(study) == [("Martes martes", "human"), ("Meles meles", "machine")]


def test_words_that_people_said_on_the_card_come_along(card: Path, study: Path) -> None:
    """Of `review.db` beside it and of its own index: with names and times, undone ones as undone, and once."""
    with open_for_review(card) as project:
        for event, taxon in ((1, "Martes martes"), (2, "Lepus europaeus")):
            change = Change("relabel", taxon)
            act(project.connection, change, Scope((event,)), key=f"k{event}", author="anna", made_at=NOW)
        assert undo(project.connection, key="u", author="ben", made_at=NOW)
    with open_card(card) as opened:
        burst = opened.connection.execute("SELECT id FROM bursts ORDER BY started_at DESC LIMIT 1").fetchone()[0]
    with make_card(card, opened.deployment) as writable:
        classify_by_hand(writable.connection, burst, {"Lynx lynx": 1}, author="carl", made_at=NOW)
    assert take(study, card).human_words == 2
    assert whole(study) == [("Martes martes", "human"), ("Lynx lynx", "human")]
    with open_for_review(card) as project:
        act(project.connection, Change("blank"), Scope((3,)), key="k3", author="anna", made_at=NOW)
    assert take(study, card).human_words == 1
    assert take(study, card).human_words == 0
    with edit_project(study) as project:
        told = [(each.author, each.made_at, each.kind, each.is_undone) for each in history(project.connection)]
        assert told == [
            ("anna", NOW, "blank", False),
            ("anna", NOW, "relabel", True),
            ("anna", NOW, "relabel", False),
        ]
        assert undo(project.connection, key="v", author="anna", made_at=NOW)
    assert whole(study) == [("Martes martes", "human"), ("Lynx lynx", "human")]


def test_what_was_said_last_stands_whichever_came_in_first(card: Path, study: Path) -> None:
    """A card brings words that were corrected in the project since, and corrects ones that are older.

    Which one stands is told by when each was said; the other stays in the history, and stands when that is undone.
    """
    take(study, card)
    for author, folder, taxon, minutes in (
        ("anna", card, "Lynx lynx", (1, 8)),
        ("ben", study, "Felis silvestris", (4, 5)),
    ):
        with open_for_review(folder) as project:
            for event, minute in zip((1, 3), minutes, strict=True):
                at = NOW.replace(minute=minute)
                act(
                    project.connection,
                    Change("relabel", taxon),
                    Scope((event,)),
                    key=taxon + str(event),
                    author=author,
                    made_at=at,
                )
    told = take(study, card)
    assert (told.human_words, told.contested) == (2, 2)
    assert whole(study) == [("Felis silvestris", "human"), ("Lynx lynx", "human")]
    assert take(study, card).contested == 0
    with edit_project(study) as project:
        assert [each.author for each in history(project.connection)] == ["anna", "anna", "ben", "ben"]
        assert undo(project.connection, key="u", author="ben", made_at=NOW)  # what came in last
    assert whole(study) == [("Felis silvestris", "human"), ("Felis silvestris", "human")]


def test_a_clock_that_went_back_takes_no_correction_away(card: Path, study: Path) -> None:
    """What a person says now stands over what came with a card, though that machine's clock was ahead."""
    with open_for_review(card) as project:
        change = Change("relabel", "Lynx lynx")
        act(project.connection, change, Scope((1,)), key="a", author="anna", made_at=NOW.replace(year=2040))
    take(study, card)
    with edit_project(study) as project:
        act(project.connection, Change("relabel", "Martes martes"), Scope((1,)), key="b", author="ben", made_at=NOW)
    assert whole(study)[0] == ("Martes martes", "human")


def test_two_cards_of_one_station_and_one_that_collides(
    tmp_path: Path, card: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another card of the same name is refused before anything is copied, and taken under a name of its own."""
    take(study, card)
    other = make_trap_card(tmp_path / "other", monkeypatch, seed=50)
    with pytest.raises(UsageError, match="another deployment") as raised:
        take(study, other)
    assert "--deployment NAME" in raised.value.hint
    assert [path.name for path in (study / "cards").iterdir()] == ["ridge_20270301"]
    assert take(study, other, "ridge_b").indexed.media == 3
    assert take(study, other).deployment == "ridge_b"
    with read_project(study) as project:
        assert [(each.row.deployment, each.row.station) for each in deployments(project.connection)] == [
            ("ridge_20270301", "ridge"),
            ("ridge_b", "ridge"),
        ]


def test_a_name_cannot_lead_out_of_the_project(card: Path, study: Path) -> None:
    """A record is a file that anyone may have written."""
    record = card / "deployment.toml"
    record.write_text(record.read_text().replace("ridge_20270301", "../../away"))
    planned = take(study, card)
    assert planned.deployment == "../../away"
    assert (study / planned.root).resolve().is_relative_to((study / "cards").resolve())
    assert not (study.parent / "away").exists()
    assert whole(study)


@pytest.mark.parametrize("name", ["", " ", "a\\u0007b"])
def test_a_record_without_a_name_needs_one(card: Path, study: Path, name: str) -> None:
    """Nothing is copied to where all cards lie."""
    record = card / "deployment.toml"
    record.write_text(record.read_text().replace("ridge_20270301", name))
    with pytest.raises(UsageError, match="calls its deployment") as raised:
        take(study, card)
    assert "--deployment" in raised.value.hint
    assert take(study, card, "ridge").root == "cards/ridge"


def test_what_is_damaged_or_gone_is_named_and_the_rest_is_done(card: Path, study: Path) -> None:
    """A picture that is not what the trap wrote is copied and named, each time; one that is gone is named."""
    picture = card / PICTURE
    picture.write_bytes(picture.read_bytes()[:-1] + b"\0")
    (card / "DCIM/100CTRAP/CTRP0002.JPG").unlink()
    for _ in range(2):
        problems = take(study, card).problems
        assert {(each.path, each.state) for each in problems} == {
            (PICTURE, CopyState.DAMAGED),
            ("DCIM/100CTRAP/CTRP0002.JPG", CopyState.MISSING),
        }
    assert (study / "cards/ridge_20270301" / PICTURE).read_bytes() == picture.read_bytes()


@pytest.mark.parametrize("harm", [b"", b"\xff\xd8 what is left", None])
def test_a_sound_copy_outlives_its_original(card: Path, study: Path, harm: bytes | None) -> None:
    """What a failing card gives later is named, each time, and never put in the place of what it gave before."""
    take(study, card)
    copy, picture = study / "cards/ridge_20270301" / PICTURE, card / PICTURE
    sound = copy.read_bytes()
    picture.write_bytes(sound[:-1] + b"\0" if harm is None else harm)
    os.utime(picture, (0, 0))
    for _ in range(2):
        again = take(study, card)
        assert [(each.path, each.state) for each in again.problems] == [(PICTURE, CopyState.KEPT)]
        assert (again.files, again.size, copy.read_bytes()) == (0, 0, sound)
    assert not list(study.rglob("*.part"))
    picture.write_bytes(sound)
    assert take(study, card).problems == []


def test_pictures_behind_links_are_named_and_not_copied(card: Path, study: Path, tmp_path: Path) -> None:
    """Whoever wipes a card after an import without problems loses nothing. In place, pictures behind links are read."""
    shutil.move(card / "DCIM", tmp_path / "elsewhere")
    (card / "DCIM").symlink_to(tmp_path / "elsewhere")
    problems = take(study, card).problems
    assert [each.path[-5] for each in problems] == ["1", "2", "3"]
    assert {(each.state, "link" in each.why) for each in problems} == {(CopyState.MISSING, True)}
    assert not list((study / "cards").rglob("*.JPG"))
    with edit_project(tmp_path / "other", create=True) as project, open_card(card) as opened:
        assert CardImport(project, opened, in_place=True).missing() == []


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_what_is_no_file_where_a_picture_was_is_named(card: Path, study: Path, kind: str) -> None:
    """A link, a folder or a pipe of that name is no picture, and nobody waits for the pipe."""
    (card / PICTURE).rename(card / "aside.jpg")
    make: dict[str, Callable[[Path], None]] = {
        "link": lambda path: path.symlink_to(card / "aside.jpg"), "folder": Path.mkdir, "fifo": os.mkfifo,
    }  # fmt: skip
    make[kind](card / PICTURE)
    assert [(each.path, each.state) for each in take(study, card).problems] == [(PICTURE, CopyState.MISSING)]


def test_a_copy_that_is_read_back_otherwise_is_no_copy(
    card: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not keep what was written is an error, and nothing gets the name of a picture."""
    with monkeypatch.context() as patched:
        patched.setattr(card_copy, "digest_on_disk", lambda _path: "0" * 64)
        with pytest.raises(StoreError, match="not what was written"):
            take(study, card)
    assert not list(study.rglob("*.JPG"))
    take(study, card)
    assert whole(study)


def test_a_full_disk_is_gone_on_from(card: Path, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third write finds no room; the same import afterwards copies the rest alone."""
    written = []

    def write(descriptor: int, data: bytes, real: Callable[[int, bytes], int] = os.write) -> int:
        written.append(descriptor)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(StoreError, match="cannot be written") as raised:
            take(study, card)
    assert "goes on where it stopped" in raised.value.hint
    there = [path for path in (study / "cards").rglob("*") if path.is_file() and not path.name.endswith(".part")]
    rest = take(study, card)
    assert (rest.files, len(there)) == (6 - 2, 2)
    assert whole(study)


def test_a_disk_without_room_is_seen_before_anything_is_written(
    card: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a card is no use; the error says how much is needed, the index's share too."""
    monkeypatch.setattr(card_copy.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**8, 4 * 10**7, 6 * 10**7))
    with pytest.raises(StoreError, match="no room") as raised:
        take(study, card)
    assert raised.value.why.endswith("67 MB more for the index, and only 60 MB are free")
    assert not (study / "cards").exists()


def test_a_card_that_is_pulled_is_no_card_of_damaged_pictures(card: Path, study: Path, tmp_path: Path) -> None:
    """It is one error that says so; put back, the import goes on."""
    with edit_project(study, create=True) as project, open_card(card) as opened:
        importing = CardImport(project, opened)
        planned = importing.plan()
        copying = importing.copy(planned, importing.files())
        next(copying)
        shutil.move(card, tmp_path / "pulled")
        with pytest.raises(StoreError, match="any more"):
            list(copying)
    shutil.move(tmp_path / "pulled", card)
    assert take(study, card).problems == []
    assert whole(study)


def test_in_place_nothing_is_copied(card: Path, study: Path) -> None:
    """The project refers to the card; what was copied once stays a copy."""
    assert not take(study, card, in_place=True).is_copied
    assert whole(study) == [("Vulpes vulpes", "machine"), ("Meles meles", "machine")]
    assert not (study / "cards").exists()
    take(study, card)
    with read_project(study) as project:
        assert deployments(project.connection)[0].row.root == "cards/ridge_20270301"
    assert take(study, card, in_place=True).is_copied


def test_sealed_and_treated_pictures_keep_their_state(card: Path, study: Path, tmp_path: Path) -> None:
    """One that was sealed, one that was blurred, one that was removed: as the card has them."""
    assert run(["-q", "key", "picture-key", "new", str(tmp_path / "p")]) == 0
    with open_card(card) as opened:
        deployment = opened.deployment
    with make_card(card, deployment) as writable:
        rows = writable.connection.execute("SELECT id, burst, path FROM media ORDER BY id").fetchall()
        with transaction(writable.connection):
            decide(writable.connection, rows[1]["burst"], {rows[1]["id"]: Treatment.COUNT}, NOW)
        (card / rows[1]["path"]).unlink()
        finish(writable.connection, {1: Outcome.REMOVED}, NOW)
        seal_pictures(writable, read_public_key(tmp_path / "p.pub"))
    assert take(study, card).problems == []
    with read_project(study) as project:
        told = project.connection.execute("SELECT media, path, state FROM media ORDER BY captured_s").fetchall()
    named = "ridge_20270301/DCIM/100CTRAP/CTRP000"
    assert [(row["media"], row["path"][-11:], row["state"]) for row in told] == [
        (f"{named}1.JPG", ".JPG.sealed", "sealed"),
        (f"{named}2.JPG", "TRP0002.JPG", "removed"),
        (f"{named}3.JPG", ".JPG.sealed", "sealed"),
    ]
    assert not (study / "cards/ridge_20270301" / PICTURE).exists()


def test_a_burst_of_an_unset_clock_says_so(card: Path, study: Path) -> None:
    """Its column comes along, and it is in no sighting until somebody corrects it."""
    with open_card(card) as opened:
        deployment = opened.deployment
    with make_card(card, deployment) as writable, transaction(writable.connection):
        writable.connection.execute("UPDATE bursts SET clock = 'unset' WHERE started_at < '2027-03-02'")
    take(study, card)
    assert [taxon for taxon, _ in _sightings(study)] == ["Meles meles"]


def _sightings(study: Path) -> list[tuple[str, int]]:
    with read_project(study) as project:
        return [(each.taxon, each.count) for each in sightings(project.connection)]


def test_killed_at_any_moment_the_same_command_ends_it(
    card: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 after each of several times: in the end the project is what one undisturbed import makes."""
    make_trap_card(card, monkeypatch, pictures=25)
    before = fingerprint(card)
    command = [sys.executable, "-m", "cameratrap", "-q", "import", str(card), "--into", str(study)]
    for files in (1, 15):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < until:
            if len(list(study.rglob("*.JPG"))) >= files:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.001)
        process.wait(30)
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    assert fingerprint(card) == before
    copied = {path: told for path, told in fingerprint(study / "cards/ridge_20270301").items() if "DCIM" in path}
    assert copied == {path: told for path, told in before.items() if "DCIM" in path}
    with read_project(study) as project:
        counts = "SELECT (SELECT COUNT(*) FROM media), (SELECT COUNT(*) FROM sequences), (SELECT COUNT(*) FROM words)"
        assert tuple(project.connection.execute(counts).fetchone()) == (25, 25, 25)
    assert whole(study)


def test_a_project_is_never_made_on_the_card(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither as the card itself nor in a folder on it."""
    before = fingerprint(card)
    for into in (card, card / "study"):
        assert run(["import", str(card), "--into", str(into)]) == 2
        assert "--into" in capsys.readouterr().err
    assert fingerprint(card) == before
