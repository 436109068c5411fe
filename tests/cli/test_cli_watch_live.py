"""`watch` and `wake` as processes: a PIR's edge on a pin, a camera on a recorded clip, a card, and signals.

Only the edges of the machine are played: the pin by gpiozero's mock factory, the camera's pictures by a file that the
USB driver opens, `systemctl` by a script on the PATH. The model
is a scripted one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameratrap.app.wake_plan import NextWake, write_plan
from cameratrap.cli import run
from cameratrap.domain.capture import BurstProfile
from cameratrap.store.card import Deployment, make_card
from tests.clip_files import write_clip

TRAP = """
import sys, threading
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
Device.pin_factory = MockFactory()
from cameratrap import wiring
from tests.fakes import NamedDetector
wiring.open_detector = lambda *_, **__: NamedDetector({})

def drive():
    for line in sys.stdin:
        pin = Device.pin_factory.pin(4)
        pin.drive_high() if line.strip() == "high" else pin.drive_low()

threading.Thread(target=drive, daemon=True).start()
from cameratrap.cli import main
main()
"""
CONFIGURATION = """
[station]
id = "ridge"
[camera]
type = "usb"
device = "{clip}"
width = 640
height = 480
[trigger]
settle_s = 0
[burst]
count = 2
spacing_s = 0.1
[wake]
linger_s = 0.2
[detector]
background = false
[power]
controller = "{controller}"
rtc = ""
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.avi", 100, size=(640, 480))


@pytest.fixture
def folder(tmp_path: Path, clip: Path) -> Path:
    (tmp_path / "clip.avi").symlink_to(clip)
    configure(tmp_path)
    (tmp_path / "trap.py").write_text(TRAP, encoding="utf-8")
    return tmp_path


def configure(folder: Path, *, clip: str = "clip.avi", controller: str = "none") -> None:
    text = CONFIGURATION.format(clip=folder / clip, controller=controller)
    (folder / "cameratrap.toml").write_text(text, encoding="utf-8")


def deploy(folder: Path) -> None:
    """Make the card, as somebody does who stands at the tree."""
    make_card(folder / "card", Deployment("ridge_20260601", "ridge", 0, datetime(2026, 6, 1, tzinfo=UTC))).close()


@contextmanager
def trap(folder: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process; whatever happens it is gone afterwards."""
    paths = os.pathsep.join([str(Path(__file__).parents[2])])
    process = subprocess.Popen(
        [sys.executable, "trap.py", "--data", "card", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": paths, **environment}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str], words: str) -> str:
    """The next line of stderr with these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it ended without saying {words!r}")


def drive(process: subprocess.Popen[str], level: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{level}\n")
    process.stdin.flush()


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "card" / "cameratrap.db")) as connection:
        return connection.execute(sql).fetchall()


