"""`label`, `events` and `tally` on projects and on cards."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cameratrap import wiring
from cameratrap.cli import run
from tests.fakes import NamedDetector, write_pictures
from tests.project_maker import Plan, make_project


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("made") / "p", Plan(sequences=20))


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """Two deployments of ten events of two sequences."""
    return shutil.copytree(made, tmp_path / "p")


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trap's card: a fox on the first of two days."""
    monkeypatch.chdir(tmp_path)
    pictures = {f"{n}.jpg": (n, datetime(2027, 3, n, 5, 0, 0)) for n in (1, 2)}  # noqa: DTZ001 - cameras write local
    write_pictures(tmp_path / "pictures", pictures)
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector({"1.jpg": {"Vulpes vulpes": 1}}))
    assert run(["-q", "--data", "card", "watch", "--replay", "pictures"]) == 0
    return tmp_path / "card"


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on a folder; its JSON lines."""

    def command(folder: Path, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
        capsys.readouterr()
        json_flag = [] if status else ["--json"]
        assert run(["--data", str(folder), *arguments, *json_flag]) == status
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()] if not status else []

    return command


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_person_stands_over_a_model_and_can_be_undone(project: Path, ask: Any) -> None:
    """The event table says so at once, and what the model said comes back."""
    before = ask(project, "events")
    (told,) = ask(project, "label", "--event", "1", "--taxon", "red fox", "--count", "2", "--author", "Ann")
    assert (told["state"], told["shows"]) == ("verified", [{"taxon": "Vulpes vulpes", "count": 2}])
    (event, *_) = ask(project, "events", "--deployment", "d001", "--state", "verified")
    assert (
        event["observations"][0] | {"taxon": "Vulpes vulpes", "count": 2, "source": "human"} == event["observations"][0]
    )
    assert event["review"] == 1
    (action,) = ask(project, "label", "--history")
    assert (action["author"], action["kind"], action["undone"]) == ("Ann", "relabel", False)
    ask(project, "label", "--undo")
    assert ask(project, "events") == before
    ask(project, "label", "--undo", status=1)
    ask(project, "label", "--redo")
    assert len(ask(project, "events", "--state", "verified")) >= 1


def test_a_dry_run_shows_it_and_changes_nothing(project: Path, card: Path, ask: Any) -> None:
    """Also beside a card no file is made."""
    for folder in (project, card):
        before = files(folder)
        (told,) = ask(folder, "label", "--event", "1", "--blank", "--dry-run")
        assert (told["state"], told["shows"]) == ("verified", [])
        assert ask(folder, "label", "--history") == []
        assert {
            name: content for name, content in files(folder).items() if "-wal" not in name and "-shm" not in name
        } == before


def test_filters_choose_what_is_labelled(project: Path, ask: Any) -> None:
    """Those of the page, too, by its address; of several all must hold."""
    told = ask(project, "label", "--deployment", "d002", "--light", "night", "--verify")
    assert {row["deployment"] for row in told} == {"d002"}
    assert len(ask(project, "events", "--state", "verified")) == len(
        ask(project, "events", "--deployment", "d002", "--light", "night", "--state", "verified")
    )
    blank = ask(project, "events", "--blank", "--deployment", "d001")
    told = ask(project, "label", "--where", "blank=yes", "--deployment", "d001", "--flag")
    assert [row["event"] for row in told] == [event["review"] for event in blank]
    assert len(ask(project, "events", "--blank", "--flagged")) == len(blank) > 0


def test_a_key_is_labelled_once(project: Path, ask: Any) -> None:
    """A script that is run again changes nothing."""
    for _ in range(2):
        (told,) = ask(project, "label", "--sequence", "d001-000003", "--blank", "--key", "night 1")
        assert told["action"] == 1
    assert len(ask(project, "label", "--history")) == 1
    ask(project, "label", "--sequence", "d001-000003", "--unknown", "--key", "night 1", status=1)


def test_a_picture_names_its_sequence(project: Path, ask: Any) -> None:
    """Two pictures of one sequence are one sequence."""
    first, second = (f"d001/DCIM/100CTRAP/CTRP000{n}.JPG" for n in (1, 2))
    ask(project, "label", "--media", first, "--media", second, "--taxon", "<script>")
    assert ask(project, "label", "--history")[0]["sequences"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["--verify"],
        ["--event", "1"],
        ["--event", "1", "--verify", "--blank"],
        ["--event", "1", "--taxon", ""],
        ["--event", "1", "--taxon", "others"],
        ["--event", "1", "--count", "0"],
        ["--event", "1", "--sequence", "d001-000003", "--verify"],
        ["--event", "1", "--state", "machine", "--verify"],
        ["--event", "1", "--deployment", "d002", "--flag"],
        ["--event", "1", "--from-taxon", "Nessie", "--taxon", "lynx"],
        ["--undo", "--event", "1"],
        ["--redo", "--deployment", "d001"],
        ["--history", "--where", "blank=yes"],
        ["--event", "1", "--from-taxon", "fox", "--verify"],
        ["--where", "taxa=fox", "--verify"],
        ["--where", "", "--verify"],
        ["--station", "nowhere", "--verify"],
        ["--sequence", "none", "--verify"],
        ["--media", "none.jpg", "--verify"],
        ["--event", "1", "--verify", "--author", " "],
    ],
)
def test_what_is_not_clear_is_not_done(project: Path, ask: Any, wrong: list[str]) -> None:
    """Exit status 2, and no action."""
    ask(project, "label", *wrong, status=2)
    assert ask(project, "label", "--history") == []


def test_where_nothing_is_left_to_do_nothing_is_done(project: Path, ask: Any) -> None:
    """A script that verifies what no person has seen yet ends with status 0 also on the day when all of it was."""
    ask(project, "label", "--state", "machine", "--verify")
    before = ask(project, "label", "--history")
    assert ask(project, "label", "--state", "machine", "--verify") == []
    assert ask(project, "label", "--history") == before


def test_an_event_that_is_not_there_is_a_conflict(project: Path, ask: Any) -> None:
    """Exit status 1: it may have been there a moment ago."""
    ask(project, "label", "--event", "999", "--verify", status=1)


def test_a_card_is_corrected_beside_what_the_trap_wrote(card: Path, ask: Any) -> None:
    """None of the trap's files is touched; its events and tallies follow, and the day without animals stays."""
    before = files(card)
    assert [row["taxon"] for row in ask(card, "tally")] == ["Vulpes vulpes", ""]
    plain = ask(card, "events")
    ask(card, "label", "--media", "DCIM/100CTRAP/CTRP0002.JPG", "--taxon", "Meles meles", "--author", "Ann")
    assert {name: content for name, content in files(card).items() if not name.startswith("review.db")} == before
    rows = ask(card, "tally")
    assert [(row["taxon"], row["events"]) for row in rows] == [("Vulpes vulpes", 1), ("Meles meles", 1)]
    events = ask(card, "events")
    assert [event["state"] for event in events] == ["machine", "verified"]
    assert {key: value for key, value in events[0].items() if key in plain[0]} == plain[0]
    ask(card, "label", "--undo")
    assert [row["taxon"] for row in ask(card, "tally")] == ["Vulpes vulpes", ""]


