"""The demonstration: it agrees, it would notice if it did not, and it says how right the model was."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from cameratrap import wiring
from cameratrap.cli import demo_plays, run
from cameratrap.cli import journey as journey_module
from cameratrap.cli.demo import MODEL
from cameratrap.cli.journey import Journey
from cameratrap.config import Config
from cameratrap.replay.footage_script import demo_story
from cameratrap.replay.footage_truth import compare
from cameratrap.resources import builtin_taxa
from tests.fakes import NamedDetector, jpeg, write_pictures

REPOSITORY = Path(__file__).parents[2]
FOX, PERSON = "Vulpes vulpes", "Homo sapiens"
PICTURES = {
    "a.jpg": (1, datetime(2026, 6, 1, 5, 0, 0)),  # noqa: DTZ001 - cameras write local times
    "b.jpg": (2, datetime(2026, 6, 1, 5, 0, 1)),  # noqa: DTZ001
    "c.jpg": (3, datetime(2026, 6, 2, 5, 0, 0)),  # noqa: DTZ001
}
MORE = "UPDATE observations SET count = count + 1, count_high = count_high + 1 WHERE id = 1"
FEWER = "UPDATE observations SET count = count - 1, count_high = count_high - 1 WHERE id = 1"
ANSWERS = {"a.jpg": {FOX: 1}, "b.jpg": {FOX: 2}, "c.jpg": {PERSON: 1}}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody's pictures, and a detector that knows them."""
    folder = tmp_path / "own"
    write_pictures(folder, PICTURES)
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector(ANSWERS))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """One journey up to the messages' delivery, photographed once for all tests here that change what comes after."""
    folder = tmp_path_factory.mktemp("demo")
    write_pictures(folder / "own", PICTURES)
    pictures = demo_plays.look_through(folder / "own", Config()).pictures
    journey = Journey(folder / "journey", demo_plays.of_pictures(pictures, Config()))
    journey.photograph(NamedDetector(ANSWERS), lambda _: None)
    journey.transmit()
    return journey


def rest_of(journey: Journey) -> Journey:
    """Receive afresh: the inbox of an earlier test is gone."""
    for path in journey.receiver.glob("*"):
        path.unlink()
    return journey


