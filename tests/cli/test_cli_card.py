"""A card as its owner handles it: verified, its pictures sealed and unsealed; and what a thief learns from it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import IFD

from cameratrap import wiring
from cameratrap.app.seal_pictures import seal_pictures
from cameratrap.cli import run
from cameratrap.store.card import make_card, open_card
from cameratrap.store.picture_keys import read_public_key
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


def test_a_configured_key_that_is_not_there_is_an_error(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trap that should seal never goes on without."""
    monkeypatch.setenv("CAMERATRAP_CARD_SEAL_PICTURES_TO", "nowhere.pub")
    from cameratrap.config import resolve
    from cameratrap.errors import StoreError

    with pytest.raises(StoreError, match="there is no key"):
        wiring.picture_key(resolve(None).config)
    monkeypatch.delenv("CAMERATRAP_CARD_SEAL_PICTURES_TO")
    assert wiring.picture_key(resolve(None).config) is None