def test_the_tally_of_a_project_is_by_deployment(project: Path, ask: Any) -> None:
    """Every day of each is there; a filter leaves events out and no day."""
    rows = ask(project, "tally")
    days = {(row["deployment"], row["day"]) for row in rows}
    assert {row["deployment"] for row in rows} == {"d001", "d002"}
    of_one = ask(project, "tally", "--deployment", "d001", "--taxon", "red fox")
    assert {(row["deployment"], row["day"]) for row in of_one} == {each for each in days if each[0] == "d001"}
    assert {row["taxon"] for row in of_one} <= {"Vulpes vulpes", ""}
    foxes = sum(row["events"] for row in rows if row["taxon"] == "Vulpes vulpes" and row["deployment"] == "d001")
    assert sum(row["events"] for row in of_one) == foxes
    first = min(row["day"] for row in rows)
    assert {row["day"] for row in ask(project, "tally", "--to", first)} == {first}


def test_filters_choose_after_events_are_reckoned(project: Path, ask: Any) -> None:
    """With an interval of a day the sightings of a taxon are few events, and a filter makes no more of them."""
    few = ask(project, "events", "--interval", "1440")
    for score in ("0.4", "0.6", "0.8"):
        chosen = ask(project, "events", "--interval", "1440", "--min-score", score)
        assert [event for event in few if (event["observations"][0]["score"] or 0) >= float(score)] == chosen