def hashes(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_somebodys_pictures_take_the_whole_journey(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`demo DIR --json` has the interface's shape; what was received is what the detector saw; DIR stays as it is."""
    before = hashes(own)
    assert run(["--data", "kept", "demo", str(own), "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert set(outcome) == {"events", "card", "messages", "received", "agree"}
    assert outcome["agree"] is True
    assert (
        outcome["card"]
        == outcome["received"]
        == [
            {"day": "2026-06-01", "tallies": [{"taxon": FOX, "events": 1, "individuals": 2}]},
            {"day": "2026-06-02", "tallies": [{"taxon": PERSON, "events": 1, "individuals": 1}]},
        ]
    )
    assert outcome["events"] == len(outcome["messages"]) == 2
    for message in outcome["messages"]:
        assert message["bytes"] == len(bytes.fromhex(message["hex"])) <= 50
        assert message["credits"] == 1
    assert hashes(own) == before
    assert Path("kept/card/DCIM/100CTRAP/CTRP0003.JPG").is_file()


def test_files_that_are_no_pictures_are_named_and_the_rest_is_done(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 3, each of them with its reason on stderr, also one whose name would move the cursor."""
    (own / "cut.jpg").write_bytes(jpeg(9)[:200])
    (own / "bad\x1b[2J.jpg").write_bytes(b"nothing")
    (own / "other.png").write_bytes(b"")
    assert run(["demo", str(own), "--json"]) == 3
    printed = capsys.readouterr()
    assert json.loads(printed.out)["agree"] is True
    assert re.search(r"cut\.jpg: .*cut off", printed.err)
    assert "other.png: the file is empty" in printed.err
    assert "\x1b" not in printed.err


def test_a_picture_that_the_model_cannot_read_is_a_failure(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its header was sound, its data is not: the burst says so, the journey goes on, exit status 3."""
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector({**ANSWERS, "c.jpg": None}))
    assert run(["demo", str(own), "--json"]) == 3
    printed = capsys.readouterr()
    assert "the picture is damaged" in printed.err
    assert [len(day["tallies"]) for day in json.loads(printed.out)["received"]] == [1, 0]


def test_pictures_without_a_time_are_an_hour_apart_after_the_others_and_many_are_left_out(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, and from when on; each is then an event of its own. A card of thousands is not copied."""
    write_pictures(own, {"x.jpg": (4, None), "y.jpg": (5, None), "z.jpg": (6, None)})
    answers = {**ANSWERS, "x.jpg": {FOX: 1}, "y.jpg": {FOX: 1}}
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector(answers))
    monkeypatch.setattr(demo_plays, "MOST_PICTURES", 5)
    assert run(["demo", str(own), "--json"]) == 0
    printed = capsys.readouterr()
    assert "the times of 2 pictures, an hour apart from 2026-06-03 00:00 on" in printed.err
    assert "left out: 1 file more" in printed.err
    assert json.loads(printed.out)["received"][2] == {
        "day": "2026-06-03",
        "tallies": [{"taxon": FOX, "events": 2, "individuals": 2}],
    }


def test_times_over_years_are_not_used(own: Path) -> None:
    """A folder of years would be years of days, each with its message: all its pictures are an hour apart instead."""
    write_pictures(own, {"0.jpg": (6, datetime(2019, 1, 1, 5, 0, 0))})  # noqa: DTZ001
    looked = demo_plays.look_through(own, Config())
    assert (looked.assumed, looked.too_long) == (4, "2019-01-01 to 2026-06-02")
    assert [(picture.name, picture.captured_at.isoformat()) for picture in looked.pictures] == [
        ("0.jpg", "2026-06-01T00:00:00+00:00"),
        ("a.jpg", "2026-06-01T01:00:00+00:00"),
        ("b.jpg", "2026-06-01T02:00:00+00:00"),
        ("c.jpg", "2026-06-01T03:00:00+00:00"),
    ]


def test_a_folder_without_pictures_is_wrong_usage(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in own.iterdir():
        path.unlink()
    assert run(["--data", "kept", "demo", str(own)]) == 2
    printed = capsys.readouterr().err
    assert "no picture in" in printed
    assert "hint: name a folder with JPEG pictures" in printed
    assert not Path("kept").exists()


def test_nothing_is_written_into_the_folder_of_the_pictures(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data", str(own / "kept"), "demo", str(own)]) == 2
    assert "is in the folder of the pictures" in capsys.readouterr().err
    assert sorted(path.name for path in own.iterdir()) == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_model_that_is_not_there_is_named_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--data", str(tmp_path / "kept"), "demo", "--model", "nope"]) == 1
    assert "there is no model nope" in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()


def test_without_a_runtime_it_says_what_to_install(tmp_path: Path) -> None:
    """No recorded answers stand in for the model: exit status 1, the command to run, and nothing was written."""
    code = (
        "import sys\n"
        "for name in ('tflite_runtime', 'ai_edge_litert', 'cv2', 'numpy'): sys.modules[name] = None\n"
        "from cameratrap.cli import run\n"
        f"sys.exit(run(['--data', {str(tmp_path / 'kept')!r}, 'demo']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "hint: pip install 'cameratrap[detect]'" in done.stderr
    assert not (tmp_path / "kept").exists()


def test_a_message_delivered_twice_counts_once(finished: Journey) -> None:
    journey = rest_of(finished)
    copy = journey.deliver_again()
    journey.receive()
    copy.unlink()
    assert journey.compare().agree


def test_one_changed_count_is_noticed(finished: Journey) -> None:
    """The card is folded afresh: a count changed in its index after the message went out disagrees."""
    journey = rest_of(finished)
    journey.receive()
    assert journey.compare().agree
    with closing(sqlite3.connect(journey.card / "cameratrap.db", isolation_level=None)) as index:
        index.execute(MORE)
        try:
            assert not journey.compare().agree
        finally:
            index.execute(FEWER)
    assert journey.compare().agree


def change_one_payload(gateway: Path) -> None:
    """Flip one bit of one message's last byte on its way."""
    body = min(gateway.glob("*.json"))
    fields = json.loads(body.read_text(encoding="utf-8"))
    payload = bytearray.fromhex(fields["data"])
    payload[-1] ^= 0x04
    fields["data"] = payload.hex()
    body.write_text(json.dumps(fields), encoding="utf-8")


@pytest.mark.parametrize("tampered", ["count", "payload"])
def test_the_command_exits_1_when_card_and_receiver_differ(
    tampered: str, own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One stored count, or one payload on its way, changed between the steps: `agree: false`, exit 1."""
    receive = Journey.receive

    def tampering(self: Journey) -> str:
        if tampered == "payload":
            change_one_payload(self.gateway)
            for again in self.gateway.glob("again-*"):
                again.unlink()
        said = receive(self)
        if tampered == "count":
            with closing(sqlite3.connect(self.card / "cameratrap.db", isolation_level=None)) as index:
                index.execute(MORE)
        return said

    monkeypatch.setattr(journey_module.Journey, "receive", tampering)
    assert run(["--data", "kept", "demo", str(own)]) == 1
    assert "agree: false" in capsys.readouterr().out


def test_somebodys_folder_is_not_drawn_over(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Path("kept")
    kept.mkdir()
    (kept / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert run(["--data", str(kept), "demo", str(own)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in kept.iterdir()] == ["thesis.txt"]


def test_the_model_that_ships_looks_at_the_drawings(tmp_path: Path) -> None:
    """Two rangers and their car, as they pass: for real, and the truth is known of every frame taken."""
    story = tuple(burst for burst in demo_story() if burst.key in {"demo-04", "demo-09"})
    journey = Journey(tmp_path / "kept", demo_plays.waterhole(story))
    with closing(wiring.open_detector(Config(), builtin_taxa(), MODEL)) as detector:
        report = journey.photograph(detector, lambda _: None)
    assert (report.triggers, report.pictures, report.days_closed, report.failures) == (2, 6, 3, 0)
    shown = journey.play.shown
    assert shown is not None
    assert list(shown) == [frame.name for burst in story for frame in burst.frames] == sorted(journey.found())
    agreement = compare(shown, journey.found(), builtin_taxa())
    assert agreement.shown == {"vehicle": 3, "Homo sapiens": 6}
    assert sum(agreement.found.values()) >= 4


@pytest.mark.slow
def test_the_whole_story_agrees_and_says_how_right_the_model_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Three days, three taxa at least, three messages; the model finds most of what is drawn, whichever one ships."""
    assert run(["--data", str(tmp_path / "kept"), "demo", "--json"]) == 0
    printed = capsys.readouterr()
    outcome = json.loads(printed.out)
    assert outcome["agree"] is True
    assert outcome["card"] == outcome["received"]
    assert len(outcome["card"]) == len(outcome["messages"]) == 3
    assert len({tally["taxon"] for day in outcome["card"] for tally in day["tallies"]}) >= 3
    assert outcome["events"] == sum(tally["events"] for day in outcome["card"] for tally in day["tallies"])
    said = re.search(r"found (\d+) of (\d+) animals, .*; (\d+) of 69 frames are right", printed.err)
    assert said is not None
    found, animals, right = (int(number) for number in said.groups())
    assert found > animals / 2
    assert right > 69 / 2
