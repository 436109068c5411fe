"""From a PIR's edges to the daily message: a pin, a camera on a clip and a TFLite model, and every table agrees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cameratrap.store.card import open_card
from cameratrap.store.outbox import Outbox
from tests.clip_files import write_clip
from tests.model_folders import constant_folder, ssd_outputs

pytestmark = pytest.mark.slow

TRAP = """
import sys, threading
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
Device.pin_factory = MockFactory()

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
device = "clip.avi"
width = 640
height = 480
[trigger]
settle_s = 0
cooldown_s = 0
[burst]
count = 2
spacing_s = 0.1
[detector]
model = "birds"
background = false
"""
TWO_BIRDS = ssd_outputs(((0.1, 0.2, 0.3, 0.5), 0, 0.9), ((0.6, 0.2, 0.9, 0.5), 0, 0.7))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_clip(tmp_path / "clip.avi", 300, size=(640, 480))
    constant_folder(tmp_path / "birds", TWO_BIRDS)
    (tmp_path / "cameratrap.toml").write_text(CONFIGURATION.replace('"birds"', f'"{tmp_path / "birds"}"'))
    (tmp_path / "trap.py").write_text(TRAP, encoding="utf-8")
    return tmp_path


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def command(folder: Path, *arguments: str) -> str:
    """What it says on stdout."""
    return subprocess.run(
        [sys.executable, "-m", "cameratrap", "--data", "card", *arguments],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip


def lines(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in command(folder, *arguments, "--json").splitlines()]


def watched(folder: Path, edges: int) -> int:
    """The exit status of a trap that saw so many edges and was then asked to end, one after the other."""
    with subprocess.Popen(
        [sys.executable, "trap.py", "--data", "card", "watch"],
        cwd=folder, env=environment(), text=True, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdin is not None
            assert process.stderr is not None
            wait_for(process, "watching")
            for _ in range(edges):
                process.stdin.write("high\nlow\n")
                process.stdin.flush()
                wait_for(process, "2 pictures")
            process.send_signal(signal.SIGTERM)
            return process.wait(30)
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    heard = []
    for line in process.stderr:
        heard.append(line)
        if words in line:
            return
    raise AssertionError(f"it ended without saying {words!r}: {heard}")


def test_three_edges_become_one_event_in_every_table_and_in_the_message(folder: Path) -> None:
    """Two birds in six pictures within seconds are one event of two; the day, once closed, says so in its message."""
    assert watched(folder, 3) == 0
    assert len(list((folder / "card" / "DCIM").rglob("*.JPG"))) == 6
    (event,) = lines(folder, "events")
    assert [(seen["taxon"], seen["count"]) for seen in event["observations"]] == [("Aves", 2)]
    assert (event["trigger"], len(event["media"])) == ("pir", 6)
    tallied = [(row["taxon"], row["events"], row["individuals"]) for row in lines(folder, "tally")]
    assert tallied == [("Aves", 1, 2)]
    command(folder, "deploy", "--end")
    command(folder, "close-day")
    with open_card(folder / "card") as card:
        (message,) = Outbox(card.connection).messages()
    assert len(message.payload) <= 50
    told = json.loads(command(folder, "summary", "decode", message.payload.hex(), "--json"))
    effort = told["effort"]
    assert [(each["taxon"], each["events"], each["individuals"]) for each in told["tallies"]] == tallied
    assert (effort["triggers"], effort["blank"], effort["suppressed"]) == (3, 0, 0)
