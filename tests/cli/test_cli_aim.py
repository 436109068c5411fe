"""`aim` on the command line: with recorded pictures, and with a PIR and an LED on gpiozero's mock pins."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from cameratrap import wiring
from cameratrap.cli import run
from cameratrap.domain.capture import BurstProfile, Incident
from cameratrap.domain.events import TriggerCause
from cameratrap.ports import Frame, Trigger
from tests.fakes import NamedDetector, jpeg, write_pictures

TAKEN = datetime(2027, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One burst of two pictures, of which the second shows a fox; no configuration but this folder's."""
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "walk", {"a.jpg": (1, TAKEN), "b.jpg": (2, TAKEN.replace(second=1))})
    monkeypatch.setattr(wiring, "open_detector", lambda *_: NamedDetector({"b.jpg": {"Vulpes vulpes": 1}}))
    return tmp_path


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and time."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_lines_for_a_person(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On no terminal plain lines and the summary; nothing that moves a cursor."""
    assert run(["aim", "--replay", "walk"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "12:00:00  PIR",
        "12:00:00    2 pictures",
        "12:00:00    picture 1: nothing found",
        "12:00:01    picture 2: Vulpes vulpes 0.90, 10 % of the height",
        "1 by PIR; 2 pictures; something found in 1 burst",
        "best: Vulpes vulpes 0.90, 10 % of the height",
    ]
    assert said.err == ""


def test_objects_for_a_program(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One a line, the summary last."""
    assert run(["aim", "--replay", "walk", "--json"]) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["what"] for each in objects] == ["trigger", "burst", "picture", "picture", "summary"]
    assert objects[3]["detections"] == [{"taxon": "Vulpes vulpes", "score": 0.9, "bbox": [0.0, 0.1, 0.1, 0.1]}]
    assert objects[4]["bursts_with_detections"] == 1


def test_the_card_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a byte, not a file and not a time of the card changes; where there is none, none is made."""
    card = folder / "card"
    assert run(["--data", str(card), "aim", "--replay", "walk"]) == 0
    assert not card.exists()
    assert run(["--data", str(card), "watch", "--replay", "walk"]) == 0
    before = contents(card)
    assert run(["--data", str(card), "aim", "--replay", "walk"]) == 0
    assert contents(card) == before
    assert len(before) > 3


def test_the_newest_picture_with_its_boxes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file, replaced by each picture; a name that is no picture's is refused before anything is opened."""
    assert run(["aim", "--replay", "walk", "--snapshot", "now.jpg"]) == 0
    with Image.open(folder / "now.jpg") as shown:
        assert shown.size == (48, 36)
    for name in ("notes.txt", "nowhere/now.jpg"):
        assert run(["aim", "--replay", "walk", "--snapshot", name]) == 2


@pytest.mark.parametrize("arguments", [["--minutes", "nan"], ["--minutes", "241"], ["--replay", "nowhere"], ["--csv"]])
def test_wrong_usage(folder: Path, arguments: list[str]) -> None:
    """Exit status 2, before any device is touched."""
    assert run(["aim", *arguments]) == 2


def test_a_folder_without_pictures_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    assert run(["aim", "--replay", "empty"]) == 2
    assert "no picture" in capsys.readouterr().err
    write_pictures(folder / "walk", {"c.jpg": (3, None)})
    assert run(["aim", "--replay", "walk"]) == 0
    assert "1 file cannot be played" in capsys.readouterr().err


class StillCamera:
    """The port Camera: a picture 0.2 s after the edge, as fast as it is asked for."""

    def capture_burst(self, trigger: Trigger, profile: BurstProfile) -> Iterator[Frame]:
        for position in range(1, profile.count + 1):
            start_s = trigger.monotonic_s + 0.2 + 0.1 * position
            yield Frame(jpeg(position), trigger.at, "b.jpg", "", position, profile.count, monotonic_s=start_s)

    def incidents(self) -> Sequence[Incident]:
        return ()

    def close(self) -> None:
        pass


def test_from_the_pin_to_the_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A PIR's edge on a pin, a burst as the configuration wants it, an LED that flashes, and the end by --minutes."""
    gpiozero = pytest.importorskip("gpiozero", reason="the PIR needs gpiozero")
    from gpiozero.pins.mock import MockFactory

    (folder / "cameratrap.toml").write_text(
        "[trigger]\npin = 4\nsettle_s = 0\n[burst]\nprofile = 'bird'\ncount = 2\n[led]\npin = 27\n"
    )
    monkeypatch.setattr(wiring, "open_camera", lambda *_: StillCamera())
    monkeypatch.setattr(gpiozero.Device, "pin_factory", MockFactory())
    pins = gpiozero.Device.pin_factory
    levels: list[int] = []

    def walk_by() -> None:
        while pins.pin(4).when_changed is None:  # until the driver listens
            time.sleep(0.01)
        pins.pin(4).drive_high()
        end_s = time.monotonic() + 0.6
        while time.monotonic() < end_s:
            levels.append(int(pins.pin(27).state))
            time.sleep(0.01)
        pins.pin(4).drive_low()

    walker = threading.Thread(target=walk_by)
    walker.start()
    status = run(["aim", "--minutes", "0.03", "--json"])
    walker.join()
    pins.reset()
    assert status == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["what"] for each in objects] == ["trigger", "burst", "picture", "picture", "summary"]
    assert (objects[1]["latency_s"], objects[1]["pictures_per_s"]) == (0.3, 10.0)
    assert set(levels) == {0, 1}


class OneEdge:
    """The port TriggerSource: an edge, and then somebody who has seen enough."""

    def __init__(self) -> None:
        self.is_over = False
        self.is_closed = False

    def wait(self, timeout_s: float | None) -> Trigger | None:
        if self.is_over:
            raise KeyboardInterrupt
        self.is_over = True
        return Trigger("a", TAKEN, TriggerCause.PIR, 1.0)

    def suppressed(self) -> dict[str, int]:
        return {"unconfirmed": 3} if self.is_over else {}

    def incidents(self) -> Sequence[Incident]:
        return ()

    def close(self) -> None:
        self.is_closed = True


def test_ctrl_c_is_the_usual_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A summary and exit status 0; the sensor is given back."""
    edge = OneEdge()
    monkeypatch.setattr(wiring, "open_camera", lambda *_: StillCamera())
    monkeypatch.setattr(wiring, "open_triggers", lambda *_: edge)
    assert run(["aim", "--no-detector"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "12:00:00  PIR",
        "12:00:00    3 pictures, the first 0.30 s after the edge, 10.0 a second",
        "1 by PIR; 3 pictures",
        "not taken: 3 (the PIR alone: no motion in the camera's pictures)",
        "from the edge to the first picture: 0.30 s in the median",
    ]
    assert edge.is_closed


def test_a_trap_without_its_sensor_says_which(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 4 and the name: nothing is played instead."""
    gpiozero = pytest.importorskip("gpiozero", reason="the PIR needs gpiozero")

    def nothing(*_: object, **__: object) -> None:
        raise gpiozero.exc.BadPinFactory("no pins here")

    monkeypatch.setattr(wiring, "open_camera", lambda *_: StillCamera())
    monkeypatch.setattr(gpiozero, "DigitalInputDevice", nothing)
    assert run(["aim"]) == 4
    said = capsys.readouterr()
    assert "the PIR's pin 4" in said.err
    assert said.out == ""
