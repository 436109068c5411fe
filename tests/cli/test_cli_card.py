"""A card as its owner handles it: verified, its pictures sealed and unsealed; and what a thief learns from it."""

from __future__ import annotations

import json
import random
import zlib
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import IFD

from cameratrap import wiring
from cameratrap.app.seal_pictures import seal_pictures
from cameratrap.cli import run
from cameratrap.config import resolve
from cameratrap.domain.detections import View
from cameratrap.store.card import make_card, open_card
from cameratrap.store.picture_keys import read_public_key
from cameratrap.store.views import BurstView, keep_in_memory, remember, remembered_before, view_of
from tests.fakes import NamedDetector, write_pictures

PICTURES = {f"{n}.jpg": (n, datetime(2027, 3, n, 5, 0, 0)) for n in (1, 2)}  # noqa: DTZ001 - cameras write local times
LATITUDE, LONGITUDE = "46.8215934", "9.4132817"


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two days of pictures, by a trap whose configuration knows where it stands."""
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "pictures", PICTURES)
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector({"1.jpg": {"Vulpes vulpes": 1}}))
    monkeypatch.setenv("CAMERATRAP_STATION_LATITUDE", LATITUDE)
    monkeypatch.setenv("CAMERATRAP_STATION_LONGITUDE", LONGITUDE)
    assert run(["-q", "--data", "card", "watch", "--replay", "pictures"]) == 0
    return tmp_path / "card"


def test_a_stolen_card_tells_no_position(card: Path) -> None:
    """No file of it holds the coordinates, in whatever form they are written, and no picture a GPS tag."""
    files = [path for path in card.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".toml", ".csv", ".JPG"}
    for path in files:
        content = path.read_bytes()
        for digits in (LATITUDE, LONGITUDE, LATITUDE[:5], LONGITUDE[:5]):
            assert digits.encode() not in content, path
    for path in card.rglob("*.JPG"):
        with Image.open(path) as image:
            assert not image.getexif().get_ifd(IFD.GPSInfo)


def test_a_whole_card_verifies_and_a_rotten_one_does_not(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, and the picture by name."""
    assert run(["--data", str(card), "doctor", "--verify"]) == 0
    assert "2 whole" in capsys.readouterr().err
    picture = card / "DCIM/100CTRAP/CTRP0001.JPG"
    picture.write_bytes(picture.read_bytes()[:-1] + b"\0")
    assert run(["--data", str(card), "doctor", "--verify", "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {
        "path": "DCIM/100CTRAP/CTRP0001.JPG",
        "condition": "damaged",
        "why": "it is not what was written",
    }
    assert "1 whole, 1 damaged" in printed.err
    assert run(["--data", str(card), "doctor", "--verify", "--no-modem"]) == 2


def test_sealed_pictures_come_back_with_the_private_key_alone(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pair is made at home, the trap has its public half, and what it sealed is as it was."""
    assert run(["key", "picture-key", "new", "p", "--dry-run"]) == 0
    assert not Path("p.key").exists()
    assert run(["key", "picture-key", "new", "p"]) == 0
    assert run(["key", "picture-key", "new", "p"]) == 1
    before = {path.name: path.read_bytes() for path in card.rglob("*.JPG")}
    with open_card(card) as found:
        deployment = found.deployment
    with make_card(card, deployment) as opened:
        assert seal_pictures(opened, read_public_key(Path("p.pub"))) == []
    capsys.readouterr()
    assert run(["--data", str(card), "events", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["media"] == ["DCIM/100CTRAP/CTRP0001.JPG.sealed"]
    assert run(["--data", str(card), "doctor", "--verify"]) == 0
    unseal = ["unseal", str(card), "--output", "home", "--key"]
    assert run([*unseal, "p.key", "--dry-run"]) == 0
    assert not Path("home").exists()
    assert run([*unseal, "p.key"]) == 0
    assert {path.name: path.read_bytes() for path in Path("home").rglob("*.JPG")} == before
    assert run([*unseal, "p.pub"]) == 1
    (card / "DCIM/100CTRAP/CTRP0001.JPG.sealed").write_bytes(b"no box")
    capsys.readouterr()
    assert run([*unseal, "p.key"]) == 3
    assert "CTRP0001.JPG.sealed: this is no sealed file" in capsys.readouterr().err
    assert run(["unseal", str(card), "--output", str(card / "open"), "--key", "p.key"]) == 2


def sealing(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("CAMERATRAP_CARD_SEAL_PICTURES_TO", key)


def stored_views(card: Path) -> int:
    with open_card(card) as found:
        return int(found.connection.execute("SELECT COUNT(*) FROM views").fetchone()[0])


def greys_in(card: Path) -> bytes:
    """Every byte of the index: what SQLite has left of a removed picture is read by whoever looks for it."""
    return b"".join(path.read_bytes() for path in card.glob("cameratrap.db*"))


def test_a_card_with_sealed_pictures_has_no_small_ones_either(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The background's views show place and animal. None is stored, and those from before are wiped, not only freed."""
    run(["key", "picture-key", "new", "p"])
    grey = random.Random(1).randbytes(160 * 120)
    with open_card(card) as found:
        deployment = found.deployment
        (media,) = found.connection.execute("SELECT MIN(id) FROM media").fetchone()
        burst, other = (str(row["id"]) for row in found.connection.execute("SELECT id FROM bursts ORDER BY id"))
    with make_card(card, deployment) as opened:
        opened.connection.execute("PRAGMA secure_delete = OFF")  # as many builds of SQLite have it
        for each in (burst, other):
            remember(opened.connection, each, BurstView(media, View(160, 120, grey, 0.0), infrared=False))
        remember(opened.connection, other, None)  # freed, and still to be found in the file
    pieces = [zlib.compress(grey)[at : at + 200] for at in range(0, 160 * 120, 1000)]
    assert all(any(each[n : n + 50] in greys_in(card) for n in (0, 100)) for each in pieces[1:-1])
    sealing(monkeypatch, "p.pub")
    write_pictures(Path("pictures"), {"3.jpg": (3, datetime(2027, 3, 3, 5, 0, 0))})  # noqa: DTZ001 - local
    assert run(["-q", "--data", str(card), "watch", "--replay", "pictures"]) == 0
    assert stored_views(card) == 0
    assert not any(each[n : n + 50] in greys_in(card) for each in pieces for n in (0, 100))
    assert len(list(card.glob("DCIM/*/*.sealed"))) == 3


def test_the_background_is_known_while_the_trap_runs(card: Path) -> None:
    """Views are in memory where none may be stored, and are used as stored ones are."""
    with open_card(card) as found:
        deployment = found.deployment
        burst, later = (str(r["id"]) for r in found.connection.execute("SELECT id FROM bursts ORDER BY started_at"))
        (media,) = found.connection.execute("SELECT MIN(id) FROM media").fetchone()
    with make_card(card, deployment) as opened:
        keep_in_memory(opened.connection)
        seen = BurstView(media, View(4, 2, bytes(8), 0.0), infrared=False)
        remember(opened.connection, burst, seen)
        assert remembered_before(opened.connection, later) == [burst]
        assert view_of(opened.connection, burst) == seen
    assert stored_views(card) == 0


@pytest.mark.parametrize("key", ["nowhere.pub", "p.key"])
def test_a_key_that_cannot_be_read_costs_no_picture(
    card: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    """They are taken, looked at and told as not sealed, also in the day's message; a start with the key seals them."""
    run(["key", "picture-key", "new", "p"])
    sealing(monkeypatch, key)
    write_pictures(Path("pictures"), {"3.jpg": (3, datetime(2027, 3, 3, 5, 0, 0))})  # noqa: DTZ001 - local
    assert run(["--data", str(card), "watch", "--replay", "pictures"]) == 3
    assert "is not sealed yet" in capsys.readouterr().err
    assert len(list(card.glob("DCIM/*/*.JPG"))) == 3
    with open_card(card) as found:
        (what,) = found.connection.execute("SELECT what FROM device_faults WHERE device = 'card'").fetchone()
    assert what.startswith("pictures are not sealed")
    assert run(["--data", str(card), "doctor", "--no-modem", "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert next(each["state"] for each in lines if each["check"] == "picture key") == "fail"
    sealing(monkeypatch, "p.pub")
    assert run(["-q", "--data", str(card), "watch", "--replay", "pictures"]) == 0
    assert len(list(card.glob("DCIM/*/*.JPG.sealed"))) == 3


def test_doctor_tells_of_a_position_that_is_finer_than_it_need_be(
    card: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The configuration often lies on the same medium."""
    for latitude, state in ((LATITUDE, "warn"), ("47", "ok")):
        monkeypatch.setenv("CAMERATRAP_STATION_LATITUDE", latitude)
        monkeypatch.setenv("CAMERATRAP_STATION_LONGITUDE", "9")
        run(["--data", str(card), "doctor", "--no-modem", "--json"])
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert next(each["state"] for each in lines if each["check"] == "position") == state


def test_a_fine_position_gives_the_hours_of_a_rounded_one(card: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the hours at night of half a year the place could be had within a few kilometres. `config check` says so."""
    config = resolve(None).config
    assert config.station.latitude == float(LATITUDE)
    assert wiring.event_rules(config).position == (47.0, 9.0)
    assert run(["config", "check"]) == 0
    assert "only whole degrees are used" in capsys.readouterr().err