def test_an_edge_becomes_two_pictures_and_sigterm_ends_it_well(folder: Path) -> None:
    """From the pin to the card: pictures, their row, the latency, the hours armed; told to systemd; exit 0."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(20)
        with trap(folder, "watch", NOTIFY_SOCKET=str(folder / "notify"), WATCHDOG_USEC="2000000") as process:
            said(process, "watching")
            drive(process, "high")
            line = said(process, "2 pictures")
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        heard = [manager.recv(1000).decode()]
        while heard[-1] != "STOPPING=1":
            heard.append(manager.recv(1000).decode())
    assert "nothing" in line
    assert heard[0] == "READY=1"
    assert "WATCHDOG=1" in heard
    assert any(each.startswith("STATUS=armed") for each in heard)
    assert len(list((folder / "card" / "DCIM" / "100CTRAP").glob("*.JPG"))) == 2
    ((first_frame_s, dead_s, requested, spacing_s),) = rows(
        folder, "SELECT first_frame_s, dead_s, requested, spacing_s FROM timings"
    )
    assert -1 < first_frame_s < dead_s < 10
    assert (requested, spacing_s) == (2, 0.1)
    assert rows(folder, "SELECT status, fault FROM bursts") == [("analysed", None)]
    assert rows(folder, "SELECT COUNT(*) FROM armed WHERE end > start") == [(1,)]


@pytest.mark.slow
def test_ctrl_c_is_130(folder: Path) -> None:
    with trap(folder, "watch") as process:
        said(process, "watching")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_wake_without_a_camera_counts_and_hands_the_power_back(folder: Path) -> None:
    """The burst is stored with its fault; that nothing could cut the power is the exit status."""
    configure(folder, clip="none.avi")
    with trap(folder, "wake") as process:
        assert process.wait(20) == 4
        assert process.stderr is not None
        assert "power.controller" in process.stderr.read()
    assert rows(folder, "SELECT status, fault FROM bursts") == [("failed", "camera")]


def test_watch_without_a_camera_is_armed_and_counts_until_a_restart_may_help(folder: Path) -> None:
    """It names the camera, counts each trigger and writes down that it is down; then it ends with 4, as a failure.

    So a day without a camera is a day with a fault, which is told, and not one that nobody hears of.
    """
    configure(folder, clip="none.avi")
    text = (folder / "cameratrap.toml").read_text(encoding="utf-8")
    text = text.replace("[camera]", "[camera]\nrestarts = 0").replace("[trigger]", "[trigger]\ncooldown_s = 0")
    (folder / "cameratrap.toml").write_text(text, encoding="utf-8")
    deploy(folder)
    with trap(folder, "watch") as process:
        assert "none.avi" in said(process, "failed: ")
        said(process, "watching")
        for _ in range(3):
            drive(process, "high")
            said(process, "camera")
            drive(process, "low")
        assert process.wait(20) == 4
    assert rows(folder, "SELECT status, fault FROM bursts") == [("failed", "camera")] * 3
    assert rows(folder, "SELECT COUNT(*) FROM armed WHERE end > start") == [(1,)]
    ((down, armed),) = rows(
        folder, "SELECT MIN(device_faults.start), MIN(armed.start) FROM device_faults, armed WHERE device = 'camera'"
    )
    assert down <= armed


def test_where_there_is_no_card_yet_what_is_missing_ends_it(folder: Path) -> None:
    """Somebody stands beside it: exit 4 at once, what is missing is named, and no card is made."""
    configure(folder, clip="none.avi")
    with trap(folder, "watch") as process:
        assert process.wait(20) == 4
        assert process.stderr is not None
        assert "none.avi" in process.stderr.read()
    assert not (folder / "card").exists()


def test_pins_that_cannot_be_had_cost_only_what_hangs_on_them(folder: Path) -> None:
    """`watch` starts without lamp and PIR, and names both as faults of the day."""
    text = (folder / "cameratrap.toml").read_text(encoding="utf-8")
    text = text.replace("[trigger]", "[lamp]\npin = 18\n[trigger]")
    (folder / "cameratrap.toml").write_text(text, encoding="utf-8")
    held = "import gpiozero\nheld = [gpiozero.OutputDevice(pin) for pin in (4, 18)]\nfrom cameratrap import wiring"
    (folder / "trap.py").write_text(TRAP.replace("from cameratrap import wiring", held), encoding="utf-8")
    deploy(folder)
    with trap(folder, "watch") as process:
        assert "pin 18" in said(process, "without the lamp")
        assert "pin 4" in said(process, "nothing triggers")
        while not rows(folder, "SELECT 1 FROM armed"):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert rows(folder, "SELECT device FROM device_faults ORDER BY device") == [("lamp",), ("pir",)]


@pytest.mark.parametrize("command", ["watch", "wake"])
def test_what_must_exist_is_not_made(folder: Path, command: str) -> None:
    """A service whose card is not mounted stores nothing in the folder below it, and says so."""
    (folder / "card").mkdir()
    with trap(folder, command, "--existing") as process:
        assert process.wait(20) in {1, 4}
        assert process.stderr is not None
        assert "is not a card" in process.stderr.read()
    assert list((folder / "card").iterdir()) == []


@pytest.mark.slow
def test_a_dry_run_opens_nothing(folder: Path) -> None:
    for command in ("watch", "wake"):
        with trap(folder, command, "--dry-run") as process:
            assert process.wait(20) == 0
            assert process.stderr is not None
            assert "would" in process.stderr.read()
    assert not (folder / "card").exists()


@pytest.mark.parametrize(
    ("minutes", "picture", "expected"), [(0, False, "no burst"), (0, True, "timelapse"), (60, False, "(pir)")]
)
def test_what_switched_it_on_is_told_by_the_time(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    minutes: int,
    picture: bool,
    expected: str,
) -> None:
    """When its alarm was set to: nothing, or a picture by the clock. At any other time it was the PIR."""
    (folder / "card").mkdir()
    rings = datetime.now(UTC) - timedelta(minutes=minutes)
    write_plan(folder / "card", NextWake(rings, picture, BurstProfile()))
    monkeypatch.chdir(folder)
    assert run(["--data", "card", "wake", "--dry-run"]) == 0
    assert expected in capsys.readouterr().err


def systemctl(folder: Path, *, status: int = 0) -> dict[str, str]:
    """A `systemctl` that notes what is asked of it."""
    script = folder / "bin" / "systemctl"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\nexit {status}\n', encoding="utf-8")
    script.chmod(0o755)
    return {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.slow
def test_a_power_on_photographs_and_hands_the_power_back(folder: Path) -> None:
    """Pictures, counts, the plan for the next time and the row of this one; then systemd is asked to switch off."""
    configure(folder, controller="systemd")
    path = systemctl(folder)
    for number in (1, 2):
        with trap(folder, "wake", "--cause", "pir", **path) as process:
            assert process.wait(30) == 0, process.stderr and process.stderr.read()
        assert (folder / "asked").read_text(encoding="utf-8").count("poweroff") == number
    assert rows(folder, "SELECT status FROM bursts") == [("analysed",)] * 2
    assert rows(folder, "SELECT cause, failures FROM wakes") == [("pir", 0)] * 2
    assert json.loads((folder / "card" / "wake.json").read_text(encoding="utf-8"))["count"] == 2


@pytest.mark.slow
def test_the_alarm_takes_no_picture(folder: Path) -> None:
    """What is due is done, and the power handed back."""
    configure(folder, controller="systemd")
    with trap(folder, "wake", "--cause", "alarm", **systemctl(folder)) as process:
        assert process.wait(30) == 0
    assert rows(folder, "SELECT COUNT(*) FROM bursts") == [(0,)]
    assert rows(folder, "SELECT cause, failures FROM wakes") == [("alarm", 0)]
    assert (folder / "asked").is_file()


@pytest.mark.slow
def test_whatever_fails_the_power_is_handed_back(folder: Path) -> None:
    """No camera, and a card whose index is damaged: each is said, and systemd is asked all the same."""
    configure(folder, clip="none.avi", controller="systemd")
    path = systemctl(folder)
    with trap(folder, "wake", "--cause", "pir", **path) as process:
        assert process.wait(30) == 3
    assert rows(folder, "SELECT cause, failures FROM wakes") == [("pir", 1)]
    (folder / "card" / "cameratrap.db").write_bytes(b"no database")
    with trap(folder, "wake", "--cause", "pir", **path) as process:
        assert process.wait(30) == 3
        assert process.stderr is not None
        assert "failed: " in process.stderr.read()
    assert (folder / "asked").read_text(encoding="utf-8").count("poweroff") == 2


@pytest.mark.slow
def test_a_power_that_cannot_be_handed_back_is_an_error(folder: Path) -> None:
    configure(folder, controller="systemd")
    with trap(folder, "wake", "--cause", "alarm", **systemctl(folder, status=1)) as process:
        assert process.wait(30) == 4


@pytest.mark.slow
def test_stay_keeps_the_power_and_arms_no_gate(folder: Path) -> None:
    configure(folder, controller="systemd")
    with trap(folder, "wake", "--cause", "pir", "--stay", **systemctl(folder)) as process:
        assert process.wait(30) == 0
    assert not (folder / "asked").exists()
    assert rows(folder, "SELECT COUNT(*) FROM wakes") == [(0,)]
    assert rows(folder, "SELECT COUNT(*) FROM bursts") == [(1,)]
