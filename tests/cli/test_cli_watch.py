"""`watch --replay`, `events` and `tally` as a user runs them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cameratrap import wiring
from cameratrap.app.command_effects import SLEEP_UNTIL
from cameratrap.cli import run
from cameratrap.store.commands import override
from cameratrap.store.connection import open_store
from cameratrap.store.migrations import CARD_MIGRATIONS
from tests.fakes import NamedDetector, write_pictures

FOX = "Vulpes vulpes"
STORY = {
    "a/1.jpg": (1, datetime(2026, 6, 1, 5, 0, 0)),  # noqa: DTZ001 - cameras write local times
    "a/2.jpg": (2, datetime(2026, 6, 1, 5, 0, 1)),  # noqa: DTZ001
    "b/3.jpg": (3, datetime(2026, 6, 2, 5, 0, 0)),  # noqa: DTZ001
}
ANSWERS = {"a/1.jpg": {FOX: 1}, "a/2.jpg": {FOX: 2}}


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The story's pictures, a detector that knows them, and a working folder without a configuration."""
    folder = tmp_path / "pictures"
    write_pictures(folder, STORY)
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector(ANSWERS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMERATRAP_STATION_ID", "ridge")
    monkeypatch.setenv("CAMERATRAP_STATION_UTC_OFFSET", "+01:00")
    return folder


def watch(pictures: Path, *options: str) -> int:
    return run(["--data", "card", "watch", "--replay", str(pictures), *options])


def hashes(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*")}


def test_a_replay_makes_a_card_and_its_tables(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures, events and tallies; data on stdout, everything else on stderr; the pictures played stay as they are."""
    before = hashes(pictures)
    assert watch(pictures) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "2 triggers, 3 new pictures, 2 days closed" in printed.err
    assert hashes(pictures) == before
    assert run(["--data", "card", "events", "--json"]) == 0
    (event,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert event == {
        "event": event["event"],
        "deployment": "ridge_20260601",
        "start": "2026-06-01T05:00:00+01:00",
        "end": "2026-06-01T05:00:01+01:00",
        "trigger": "pir",
        "media": ["DCIM/100CTRAP/CTRP0001.JPG", "DCIM/100CTRAP/CTRP0002.JPG"],
        "observations": [
            {"taxon": FOX, "count": 2, "count_low": 2, "count_high": 2, "score": 0.9, "source": "machine"}
        ],
    }
    assert run(["--data", "card", "tally", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(r["day"], r["taxon"], r["events"], r["individuals"], r["hours_armed"]) for r in rows] == [
        ("2026-06-01", FOX, "1", "2", "19.0"),
        ("2026-06-02", "", "0", "0", "5.0"),
    ]


def test_every_form_has_the_same_columns(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Table, CSV and JSON of `tally` name the same columns; --output writes them to a file."""
    watch(pictures)
    capsys.readouterr()
    assert run(["--data", "card", "tally", "-o", str(tmp_path / "t.txt")]) == 0
    assert capsys.readouterr().out == ""
    header = (tmp_path / "t.txt").read_text(encoding="utf-8").splitlines()[0].split()
    run(["--data", "card", "tally", "--csv"])
    assert capsys.readouterr().out.splitlines()[0].split(",") == header
    run(["--data", "card", "tally", "--json"])
    assert list(json.loads(capsys.readouterr().out.splitlines()[0])) == header


def test_a_picture_that_cannot_be_played_is_named(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One without a time, one cut short and one that is no picture: named with the reason, the rest done, exit 3."""
    write_pictures(pictures, {"no-time.jpg": (8, None)})
    (pictures / "short.jpg").write_bytes((pictures / "a/1.jpg").read_bytes()[:300])
    (pictures / "text.jpg").write_text("not a picture", encoding="utf-8")
    assert watch(pictures) == 3
    err = capsys.readouterr().err
    for name in ("no-time.jpg", "short.jpg", "text.jpg"):
        assert f"{name}: " in err
    assert "2 triggers, 3 new pictures" in err


def test_a_dry_run_makes_nothing(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(pictures, "--dry-run") == 0
    assert "would play 2 triggers with 3 pictures" in capsys.readouterr().err
    assert not (tmp_path / "card").exists()


def test_a_second_replay_adds_nothing(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch(pictures)
    before = hashes(Path("card"))
    capsys.readouterr()
    assert watch(pictures) == 0
    assert "0 new pictures, 0 days closed" in capsys.readouterr().err
    after = hashes(Path("card"))
    assert {k: v for k, v in after.items() if "cameratrap.db" not in k} == {
        k: v for k, v in before.items() if "cameratrap.db" not in k
    }


def test_another_stations_card_is_refused(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two stations on one card would be one station's numbers: refused, both named, nothing changed."""
    watch(pictures)
    before = hashes(Path("card"))
    monkeypatch.setenv("CAMERATRAP_STATION_ID", "valley")
    assert watch(pictures) == 1
    err = capsys.readouterr().err
    assert "'ridge'" in err
    assert "'valley'" in err
    assert hashes(Path("card")) == before


def test_the_interval_and_the_rule_can_be_chosen_and_are_named(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(pictures)
    capsys.readouterr()
    assert run(["--data", "card", "events", "--interval", "0", "--rule", "last-independent-record"]) == 0
    assert "independence: 0 min since the last independent record" in capsys.readouterr().err


def test_without_a_camera_watch_says_so(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No silent fallback to a replay: exit 4, what is missing and what to do; and no card is made."""
    assert run(["--data", "card", "watch"]) == 4
    err = capsys.readouterr().err
    assert "picamera2" in err
    assert "hint: " in err
    assert not Path("card").exists()


@pytest.mark.parametrize("command", ["events", "tally"])
def test_a_folder_that_is_no_card_is_not_made_one(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--data", str(tmp_path), command]) == 1
    assert "is not a card" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_index_is_said_and_kept(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch(pictures)
    index = Path("card/cameratrap.db")
    index.write_bytes(b"\0" * 5000)
    capsys.readouterr()
    for command in (["tally"], ["watch", "--replay", str(pictures)]):
        assert run(["--data", "card", *command]) == 1
        assert "damaged" in capsys.readouterr().err
    assert index.read_bytes() == b"\0" * 5000


def test_a_tally_can_be_cut_to_some_days(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--from and --to keep whole days; a day that is no day is wrong usage."""
    watch(pictures)
    capsys.readouterr()
    for options, days in ((["--from", "2026-06-02"], ["2026-06-02"]), (["--to", "2026-06-01"], ["2026-06-01"])):
        assert run(["--data", "card", "tally", "--json", *options]) == 0
        assert [json.loads(line)["day"] for line in capsys.readouterr().out.splitlines()] == days
    assert run(["--data", "card", "tally", "--from", "2026-13-01"]) == 2


@pytest.mark.parametrize(("policy", "left"), [("keep", 3), ("blur", 3), ("count", 1), ("discard", 1)])
def test_the_policy_for_people_is_the_configurations(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, policy: str, left: int
) -> None:
    """Set by one variable, carried out on the card; the pictures that were played are never touched."""
    person = {name: {"Homo sapiens": 1} for name in ("a/1.jpg", "a/2.jpg")}
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector(person))
    monkeypatch.setenv("CAMERATRAP_PEOPLE_PERSON", policy)
    before = hashes(pictures)
    assert watch(pictures) == 0
    assert len(list(Path("card/DCIM").rglob("*.JPG"))) == left
    assert hashes(pictures) == before
    assert run(["--data", "card", "events", "--json", "-o", "events.jsonl"]) == 0
    (event,) = [json.loads(line) for line in Path("events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (event["observations"][0]["taxon"], event["observations"][0]["count"]) == ("Homo sapiens", 1)
    assert all(Path("card", path).is_file() for path in event["media"])
    assert len(event["media"]) == (2 if left == 3 else 0)


def test_a_taxon_that_must_agree_is_one_of_the_table(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any of its names will do; a name that is none is wrong configuration, said before a card is made."""
    config = Path("c.toml")
    config.write_text('[counting]\nagree_frames = { "red fox" = 2, "griffin" = 2 }\n', encoding="utf-8")
    assert run(["--config", "c.toml", "--data", "card", "watch", "--replay", str(pictures)]) == 2
    assert "counting.agree_frames" in (err := capsys.readouterr().err)
    assert "griffin" in err
    assert "red fox" not in err
    assert not Path("card").exists()
    config.write_text('[counting]\nagree_frames = { "red fox" = 3 }\n', encoding="utf-8")
    assert run(["--config", "c.toml", "--data", "card", "watch", "--replay", str(pictures)]) == 0
    capsys.readouterr()
    run(["--data", "card", "tally", "--csv"])
    assert [row["taxon"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))] == ["animal", ""]


def test_a_trap_that_sleeps_says_so(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also with --quiet: whoever stands before it must not think that it is broken."""
    assert watch(pictures) == 0
    with closing(open_store(Path("card/cameratrap.db"), CARD_MIGRATIONS, create=False)) as connection:
        override(connection, SLEEP_UNTIL, date(2026, 12, 24), 7, datetime(2026, 5, 1, tzinfo=UTC))
    capsys.readouterr()
    assert run(["--quiet", "--data", "card", "watch", "--replay", str(pictures)]) == 0
    said = capsys.readouterr().err
    assert "the trap sleeps: it takes no pictures before 2026-12-24 (command 7 of 2026-05-01)" in said
    assert "hint: `cameratrap --data CARD config reset sleep_until` wakes it" in said
